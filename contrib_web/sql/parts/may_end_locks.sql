-- Whether the option take-over-group allows the user to end others' locks.
-- The setting exists behind a sign-on proxy only (set_owner.sql).
pg_catalog.current_setting('locking_web.take_over', true) IS DISTINCT FROM 'off'
