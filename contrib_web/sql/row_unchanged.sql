-- The key of a row, for a save without values.
-- parameters: key, if_match
\ir write_plan.sql
\set row_version `cat parts/row_version.sql`
\set if_match_holds `cat parts/if_match_holds.sql`
SELECT :row_key
FROM (SELECT :'key'::text AS key) requested, :source t
WHERE :matches
AND :if_match_holds;
