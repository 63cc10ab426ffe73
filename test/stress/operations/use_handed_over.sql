-- weight 6
-- tables doc pair veiled
SELECT token FROM locking.locks WHERE relation = ':table'::regclass AND key = :key AND is_mine AND handed_over;
BEGIN;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
:end;
