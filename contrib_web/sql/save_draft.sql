-- Saves a draft with the token of the row's lock.
-- parameters: table, body
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.save_draft(g.token, g.data)
FROM asked, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, data jsonb);
