-- The caller's drafts of new rows of a table, the latest first.
-- parameters: table
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.json_build_object('drafts', (
	SELECT coalesce(pg_catalog.json_agg(d.* ORDER BY d.saved_at DESC), '[]')
	FROM (
		SELECT data, client, token::text AS token, saved_at
		FROM locking.drafts d
		WHERE d.relation::oid = requested.oid
		AND d.key IS NULL
	) d
))
FROM requested;
