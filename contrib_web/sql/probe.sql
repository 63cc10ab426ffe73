-- Reads one of the values that were sent, to see whether its column's type
-- refuses it.
-- parameters: body
\ir probes_plan.sql
SELECT :sent_value
FROM pg_catalog.jsonb_to_record(:'body'::jsonb -> 'values'::text) v(:definition);
