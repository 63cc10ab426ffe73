-- Locks a row for a user, and reads it:
--   psql -v user=ann -v name='Ann Ames' -v id=42 -f open.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SELECT locking.set_owner(lower(:'user'), :'name') \gset
SELECT granted, token, owner_name, ceil(seconds_left) AS seconds
FROM locking.try_acquire('article', :id) \gset
\if :granted
	-- a later statement, which sees what the last holder saved
	SELECT :token AS token, title FROM article WHERE id = :id;
\else
	\echo Row :id is locked by :owner_name for another :seconds seconds.
\endif
COMMIT;
