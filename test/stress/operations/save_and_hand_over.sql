-- weight 3
-- tables doc pair veiled
BEGIN;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
SELECT stress.hand_over(:token);
:end;
