-- Updates a row, and returns its new key.
-- parameters: key, body
\ir write_plan.sql
UPDATE :source t
SET :assignments
FROM (SELECT :'key'::text AS key) requested,
	pg_catalog.jsonb_to_record(:'body'::jsonb -> 'values'::text) v(:definitions)
WHERE :matches
RETURNING :row_key;
