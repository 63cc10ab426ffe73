-- Installation script of locking 1.0
--
-- Tables come first, then the C functions that use them, then views, and
-- privileges last. All names are schema-qualified, including the operators in
-- views: stored SQL must not depend on the search_path.

\echo Use "CREATE EXTENSION locking" to load this file. \quit

-- No IF NOT EXISTS: a schema that another role created beforehand could hold
-- that role's objects.
CREATE SCHEMA locking;

-- ---------------------------------------------------------------------------
-- Tables. Only their owner has privileges on them. Other roles use the views
-- and functions.
-- ---------------------------------------------------------------------------

CREATE SEQUENCE locking.token_seq AS bigint;

-- Lock records. There is no index on the timestamps, so that a renewal is a
-- HOT update. The fillfactor leaves room on the page for it.
CREATE TABLE locking.lock (
	relation      regclass    NOT NULL,
	key           text        COLLATE "C" NOT NULL,
	token         bigint      NOT NULL DEFAULT nextval('locking.token_seq'),
	owner         text        COLLATE "C" NOT NULL,
	owner_name    text,
	client        text        COLLATE "C",
	hard          boolean     NOT NULL DEFAULT true,
	note          text,
	acquired_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	renewed_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	expires_at    timestamptz NOT NULL,
	ttl           interval    NOT NULL DEFAULT '120 s',
	row_xmin      xid,         -- of the target row at acquisition or last resumption
	confirm_xid   xid,         -- transaction of the last confirm()
	lost          boolean     NOT NULL DEFAULT false, -- written past by another owner after it lapsed
	handed_over   boolean     NOT NULL DEFAULT false,  -- and not taken yet
	CONSTRAINT lock_pkey PRIMARY KEY (relation, key),
	CONSTRAINT lock_token_key UNIQUE (token)
) WITH (
	fillfactor = 70,
	autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500
);
CREATE INDEX lock_owner_idx ON locking.lock (owner);
-- Stored in line, because the gate also reads keys from dead tuples, whose
-- TOAST values may already be gone.
ALTER TABLE locking.lock ALTER COLUMN key SET STORAGE MAIN;
COMMENT ON TABLE locking.lock IS 'lock records, including lapsed ones; query locking.locks instead';
COMMENT ON COLUMN locking.lock.ttl IS 'duration used by a renewal without a ttl argument';

-- Settings of protected tables. Columns and constraints are stored by name,
-- which survives dump and restore. Event triggers follow renames. A name that
-- no longer exists makes the guard stricter, never more permissive.
CREATE TABLE locking.protected (
	relation regclass PRIMARY KEY,
	hard     boolean  NOT NULL DEFAULT true,
	required boolean  NOT NULL DEFAULT false,
	columns  name[],
	ttl      interval,
	warning  interval,
	parent   name,
	key      name[]   NOT NULL,     -- columns of the primary key at protect()
	parent_table regclass           -- table referenced by foreign key "parent"
);
CREATE INDEX protected_parent_idx ON locking.protected (parent_table);
COMMENT ON TABLE locking.protected IS 'settings written by locking.protect(); query locking.protected_tables instead';

CREATE SEQUENCE locking.event_id_seq AS bigint;
CREATE TABLE locking.event (
	id           bigint      PRIMARY KEY DEFAULT nextval('locking.event_id_seq'),
	at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	event        text        NOT NULL,
	relation     regclass    NOT NULL,
	key          text        COLLATE "C" NOT NULL,
	token        bigint      NOT NULL,
	owner        text        COLLATE "C" NOT NULL,
	actor        text        COLLATE "C",  -- null: no user, see the reference
	actor_name   text,
	session_role name        NOT NULL,
	client_addr  inet,
	reason       text
) WITH (
	autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500
);
-- Ids are in the order of time, so there is no index on "at".
CREATE INDEX event_row_idx ON locking.event (relation, key, id);

CREATE TABLE locking.draft (
	relation regclass    NOT NULL,
	key      text        COLLATE "C" NOT NULL,
	owner    text        COLLATE "C" NOT NULL,
	token    bigint,                                 -- null: saved without a lock
	data     jsonb       NOT NULL,
	saved_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	client   text        COLLATE "C" NOT NULL DEFAULT '',
	is_new   boolean     NOT NULL DEFAULT false,     -- of a row that does not exist yet; key is ''
	PRIMARY KEY (relation, key, owner, client, is_new)
);
CREATE INDEX draft_owner_idx ON locking.draft (owner);

-- Queue of requests for locked rows, ordered by id. It is vacuumed early: an
-- empty queue without pages need not be searched by each acquisition.
CREATE TABLE locking.request_queue (
	id           bigint      GENERATED ALWAYS AS IDENTITY,
	relation     regclass    NOT NULL,
	key          text        COLLATE "C" NOT NULL,
	owner        text        COLLATE "C" NOT NULL,
	owner_name   text,
	message      text,
	requested_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (relation, key, owner)
) WITH (
	autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20
);
CREATE INDEX request_queue_owner_idx ON locking.request_queue (owner);

-- Requests of clients that were executed, see locking.once()
CREATE TABLE locking.done (
	owner   text        COLLATE "C" NOT NULL,
	id      text        COLLATE "C" NOT NULL,
	digest  bytea,
	result  text,
	done_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (owner, id)
) WITH (
	autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500
);
CREATE INDEX done_at_idx ON locking.done (done_at);

-- Dumps include settings, drafts and history. They include the sequences so
-- that a token issued before the dump is never issued again. Locks, requests
-- and the ids of executed requests are not dumped.
SELECT pg_catalog.pg_extension_config_dump('locking.protected', '');
SELECT pg_catalog.pg_extension_config_dump('locking.draft', '');
SELECT pg_catalog.pg_extension_config_dump('locking.event', '');
SELECT pg_catalog.pg_extension_config_dump('locking.token_seq', '');
SELECT pg_catalog.pg_extension_config_dump('locking.event_id_seq', '');

-- ---------------------------------------------------------------------------
-- Triggers
-- ---------------------------------------------------------------------------

CREATE FUNCTION locking.guard() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_guard';
COMMENT ON FUNCTION locking.guard() IS 'rejects writes to rows that another owner has locked';

CREATE FUNCTION locking.guard_truncate() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_guard_truncate';
COMMENT ON FUNCTION locking.guard_truncate() IS 'rejects TRUNCATE of a table with rows that another owner has locked';

CREATE FUNCTION locking.settings_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_settings_changed';
COMMENT ON FUNCTION locking.settings_changed() IS 'invalidates cached settings in all backends; rejects changes not made by protect()';

CREATE TRIGGER settings_changed BEFORE INSERT OR UPDATE OR DELETE ON locking.protected
	FOR EACH ROW EXECUTE FUNCTION locking.settings_changed();
ALTER TABLE locking.protected ENABLE ALWAYS TRIGGER settings_changed;

-- For records that do not come from the functions below, but from COPY,
-- INSERT, UPDATE or logical replication. Like the trigger above, it allows
-- writes only to the table's owner and superusers.
CREATE FUNCTION locking.raise_gate() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_raise_gate';
COMMENT ON FUNCTION locking.raise_gate() IS 'raises the gate''s slot for a lock record before the record is written';
CREATE TRIGGER "~raise_gate" BEFORE INSERT OR UPDATE OR DELETE ON locking.lock
	FOR EACH ROW EXECUTE FUNCTION locking.raise_gate();
ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER "~raise_gate";

-- The same for events: the sequences are never behind what is stored.
CREATE FUNCTION locking.event_arrives() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_event_arrives';
COMMENT ON FUNCTION locking.event_arrives() IS 'advances the sequences beyond an event that arrives by replication or a restore';
CREATE TRIGGER event_arrives BEFORE INSERT ON locking.event
	FOR EACH ROW EXECUTE FUNCTION locking.event_arrives();
ALTER TABLE locking.event ENABLE ALWAYS TRIGGER event_arrives;

-- TRUNCATE is rejected even if the privilege was granted by mistake.
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON locking.lock
	FOR EACH STATEMENT EXECUTE FUNCTION locking.settings_changed();
ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER refuse_truncate;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON locking.protected
	FOR EACH STATEMENT EXECUTE FUNCTION locking.settings_changed();
ALTER TABLE locking.protected ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE FUNCTION locking.before_ddl() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_before_ddl';
COMMENT ON FUNCTION locking.before_ddl() IS 'refuses to attach a protected table as a partition';
CREATE EVENT TRIGGER locking_before_ddl ON ddl_command_start
	WHEN TAG IN ('ALTER TABLE')
	EXECUTE FUNCTION locking.before_ddl();

CREATE FUNCTION locking.on_ddl() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_on_ddl';
COMMENT ON FUNCTION locking.on_ddl() IS 'updates settings after renames, and guards new partitions against TRUNCATE';
CREATE EVENT TRIGGER locking_on_ddl ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE SCHEMA')
	EXECUTE FUNCTION locking.on_ddl();

CREATE FUNCTION locking.on_drop() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_on_drop';
COMMENT ON FUNCTION locking.on_drop() IS 'removes settings and locks of dropped tables';
CREATE EVENT TRIGGER locking_on_drop ON sql_drop
	EXECUTE FUNCTION locking.on_drop();

-- ---------------------------------------------------------------------------
-- Owner
-- ---------------------------------------------------------------------------

-- Restricted: only the leader keeps track of code that runs on behalf of a
-- table's owner.
CREATE FUNCTION locking.owner() RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'locking_owner';
COMMENT ON FUNCTION locking.owner() IS 'the current owner of locks; null in code that runs on behalf of a table''s owner';

CREATE FUNCTION locking.set_owner(owner text, owner_name text = NULL, is_local boolean = true)
	RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_set_owner';
COMMENT ON FUNCTION locking.set_owner(text, text, boolean) IS
	'sets the owner of locks for the rest of the transaction or session';

CREATE FUNCTION locking.rename_owner(old_owner text, new_owner text,
		OUT locks bigint, OUT drafts bigint, OUT requests bigint)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_rename_owner';
COMMENT ON FUNCTION locking.rename_owner(text, text) IS
	'gives the locks, drafts and requests of an owner to another name, returns their numbers';

-- ---------------------------------------------------------------------------
-- Protecting tables
-- ---------------------------------------------------------------------------

-- PUBLIC has EXECUTE. The function itself checks that the caller owns the
-- table or was granted EXECUTE by name.
CREATE FUNCTION locking.protect(relation regclass, hard boolean = true, required boolean = false,
		columns name[] = NULL, ttl interval = NULL, warning interval = NULL, parent name = NULL)
	RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_protect';
COMMENT ON FUNCTION locking.protect(regclass, boolean, boolean, name[], interval, interval, name) IS
	'protects a table, or changes the settings of a protected table';

CREATE FUNCTION locking.unprotect(relation regclass) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_unprotect';
COMMENT ON FUNCTION locking.unprotect(regclass) IS 'removes the guard, settings and locks of a table';

CREATE FUNCTION locking.is_distributed(relation regclass) RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'locking_is_distributed';
COMMENT ON FUNCTION locking.is_distributed(regclass) IS
	'true if another extension keeps the table''s rows, or those of a partition, in other tables';

-- ---------------------------------------------------------------------------
-- Locks. Each function with a key has two variants: "key text" takes untyped
-- literals and parameters, "key anyelement" takes values of any type, and
-- text[] for a key of several columns.
-- ---------------------------------------------------------------------------

CREATE FUNCTION locking.acquire(relation regclass, key text, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL, wait interval = '0')
	RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_acquire';
CREATE FUNCTION locking.acquire(relation regclass, key anyelement, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL, wait interval = '0')
	RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_acquire';

CREATE FUNCTION locking.try_acquire(relation regclass, key text, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL,
		OUT granted boolean, OUT outcome text, OUT token bigint, OUT owner text, OUT owner_name text,
		OUT client text, OUT hard boolean, OUT acquired_at timestamptz, OUT expires_at timestamptz,
		OUT seconds_left double precision)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_try_acquire';
CREATE FUNCTION locking.try_acquire(relation regclass, key anyelement, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL,
		OUT granted boolean, OUT outcome text, OUT token bigint, OUT owner text, OUT owner_name text,
		OUT client text, OUT hard boolean, OUT acquired_at timestamptz, OUT expires_at timestamptz,
		OUT seconds_left double precision)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_try_acquire';

-- "keys text" takes untyped literals and parameters, and reads them as text[]
CREATE FUNCTION locking.acquire_all(relation regclass, keys text, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL)
	RETURNS TABLE(key text, token bigint)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_acquire_all';
CREATE FUNCTION locking.acquire_all(relation regclass, keys anyarray, ttl interval = NULL, hard boolean = NULL,
		client text = NULL, note text = NULL)
	RETURNS TABLE(key text, token bigint)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_acquire_all';

CREATE FUNCTION locking.take_over(relation regclass, key text, reason text, ttl interval = NULL,
		hard boolean = NULL, client text = NULL, note text = NULL)
	RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_take_over';
CREATE FUNCTION locking.take_over(relation regclass, key anyelement, reason text, ttl interval = NULL,
		hard boolean = NULL, client text = NULL, note text = NULL)
	RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_take_over';

CREATE FUNCTION locking.renew(token bigint, ttl interval = NULL, draft jsonb = NULL)
	RETURNS timestamptz
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_renew';

CREATE FUNCTION locking.confirm(token bigint) RETURNS timestamptz
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_confirm';

CREATE FUNCTION locking.release(token bigint) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_release';

CREATE FUNCTION locking.hand_over(token bigint, owner text = NULL) RETURNS text
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_hand_over';

CREATE FUNCTION locking.release_all(client text = NULL) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_release_all';

CREATE FUNCTION locking.break_lock(relation regclass, key text, reason text) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_break_lock';
CREATE FUNCTION locking.break_lock(relation regclass, key anyelement, reason text) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_break_lock';

CREATE FUNCTION locking.reap(max_rows integer = NULL) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_reap';

COMMENT ON FUNCTION locking.acquire(regclass, text, interval, boolean, text, text, interval) IS
	'locks a row for the current owner and returns the fencing token';
COMMENT ON FUNCTION locking.acquire(regclass, anyelement, interval, boolean, text, text, interval) IS
	'locks a row for the current owner and returns the fencing token';
COMMENT ON FUNCTION locking.try_acquire(regclass, text, interval, boolean, text, text) IS
	'like acquire(), but reports a refusal in its result instead of raising an error';
COMMENT ON FUNCTION locking.try_acquire(regclass, anyelement, interval, boolean, text, text) IS
	'like acquire(), but reports a refusal in its result instead of raising an error';
COMMENT ON FUNCTION locking.acquire_all(regclass, text, interval, boolean, text, text) IS
	'locks all of the given rows, or none of them';
COMMENT ON FUNCTION locking.acquire_all(regclass, anyarray, interval, boolean, text, text) IS
	'locks all of the given rows, or none of them';
COMMENT ON FUNCTION locking.take_over(regclass, text, text, interval, boolean, text, text) IS
	'ends another owner''s lock and acquires the row, in one step';
COMMENT ON FUNCTION locking.take_over(regclass, anyelement, text, interval, boolean, text, text) IS
	'ends another owner''s lock and acquires the row, in one step';
COMMENT ON FUNCTION locking.renew(bigint, interval, jsonb) IS
	'heartbeat: extends or resumes a lock, and saves the draft';
COMMENT ON FUNCTION locking.confirm(bigint) IS
	'first statement of a save: guarantees the lock until the transaction ends, or raises an error';
COMMENT ON FUNCTION locking.release(bigint) IS 'ends a lock of the current owner; false if it had already ended';
COMMENT ON FUNCTION locking.hand_over(bigint, text) IS
	'ends a lock of the current owner and reserves the row for the first owner that requested it, or for the given one';
COMMENT ON FUNCTION locking.release_all(text) IS 'ends all locks of the current owner, or those of one client';
COMMENT ON FUNCTION locking.break_lock(regclass, text, text) IS 'ends another owner''s lock';
COMMENT ON FUNCTION locking.break_lock(regclass, anyelement, text) IS 'ends another owner''s lock';
COMMENT ON FUNCTION locking.reap(integer) IS 'removes records of lapsed locks, to save space';

-- Lookups. They are volatile because they read the current records, not those
-- in the statement's snapshot.
CREATE FUNCTION locking.is_locked(relation regclass, key text) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_is_locked';
CREATE FUNCTION locking.is_locked(relation regclass, key anyelement) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_is_locked';
CREATE FUNCTION locking.lock_applies(relation regclass, key text) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_lock_applies';
CREATE FUNCTION locking.lock_applies(relation regclass, key anyelement) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_lock_applies';
CREATE FUNCTION locking.lock_seconds_remaining(relation regclass, key text) RETURNS double precision
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_lock_seconds_remaining';
CREATE FUNCTION locking.lock_seconds_remaining(relation regclass, key anyelement) RETURNS double precision
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_lock_seconds_remaining';
CREATE FUNCTION locking.row_key("row" anyelement) RETURNS text
	LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'locking_row_key';

COMMENT ON FUNCTION locking.is_locked(regclass, text) IS 'true if any owner has the row locked';
COMMENT ON FUNCTION locking.is_locked(regclass, anyelement) IS 'true if any owner has the row locked';
COMMENT ON FUNCTION locking.lock_applies(regclass, text) IS 'true if an owner other than the current one has the row locked';
COMMENT ON FUNCTION locking.lock_applies(regclass, anyelement) IS 'true if an owner other than the current one has the row locked';
COMMENT ON FUNCTION locking.lock_seconds_remaining(regclass, text) IS 'seconds until the row''s lock expires, 0 if the row is not locked';
COMMENT ON FUNCTION locking.lock_seconds_remaining(regclass, anyelement) IS 'seconds until the row''s lock expires, 0 if the row is not locked';
COMMENT ON FUNCTION locking.row_key(anyelement) IS 'key of a row of any table';

CREATE FUNCTION locking.row_visible(relation regclass, key text) RETURNS boolean
	LANGUAGE c STABLE COST 10 AS 'MODULE_PATHNAME', 'locking_row_visible';
COMMENT ON FUNCTION locking.row_visible(regclass, text) IS
	'true if the caller may read the table and row security does not hide the row';

-- ---------------------------------------------------------------------------
-- Drafts, requests, housekeeping
-- ---------------------------------------------------------------------------

CREATE FUNCTION locking.save_draft(token bigint, data jsonb, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_save_draft';
CREATE FUNCTION locking.save_draft_of(relation regclass, key text, data jsonb, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_save_draft_of';
CREATE FUNCTION locking.save_draft_of(relation regclass, key anyelement, data jsonb, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_save_draft_of';
CREATE FUNCTION locking.save_draft_of_new(relation regclass, data jsonb, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_save_draft_of_new';
CREATE FUNCTION locking.discard_draft(relation regclass, key text, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_discard_draft';
CREATE FUNCTION locking.discard_draft(relation regclass, key anyelement, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_discard_draft';
CREATE FUNCTION locking.discard_draft_of_new(relation regclass, client text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_discard_draft_of_new';
CREATE FUNCTION locking.request(relation regclass, key text, message text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_request';
CREATE FUNCTION locking.request(relation regclass, key anyelement, message text = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_request';
CREATE FUNCTION locking.withdraw(relation regclass, key text) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_withdraw';
CREATE FUNCTION locking.withdraw(relation regclass, key anyelement) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_withdraw';
CREATE FUNCTION locking.decline(relation regclass, key text, owner text, message text = NULL) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_decline';
CREATE FUNCTION locking.decline(relation regclass, key anyelement, owner text, message text = NULL) RETURNS boolean
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_decline';
CREATE FUNCTION locking.purge_history(older_than interval) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_purge_history';
CREATE FUNCTION locking.purge_drafts(older_than interval) RETURNS bigint
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_purge_drafts';

COMMENT ON FUNCTION locking.save_draft(bigint, jsonb, text) IS 'stores the current owner''s unsaved changes to a row';
COMMENT ON FUNCTION locking.save_draft_of(regclass, text, jsonb, text) IS 'stores the current owner''s unsaved changes to a row, without a lock';
COMMENT ON FUNCTION locking.save_draft_of(regclass, anyelement, jsonb, text) IS 'stores the current owner''s unsaved changes to a row, without a lock';
COMMENT ON FUNCTION locking.save_draft_of_new(regclass, jsonb, text) IS 'stores the current owner''s unsaved values of a new row';
COMMENT ON FUNCTION locking.discard_draft(regclass, text, text) IS 'removes the current owner''s drafts of a row, or that of one client';
COMMENT ON FUNCTION locking.discard_draft(regclass, anyelement, text) IS 'removes the current owner''s drafts of a row, or that of one client';
COMMENT ON FUNCTION locking.discard_draft_of_new(regclass, text) IS 'removes the current owner''s drafts of new rows, or that of one client';
COMMENT ON FUNCTION locking.request(regclass, text, text) IS 'requests a locked row; requests are queued in order of arrival';
COMMENT ON FUNCTION locking.request(regclass, anyelement, text) IS 'requests a locked row; requests are queued in order of arrival';
COMMENT ON FUNCTION locking.withdraw(regclass, text) IS 'withdraws the current owner''s request for a row';
COMMENT ON FUNCTION locking.withdraw(regclass, anyelement) IS 'withdraws the current owner''s request for a row';
COMMENT ON FUNCTION locking.decline(regclass, text, text, text) IS 'removes an owner''s request for a row that the current owner has locked';
COMMENT ON FUNCTION locking.decline(regclass, anyelement, text, text) IS 'removes an owner''s request for a row that the current owner has locked';
COMMENT ON FUNCTION locking.purge_history(interval) IS 'removes events older than the given interval, returns their number';
COMMENT ON FUNCTION locking.purge_drafts(interval) IS
	'removes the current owner''s drafts (for a superuser, all drafts) older than the given interval, returns their number';

CREATE FUNCTION locking.once(id text, digest bytea = NULL, OUT is_new boolean, OUT result text)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_once';
CREATE FUNCTION locking.keep_result(id text, result text) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_keep_result';
COMMENT ON FUNCTION locking.once(text, bytea) IS
	'notes in the current transaction that the current owner''s request with this id is executed; false if it has been before';
COMMENT ON FUNCTION locking.keep_result(text, text) IS 'keeps the result of a request for its repetitions';

-- The gate is effective in this database if "enabled" and "filled". The
-- counts are those of the whole server.
CREATE FUNCTION locking.gate(OUT enabled boolean, OUT filled boolean, OUT slots integer, OUT occupied bigint,
		OUT overflowed bigint, OUT checks bigint, OUT lookups bigint, OUT false_positives bigint)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_gate';
COMMENT ON FUNCTION locking.gate() IS
	'state and counters of the gate';
CREATE FUNCTION locking.event_worker() RETURNS integer
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_event_worker';
COMMENT ON FUNCTION locking.event_worker() IS
	'process id of the background worker that sends the events of this database; NULL if none runs';

-- ---------------------------------------------------------------------------
-- Views. The conditions of a query must not be evaluated for rows that the
-- reader may not see. This includes leakproof conditions, which PostgreSQL
-- pushes below a security barrier: EXPLAIN shows how many rows they removed.
-- OFFSET 0 prevents the pushdown. The only condition still pushed down is one
-- on a lock's relation, or the names of it, among the relations that the
-- reader may read. Use locks_of() and history_of() to look up by key.
-- ---------------------------------------------------------------------------

CREATE VIEW locking.locks WITH (security_barrier) AS
SELECT p.relation, t.schema_name, t.table_name, l.key, l.token, l.owner, l.owner_name, l.client, l.hard, l.note,
	l.acquired_at, l.renewed_at, l.expires_at, l.seconds_left, l.is_mine, l.handed_over
FROM (SELECT relation FROM locking.protected
		WHERE pg_catalog.has_table_privilege(relation, 'SELECT') OFFSET 0) p,
	LATERAL (SELECT c.oid, n.nspname::pg_catalog.text COLLATE pg_catalog."default" AS schema_name, c.relname::pg_catalog.text COLLATE pg_catalog."default" AS table_name
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) p.relation OFFSET 0) t,
	LATERAL (SELECT l.key, l.token, l.owner, l.owner_name, l.client, l.hard, l.note,
			l.acquired_at, l.renewed_at, l.expires_at,
			CASE WHEN pg_catalog.isfinite(l.expires_at)
				THEN pg_catalog.date_part('epoch', l.expires_at OPERATOR(pg_catalog.-) c.now)
				ELSE 'infinity' END AS seconds_left,
			COALESCE(l.owner OPERATOR(pg_catalog.=) locking.owner(), false) AS is_mine,
			l.handed_over
		FROM locking.lock l, LATERAL (SELECT pg_catalog.clock_timestamp() AS now OFFSET 0) c
		WHERE l.relation OPERATOR(pg_catalog.=) t.oid
			AND l.expires_at OPERATOR(pg_catalog.>) c.now AND NOT l.lost
			AND locking.row_visible(l.relation, l.key)
		OFFSET 0) l;
COMMENT ON VIEW locking.locks IS 'current locks on rows that the reader may see';

-- "guarded" is true if locks are enforced for ordinary sessions on the table
-- and all its partitions. Each of them must have the triggers as protect()
-- creates them: with a name that sorts last, without condition, for all
-- columns, firing in ordinary sessions, and calling the library's functions,
-- without settings of their own, which may be locking.enforce. The view reads
-- only the catalogs, so it neither locks partitions nor waits for them. Bits
-- of tgtype: 1 ROW, 2 BEFORE, 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE.
CREATE VIEW locking.protected_tables WITH (security_barrier) AS
SELECT p.relation, t.schema_name, t.table_name, p.hard, p.required, p.columns, p.ttl, p.warning, p.parent, p.key,
	NOT EXISTS (
		WITH RECURSIVE part(oid) AS (
			SELECT p.relation::pg_catalog.oid
			UNION ALL
			SELECT i.inhrelid FROM part
				JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) part.oid
				JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid AND c.relispartition)
		SELECT FROM part, (VALUES
				('~locking_guard', 'locking.guard()'::pg_catalog.regprocedure, 'locking_guard',
					CASE WHEN p.parent IS NULL THEN 27 ELSE 31 END),
				('~locking_guard_truncate', 'locking.guard_truncate()'::pg_catalog.regprocedure, 'locking_guard_truncate',
					34)) f(name, trigger, symbol, type)
		WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
				JOIN pg_catalog.pg_proc c ON c.oid OPERATOR(pg_catalog.=) t.tgfoid
				JOIN pg_catalog.pg_language n ON n.oid OPERATOR(pg_catalog.=) c.prolang
			WHERE t.tgrelid OPERATOR(pg_catalog.=) part.oid
				AND t.tgname OPERATOR(pg_catalog.=) f.name::pg_catalog.name
				AND t.tgfoid OPERATOR(pg_catalog.=) f.trigger
				AND t.tgtype OPERATOR(pg_catalog.=) f.type
				AND t.tgqual IS NULL AND pg_catalog.cardinality(t.tgattr::pg_catalog.int2[]) OPERATOR(pg_catalog.=) 0
				AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{O,A}'::pg_catalog."char"[])
				AND n.lanname OPERATOR(pg_catalog.=) 'c'::pg_catalog.name
				AND c.prosrc OPERATOR(pg_catalog.=) f.symbol AND c.probin OPERATOR(pg_catalog.=) 'MODULE_PATHNAME'
				AND c.proconfig IS NULL)
	) AND NOT locking.is_distributed(p.relation) AS guarded
FROM (SELECT * FROM locking.protected
		WHERE pg_catalog.has_table_privilege(relation, 'SELECT') OFFSET 0) p,
	LATERAL (SELECT n.nspname::pg_catalog.text COLLATE pg_catalog."default" AS schema_name, c.relname::pg_catalog.text COLLATE pg_catalog."default" AS table_name
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) p.relation OFFSET 0) t;
COMMENT ON VIEW locking.protected_tables IS 'settings of the protected tables that the reader may read';

-- For pages that do not say which table they edit. It shows no table, so it
-- is for all readers. The settings' names depend on owner(), since that call
-- loads the library, which defines the settings.
CREATE VIEW locking.shortest_times WITH (security_barrier) AS
SELECT LEAST(pg_catalog.min(COALESCE(p.ttl, s.ttl)), s.max_ttl) AS ttl,
	pg_catalog.min(COALESCE(p.warning, s.warning)) AS warning
FROM (SELECT pg_catalog.concat(pg_catalog.left(locking.owner(), 0), 'locking.') AS prefix OFFSET 0) l
	CROSS JOIN LATERAL (SELECT
		pg_catalog.current_setting(pg_catalog.concat(l.prefix, 'time_until_expiration'))::pg_catalog.interval AS ttl,
		pg_catalog.current_setting(pg_catalog.concat(l.prefix, 'time_until_warning'))::pg_catalog.interval AS warning,
		pg_catalog.current_setting(pg_catalog.concat(l.prefix, 'max_ttl'))::pg_catalog.interval AS max_ttl
		OFFSET 0) s
	LEFT JOIN locking.protected p ON true
GROUP BY s.max_ttl;
COMMENT ON VIEW locking.shortest_times IS 'shortest lifetime and warning of the locks of all protected tables';

-- Latest event first, so that ORDER BY id DESC needs no sort and LIMIT stops
-- the scan early. ORDER BY and OFFSET are in the view itself because the
-- planner does not keep the order of a subquery in a view.
CREATE VIEW locking.history WITH (security_barrier) AS
SELECT e.at, e.event, e.relation,
	(SELECT n.nspname::pg_catalog.text COLLATE pg_catalog."default"
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) e.relation) AS schema_name,
	(SELECT c.relname::pg_catalog.text COLLATE pg_catalog."default" FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) e.relation) AS table_name,
	e.key, e.token, e.owner, e.actor, e.actor_name, e.session_role, e.client_addr, e.reason, e.id
FROM locking.event e WHERE locking.row_visible(e.relation, e.key)
ORDER BY e.id USING OPERATOR(pg_catalog.>) OFFSET 0;
COMMENT ON VIEW locking.history IS 'events of locks on rows that the reader may see';

CREATE VIEW locking.drafts WITH (security_barrier) AS
SELECT d.relation, t.schema_name, t.table_name, CASE WHEN NOT d.is_new THEN d.key END AS key,
	CASE WHEN d.client OPERATOR(pg_catalog.<>) '' THEN d.client END AS client, d.token, d.data, d.saved_at
FROM (SELECT * FROM locking.draft d
	WHERE d.owner OPERATOR(pg_catalog.=) locking.owner()
		AND CASE WHEN d.is_new THEN pg_catalog.has_table_privilege(d.relation, 'SELECT')
			ELSE locking.row_visible(d.relation, d.key) END
	OFFSET 0) d,
	LATERAL (SELECT n.nspname::pg_catalog.text COLLATE pg_catalog."default" AS schema_name, c.relname::pg_catalog.text COLLATE pg_catalog."default" AS table_name
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) d.relation OFFSET 0) t;
COMMENT ON VIEW locking.drafts IS 'drafts of the current owner';

CREATE VIEW locking.requests WITH (security_barrier) AS
SELECT p.relation, t.schema_name, t.table_name, r.key, r.owner, r.owner_name, r.message, r.requested_at, r.place, r.is_mine
FROM (SELECT relation FROM locking.protected
		WHERE pg_catalog.has_table_privilege(relation, 'SELECT') OFFSET 0) p,
	LATERAL (SELECT c.oid, n.nspname::pg_catalog.text COLLATE pg_catalog."default" AS schema_name, c.relname::pg_catalog.text COLLATE pg_catalog."default" AS table_name
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) p.relation OFFSET 0) t,
	LATERAL (SELECT r.key, r.owner, r.owner_name, r.message, r.requested_at,
			pg_catalog.rank() OVER (PARTITION BY r.key ORDER BY r.id) AS place,
			COALESCE(r.owner OPERATOR(pg_catalog.=) locking.owner(), false) AS is_mine
		FROM locking.request_queue r
		WHERE r.relation OPERATOR(pg_catalog.=) t.oid
			AND locking.row_visible(r.relation, r.key)
		OFFSET 0) r;
COMMENT ON VIEW locking.requests IS 'requests for locked rows that the reader may see, in order of arrival';

-- Readable by pg_monitor, for all protected tables: it shows neither rows nor
-- owners. Counters are null where there is no shared memory.
CREATE FUNCTION locking.counters(relation regclass, OUT acquisitions bigint, OUT refused_acquisitions bigint,
		OUT refused_writes bigint, OUT takeovers bigint, OUT breaks bigint, OUT expiries bigint, OUT resumptions bigint,
		OUT lost bigint, OUT since timestamptz)
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_counters';
COMMENT ON FUNCTION locking.counters(regclass) IS 'counters of a table; query locking.stats instead';
CREATE FUNCTION locking.reset_stats(relation regclass = NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'locking_reset_stats';
COMMENT ON FUNCTION locking.reset_stats(regclass) IS 'sets the counters of a table, or of all tables of this database, to 0';

CREATE VIEW locking.stats WITH (security_barrier) AS
SELECT p.relation, t.schema_name, t.table_name, l.live_locks, l.longest_held,
	s.acquisitions, s.refused_acquisitions, s.refused_writes, s.takeovers, s.breaks, s.expiries, s.resumptions,
	s.lost, s.since
FROM locking.protected p,
	LATERAL (SELECT c.oid, n.nspname::pg_catalog.text COLLATE pg_catalog."default" AS schema_name, c.relname::pg_catalog.text COLLATE pg_catalog."default" AS table_name
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.oid OPERATOR(pg_catalog.=) p.relation OFFSET 0) t,
	LATERAL (SELECT pg_catalog.count(*) AS live_locks,
			pg_catalog.max(c.now OPERATOR(pg_catalog.-) l.acquired_at) AS longest_held
		FROM locking.lock l, LATERAL (SELECT pg_catalog.clock_timestamp() AS now OFFSET 0) c
		WHERE l.relation OPERATOR(pg_catalog.=) t.oid AND l.expires_at OPERATOR(pg_catalog.>) c.now AND NOT l.lost) l,
	LATERAL locking.counters(p.relation) s;
COMMENT ON VIEW locking.stats IS 'live locks of each protected table, and counters of what happened to its locks';

-- Index lookups by key. The functions check that the caller may see the row
-- before they look up its records.
CREATE FUNCTION locking.locks_of(relation regclass, keys text[]) RETURNS SETOF locking.locks
	LANGUAGE c ROWS 10 AS 'MODULE_PATHNAME', 'locking_locks_of';
COMMENT ON FUNCTION locking.locks_of(regclass, text[]) IS 'locks of the given rows of a table, by keys as returned by row_key()';
CREATE FUNCTION locking.history_of(relation regclass, key text) RETURNS SETOF locking.history
	LANGUAGE c ROWS 100 AS 'MODULE_PATHNAME', 'locking_history_of';
COMMENT ON FUNCTION locking.history_of(regclass, text) IS 'events of the locks on a row, by a key as returned by row_key()';

-- ---------------------------------------------------------------------------
-- Privileges. ALTER DEFAULT PRIVILEGES of the installing role may have
-- granted privileges on these objects to any role. Revoke all of them first,
-- so that only the owner has privileges on each object; row types have no
-- ACL. An object without a GRANT below can be used only by its owner.
-- ---------------------------------------------------------------------------

DO LANGUAGE plpgsql $$
DECLARE
	command text;
BEGIN
	FOR command IN
		WITH object AS (
			SELECT 'SCHEMA' AS kind, pg_catalog.format('%I', nspname) AS name, nspowner AS owner,
				coalesce(nspacl, pg_catalog.acldefault('n', nspowner)) AS acl
			FROM pg_catalog.pg_namespace
			WHERE oid OPERATOR(pg_catalog.=) 'locking'::pg_catalog.regnamespace
			UNION ALL
			SELECT 'SEQUENCE', oid::pg_catalog.regclass::pg_catalog.text, relowner,
				coalesce(relacl, pg_catalog.acldefault('s', relowner))
			FROM pg_catalog.pg_class
			WHERE relnamespace OPERATOR(pg_catalog.=) 'locking'::pg_catalog.regnamespace
				AND relkind OPERATOR(pg_catalog.=) 'S'
			UNION ALL
			SELECT 'TABLE', oid::pg_catalog.regclass::pg_catalog.text, relowner,
				coalesce(relacl, pg_catalog.acldefault('r', relowner))
			FROM pg_catalog.pg_class
			WHERE relnamespace OPERATOR(pg_catalog.=) 'locking'::pg_catalog.regnamespace
				AND relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'v']::pg_catalog."char"[])
			UNION ALL
			SELECT 'ROUTINE', oid::pg_catalog.regprocedure::pg_catalog.text, proowner,
				coalesce(proacl, pg_catalog.acldefault('f', proowner))
			FROM pg_catalog.pg_proc
			WHERE pronamespace OPERATOR(pg_catalog.=) 'locking'::pg_catalog.regnamespace
		), change AS (
			SELECT 1 AS step, pg_catalog.format('REVOKE ALL ON %s %s FROM %s CASCADE', kind, name,
				CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'
					ELSE pg_catalog.format('%I', pg_catalog.pg_get_userbyid(a.grantee)) END) AS command
			FROM object, LATERAL pg_catalog.aclexplode(acl) a
			UNION
			SELECT 2, pg_catalog.format('GRANT ALL ON %s %s TO %I', kind, name,
				pg_catalog.pg_get_userbyid(owner))
			FROM object
		)
		SELECT c.command FROM change c ORDER BY c.step, c.command
	LOOP
		EXECUTE command;
	END LOOP;
END $$;

GRANT USAGE ON SCHEMA locking TO PUBLIC;

GRANT SELECT ON locking.locks, locking.protected_tables, locking.shortest_times, locking.history,
	locking.drafts, locking.requests TO PUBLIC;
GRANT SELECT ON locking.stats TO pg_monitor;
GRANT EXECUTE ON FUNCTION locking.counters(regclass) TO pg_monitor;

-- guard() and guard_truncate() need EXECUTE: PostgreSQL clones the triggers
-- of a partitioned table to a new partition as the role that creates it, and
-- a restore creates triggers as the table's owner. On a table that is not
-- protected they refuse every write.
--
-- Deliberately left out are set_owner(), rename_owner(), take_over(),
-- break_lock(), reap(), purge_history(), reset_stats() and the other trigger
-- functions. protect() and unprotect() check the caller's rights themselves.
GRANT EXECUTE ON FUNCTION
	locking.guard(),
	locking.guard_truncate(),
	locking.owner(),
	locking.protect(regclass, boolean, boolean, name[], interval, interval, name),
	locking.unprotect(regclass),
	locking.acquire(regclass, text, interval, boolean, text, text, interval),
	locking.acquire(regclass, anyelement, interval, boolean, text, text, interval),
	locking.try_acquire(regclass, text, interval, boolean, text, text),
	locking.try_acquire(regclass, anyelement, interval, boolean, text, text),
	locking.acquire_all(regclass, text, interval, boolean, text, text),
	locking.acquire_all(regclass, anyarray, interval, boolean, text, text),
	locking.renew(bigint, interval, jsonb),
	locking.confirm(bigint),
	locking.release(bigint),
	locking.hand_over(bigint, text),
	locking.release_all(text),
	locking.is_locked(regclass, text),
	locking.is_locked(regclass, anyelement),
	locking.lock_applies(regclass, text),
	locking.lock_applies(regclass, anyelement),
	locking.lock_seconds_remaining(regclass, text),
	locking.lock_seconds_remaining(regclass, anyelement),
	locking.locks_of(regclass, text[]),
	locking.history_of(regclass, text),
	locking.row_key(anyelement),
	locking.row_visible(regclass, text),
	locking.is_distributed(regclass),
	locking.save_draft(bigint, jsonb, text),
	locking.save_draft_of(regclass, text, jsonb, text),
	locking.save_draft_of(regclass, anyelement, jsonb, text),
	locking.save_draft_of_new(regclass, jsonb, text),
	locking.discard_draft(regclass, text, text),
	locking.discard_draft(regclass, anyelement, text),
	locking.discard_draft_of_new(regclass, text),
	locking.request(regclass, text, text),
	locking.request(regclass, anyelement, text),
	locking.withdraw(regclass, text),
	locking.withdraw(regclass, anyelement),
	locking.decline(regclass, text, text, text),
	locking.decline(regclass, anyelement, text, text),
	locking.purge_drafts(interval),
	locking.once(text, bytea),
	locking.keep_result(text, text),
	locking.gate(),
	locking.event_worker()
	TO PUBLIC;
