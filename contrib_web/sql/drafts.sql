-- The caller's latest drafts, of all tables, without their contents: the
-- label of the row, and the columns, as the pages store them in a draft.
SELECT pg_catalog.json_build_object('drafts', (
	SELECT coalesce(pg_catalog.json_agg(d.* ORDER BY d.saved_at DESC), '[]')
	FROM (
		SELECT
			(pg_catalog.pg_identify_object(1259, d.relation, 0)).identity AS "table",
			d.relation::text AS name,
			d.key,
			pg_catalog.left(d.data ->> 'label'::text, 200) AS label,
			ARRAY(
				SELECT pg_catalog.jsonb_object_keys(d."values")
				WHERE pg_catalog.jsonb_typeof(d."values") = 'object'
			) AS columns,
			d.client,
			d.saved_at
		FROM (
			SELECT *, data -> 'values'::text AS "values"
			FROM locking.drafts
			ORDER BY saved_at DESC
			LIMIT 500
		) d
	) d
));
