-- The caller's drafts of a row, by the canonical key, the latest first.
-- parameters: table oid, key
SELECT pg_catalog.json_build_object('drafts', (
	SELECT coalesce(pg_catalog.json_agg(d.* ORDER BY d.saved_at DESC), '[]')
	FROM (
		SELECT data, client, token::text AS token, saved_at
		FROM locking.drafts d
		WHERE d.relation::oid = :'table'::oid
		AND d.key = :'key'::text
	) d
));
