-- The current state of a row and its lock. If the row that guards it is
-- locked as well, the lock of another owner takes precedence.
-- parameters: key
-- returns: lock, row
\ir state_plan.sql
\set lock_columns `cat parts/lock_columns.sql`
SELECT
	(
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (
			SELECT :lock_columns
			FROM (
				SELECT * FROM :locks a
				UNION ALL
				SELECT * FROM :parent_locks b
			) l
			ORDER BY l.is_mine
			LIMIT 1
		) lock
	) AS lock,
	pg_catalog.json_build_object(
		'key', r.key,
		'label', r.label,
		'values', r."values") AS row
FROM (
	SELECT
		:row_key AS key,
		:parent_key AS parent_key,
		:row_label AS label,
		:row_values AS "values"
	FROM (SELECT :'key'::text AS key) requested, :source t
	WHERE :matches
	OFFSET 0 -- each is evaluated once
) r;
