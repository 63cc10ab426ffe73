-- The lock of a row in the format of django-locking, and the token of the
-- caller's own lock.
-- parameters: table, key
-- returns: state, token
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	pg_catalog.json_build_object(
		'is_active', locking.is_locked(requested.oid::regclass, :'key'::text),
		'for_user', l.owner,
		'applies', locking.lock_applies(requested.oid::regclass, :'key'::text)) AS state,
	CASE WHEN l.is_mine AND NOT l.handed_over THEN l.token END AS token
FROM requested
LEFT JOIN LATERAL (
	SELECT l.owner, l.is_mine, l.handed_over, l.token
	FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
) l ON true;
