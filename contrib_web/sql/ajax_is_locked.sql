-- The lock of a row, as django-locking shows it.
-- parameters: table, key
\set asked `cat parts/asked.sql`
WITH :asked
SELECT pg_catalog.json_build_object(
	'is_active', locking.is_locked(asked.oid::regclass, :'key'::text),
	'for_user', l.owner,
	'applies', locking.lock_applies(asked.oid::regclass, :'key'::text))
FROM asked
LEFT JOIN LATERAL (
	SELECT l.owner
	FROM locking.locks_of(asked.oid::regclass, ARRAY[:'key'::text]) l
) l ON true;
