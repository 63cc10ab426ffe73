-- A row and its lock, after a write.
-- parameters: key
\ir write_plan.sql
\set row_version `cat parts/row_version.sql`
\set lock_columns `cat parts/lock_columns.sql`
SELECT pg_catalog.json_build_object(
	'key', r.key,
	'label', r.label,
	'values', r."values",
	'version', :row_version,
	'lock', (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (SELECT :lock_columns FROM :locks l) lock
	))
FROM (
	SELECT
		:row_key AS key,
		:row_label AS label,
		:row_values AS "values"
	FROM (SELECT :'key'::text AS key) requested, :source t
	WHERE :matches
	OFFSET 0 -- each is evaluated once
) r;
