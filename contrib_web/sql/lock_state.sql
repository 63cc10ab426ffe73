-- The lock of a row by the canonical key. If the key is not canonical, the
-- lock is null; is_not_canonical is true if there is a lock nevertheless.
-- parameters: table, key
-- returns: state, is_not_canonical
\set requested `cat parts/requested.sql`
\set lock_columns `cat parts/lock_columns.sql`
WITH :requested
SELECT
	pg_catalog.json_build_object('lock', s.lock) AS state,
	s.lock IS NULL AND locking.is_locked(s.oid::regclass, :'key'::text) AS is_not_canonical
FROM (
	SELECT
		requested.oid,
		(
			SELECT pg_catalog.row_to_json(lock.*)
			FROM (
				SELECT :lock_columns
				FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
			) lock
		) AS lock
	FROM requested
	OFFSET 0 -- the lock is looked up once
) s;
