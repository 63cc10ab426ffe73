-- SQL for labels.
-- parameters: table, keys
-- returns: problem, detail, field, row_label, source, matches
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
WITH :requested,
:rel,
:col,
:row_sql,
:refusal,
problem AS (
	SELECT problem, detail, field, 1 AS no
	FROM refusal
	WHERE problem IS NOT NULL
	UNION ALL
	SELECT 'invalid', 'keys must be an array of at most 1000 texts', 'keys', 2
	WHERE NOT coalesce(
		CASE
			WHEN pg_catalog.json_typeof(:keys::json) = 'array'
				THEN pg_catalog.json_array_length(:keys::json) <= 1000
		END,
		false)
)
SELECT
	p.problem,
	p.detail,
	p.field,
	row_sql.row_label,
	rel.source,
	row_sql.matches
FROM rel
CROSS JOIN row_sql
LEFT JOIN (
	SELECT *
	FROM problem
	ORDER BY no
	LIMIT 1
) p ON true
\gset
