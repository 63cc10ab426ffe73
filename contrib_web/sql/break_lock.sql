-- Breaks the lock of a row.
-- parameters: table, key, body
-- returns: reply, broken
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	pg_catalog.json_build_object('broken', broken) AS reply,
	broken
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb) g(reason text),
	LATERAL locking.break_lock(requested.oid::regclass, :'key'::text, g.reason) broken;
