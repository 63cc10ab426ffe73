-- A list of rows as CSV (RFC 4180), in the order of the list.
--
-- NULL is empty, an empty text is "". Spreadsheet programs evaluate fields
-- that begin with = + - @, a tab or the end of a line, so these get an
-- apostrophe before them, unless they are numbers.
-- parameters: q, filter
\ir rows_plan.sql
\set like_patterns `cat parts/like_patterns.sql`
WITH picked AS MATERIALIZED (
	SELECT
		branch.*,
		pg_catalog.row_number() OVER (ORDER BY :page_order) AS n
	FROM (SELECT :q::text, :filter::json, NULL::json) given(q, filter, cursor),
		:like_patterns,
		LATERAL (:branches) branch
	ORDER BY :page_order
	LIMIT :'size'::bigint
),
line AS (
	SELECT
		p.n,
		:row_values AS "values"
	FROM picked p
	JOIN :source t ON :same_key
	UNION ALL
	SELECT 0, pg_catalog.json_object_agg(name, name)
	FROM pg_catalog.json_array_elements_text(:'shown'::json) name
)
-- without columns, the line of a row is empty
SELECT pg_catalog.string_agg(coalesce(fields.line, '') || E'\r\n', '' ORDER BY line.n)
FROM line,
	LATERAL (
		SELECT pg_catalog.string_agg(
			coalesce(
				CASE
					WHEN safe = '' OR safe OPERATOR(pg_catalog.~) E'[",\\r\\n]|^\\s|\\s$'
						THEN '"' || pg_catalog.replace(safe, '"', '""') || '"'
					ELSE safe
				END,
				''),
			',' ORDER BY no) AS line
		FROM pg_catalog.json_array_elements_text(:'shown'::json)
			WITH ORDINALITY shown_column(name, no),
		LATERAL (SELECT line."values" ->> name AS value) field,
		LATERAL (
			SELECT CASE
				WHEN value OPERATOR(pg_catalog.~) E'^[-=+@\\t\\r\\n]'
				AND value OPERATOR(pg_catalog.!~)
					'^[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?$'
					THEN E'\'' || value
				ELSE value
			END AS safe
		) guarded
	) fields;
