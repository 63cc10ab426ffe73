-- Locks and counters of all protected tables, for a role that may read
-- locking.stats. Whether a table is guarded is shown to those who may read
-- it.
\set figures `cat parts/figures.sql`
SELECT pg_catalog.json_build_object(
	'at', pg_catalog.clock_timestamp(),
	'tables', (
		SELECT coalesce(
			pg_catalog.json_agg(
				pg_catalog.json_build_object(
					:figures,
					'name', s.relation::text,
					'guarded', p.guarded)
				ORDER BY s.schema_name, s.table_name),
			'[]')
		FROM locking.stats s
		LEFT JOIN locking.protected_tables p ON p.relation::oid = s.relation::oid
	),
	'gate', (SELECT pg_catalog.row_to_json(g) FROM locking.gate() g));
