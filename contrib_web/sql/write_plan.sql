-- SQL for a write, and the request's options for the lock and the draft. It
-- is the plan of row_insert, row_insert_default, row_update, row_unchanged,
-- row_delete, row_lock and row_read. what: insert, update or delete. token
-- overrides the one in the body.
-- parameters: table, body, what, token
-- returns: problem, detail, field, oid, target, source, matches, row_key
-- returns: row_label, row_values
-- returns: parent_key, locks, parent_locks, idents, definitions, new_values
-- returns: assignments
-- returns: is_protected, is_guarded, lock_token, keep_lock, discard_draft
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
\set submitted `cat parts/submitted.sql`
\set is_guarded `cat parts/is_guarded.sql`
WITH :requested,
:rel,
:col,
:row_sql,
:refusal,
body AS (
	SELECT
		CASE WHEN :'what'::text <> 'delete' THEN :'body'::jsonb -> 'values'::text END AS "values",
		coalesce(:token::bigint, (:'body'::jsonb ->> 'token'::text)::bigint) AS token,
		coalesce((:'body'::jsonb ->> 'keep'::text)::boolean, false) AS keep,
		coalesce((:'body'::jsonb ->> 'discard_draft'::text)::boolean, true) AS discard
),
:submitted,
list AS (
	SELECT
		pg_catalog.string_agg(ident, ', ' ORDER BY attnum) AS idents,
		pg_catalog.string_agg(definition, ', ' ORDER BY attnum) AS definitions,
		pg_catalog.string_agg(value, ', ' ORDER BY attnum) AS new_values,
		pg_catalog.string_agg(
			pg_catalog.format('%s = %s', ident, value), ', ' ORDER BY attnum) AS assignments
	FROM submitted
),
problem AS (
	SELECT problem, detail, field, 1 AS no
	FROM refusal
	UNION ALL
	SELECT 'invalid', 'the body must be a JSON object', NULL, 2
	WHERE pg_catalog.jsonb_typeof(:'body'::jsonb) <> 'object'
	UNION ALL
	SELECT 'invalid', 'values must be an object', 'values', 3
	FROM body
	WHERE :'what'::text <> 'delete'
	AND pg_catalog.jsonb_typeof("values") IS DISTINCT FROM 'object'
	UNION ALL
	SELECT 'invalid', pg_catalog.format('there is no column "%s"', name), name, 4
	FROM submitted
	WHERE attnum IS NULL
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('the value of column "%s" must be text or null', name),
		name,
		5
	FROM submitted
	WHERE kind NOT IN ('string', 'null')
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('column "%s" is generated: it cannot be written', name),
		name,
		6
	FROM submitted
	WHERE attgenerated <> ''
	OR attidentity = 'a'
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('no privilege to write column "%s"', submitted.name),
		submitted.name,
		7
	FROM submitted, rel
	WHERE NOT pg_catalog.has_column_privilege(rel.oid, attnum, :'what'::text)
)
SELECT
	p.problem,
	p.detail,
	p.field,
	rel.oid,
	rel.target,
	rel.source,
	row_sql.matches,
	row_sql.row_key,
	row_sql.row_label,
	row_sql.row_values,
	row_sql.parent_key,
	row_sql.locks,
	row_sql.parent_locks,
	list.idents,
	list.definitions,
	list.new_values,
	list.assignments,
	rel.protected AS is_protected,
	:'what'::text = 'delete'
		OR EXISTS (SELECT FROM submitted changed WHERE :is_guarded) AS is_guarded,
	body.token AS lock_token,
	body.keep AS keep_lock,
	body.discard AS discard_draft
FROM rel, row_sql, body, list, (
	SELECT *
	FROM problem
	WHERE problem IS NOT NULL
	OR no = 1
	ORDER BY problem IS NULL, no
	LIMIT 1
) p
\gset
