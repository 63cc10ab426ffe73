-- Converts a submitted value to its column's type, to test whether the type
-- rejects it.
-- parameters: body
\ir probes_plan.sql
SELECT :new_value
FROM pg_catalog.jsonb_to_record(:'body'::jsonb -> 'values'::text) v(:definition);
