-- The labels of rows, by key. Keys without a row are left out.
-- parameters: keys
\ir labels_plan.sql
SELECT pg_catalog.json_build_object(
	'labels', coalesce(pg_catalog.json_object_agg(r.key, r.label), '{}'))
FROM (
	SELECT DISTINCT ON (requested.key)
		requested.key,
		found.label
	FROM pg_catalog.json_array_elements_text(:keys::json) requested(key),
		LATERAL (
			SELECT :row_label AS label
			FROM :source t
			WHERE :matches
			OFFSET 0
		) found
) r;
