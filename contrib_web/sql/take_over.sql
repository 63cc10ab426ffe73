-- Takes over the lock of a row, and returns its token.
-- parameters: table, key, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.take_over(
	requested.oid::regclass,
	:'key'::text,
	g.reason,
	pg_catalog.make_interval(secs => g.ttl),
	g.hard,
	g.client,
	g.note)
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(reason text, ttl float8, hard boolean, client text, note text);
