-- Protects a table.
-- parameters: table, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.protect(
	requested.oid::regclass,
	coalesce(g.hard, true),
	coalesce(g.required, false),
	g.columns::name[],
	pg_catalog.make_interval(secs => g.ttl),
	pg_catalog.make_interval(secs => g.warning),
	g.parent::name)
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(hard boolean, required boolean, columns text[], ttl float8, warning float8, parent text);
