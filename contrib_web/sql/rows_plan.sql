-- SQL for rows, a page of a table's rows.
--
-- Rows are ordered by the sort column, then by the key. So a row comparison
-- selects the rows after the cursor, and an index supports it for any page.
-- NULLs sort as the greatest values, but a comparison with NULL is never
-- true. If the sort column is nullable, the rows after the cursor satisfy one
-- of two conditions. An index supports each of them, but not their OR, hence
-- UNION ALL.
--
-- columns: names of the columns of an export, as a JSON array; all if NULL.
-- most: the largest limit. counted: SQL for the rows of all pages.
-- parameters: table, sort, dir, after, before, filter, q, locked, limit
-- parameters: columns, most
-- returns: problem, detail, field, size, list, is_back, is_start
-- returns: cursor_values, branches, page_order, edge_values, source, same_key
-- returns: row_key, row_label, row_values, locks, most, counted, estimate
-- returns: shown
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
\set cursor_values `cat parts/cursor_values.sql`
WITH :requested,
:rel,
:col,
:row_sql,
:refusal,
-- list: name of the order, for cursors. is_ascending: the direction of the
-- scan, which dir and before determine.
params AS (
	SELECT
		*,
		pg_catalog.format('%s %s', sort, dir) AS list,
		CASE WHEN is_ascending THEN '>' ELSE '<' END AS compare,
		CASE WHEN is_ascending THEN 5 ELSE 1 END AS strategy,
		CASE WHEN is_ascending THEN 'ASC' ELSE 'DESC' END AS direction
	FROM (
		SELECT
			nullif(:sort::text, '') AS sort,
			coalesce(:dir::text, 'asc') AS dir,
			:before::text IS NOT NULL AS is_back,
			coalesce(:after::text, :before::text) AS cursor,
			(coalesce(:dir::text, 'asc') = 'asc') <> (:before::text IS NOT NULL) AS is_ascending,
			nullif(:q::text, '') AS q,
			coalesce(:locked::boolean, false) AS locked,
			coalesce(:limit::int, 50) AS size,
			:'most'::int AS most
	) given
),
-- shown_column: the columns of an export
shown_column AS (
	SELECT
		name,
		no,
		EXISTS (SELECT FROM col WHERE col.name = given.name) AS known
	FROM pg_catalog.json_array_elements_text(:columns::json) WITH ORDINALITY given(name, no)
	UNION ALL
	SELECT name, attnum, true
	FROM col
	WHERE :columns::json IS NULL
),
-- order_column: the columns of the order, numbered from 0, and their values
-- in the cursor
order_column AS (
	SELECT
		*,
		pg_catalog.format('(given.cursor ->> %s)::%s', no, type) AS cursor_value
	FROM (
		SELECT
			pg_catalog.row_number() OVER (
				ORDER BY coalesce(col.name = params.sort, false) DESC, col.key_no)::int - 1 AS no,
			col.type,
			't.' || col.ident AS item,
			NOT col.attnotnull AS nullable,
			col.key_no,
			equal.sql AS equal_op,
			op.sql AS compare_op
		FROM col,
			params,
			LATERAL (
				SELECT op.sql
				FROM (SELECT col.atttypid, 3, '=') op_args(typeid, strategy, sign), :op
			) equal,
			LATERAL (SELECT col.atttypid, params.strategy, params.compare)
				op_args(typeid, strategy, sign),
			:op
		WHERE col.key_no > 0
		OR col.name = params.sort
	) o
),
-- after_cursor: the condition that the row comes after the cursor, by the
-- order columns from number "start". A row comparison has one operator for
-- all columns. If the columns need operators of different schemas, the
-- operator is not schema-qualified; PostgreSQL accepts only operators of a
-- B-tree operator family there.
after_cursor AS (
	SELECT
		start.no AS start,
		pg_catalog.format(
			'ROW(%s) %s ROW(%s)',
			pg_catalog.string_agg(item, ', ' ORDER BY order_column.no),
			CASE pg_catalog.count(DISTINCT compare_op)
				WHEN 1 THEN pg_catalog.min(compare_op)
				ELSE params.compare
			END,
			pg_catalog.string_agg(cursor_value, ', ' ORDER BY order_column.no)) AS condition
	FROM params, (VALUES (0), (1)) start(no), order_column
	WHERE order_column.no >= start.no
	GROUP BY start.no, params.compare
),
decoded_cursor AS (
	SELECT cursor_values.list AS "values"
	FROM (SELECT list, cursor FROM params WHERE cursor IS NOT NULL) given, :cursor_values
),
order_sql AS (
	SELECT
		pg_catalog.string_agg(pg_catalog.format('o%s::text', no), ', ' ORDER BY no) AS edge_values,
		pg_catalog.string_agg(
			pg_catalog.format('%s %s p.o%s', item, equal_op, no), ' AND ')
			FILTER (WHERE key_no > 0) AS same_key,
		pg_catalog.string_agg(pg_catalog.format('%s AS o%s', item, no), ', ' ORDER BY no) AS named,
		pg_catalog.string_agg(
			pg_catalog.format('%s %s', item, params.direction), ', ' ORDER BY no) AS item_order,
		pg_catalog.string_agg(
			pg_catalog.format('o%s %s', no, params.direction), ', ' ORDER BY no) AS page_order
	FROM order_column, params
),
-- branch: conditions for the rows after the cursor, one for each branch of
-- the UNION ALL
branch AS (
	SELECT pg_catalog.unnest(
		CASE
			WHEN params.cursor IS NULL THEN ARRAY['true']
			WHEN NOT first.nullable OR NOT (cursor_is_null OR params.is_ascending)
				THEN ARRAY[after_cursor]
			WHEN NOT cursor_is_null THEN ARRAY[after_cursor, first.item || ' IS NULL']
			WHEN params.is_ascending THEN
				ARRAY[pg_catalog.format('%s IS NULL AND %s', first.item, after_cursor_by_key)]
			ELSE
				ARRAY[
					first.item || ' IS NOT NULL',
					pg_catalog.format('%s IS NULL AND %s', first.item, after_cursor_by_key)
				]
		END) AS condition
	FROM params
	JOIN order_column first ON first.no = 0,
	LATERAL (SELECT (SELECT "values" ->> 0 IS NULL FROM decoded_cursor)) c(cursor_is_null),
	LATERAL (
		SELECT
			(SELECT condition FROM after_cursor WHERE start = 0),
			(SELECT condition FROM after_cursor WHERE start = 1)
	) b(after_cursor, after_cursor_by_key)
),
-- filter: the conditions on columns. A column has a value, or an object of
-- comparisons. Begins with the few columns: PostgreSQL expects many keys of a
-- JSON object, for which it would compile the plan.
filter AS (
	SELECT
		CASE
			WHEN pg_catalog.json_typeof(f.value) = 'null'
				THEN pg_catalog.format('t.%s IS NULL', col.ident)
			WHEN comparison.name = 'contains' THEN pg_catalog.format(
				$sql$t.%s::text COLLATE pg_catalog."default" OPERATOR(pg_catalog.~~*)
					pg_catalog.concat(
						'%%', pg_catalog.regexp_replace(%s, '[\\%%_]', '\\\&', 'g'), '%%')$sql$,
				col.ident,
				operand.sql)
			ELSE pg_catalog.format('t.%s %s (%s)::%s', col.ident, op.sql, operand.sql, col.type)
		END AS condition
	FROM col,
		LATERAL (SELECT :filter::json -> col.name::text) f(value),
		LATERAL (
			VALUES
				('is', 3, '=', pg_catalog.json_typeof(f.value) <> 'object'),
				('contains', 3, '=', f.value -> 'contains'::text IS NOT NULL),
				('from', 4, '>=', f.value -> 'from'::text IS NOT NULL),
				('to', 2, '<=', f.value -> 'to'::text IS NOT NULL),
				('before', 1, '<', f.value -> 'before'::text IS NOT NULL)
		) comparison(name, strategy, sign, is_given),
		LATERAL (
			SELECT CASE comparison.name
				WHEN 'is' THEN pg_catalog.format('given.filter ->> %L::text', col.name)
				ELSE pg_catalog.format(
					'given.filter -> %L::text ->> %L::text', col.name, comparison.name)
			END
		) operand(sql),
		LATERAL (SELECT col.atttypid, comparison.strategy, comparison.sign)
			op_args(typeid, strategy, sign),
		:op
	WHERE comparison.is_given
),
-- search: LIKE does not support all collations that a column may have
search AS (
	SELECT pg_catalog.format('t.%s::text OPERATOR(pg_catalog.=) given.q', ident) AS condition
	FROM col
	WHERE key_no > 0
	UNION ALL
	SELECT pg_catalog.format(
		't.%s::text COLLATE pg_catalog."default" OPERATOR(pg_catalog.~~*) pattern.anywhere', ident)
	FROM col
	JOIN pg_type type ON type.oid = atttypid
	WHERE typcategory = 'S'
),
searched AS (
	SELECT
		CASE
			WHEN params.locked THEN pg_catalog.format(
				$sql$(
					SELECT l.key
					FROM locking.locks l
					WHERE l.relation::oid = %s::oid
					OFFSET 0
				) requested JOIN %s t ON %s$sql$,
				rel.oid,
				rel.source,
				row_sql.matches)
			ELSE rel.source || ' t'
		END AS tables,
		(SELECT coalesce(pg_catalog.string_agg(' AND ' || condition, ''), '') FROM filter)
		|| CASE
			WHEN params.q IS NULL THEN ''
			ELSE (
				SELECT pg_catalog.format(' AND (%s)', pg_catalog.string_agg(condition, ' OR '))
				FROM search
			)
		END AS conditions
	FROM rel, row_sql, params
),
problem AS (
	SELECT problem, detail, field, 1 AS no
	FROM refusal
	UNION ALL
	SELECT 'invalid', pg_catalog.format('limit must be from 1 to %s', most), 'limit', 2
	FROM params
	WHERE size NOT BETWEEN 1 AND most
	UNION ALL
	SELECT 'invalid', 'dir must be asc or desc', 'dir', 2
	FROM params
	WHERE dir NOT IN ('asc', 'desc')
	UNION ALL
	SELECT 'invalid', 'after and before exclude each other', 'before', 2
	WHERE :after::text IS NOT NULL
	AND :before::text IS NOT NULL
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', sort), 'sort', 2
	FROM params
	WHERE sort IS NOT NULL
	AND NOT EXISTS (SELECT FROM col WHERE name = sort)
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', name), 'filter', 2
	FROM pg_catalog.json_object_keys(:filter::json) name
	WHERE NOT EXISTS (SELECT FROM col WHERE col.name = name.name)
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('"%s" is not one of contains, from, to, before', comparison),
		'filter',
		2
	FROM col,
		LATERAL (SELECT :filter::json -> col.name::text) f(value),
		LATERAL pg_catalog.json_object_keys(
			CASE pg_catalog.json_typeof(f.value) WHEN 'object' THEN f.value END) comparison
	WHERE comparison NOT IN ('contains', 'from', 'to', 'before')
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', name), 'columns', 2
	FROM shown_column
	WHERE NOT known
	UNION ALL
	SELECT
		'invalid',
		'the cursor is not one of this list in this order',
		CASE WHEN is_back THEN 'before' ELSE 'after' END,
		3
	FROM decoded_cursor, params
	WHERE "values" IS NULL
	OR pg_catalog.json_array_length("values") <> (SELECT pg_catalog.count(*) FROM order_column)
)
SELECT
	p.problem,
	p.detail,
	p.field,
	params.size,
	params.list,
	params.is_back,
	params.cursor IS NULL AS is_start,
	coalesce((SELECT "values" FROM decoded_cursor), 'null') AS cursor_values,
	(
		SELECT pg_catalog.string_agg(
			pg_catalog.format(
				'(SELECT %s FROM %s WHERE %s%s ORDER BY %s LIMIT %s)',
				order_sql.named,
				searched.tables,
				condition,
				searched.conditions,
				order_sql.item_order,
				params.size + 1),
			' UNION ALL ')
		FROM branch
	) AS branches,
	order_sql.page_order,
	order_sql.edge_values,
	rel.source,
	order_sql.same_key,
	row_sql.row_key,
	row_sql.row_label,
	row_sql.row_values,
	CASE
		WHEN rel.protected THEN pg_catalog.format(
			'locking.locks_of(%s::oid::regclass, ARRAY(SELECT key FROM page))', rel.oid)
		ELSE '(SELECT * FROM locking.locks LIMIT 0)'
	END AS locks,
	params.most,
	pg_catalog.format('SELECT FROM %s WHERE true%s', searched.tables, searched.conditions)
		AS counted,
	-- the number of rows by the statistics, if the reader may see each; or -1
	CASE
		WHEN searched.conditions = ''
		AND NOT params.locked
		AND rel.reltuples >= 0::float4
		AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = rel.oid AND c.relrowsecurity)
			THEN rel.reltuples::bigint
		ELSE -1
	END AS estimate,
	(SELECT pg_catalog.json_agg(name ORDER BY no) FROM shown_column) AS shown
FROM rel, row_sql, params, order_sql, searched, (
	SELECT *
	FROM problem
	WHERE problem IS NOT NULL
	OR no = 1
	ORDER BY problem IS NULL, no
	LIMIT 1
) p
\gset
