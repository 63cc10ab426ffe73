-- The caller's draft of a row, by the canonical key.
-- parameters: table oid, key
SELECT pg_catalog.json_build_object('draft', (
	SELECT pg_catalog.row_to_json(d.*)
	FROM (
		SELECT data, token::text AS token, saved_at
		FROM locking.drafts d
		WHERE d.relation::oid = :'table'::oid
		AND d.key = :'key'::text
	) d
));
