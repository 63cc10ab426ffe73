-- The first column of a constraint, to name it where the constraint is
-- violated.
-- parameters: table, constraint_name
\set asked `cat parts/asked.sql`
WITH :asked
SELECT a.attname
FROM asked
JOIN pg_constraint con ON con.conrelid = asked.oid
JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]
WHERE con.conname = :'constraint_name'::text;
