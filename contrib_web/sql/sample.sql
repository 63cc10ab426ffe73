-- The figures that are kept over time, for the service role.
\set figures `cat parts/figures.sql`
SELECT pg_catalog.json_build_object(
	'at', pg_catalog.clock_timestamp(),
	'tables', (
		SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(:figures)), '[]')
		FROM locking.stats s
	),
	'gate', (SELECT pg_catalog.row_to_json(g) FROM locking.gate() g));
