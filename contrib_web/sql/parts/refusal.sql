-- refusal: the problem that prevents showing rows of the table rel, with its
-- detail; NULLs if there is none.
refusal AS (
	SELECT
		CASE
			WHEN NOT rel.readable THEN 'forbidden'
			WHEN pg_catalog.cardinality(rel.key) = 0 THEN 'not-protected'
		END AS problem,
		CASE
			WHEN NOT rel.readable
				THEN pg_catalog.format('permission denied for table %s', rel.name)
			WHEN pg_catalog.cardinality(rel.key) = 0
				THEN pg_catalog.format('table "%s" has no primary key', rel.name)
		END AS detail,
		NULL::text AS field
	FROM rel
)
