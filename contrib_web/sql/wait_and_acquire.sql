-- Acquires the lock of a row, and waits for it. At most two seconds, as it
-- keeps a worker busy.
-- parameters: table, key, body
-- gives: granted, outcome, token
\set asked `cat parts/asked.sql`
WITH :asked
SELECT
	true AS granted,
	'granted' AS outcome,
	locking.acquire(
		asked.oid::regclass,
		:'key'::text,
		pg_catalog.make_interval(secs => g.ttl),
		g.hard,
		g.client,
		g.note,
		pg_catalog.make_interval(secs => least(g.wait, 2))) AS token
FROM asked,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(ttl float8, hard boolean, client text, note text, wait float8);
