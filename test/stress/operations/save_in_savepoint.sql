-- weight 4
BEGIN :isolation;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
SAVEPOINT s;
UPDATE :table SET body = ':value a' WHERE n = :row;
?50 ROLLBACK TO s;
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
:end;
