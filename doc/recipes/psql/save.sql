-- Saves a row and ends its lock; writes nothing if the lock is lost:
--   psql -v user=ann -v name='Ann Ames' -v token=7 -v id=42 \
--        -v title='Ebb and flow' -f save.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SELECT locking.set_owner(lower(:'user'), :'name') \gset
SELECT locking.confirm(:token) \gset
UPDATE article SET title = :'title' WHERE id = :id RETURNING title AS saved;
SELECT locking.release(:token) \gset
COMMIT;
