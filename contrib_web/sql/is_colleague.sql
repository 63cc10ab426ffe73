-- Whether a backend runs as the current role, as those of other processes of
-- this program do. No row if it has ended.
-- parameters: pid
SELECT r.rolname = current_user
FROM pg_catalog.pg_stat_get_activity(:'pid'::text::integer) a
JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid;
