-- The table of the workload "live". Variables: key_type; key, an expression
-- of the number g; rows; locks.
CREATE UNLOGGED TABLE bench.live (id :key_type PRIMARY KEY, v int NOT NULL,
	modified timestamptz NOT NULL) WITH (fillfactor = 45);
SELECT bench.add_triggers('bench.live', 'empty', 'guard');

-- Another owner's locks, on rows that are not updated.
INSERT INTO locking.lock (relation, key, owner, expires_at)
SELECT 'bench.live'::regclass, (:key)::text, 'somebody', now() + interval '1 day'
FROM generate_series(:rows + 1, :rows + :locks) g;
VACUUM ANALYZE;
CHECKPOINT;
