-- Acquires the lock of a row, for at most so many seconds. A lock that the
-- caller holds already is renewed for its own time.
-- parameters: table, key, seconds
\set requested `cat parts/requested.sql`
WITH :requested
SELECT a.granted
FROM requested,
	LATERAL (
		SELECT CASE
			WHEN NOT EXISTS (
				SELECT
				FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
				WHERE l.is_mine
			) THEN least(
				pg_catalog.make_interval(secs => :'seconds'::float8),
				coalesce(
					(
						SELECT p.ttl
						FROM locking.protected_tables p
						WHERE p.relation::oid = requested.oid
					),
					pg_catalog.current_setting('locking.time_until_expiration')::interval),
				pg_catalog.current_setting('locking.max_ttl')::interval)
		END AS ttl
	) own,
	LATERAL locking.try_acquire(requested.oid::regclass, :'key'::text, own.ttl) a;
