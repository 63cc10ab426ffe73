-- Updates a row, and returns its new key.
-- parameters: key, body, if_match
\ir write_plan.sql
\set row_version `cat parts/row_version.sql`
\set if_match_holds `cat parts/if_match_holds.sql`
UPDATE :source t
SET :assignments
FROM (SELECT :'key'::text AS key) requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb -> 'values'::text) v(:definitions)
WHERE :matches
AND :if_match_holds
RETURNING :row_key;
