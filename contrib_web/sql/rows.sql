-- A page of a table's rows, each with its lock: searched, sorted, with
-- cursors.
--
-- The rows of the page are picked first, with their sort values and keys
-- only, so that sorting does not read long values. Only these rows are then
-- looked up again to evaluate what is shown. MATERIALIZED is required: a lock
-- is looked up by index only if its key is a column that has been evaluated.
-- parameters: q, filter
\ir rows_plan.sql
\set like_patterns `cat parts/like_patterns.sql`
\set lock_columns `cat parts/lock_columns.sql`
\set cursors `cat parts/cursors.sql`
WITH picked AS MATERIALIZED (
	SELECT
		branch.*,
		pg_catalog.row_number() OVER (ORDER BY :page_order) AS n
	FROM (SELECT :q::text, :filter::json, :'cursor_values'::json) given(q, filter, cursor),
		:like_patterns,
		LATERAL (:branches) branch
	ORDER BY :page_order
	LIMIT :'size'::bigint + 1
),
page AS MATERIALIZED (
	SELECT
		p.n,
		:row_key AS key,
		:row_label AS label,
		:row_values AS "values"
	FROM picked p
	JOIN :source t ON :same_key
	WHERE p.n <= :'size'::bigint
),
locks AS (
	SELECT
		key,
		pg_catalog.row_to_json(lock.*) AS lock
	FROM (SELECT :lock_columns FROM :locks l) lock
),
edge AS (
	SELECT
		CASE WHEN :'is_back'::boolean THEN 'next' ELSE 'prev' END AS direction,
		:'list'::text AS list,
		pg_catalog.json_build_array(:edge_values) AS "values"
	FROM picked
	WHERE n = 1
	AND NOT :'is_start'::boolean
	UNION ALL
	SELECT
		CASE WHEN :'is_back'::boolean THEN 'prev' ELSE 'next' END,
		:'list'::text,
		pg_catalog.json_build_array(:edge_values)
	FROM picked
	WHERE n = :'size'::bigint
	AND EXISTS (SELECT FROM picked WHERE n > :'size'::bigint)
),
:cursors
SELECT pg_catalog.json_build_object(
	'rows', (
		SELECT coalesce(
			pg_catalog.json_agg(
				pg_catalog.json_build_object(
					'key', page.key,
					'label', label,
					'values', "values",
					'lock', locks.lock)
				ORDER BY CASE WHEN :'is_back'::boolean THEN -n ELSE n END),
			'[]')
		FROM page
		LEFT JOIN locks ON locks.key = page.key
	),
	'next', (SELECT cursor FROM cursors WHERE direction = 'next'),
	'prev', (SELECT cursor FROM cursors WHERE direction = 'prev'));
