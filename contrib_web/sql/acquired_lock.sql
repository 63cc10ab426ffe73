-- The lock just acquired, if the key is spelled as in lock records. A
-- statement of its own: the one that acquires the lock does not see it.
-- parameters: table, key, token, outcome
-- gives: state, is_missing
\set asked `cat parts/asked.sql`
\set lock_columns `cat parts/lock_columns.sql`
WITH :asked
SELECT
	pg_catalog.json_build_object('outcome', :'outcome'::text, 'lock', s.lock) AS state,
	s.lock IS NULL AS is_missing
FROM (
	SELECT (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (
			SELECT :lock_columns
			FROM locking.locks_of(asked.oid::regclass, ARRAY[:'key'::text]) l
			WHERE l.token = :'token'::bigint
		) lock
	) AS lock
	FROM asked
	OFFSET 0 -- the lock is looked up once
) s;
