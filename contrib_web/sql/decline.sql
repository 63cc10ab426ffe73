-- Declines another owner's request for a row that the caller has locked.
-- parameters: table, key, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.json_build_object(
	'declined', locking.decline(requested.oid::regclass, :'key'::text, g.owner, g.message))
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(owner text, message text);
