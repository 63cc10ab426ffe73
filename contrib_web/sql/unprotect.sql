-- Ends the protection of a table.
-- parameters: table
\set asked `cat parts/asked.sql`
WITH :asked
SELECT locking.unprotect(asked.oid::regclass)
FROM asked;
