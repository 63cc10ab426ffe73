-- Waits for the lock of a row and acquires it. The time is limited to two
-- seconds, because a waiting request occupies a worker.
-- parameters: table, key, body
-- returns: granted, outcome, token
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	true AS granted,
	'granted' AS outcome,
	locking.acquire(
		requested.oid::regclass,
		:'key'::text,
		pg_catalog.make_interval(secs => g.ttl),
		g.hard,
		g.client,
		g.note,
		pg_catalog.make_interval(secs => least(g.wait, 2))) AS token
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(ttl float8, hard boolean, client text, note text, wait float8);
