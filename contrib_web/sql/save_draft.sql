-- Saves a draft, authorized by the token of the row's lock.
-- parameters: table, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.save_draft(g.token, g.data)
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, data jsonb);
