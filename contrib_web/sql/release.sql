-- Releases a lock. token: given if it is not in the body.
-- parameters: table, body, token
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.release(coalesce(:token::bigint, g.token))
FROM asked, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint);
