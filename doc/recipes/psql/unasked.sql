-- A write by a program that does not open the row first:
--   psql -v user=bert -v id=42 -v title=Mine -f unasked.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SELECT locking.set_owner(lower(:'user')) \gset
UPDATE article SET title = :'title' WHERE id = :id;
COMMIT;
