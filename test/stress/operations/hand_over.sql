-- weight 5
-- tables doc pair veiled
BEGIN;
SELECT stress.hand_over(:token);
:end;
