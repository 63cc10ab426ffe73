-- Queues a request for a row.
-- parameters: table, key, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.request(requested.oid::regclass, :'key'::text, g.message)
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(message text);
