-- Whether a row is locked, and the token if the caller owns the lock. A lock
-- without token must be broken to end it.
-- parameters: table, key
-- returns: is_locked, token
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	locking.is_locked(requested.oid::regclass, :'key'::text) AS is_locked,
	l.token
FROM requested
LEFT JOIN LATERAL (
	SELECT l.token
	FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
	WHERE l.is_mine
) l ON true;
