-- Acquires the lock of a row, if it is free. waits: whether the request asks
-- to wait for it.
-- parameters: table, key, body
-- gives: granted, outcome, token, waits
\set asked `cat parts/asked.sql`
WITH :asked
SELECT
	a.granted,
	a.outcome,
	a.token,
	g.wait > 0::float8 AS waits
FROM asked,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(ttl float8, hard boolean, client text, note text, wait float8),
	LATERAL locking.try_acquire(
		asked.oid::regclass,
		:'key'::text,
		pg_catalog.make_interval(secs => g.ttl),
		g.hard,
		g.client,
		g.note) a;
