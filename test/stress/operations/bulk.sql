-- weight 3
BEGIN;
SET LOCAL locking.on_locked = 'skip';
UPDATE :table SET body = ':value' WHERE n IN (SELECT n FROM :table ORDER BY n FOR UPDATE);
:end;
