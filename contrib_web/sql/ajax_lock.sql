-- Acquires the lock of a row.
-- parameters: table, key
\set requested `cat parts/requested.sql`
WITH :requested
SELECT a.granted
FROM requested, LATERAL locking.try_acquire(requested.oid::regclass, :'key'::text) a;
