-- Releases a lock. token overrides the one in the body.
-- parameters: table, body, token
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.release(coalesce(:token::bigint, g.token))
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint);
