-- The protection settings of a table. This is a separate statement, because
-- new settings are not visible to the statement that sets them.
-- parameters: table
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set protection `cat parts/protection.sql`
WITH :requested,
:rel
SELECT :protection
FROM rel;
