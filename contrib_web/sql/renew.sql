-- Renews a lock, and saves a draft if the body contains one.
-- parameters: table, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.json_build_object(
	'token', g.token::text,
	'expires_at', e,
	'seconds_left', pg_catalog.date_part('epoch', e - pg_catalog.clock_timestamp()))
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, ttl float8, draft jsonb),
	LATERAL locking.renew(g.token, pg_catalog.make_interval(secs => g.ttl), g.draft) e;
