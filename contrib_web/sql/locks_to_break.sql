-- The locks to break: table and key of each, and a body for break_lock.
-- parameters: body
-- returns: table_name, key, body
SELECT
	i."table" AS table_name,
	i.key,
	pg_catalog.json_build_object('reason', g.reason) AS body
FROM pg_catalog.jsonb_to_record(:'body'::jsonb) g(locks jsonb, reason text),
	pg_catalog.jsonb_to_recordset(g.locks) i("table" text, key text);
