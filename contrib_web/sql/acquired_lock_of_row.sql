-- The lock just acquired, by the canonical key.
-- parameters: table, key, token, outcome
-- returns: state, is_missing, is_hidden
\set lock_columns `cat parts/lock_columns.sql`
SELECT
	pg_catalog.json_build_object('outcome', :'outcome'::text, 'lock', s.lock) AS state,
	s.lock IS NULL AS is_missing,
	s.lock IS NULL AND NOT locking.row_visible(:'table'::oid::regclass, :'key'::text) AS is_hidden
FROM (
	SELECT (
		SELECT pg_catalog.row_to_json(lock.*)
		FROM (
			SELECT :lock_columns
			FROM locking.locks_of(:'table'::oid::regclass, ARRAY[:'key'::text]) l
			WHERE l.token = :'token'::bigint
		) lock
	) AS lock
	OFFSET 0 -- the lock is looked up once
) s;
