-- Protects a table.
-- parameters: table, body
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.protect(
	asked.oid::regclass,
	coalesce(g.hard, true),
	coalesce(g.required, false),
	g.columns::name[],
	pg_catalog.make_interval(secs => g.ttl),
	pg_catalog.make_interval(secs => g.warning),
	g.parent::name)
FROM asked,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(hard boolean, required boolean, columns text[], ttl float8, warning float8, parent text);
