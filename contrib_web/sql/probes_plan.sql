-- For each submitted value of a column that there is, the column and SQL for
-- probe.
-- parameters: table, body
-- returns: name, new_value, definition
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set submitted `cat parts/submitted.sql`
WITH :requested,
:rel,
:col,
body AS (
	SELECT :'body'::jsonb -> 'values'::text AS "values"
),
:submitted
SELECT
	name,
	value AS new_value,
	definition
FROM submitted
WHERE attnum IS NOT NULL
ORDER BY attnum
\gset
