--
-- The public interface: functions with their arguments, views with their
-- columns, settings, and privileges of PUBLIC
--
SELECT plan(14);

SELECT has_schema('locking');
SELECT schema_privs_are('locking', 'public', ARRAY['USAGE']);

-- functions: arguments by name, type and default, and results
CREATE TEMPORARY TABLE interface (name name, arguments text, result text);
INSERT INTO interface VALUES
	('acquire', 'relation regclass, key anyelement, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text, wait interval DEFAULT ''00:00:00''::interval', 'bigint'),
	('acquire', 'relation regclass, key text, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text, wait interval DEFAULT ''00:00:00''::interval', 'bigint'),
	('acquire_all', 'relation regclass, keys anyarray, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text', 'TABLE(key text, token bigint)'),
	('acquire_all', 'relation regclass, keys text, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text', 'TABLE(key text, token bigint)'),
	('break_lock', 'relation regclass, key anyelement, reason text', 'boolean'),
	('break_lock', 'relation regclass, key text, reason text', 'boolean'),
	('counters', 'relation regclass, OUT acquisitions bigint, OUT refused_acquisitions bigint, OUT refused_writes bigint, OUT takeovers bigint, OUT breaks bigint, OUT expiries bigint, OUT resumptions bigint, OUT lost bigint, OUT since timestamp with time zone', 'record'),
	('confirm', 'token bigint', 'timestamp with time zone'),
	('decline', 'relation regclass, key anyelement, owner text, message text DEFAULT NULL::text', 'boolean'),
	('decline', 'relation regclass, key text, owner text, message text DEFAULT NULL::text', 'boolean'),
	('discard_draft', 'relation regclass, key anyelement, client text DEFAULT NULL::text', 'void'),
	('discard_draft', 'relation regclass, key text, client text DEFAULT NULL::text', 'void'),
	('discard_draft_of_new', 'relation regclass, client text DEFAULT NULL::text', 'void'),
	('hand_over', 'token bigint, owner text DEFAULT NULL::text', 'text'),
	('history_of', 'relation regclass, key text', 'SETOF locking.history'),
	('is_distributed', 'relation regclass', 'boolean'),
	('is_locked', 'relation regclass, key anyelement', 'boolean'),
	('is_locked', 'relation regclass, key text', 'boolean'),
	('keep_result', 'id text, result text', 'void'),
	('lock_applies', 'relation regclass, key anyelement', 'boolean'),
	('lock_applies', 'relation regclass, key text', 'boolean'),
	('lock_seconds_remaining', 'relation regclass, key anyelement', 'double precision'),
	('lock_seconds_remaining', 'relation regclass, key text', 'double precision'),
	('locks_of', 'relation regclass, keys text[]', 'SETOF locking.locks'),
	('once', 'id text, digest bytea DEFAULT NULL::bytea, OUT is_new boolean, OUT result text', 'record'),
	('owner', '', 'text'),
	('protect', 'relation regclass, hard boolean DEFAULT true, required boolean DEFAULT false, columns name[] DEFAULT NULL::name[], ttl interval DEFAULT NULL::interval, warning interval DEFAULT NULL::interval, parent name DEFAULT NULL::name', 'void'),
	('purge_drafts', 'older_than interval', 'bigint'),
	('purge_history', 'older_than interval', 'bigint'),
	('reap', 'max_rows integer DEFAULT NULL::integer', 'bigint'),
	('release', 'token bigint', 'boolean'),
	('release_all', 'client text DEFAULT NULL::text', 'bigint'),
	('rename_owner', 'old_owner text, new_owner text, OUT locks bigint, OUT drafts bigint, OUT requests bigint', 'record'),
	('renew', 'token bigint, ttl interval DEFAULT NULL::interval, draft jsonb DEFAULT NULL::jsonb', 'timestamp with time zone'),
	('request', 'relation regclass, key anyelement, message text DEFAULT NULL::text', 'void'),
	('request', 'relation regclass, key text, message text DEFAULT NULL::text', 'void'),
	('reset_stats', 'relation regclass DEFAULT NULL::regclass', 'void'),
	('row_key', '"row" anyelement', 'text'),
	('save_draft', 'token bigint, data jsonb, client text DEFAULT NULL::text', 'void'),
	('save_draft_of', 'relation regclass, key anyelement, data jsonb, client text DEFAULT NULL::text', 'void'),
	('save_draft_of', 'relation regclass, key text, data jsonb, client text DEFAULT NULL::text', 'void'),
	('save_draft_of_new', 'relation regclass, data jsonb, client text DEFAULT NULL::text', 'void'),
	('set_owner', 'owner text, owner_name text DEFAULT NULL::text, is_local boolean DEFAULT true', 'void'),
	('take_over', 'relation regclass, key anyelement, reason text, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text', 'bigint'),
	('take_over', 'relation regclass, key text, reason text, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text', 'bigint'),
	('try_acquire', 'relation regclass, key anyelement, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text, OUT granted boolean, OUT outcome text, OUT token bigint, OUT owner text, OUT owner_name text, OUT client text, OUT hard boolean, OUT acquired_at timestamp with time zone, OUT expires_at timestamp with time zone, OUT seconds_left double precision', 'record'),
	('try_acquire', 'relation regclass, key text, ttl interval DEFAULT NULL::interval, hard boolean DEFAULT NULL::boolean, client text DEFAULT NULL::text, note text DEFAULT NULL::text, OUT granted boolean, OUT outcome text, OUT token bigint, OUT owner text, OUT owner_name text, OUT client text, OUT hard boolean, OUT acquired_at timestamp with time zone, OUT expires_at timestamp with time zone, OUT seconds_left double precision', 'record'),
	('unprotect', 'relation regclass', 'void'),
	('withdraw', 'relation regclass, key anyelement', 'void'),
	('withdraw', 'relation regclass, key text', 'void');
SELECT is_empty($$
	SELECT * FROM interface EXCEPT
	SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
	WHERE pronamespace = 'locking'::regnamespace $$, 'all functions exist');
SELECT set_eq($$
	SELECT DISTINCT proname FROM pg_proc
	WHERE pronamespace = 'locking'::regnamespace AND NOT has_function_privilege('public', oid, 'EXECUTE')
		AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) $$,
	ARRAY['set_owner', 'break_lock', 'take_over', 'reap', 'purge_history', 'rename_owner', 'counters', 'reset_stats']::name[],
	'functions not executable by PUBLIC (protect and unprotect check privileges themselves)');
SELECT is_empty($$
	SELECT oid::regprocedure FROM pg_proc
	WHERE pronamespace = 'locking'::regnamespace AND prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)
		AND has_function_privilege('public', oid, 'EXECUTE')
		AND proname NOT IN ('guard', 'guard_truncate') $$, 'functions of internal triggers and event triggers are not executable by PUBLIC');
SELECT is_empty($$
	SELECT oid::regprocedure FROM pg_proc
	WHERE pronamespace = 'locking'::regnamespace AND prosecdef
		AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'] OR proconfig @> ARRAY['search_path=""'], false) $$,
	'SECURITY DEFINER functions pin their search_path');

-- views, readable by PUBLIC: columns by name, type and order
SELECT set_eq($$
	SELECT relname, string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
	FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
	WHERE relnamespace = 'locking'::regnamespace AND relkind = 'v' AND has_table_privilege('public', pg_class.oid, 'SELECT')
	GROUP BY relname $$,
	$$ VALUES
		('drafts'::name, 'relation regclass, schema_name text, table_name text, key text, client text, token bigint, data jsonb, saved_at timestamp with time zone'),
		('history'::name, 'at timestamp with time zone, event text, relation regclass, schema_name text, table_name text, key text, token bigint, owner text, actor text, actor_name text, session_role name, client_addr inet, reason text, id bigint'),
		('locks'::name, 'relation regclass, schema_name text, table_name text, key text, token bigint, owner text, owner_name text, client text, hard boolean, note text, acquired_at timestamp with time zone, renewed_at timestamp with time zone, expires_at timestamp with time zone, seconds_left double precision, is_mine boolean, handed_over boolean'),
		('protected_tables'::name, 'relation regclass, schema_name text, table_name text, hard boolean, required boolean, columns name[], ttl interval, warning interval, parent name, key name[], guarded boolean'),
		('requests'::name, 'relation regclass, schema_name text, table_name text, key text, owner text, owner_name text, message text, requested_at timestamp with time zone, place bigint, is_mine boolean'),
		('shortest_times'::name, 'ttl interval, warning interval')
	$$, 'the views and their columns');
SELECT columns_are('locking', 'stats', ARRAY['relation', 'schema_name', 'table_name', 'live_locks', 'longest_held', 'acquisitions',
	'refused_acquisitions', 'refused_writes', 'takeovers', 'breaks', 'expiries', 'resumptions', 'lost', 'since']);
SELECT is(relacl::text, format('{%1$s=%2$s/%1$s,pg_monitor=r/%1$s}', current_user, CASE WHEN current_setting('server_version_num')::int < 170000 THEN 'arwdDxt' ELSE 'arwdDxtm' END),
	'locking.stats is readable by pg_monitor')
FROM pg_class WHERE oid = 'locking.stats'::regclass;
SELECT is_empty($$
	SELECT oid::regclass FROM pg_class
	WHERE relnamespace = 'locking'::regnamespace AND relkind = 'v'
		AND NOT coalesce(reloptions @> ARRAY['security_barrier=true'] OR reloptions @> ARRAY['security_barrier'], false) $$,
	'all views are security barriers');

-- tables and sequences: privileges for the owner only
SELECT is_empty($$
	SELECT c.oid::regclass, p.privilege FROM pg_class c,
		unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(privilege)
	WHERE relnamespace = 'locking'::regnamespace AND relkind = 'r' AND has_table_privilege('public', c.oid, p.privilege) $$,
	'PUBLIC has no privileges on tables');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c
	WHERE relnamespace = 'locking'::regnamespace AND CASE relkind WHEN 'S' THEN has_sequence_privilege('public', c.oid, 'USAGE, SELECT, UPDATE') END $$,
	'PUBLIC has no privileges on sequences');
SELECT has_table('locking', 'lock', 'locking.lock holds the lock records');

-- settings, once the library is loaded
LOAD 'locking';
SELECT set_has($$ SELECT name, boot_val, unit, vartype, context FROM pg_settings WHERE name LIKE 'locking.%' $$,
	$$ VALUES ('locking.owner', '', NULL, 'string', 'superuser'),
		('locking.owner_name', '', NULL, 'string', 'superuser'),
		('locking.time_until_expiration', '120', 's', 'integer', 'user'),
		('locking.time_until_warning', '60', 's', 'integer', 'user'),
		('locking.on_locked', 'error', NULL, 'enum', 'user'),
		('locking.require_owner', 'off', NULL, 'bool', 'superuser'),
		('locking.enforce', 'on', NULL, 'bool', 'superuser'),
		('locking.notify', 'on', NULL, 'enum', 'superuser'),
		('locking.history', 'on', NULL, 'bool', 'superuser'),
		('locking.keep_lapsed', '3600', 's', 'integer', 'superuser'),
		('locking.keep_history', '7776000', 's', 'integer', 'superuser'),
		('locking.hand_over_time', '30', 's', 'integer', 'superuser'),
		('locking.max_ttl', '86400', 's', 'integer', 'superuser'),
		('locking.max_name_length', '255', 'B', 'integer', 'superuser'),
		('locking.max_text_length', '1000', 'B', 'integer', 'superuser'),
		('locking.max_draft_size', '16384', 'kB', 'integer', 'superuser'),
		('locking.max_locks_per_owner', '10000', NULL, 'integer', 'superuser') $$, 'settings, their defaults and contexts');

SELECT finish();
