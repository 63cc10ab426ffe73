-- Saves a draft: authorized by the token of the row's lock, if there is one,
-- or else by the right to write the row.
-- parameters: table, key, body
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	CASE
		WHEN g.token IS NOT NULL THEN locking.save_draft(g.token, g.data, g.client)
		ELSE locking.save_draft_of(requested.oid::regclass, :'key'::text, g.data, g.client)
	END
FROM requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb) g(token bigint, data jsonb, client text);
