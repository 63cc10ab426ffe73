-- Releases the lock of a token, which overrides the one in the body, or that
-- of a client: its page was left before it knew the token.
-- parameters: table, key, body, token
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	CASE WHEN g.client IS NULL THEN locking.release(coalesce(:token::bigint, g.token))
	ELSE (
		SELECT pg_catalog.bool_or(locking.release(l.token))
		FROM locking.locks l
		WHERE l.relation = requested.oid AND l.key = :'key'::text
			AND l.is_mine AND l.client = g.client)
	END
FROM requested, pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, client text);
