-- Queues a request for a row.
-- parameters: table, key, body
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.request(asked.oid::regclass, :'key'::text, g.message)
FROM asked, pg_catalog.jsonb_to_record(:'body'::jsonb) g(message text);
