-- The lock of a row, by the canonical key.
-- parameters: table, key
\set lock_columns `cat parts/lock_columns.sql`
SELECT pg_catalog.json_build_object('lock', (
	SELECT pg_catalog.row_to_json(lock.*)
	FROM (
		SELECT :lock_columns
		FROM locking.locks_of(:'table'::oid::regclass, ARRAY[:'key'::text]) l
	) lock
));
