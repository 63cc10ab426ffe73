-- Breaks the lock of a row.
-- parameters: table, key, body
-- gives: reply, broken
\set asked `cat parts/asked.sql`
WITH :asked
SELECT
	pg_catalog.json_build_object('broken', broken) AS reply,
	broken
FROM asked,
	pg_catalog.jsonb_to_record(:'body'::jsonb) g(reason text),
	LATERAL locking.break_lock(asked.oid::regclass, :'key'::text, g.reason) broken;
