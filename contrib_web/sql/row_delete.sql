-- Deletes a row, and returns its key.
-- parameters: key, if_match
\ir write_plan.sql
\set row_version `cat parts/row_version.sql`
\set if_match_holds `cat parts/if_match_holds.sql`
DELETE FROM :source t
USING (SELECT :'key'::text AS key) requested
WHERE :matches
AND :if_match_holds
RETURNING requested.key;
