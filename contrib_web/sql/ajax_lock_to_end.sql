-- The lock of a row, to be ended. The token is NULL unless the reader owns
-- the lock: it has to be broken then.
-- parameters: table, key
-- gives: is_locked, token
\set asked `cat parts/asked.sql`
WITH :asked
SELECT
	locking.is_locked(asked.oid::regclass, :'key'::text) AS is_locked,
	l.token
FROM asked
LEFT JOIN LATERAL (
	SELECT l.token
	FROM locking.locks_of(asked.oid::regclass, ARRAY[:'key'::text]) l
	WHERE l.is_mine
) l ON true;
