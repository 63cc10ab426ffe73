-- Inserts a row of default values, and returns its key.
\ir write_plan.sql
INSERT INTO :target AS t
DEFAULT VALUES
RETURNING :row_key;
