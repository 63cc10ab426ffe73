-- The key of a row as lock records spell it; no row if there is none.
-- parameters: key
\ir row_name_plan.sql
SELECT :row_key
FROM (SELECT :'key'::text AS key) asked, :source t
WHERE :matches;
