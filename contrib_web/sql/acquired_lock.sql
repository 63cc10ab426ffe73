-- The lock just acquired, if the key is canonical. This is a separate
-- statement, because the lock is not visible to the statement that acquires
-- it.
-- parameters: table, key, token, outcome
-- returns: state, is_missing
\set requested `cat parts/requested.sql`
\set lock_columns `cat parts/lock_columns.sql`
WITH :requested
SELECT
	pg_catalog.json_build_object('outcome', :'outcome'::text, 'lock', s.lock) AS state,
	s.lock IS NULL AS is_missing
FROM (
	SELECT (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (
			SELECT :lock_columns
			FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
			WHERE l.token = :'token'::bigint
		) lock
	) AS lock
	FROM requested
	OFFSET 0 -- the lock is looked up once
) s;
