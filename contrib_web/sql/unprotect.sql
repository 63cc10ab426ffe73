-- Ends the protection of a table.
-- parameters: table
\set requested `cat parts/requested.sql`
WITH :requested
SELECT locking.unprotect(requested.oid::regclass)
FROM requested;
