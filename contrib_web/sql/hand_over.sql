-- Hands a lock over to the first owner that requested the row, or to the one
-- in the body. The new holder is null if there is none; then the lock has
-- ended.
-- parameters: table, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.json_build_object('owner', locking.hand_over(g.token, g.owner))
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, owner text);
