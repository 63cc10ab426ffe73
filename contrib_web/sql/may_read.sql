-- Whether the role may read the table.
-- parameters: table
\set asked `cat parts/asked.sql`
WITH :asked
SELECT pg_catalog.has_table_privilege(asked.oid, 'SELECT')
FROM asked;
