-- The lock of a row, if the key is spelled as in lock records; if not,
-- whether there is one.
-- parameters: table, key
-- gives: state, is_spelled_otherwise
\set asked `cat parts/asked.sql`
\set lock_columns `cat parts/lock_columns.sql`
WITH :asked
SELECT
	pg_catalog.json_build_object('lock', s.lock) AS state,
	s.lock IS NULL AND locking.is_locked(s.oid::regclass, :'key'::text) AS is_spelled_otherwise
FROM (
	SELECT
		asked.oid,
		(
			SELECT pg_catalog.row_to_json(lock.*)
			FROM (
				SELECT :lock_columns
				FROM locking.locks_of(asked.oid::regclass, ARRAY[:'key'::text]) l
			) lock
		) AS lock
	FROM asked
	OFFSET 0 -- the lock is looked up once
) s;
