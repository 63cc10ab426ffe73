-- A row, with its lock, the rows that it references, counts of the rows that
-- reference it, and the lock of the row that guards it. No row if it does not
-- exist.
-- parameters: key
\ir row_plan.sql
\set row_version `cat parts/row_version.sql`
\set lock_columns `cat parts/lock_columns.sql`
SELECT pg_catalog.json_build_object(
	'table', :'target'::text,
	'name', :'name'::text,
	'key', r.key,
	'label', r.label,
	'values', r."values",
	'version', :row_version,
	'lock', (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (SELECT :lock_columns FROM :locks l) lock
	),
	'references', r.referenced,
	'children', r.children,
	'parent_lock', (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (SELECT :lock_columns FROM :parent_locks l) lock
	))
FROM (
	SELECT
		:row_key AS key,
		:row_label AS label,
		:row_values AS "values",
		:parent_key AS parent_key,
		:referenced AS referenced,
		:children AS children
	FROM (SELECT :'key'::text AS key) requested, :source t
	WHERE :matches
	OFFSET 0 -- each is evaluated once
) r;
