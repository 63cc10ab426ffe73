-- The key of a row, for a save without values.
-- parameters: key
\ir write_plan.sql
SELECT :row_key
FROM (SELECT :'key'::text AS key) requested, :source t
WHERE :matches;
