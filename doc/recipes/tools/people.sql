-- The role of a person who works with the tables directly. Run this once as a
-- superuser:
--   sudo -u postgres psql -d recipes <people.sql
\set ON_ERROR_STOP on
\set QUIET on
SELECT 'CREATE ROLE dora LOGIN' WHERE to_regrole('dora') IS NULL \gexec
GRANT SELECT, UPDATE, DELETE, TRUNCATE ON article TO dora;
