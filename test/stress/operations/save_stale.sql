-- weight 4
BEGIN :isolation;
SELECT stress.note(:stale, 'confirm', locking.confirm(:stale));
SET LOCAL stress.token = :stale;
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
:end;
