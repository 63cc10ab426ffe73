-- Deletes a row, and gives its key.
-- parameters: key
\ir write_plan.sql
DELETE FROM :source t
USING (SELECT :'key'::text AS key) asked
WHERE :matches
RETURNING asked.key;
