-- Values that a column with a foreign key may have, with labels.
-- parameters: q, value
\ir choices_plan.sql
\set like_patterns `cat parts/like_patterns.sql`
WITH choice AS (
	SELECT
		:row_value::text AS value,
		:row_label AS label,
		pg_catalog.row_number() OVER (ORDER BY :sort) AS n
	FROM (SELECT :q::text, :value::text) given(q, value),
		:like_patterns,
		:target p
	WHERE :condition
	ORDER BY n
	LIMIT :'size'::bigint + 1
)
SELECT pg_catalog.json_build_object(
	'choices', (
		SELECT coalesce(
			pg_catalog.json_agg(
				pg_catalog.json_build_object('value', value, 'label', label) ORDER BY n),
			'[]')
		FROM choice
		WHERE n <= :'size'::bigint
	),
	'more', EXISTS (SELECT FROM choice WHERE n > :'size'::bigint));
