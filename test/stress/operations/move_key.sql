-- weight 4
-- tables doc
BEGIN :isolation;
?40 SELECT stress.note(:token, 'confirm', locking.confirm(:token));
UPDATE doc SET id = CASE WHEN id > 1000 THEN id - 1000 ELSE id + 1000 END, body = ':value' WHERE n = :row RETURNING version AS wrote;
:end;
