-- Inserts a row, and returns its key.
-- parameters: body
\ir write_plan.sql
INSERT INTO :target AS t (:idents)
SELECT :new_values
FROM pg_catalog.jsonb_to_record(:'body'::jsonb -> 'values'::text) v(:definitions)
RETURNING :row_key;
