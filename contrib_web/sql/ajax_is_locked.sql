-- The lock of a row in the format of django-locking.
-- parameters: table, key
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.json_build_object(
	'is_active', locking.is_locked(requested.oid::regclass, :'key'::text),
	'for_user', l.owner,
	'applies', locking.lock_applies(requested.oid::regclass, :'key'::text))
FROM requested
LEFT JOIN LATERAL (
	SELECT l.owner
	FROM locking.locks_of(requested.oid::regclass, ARRAY[:'key'::text]) l
) l ON true;
