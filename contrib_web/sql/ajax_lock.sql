-- Acquires the lock of a row.
-- parameters: table, key
\set asked `cat parts/asked.sql`
WITH :asked
SELECT a.granted
FROM asked, LATERAL locking.try_acquire(asked.oid::regclass, :'key'::text) a;
