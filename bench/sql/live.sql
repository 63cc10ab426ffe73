-- Tables of the workload "live". :key_type, :key, an expression of the number g; :rows.
CREATE UNLOGGED TABLE bench.live_empty (id :key_type PRIMARY KEY, v int NOT NULL,
	modified timestamptz NOT NULL) WITH (fillfactor = 45);
CREATE UNLOGGED TABLE bench.live_guard (LIKE bench.live_empty INCLUDING ALL) WITH (fillfactor = 45);
SELECT bench.add_trigger('bench.live_' || variant, variant) FROM unnest(ARRAY['empty', 'guard']) variant;

-- Another owner's locks, on rows other than those that are updated.
INSERT INTO locking.lock (relation, key, owner, expires_at)
SELECT 'bench.live_guard'::regclass, (:key)::text, 'somebody', now() + interval '1 day'
FROM generate_series(:rows + 1, :rows + :locks) g;
VACUUM ANALYZE;
CHECKPOINT;
