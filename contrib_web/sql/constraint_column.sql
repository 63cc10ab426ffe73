-- The first column of a constraint, for the report of a violation.
-- parameters: table, constraint_name
\set requested `cat parts/requested.sql`
WITH :requested
SELECT a.attname
FROM requested
JOIN pg_constraint con ON con.conrelid = requested.oid
JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]
WHERE con.conname = :'constraint_name'::text;
