-- The caller's drafts of a row, by the canonical key, the latest first, and
-- whether there are any.
-- parameters: table oid, key
-- returns: drafts, exist
SELECT
	pg_catalog.json_build_object(
		'drafts', coalesce(pg_catalog.json_agg(d.* ORDER BY d.saved_at DESC), '[]')) AS drafts,
	pg_catalog.count(*) > 0 AS exist
FROM (
	SELECT data, client, token::text AS token, saved_at
	FROM locking.drafts d
	WHERE d.relation::oid = :'table'::oid
	AND d.key = :'key'::text
) d;
