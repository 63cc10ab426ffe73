-- SQL for choices: value and label of a row p that the column can reference,
-- by a foreign key on this column alone. The choices are sorted by the label
-- column instead of the label expression, so that an index can be used.
-- parameters: table, column_name, q, value, limit
-- returns: problem, detail, field, target, row_value, row_label, sort
-- returns: condition, size
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
WITH :requested,
:rel,
:col,
params AS (
	SELECT
		coalesce(:limit::int, 20) AS size,
		nullif(:q::text, '') AS q
),
target AS (
	SELECT
		con.confrelid AS oid,
		(pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity AS name,
		a.atttypid,
		'p.' || pg_catalog.quote_ident(a.attname) AS value,
		pg_catalog.format_type(a.atttypid, -1) AS type,
		pg_catalog.has_table_privilege(con.confrelid, 'SELECT') AS readable
	FROM rel
	JOIN pg_constraint con
		ON con.conrelid = rel.oid
		AND con.contype = 'f'
		AND pg_catalog.cardinality(con.conkey) = 1
	JOIN col ON col.name = :column_name::text AND col.attnum = con.conkey[1]
	JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = con.confkey[1]
	ORDER BY con.conname
	LIMIT 1
),
problem AS (
	SELECT
		'forbidden' AS problem,
		pg_catalog.format('permission denied for table %s', rel.name) AS detail,
		NULL AS field,
		1 AS no
	FROM rel
	WHERE NOT readable
	UNION ALL
	SELECT 'invalid', 'the column must be one with a foreign key', 'column', 2
	WHERE NOT EXISTS (SELECT FROM target)
	UNION ALL
	SELECT 'invalid', 'limit must be from 1 to 100', 'limit', 2
	FROM params
	WHERE size NOT BETWEEN 1 AND 100
	UNION ALL
	SELECT 'forbidden', pg_catalog.format('permission denied for table %s', name), NULL, 3
	FROM target
	WHERE NOT readable
)
SELECT
	p.problem,
	p.detail,
	p.field,
	target.name AS target,
	target.value AS row_value,
	label.sql AS row_label,
	pg_catalog.concat_ws(', ', named.by, target.value) AS sort,
	target.value || ' IS NOT NULL'
	|| CASE
		WHEN :value::text IS NULL THEN ''
		ELSE pg_catalog.format(
			' AND %s %s given.value::%s', target.value, op.sql, target.type)
	END
	|| CASE
		WHEN params.q IS NULL THEN ''
		-- The value must begin with q, the label contain it. LIKE does not
		-- support all collations that the column may have.
		ELSE pg_catalog.format(
			$sql$ AND (
				%s::text COLLATE pg_catalog."default" OPERATOR(pg_catalog.~~*) pattern.beginning
				OR %s::text COLLATE pg_catalog."default" OPERATOR(pg_catalog.~~*) pattern.anywhere
			)$sql$,
			target.value,
			coalesce(named.by, target.value))
	END AS condition,
	params.size
FROM rel
CROSS JOIN params
LEFT JOIN target ON true
LEFT JOIN (
	SELECT *
	FROM problem
	ORDER BY no
	LIMIT 1
) p ON true,
LATERAL (SELECT target.oid, 'p', target.value || '::text') label_args(oid, alias, fallback),
:label,
LATERAL (SELECT 'p.' || pg_catalog.quote_ident(label.name)) named(by),
LATERAL (SELECT target.atttypid, 3, '=') op_args(typeid, strategy, sign),
:op
\gset
