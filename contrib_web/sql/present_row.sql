-- The canonical key of a row, as in lock records, and the user; no row if the
-- row does not exist.
-- parameters: key
-- returns: row_key, owner, owner_name
\ir find_row_plan.sql
\set own_name `cat parts/own_name.sql`
SELECT
	:row_key AS row_key,
	locking.owner() AS owner,
	:own_name AS owner_name
FROM (SELECT :'key'::text AS key) requested, :source t
WHERE :matches;
