-- Saves a draft of a new row.
-- parameters: table, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.save_draft_of_new(requested.oid::regclass, g.data, g.client)
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(data jsonb, client text);
