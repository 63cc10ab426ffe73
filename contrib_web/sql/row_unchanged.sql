-- The key of a row for which no value was sent.
-- parameters: key
\ir write_plan.sql
SELECT :row_key
FROM (SELECT :'key'::text AS key) asked, :source t
WHERE :matches;
