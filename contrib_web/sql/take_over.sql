-- Takes over the lock of a row, and gives its token.
-- parameters: table, key, body
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.take_over(
	asked.oid::regclass,
	:'key'::text,
	g.reason,
	pg_catalog.make_interval(secs => g.ttl),
	g.hard,
	g.client,
	g.note)
FROM asked,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(reason text, ttl float8, hard boolean, client text, note text);
