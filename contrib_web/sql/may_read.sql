-- Whether the role may read the table.
-- parameters: table
\set requested `cat parts/requested.sql`
WITH :requested
SELECT pg_catalog.has_table_privilege(requested.oid, 'SELECT')
FROM requested;
