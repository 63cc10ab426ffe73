-- weight 1
-- tables plain words pair loose crowd
BEGIN;
SET LOCAL locking.on_locked = 'skip';
WITH gone AS (DELETE FROM :table t RETURNING to_jsonb(t) AS deleted)
SELECT count(stress.insert_again(':table', deleted, ':value')) FROM gone;
:end;
