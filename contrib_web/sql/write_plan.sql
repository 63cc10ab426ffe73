-- SQL for a write, what (insert, update or delete), and what to do with the
-- lock and the draft: row_insert, row_insert_default, row_update,
-- row_unchanged, row_delete, row_lock, row_read. token: given if it is not in
-- the body.
-- parameters: table, body, what, token
-- gives: problem, detail, field, oid, target, source, matches, row_key
-- gives: row_label, row_values
-- gives: parent_key, locks, parent_locks, idents, definitions, sent_values
-- gives: assignments
-- gives: is_protected, is_guarded, lock_token, keep_lock, discard_draft
\set asked `cat parts/asked.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set refers `cat parts/refers.sql`
\set made `cat parts/made.sql`
\set refusal `cat parts/refusal.sql`
\set sent `cat parts/sent.sql`
\set is_guarded `cat parts/is_guarded.sql`
WITH :asked,
:rel,
:col,
:made,
:refusal,
body AS (
	SELECT
		CASE WHEN :'what'::text <> 'delete' THEN :'body'::jsonb -> 'values'::text END AS "values",
		coalesce(:token::bigint, (:'body'::jsonb ->> 'token'::text)::bigint) AS token,
		coalesce((:'body'::jsonb ->> 'keep'::text)::boolean, false) AS keep,
		coalesce((:'body'::jsonb ->> 'discard_draft'::text)::boolean, true) AS discard
),
:sent,
list AS (
	SELECT
		pg_catalog.string_agg(ident, ', ' ORDER BY attnum) AS idents,
		pg_catalog.string_agg(definition, ', ' ORDER BY attnum) AS definitions,
		pg_catalog.string_agg(value, ', ' ORDER BY attnum) AS sent_values,
		pg_catalog.string_agg(
			pg_catalog.format('%s = %s', ident, value), ', ' ORDER BY attnum) AS assignments
	FROM sent
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
	FROM sent
	WHERE attnum IS NULL
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('the value of column "%s" must be text or null', name),
		name,
		5
	FROM sent
	WHERE kind NOT IN ('string', 'null')
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('column "%s" is generated: it cannot be written', name),
		name,
		6
	FROM sent
	WHERE attgenerated <> ''
	OR attidentity = 'a'
	UNION ALL
	SELECT
		'invalid',
		pg_catalog.format('no privilege to write column "%s"', sent.name),
		sent.name,
		7
	FROM sent, rel
	WHERE NOT pg_catalog.has_column_privilege(rel.oid, attnum, :'what'::text)
)
SELECT
	p.problem,
	p.detail,
	p.field,
	rel.oid,
	rel.target,
	rel.source,
	made.matches,
	made.row_key,
	made.row_label,
	made.row_values,
	made.parent_key,
	made.locks,
	made.parent_locks,
	list.idents,
	list.definitions,
	list.sent_values,
	list.assignments,
	rel.protected AS is_protected,
	:'what'::text = 'delete'
		OR EXISTS (SELECT FROM sent changed WHERE :is_guarded) AS is_guarded,
	body.token AS lock_token,
	body.keep AS keep_lock,
	body.discard AS discard_draft
FROM rel, made, body, list, (
	SELECT *
	FROM problem
	WHERE problem IS NOT NULL
	OR no = 1
	ORDER BY problem IS NULL, no
	LIMIT 1
) p
\gset
