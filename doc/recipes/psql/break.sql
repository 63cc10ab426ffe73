-- Ends the lock of any user, for moderators:
--   psql -v user=carla -v name='Carla Chief' -v id=42 -v reason=deadline \
--        -f break.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SELECT locking.set_owner(lower(:'user'), :'name') \gset
SELECT locking.break_lock('article', :id, :'reason') AS ended;
COMMIT;
