-- Deletes a row, and returns its key.
-- parameters: key
\ir write_plan.sql
DELETE FROM :source t
USING (SELECT :'key'::text AS key) requested
WHERE :matches
RETURNING requested.key;
