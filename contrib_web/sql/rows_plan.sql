-- SQL for rows, a page of a table's rows.
--
-- Rows are in the order of the sort column, then of the key, so a comparison
-- of rows tells which come behind the cursor, and an index answers that
-- wherever the page is. NULLs sort as the greatest values, but a comparison
-- with NULL is never true: where the sort column can be null, the rows behind
-- the cursor are those of one condition or another. An index answers each,
-- but not both in one, hence UNION ALL.
-- parameters: table, sort, dir, after, before, filter, q, locked, limit
-- gives: problem, detail, field, size, list, is_back, is_start, cursor_values
-- gives: parts, page_order, edge_values, source, same_key, row_key, row_label
-- gives: row_values, locks
\set asked `cat parts/asked.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set refers `cat parts/refers.sql`
\set made `cat parts/made.sql`
\set refusal `cat parts/refusal.sql`
\set cursor_values `cat parts/cursor_values.sql`
WITH :asked,
:rel,
:col,
:made,
:refusal,
-- list: name of the order, for cursors. up: the direction that dir and before
-- make together.
want AS (
	SELECT
		*,
		pg_catalog.format('%s %s', sort, dir) AS list,
		CASE WHEN up THEN '>' ELSE '<' END AS compare,
		CASE WHEN up THEN 5 ELSE 1 END AS strategy,
		CASE WHEN up THEN 'ASC' ELSE 'DESC' END AS way
	FROM (
		SELECT
			nullif(:sort::text, '') AS sort,
			coalesce(:dir::text, 'asc') AS dir,
			:before::text IS NOT NULL AS back,
			coalesce(:after::text, :before::text) AS cursor,
			(coalesce(:dir::text, 'asc') = 'asc') <> (:before::text IS NOT NULL) AS up,
			nullif(:q::text, '') AS q,
			coalesce(:locked::boolean, false) AS locked,
			coalesce(:limit::int, 50) AS size
	) given
),
-- ord: the columns of the order, from 0 on, and their values in the cursor
ord AS (
	SELECT
		*,
		pg_catalog.format('(given.cursor ->> %s)::%s', no, type) AS given
	FROM (
		SELECT
			pg_catalog.row_number() OVER (
				ORDER BY coalesce(col.name = want.sort, false) DESC, col.key_no)::int - 1 AS no,
			col.type,
			't.' || col.ident AS item,
			NOT col.attnotnull AS nullable,
			col.key_no,
			equal.call AS equals,
			op.call AS beyond
		FROM col,
			want,
			LATERAL (
				SELECT op.call
				FROM (SELECT col.atttypid, 3, '=') sought(typeid, strategy, sign), :op
			) equal,
			LATERAL (SELECT col.atttypid, want.strategy, want.compare)
				sought(typeid, strategy, sign),
			:op
		WHERE col.key_no > 0
		OR col.name = want.sort
	) o
),
-- behind: the condition that the row comes behind the cursor, by the columns
-- of the order from "start" on. A comparison of rows takes one operator for
-- all columns. If they need operators of different schemas, none is named;
-- PostgreSQL accepts only operators of an index order there.
behind AS (
	SELECT
		start.no AS start,
		pg_catalog.format(
			'ROW(%s) %s ROW(%s)',
			pg_catalog.string_agg(item, ', ' ORDER BY ord.no),
			CASE pg_catalog.count(DISTINCT beyond)
				WHEN 1 THEN pg_catalog.min(beyond)
				ELSE want.compare
			END,
			pg_catalog.string_agg(given, ', ' ORDER BY ord.no)) AS condition
	FROM want, (VALUES (0), (1)) start(no), ord
	WHERE ord.no >= start.no
	GROUP BY start.no, want.compare
),
cur AS (
	SELECT cursor_values.list AS "values"
	FROM (SELECT list, cursor FROM want WHERE cursor IS NOT NULL) given, :cursor_values
),
piece AS (
	SELECT
		pg_catalog.string_agg(pg_catalog.format('o%s::text', no), ', ' ORDER BY no) AS edge_values,
		pg_catalog.string_agg(
			pg_catalog.format('%s %s p.o%s', item, equals, no), ' AND ')
			FILTER (WHERE key_no > 0) AS same_key,
		pg_catalog.string_agg(pg_catalog.format('%s AS o%s', item, no), ', ' ORDER BY no) AS named,
		pg_catalog.string_agg(
			pg_catalog.format('%s %s', item, want.way), ', ' ORDER BY no) AS item_order,
		pg_catalog.string_agg(
			pg_catalog.format('o%s %s', no, want.way), ', ' ORDER BY no) AS page_order
	FROM ord, want
),
-- part: conditions for the rows behind the cursor, each to be read by itself
part AS (
	SELECT pg_catalog.unnest(
		CASE
			WHEN want.cursor IS NULL THEN ARRAY['true']
			WHEN NOT first.nullable OR NOT (at_null OR want.up) THEN ARRAY[behind_all]
			WHEN NOT at_null THEN ARRAY[behind_all, first.item || ' IS NULL']
			WHEN want.up THEN
				ARRAY[pg_catalog.format('%s IS NULL AND %s', first.item, behind_by_key)]
			ELSE
				ARRAY[
					first.item || ' IS NOT NULL',
					pg_catalog.format('%s IS NULL AND %s', first.item, behind_by_key)
				]
		END) AS condition
	FROM want
	JOIN ord first ON first.no = 0,
	LATERAL (SELECT (SELECT "values" ->> 0 IS NULL FROM cur)) c(at_null),
	LATERAL (
		SELECT
			(SELECT condition FROM behind WHERE start = 0),
			(SELECT condition FROM behind WHERE start = 1)
	) b(behind_all, behind_by_key)
),
filter AS (
	SELECT
		f.key AS name,
		col.name IS NOT NULL AS known,
		CASE
			WHEN f.value IS NULL THEN pg_catalog.format('t.%s IS NULL', col.ident)
			ELSE pg_catalog.format(
				't.%s %s (given.filter ->> %L::text)::%s', col.ident, op.call, f.key, col.type)
		END AS condition
	FROM pg_catalog.json_each_text(:filter::json) f
	LEFT JOIN col ON col.name = f.key,
	LATERAL (SELECT col.atttypid, 3, '=') sought(typeid, strategy, sign),
	:op
),
-- search: a column's own collation may be one that LIKE does not support
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
			WHEN want.locked THEN pg_catalog.format(
				$sql$(
					SELECT l.key
					FROM locking.locks l
					WHERE l.relation::oid = %s::oid
					OFFSET 0
				) asked JOIN %s t ON %s$sql$,
				rel.oid,
				rel.source,
				made.matches)
			ELSE rel.source || ' t'
		END AS tables,
		(SELECT coalesce(pg_catalog.string_agg(' AND ' || condition, ''), '') FROM filter)
		|| CASE
			WHEN want.q IS NULL THEN ''
			ELSE (
				SELECT pg_catalog.format(' AND (%s)', pg_catalog.string_agg(condition, ' OR '))
				FROM search
			)
		END AS conditions
	FROM rel, made, want
),
problem AS (
	SELECT problem, detail, field, 1 AS no
	FROM refusal
	UNION ALL
	SELECT 'invalid', 'limit must be from 1 to 1000', 'limit', 2
	FROM want
	WHERE size NOT BETWEEN 1 AND 1000
	UNION ALL
	SELECT 'invalid', 'dir must be asc or desc', 'dir', 2
	FROM want
	WHERE dir NOT IN ('asc', 'desc')
	UNION ALL
	SELECT 'invalid', 'after and before exclude each other', 'before', 2
	WHERE :after::text IS NOT NULL
	AND :before::text IS NOT NULL
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', sort), 'sort', 2
	FROM want
	WHERE sort IS NOT NULL
	AND NOT EXISTS (SELECT FROM col WHERE name = sort)
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', name), 'filter', 2
	FROM filter
	WHERE NOT known
	UNION ALL
	SELECT
		'invalid',
		'the cursor is not one of this list in this order',
		CASE WHEN back THEN 'before' ELSE 'after' END,
		3
	FROM cur, want
	WHERE "values" IS NULL
	OR pg_catalog.json_array_length("values") <> (SELECT pg_catalog.count(*) FROM ord)
)
SELECT
	p.problem,
	p.detail,
	p.field,
	want.size,
	want.list,
	want.back AS is_back,
	want.cursor IS NULL AS is_start,
	coalesce((SELECT "values" FROM cur), 'null') AS cursor_values,
	(
		SELECT pg_catalog.string_agg(
			pg_catalog.format(
				'(SELECT %s FROM %s WHERE %s%s ORDER BY %s LIMIT %s)',
				piece.named,
				searched.tables,
				condition,
				searched.conditions,
				piece.item_order,
				want.size + 1),
			' UNION ALL ')
		FROM part
	) AS parts,
	piece.page_order,
	piece.edge_values,
	rel.source,
	piece.same_key,
	made.row_key,
	made.row_label,
	made.row_values,
	CASE
		WHEN rel.protected THEN pg_catalog.format(
			'locking.locks_of(%s::oid::regclass, ARRAY(SELECT key FROM page))', rel.oid)
		ELSE '(SELECT * FROM locking.locks LIMIT 0)'
	END AS locks
FROM rel, made, want, piece, searched, (
	SELECT *
	FROM problem
	WHERE problem IS NOT NULL
	OR no = 1
	ORDER BY problem IS NULL, no
	LIMIT 1
) p
\gset
