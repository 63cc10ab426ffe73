-- For each value that was sent, its column and SQL for probe.
-- parameters: table, body
-- gives: name, sent_value, definition
\set asked `cat parts/asked.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set sent `cat parts/sent.sql`
WITH :asked,
:rel,
:col,
body AS (
	SELECT :'body'::jsonb -> 'values'::text AS "values"
),
:sent
SELECT
	name,
	value AS sent_value,
	definition
FROM sent
ORDER BY attnum
\gset
