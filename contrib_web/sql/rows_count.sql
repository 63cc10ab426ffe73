-- How many rows a list has on all its pages. A table that has more rows than
-- "most" by its statistics is not counted, and no more rows than that are.
-- parameters: q, filter
\ir rows_plan.sql
\set like_patterns `cat parts/like_patterns.sql`
SELECT pg_catalog.json_build_object(
	'count', coalesce(large.estimate, least(counted.n, :'most'::bigint)),
	'is_estimate', large.estimate IS NOT NULL,
	'more', coalesce(counted.n > :'most'::bigint, false))
FROM (
	SELECT CASE WHEN :'estimate'::bigint > :'most'::bigint THEN :'estimate'::bigint END AS estimate
) large,
LATERAL (
	SELECT CASE
		WHEN large.estimate IS NULL THEN (
			SELECT pg_catalog.count(*)
			FROM (
				SELECT
				FROM (SELECT :q::text, :filter::json) given(q, filter),
					:like_patterns,
					LATERAL (:counted) matching
				LIMIT :'most'::bigint + 1
			) found
		)
	END AS n
) counted;
