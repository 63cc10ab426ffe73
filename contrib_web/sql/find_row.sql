-- The canonical key of a row, as in lock records; no row if the row does not
-- exist.
-- parameters: key
\ir find_row_plan.sql
SELECT :row_key
FROM (SELECT :'key'::text AS key) requested, :source t
WHERE :matches;
