-- weight 2
-- tables doc pair veiled
BEGIN;
SELECT locking.hand_over(:token, ':other');
SELECT stress.note_handed_over();
:end;
