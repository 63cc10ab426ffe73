-- Extends a lock, and keeps unsaved text on the server:
--   psql -v user=ann -v name='Ann Ames' -v token=7 -v title='Ebb and' \
--        -f renew.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SELECT locking.set_owner(lower(:'user'), :'name') \gset
SELECT ceil(extract(epoch FROM expires - clock_timestamp())) AS seconds
FROM locking.renew(:token, draft => jsonb_build_object('title', :'title')) AS expires \gset
COMMIT;
\echo Yours for another :seconds seconds.
