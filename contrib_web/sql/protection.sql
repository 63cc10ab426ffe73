-- How a table is protected. A statement of its own: the one that protects it
-- does not see the new settings.
-- parameters: table
\set asked `cat parts/asked.sql`
\set rel `cat parts/rel.sql`
\set protection `cat parts/protection.sql`
WITH :asked,
:rel
SELECT :protection
FROM rel;
