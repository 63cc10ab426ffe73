-- weight 6
BEGIN;
SELECT locking.release(:token);
SELECT stress.note_handed_over();
:end;
