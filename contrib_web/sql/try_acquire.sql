-- Acquires the lock of a row if it is free. waits: the request specifies a
-- time to wait for it. holder: of the lock that the row has, or of the turn.
-- parameters: table, key, body
-- returns: granted, outcome, token, waits, holder
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	a.granted,
	a.outcome,
	a.token,
	g.wait > 0::float8 AS waits,
	coalesce(a.owner_name, a.owner, 'another user') AS holder
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb)
		g(ttl float8, hard boolean, client text, note text, wait float8),
	LATERAL locking.try_acquire(
		requested.oid::regclass,
		:'key'::text,
		pg_catalog.make_interval(secs => g.ttl),
		g.hard,
		g.client,
		g.note) a;
