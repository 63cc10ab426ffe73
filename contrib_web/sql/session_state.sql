-- The session, as the API shows it. locking.owner() is evaluated first: the
-- call loads the library, which defines the settings.
\set may_write `cat parts/may_write.sql`
\set may_end_locks `cat parts/may_end_locks.sql`
\set own_name `cat parts/own_name.sql`
SELECT pg_catalog.json_build_object(
	'owner', locking.owner(),
	'role', current_user,
	'owner_name', :own_name,
	'database', pg_catalog.current_database(),
	'read_only', NOT :may_write,
	'may', pg_catalog.json_build_object(
		'break_locks', :may_write AND :may_end_locks AND pg_catalog.has_function_privilege(
			'locking.break_lock(regclass,text,text)', 'EXECUTE'),
		'take_over', :may_write AND :may_end_locks AND pg_catalog.has_function_privilege(
			'locking.take_over(regclass,text,text,interval,boolean,text,text)', 'EXECUTE'),
		'protect_any', :may_write AND (
			(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
			OR EXISTS (
				SELECT
				FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
				WHERE p.oid =
					'locking.protect(regclass,boolean,boolean,name[],interval,interval,name)'
						::regprocedure::oid
				AND a.privilege_type = 'EXECUTE'
				AND a.grantee <> 0::oid
				AND a.grantee <> p.proowner
				AND pg_catalog.pg_has_role(a.grantee, 'USAGE')
			)),
		'monitor', pg_catalog.has_table_privilege('locking.stats', 'SELECT')),
	'time_until_expiration', pg_catalog.date_part(
		'epoch', pg_catalog.current_setting('locking.time_until_expiration')::interval)::integer,
	'time_until_warning', pg_catalog.date_part(
		'epoch', pg_catalog.current_setting('locking.time_until_warning')::interval)::integer,
	'server_time', pg_catalog.clock_timestamp());
