-- Whether a backend runs as the current role, as those of other processes of
-- this program do.
-- parameters: pid
SELECT EXISTS (
	SELECT
	FROM pg_catalog.pg_stat_get_activity(:'pid'::text::integer) a
	JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
	WHERE r.rolname = current_user);
