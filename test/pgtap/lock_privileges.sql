-- Locks and privileges: a role cannot lock a row that it may not update;
-- another owner's lock, settings and records are out of reach.
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

CREATE TABLE app.some (id integer PRIMARY KEY, a text, b text);
INSERT INTO app.some SELECT g, 'a', 'b' FROM generate_series(1, 5) g;
SELECT locking.protect('app.some');
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.some', 1)$$, '42501', NULL, 'no privilege: acquire()');
SELECT throws_ok($$SELECT locking.try_acquire('app.some', 1)$$, '42501', NULL, 'no privilege: try_acquire()');
SELECT throws_ok($$SELECT locking.acquire_all('app.some', '{1,2}')$$, '42501', NULL, 'no privilege: acquire_all()');
SELECT throws_ok($$SELECT locking.request('app.some', 1)$$, '42501', NULL, 'no privilege: request()');
RESET SESSION AUTHORIZATION;
GRANT SELECT ON app.some TO mallory;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.some', 1)$$, '42501', NULL, 'SELECT alone: acquire()');
SELECT throws_ok($$SELECT locking.request('app.some', 1)$$, '42501', NULL, 'SELECT alone: request()');
RESET SESSION AUTHORIZATION;
REVOKE SELECT ON app.some FROM mallory;
GRANT UPDATE (a) ON app.some TO mallory;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.some', 1)$$, '42501', NULL, 'UPDATE of a column, nothing readable: acquire()');
RESET SESSION AUTHORIZATION;
GRANT SELECT (id) ON app.some TO mallory;
SET SESSION AUTHORIZATION mallory;
SELECT lives_ok($$SELECT locking.acquire('app.some', 1)$$, 'UPDATE of a column and a readable key: acquire()');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 8)$$, 'P0002', NULL, 'hidden by row security: acquire()');
SELECT throws_ok($$SELECT locking.request('app.doc', 8)$$, 'P0002', NULL, 'hidden by row security: request()');
RESET SESSION AUTHORIZATION;

-- without SELECT on the table try_acquire() discloses no more of the holder,
-- or of the owner whose turn it is, than the error of acquire()
SET locking.owner = 'ann';
SELECT locking.acquire('app.some', 2, client => 'tab', note => 'note') AS token \gset
RESET locking.owner;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.some', 2)$$, '55P03', 'a row of table "some" is locked by another owner', 'some columns: acquire()');
SELECT is((SELECT a::text FROM locking.try_acquire('app.some', 2) a), '(f,held,,,,,,,,)', 'some columns: try_acquire()');
RESET SESSION AUTHORIZATION;
SET locking.owner = 'zoe';
SELECT locking.request('app.some', 2);
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
RESET locking.owner;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.some', 2)$$, '55P03', 'a row of table "some" is reserved for another owner', 'some columns, a turn: acquire()');
SELECT is((SELECT (granted, outcome, token, owner, owner_name, client, hard, acquired_at, expires_at IS NULL)::text FROM locking.try_acquire('app.some', 2)),
	'(f,reserved,,,,,,,f)', 'some columns, a turn: try_acquire()');
RESET SESSION AUTHORIZATION;
GRANT SELECT ON app.some TO mallory;
SET SESSION AUTHORIZATION mallory;
SELECT is((SELECT owner FROM locking.try_acquire('app.some', 2)), 'zoe', 'SELECT: try_acquire()');
RESET SESSION AUTHORIZATION;
REVOKE SELECT ON app.some FROM mallory;
GRANT SELECT (id) ON app.some TO mallory;

-- the schema of the table counts, also where the executor is not used
CREATE SCHEMA closed;
CREATE TABLE closed.doc (id integer PRIMARY KEY);
INSERT INTO closed.doc VALUES (1);
GRANT SELECT, UPDATE ON closed.doc TO mallory;
SELECT locking.protect('closed.doc');
SELECT format($$SELECT locking.acquire(%s, 1)$$, 'closed.doc'::regclass::oid) AS acquire,
	format($$SELECT * FROM locking.try_acquire(%s, 1)$$, 'closed.doc'::regclass::oid) AS try_acquire \gset
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok(:'acquire', '42501', NULL, 'no USAGE on the schema: acquire()');
SELECT throws_ok(:'try_acquire', '42501', NULL, 'no USAGE on the schema: try_acquire()');
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA closed TO mallory;
SET SESSION AUTHORIZATION mallory;
SELECT lives_ok(:'acquire', 'USAGE on the schema: acquire()');
RESET SESSION AUTHORIZATION;
SELECT locking.unprotect('closed.doc');

-- a policy for reading, another for writing
CREATE TABLE app.readable (id integer PRIMARY KEY, body text);
INSERT INTO app.readable VALUES (1, ''), (2, '');
ALTER TABLE app.readable ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON app.readable FOR SELECT USING (true);
CREATE POLICY writers ON app.readable FOR UPDATE USING (current_user = 'bob');
GRANT SELECT, UPDATE ON app.readable TO alice, bob;
SELECT locking.protect('app.readable');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.readable', 1);
SET SESSION AUTHORIZATION alice;
SELECT throws_ok($$SELECT locking.acquire('app.readable', 2)$$, 'P0002', NULL, 'SELECT policy alone: acquire()');
SELECT throws_ok($$SELECT locking.try_acquire('app.readable', 1)$$, 'P0002', NULL, 'SELECT policy alone, held: try_acquire()');
SELECT throws_ok($$SELECT locking.request('app.readable', 1)$$, 'P0002', NULL, 'SELECT policy alone, held: request()');
SELECT throws_ok($$SELECT locking.request('app.readable', 2)$$, 'P0002', NULL, 'SELECT policy alone, free: request()');
RESET SESSION AUTHORIZATION;

-- privileges revoked while the lock is held
GRANT SELECT, UPDATE ON app.some TO alice;
SET SESSION AUTHORIZATION alice;
SELECT locking.acquire('app.some', 3) AS alices \gset
RESET SESSION AUTHORIZATION;
REVOKE ALL ON app.some FROM alice;
SET SESSION AUTHORIZATION alice;
SELECT throws_ok(format('SELECT locking.confirm(%s)', :alices), '42501', NULL, 'UPDATE revoked: confirm()');
SELECT throws_ok(format('SELECT locking.renew(%s)', :alices), '42501', NULL, 'UPDATE revoked: renew()');
SELECT lives_ok(format('SELECT locking.release(%s)', :alices), 'UPDATE revoked: release()');
RESET SESSION AUTHORIZATION;
GRANT SELECT, UPDATE ON app.some TO alice;
SET SESSION AUTHORIZATION alice;
SELECT locking.acquire('app.some', 3) AS alices \gset
RESET SESSION AUTHORIZATION;
REVOKE SELECT ON app.some FROM alice;
SET SESSION AUTHORIZATION alice;
SELECT throws_ok(format('SELECT locking.confirm(%s)', :alices), '42501', NULL, 'SELECT revoked: confirm()');
RESET SESSION AUTHORIZATION;
REVOKE ALL ON app.some FROM alice;

-- ---------------------------------------------------------------------------
-- Another owner's lock, settings and records
-- ---------------------------------------------------------------------------

SELECT locking.request('app.doc', 1, 'please');
SET SESSION AUTHORIZATION mallory;
CREATE FUNCTION m.leak(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN true; END$$;
CREATE FUNCTION m.in_cascade() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN old; END$$;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok(format('SELECT locking.%s', call), '42501', NULL, 'mallory may not: ' || call)
FROM unnest(ARRAY[format('release(%s)', :bobs_doc), format('renew(%s)', :bobs_doc), format('confirm(%s)', :bobs_doc),
	format($$save_draft(%s, '{}')$$, :bobs_doc), format($$renew(%s, draft => '{}')$$, :bobs_doc),
	$$break_lock('app.doc', '1', 'why')$$, $$break_lock('app.doc', 1, 'why')$$,
	$$take_over('app.doc', '1', 'why')$$, $$take_over('app.doc', 1, 'why')$$,
	$$protect('app.doc')$$, $$protect('app.doc', hard => false)$$, $$unprotect('app.doc')$$,
	'reap()', $$purge_history('0')$$]) call;
SELECT is(locking.release_all(), 1::bigint, 'release_all() releases mallory''s lock');
SELECT is(locking.release_all(''), 0::bigint, 'release_all() releases no lock of another owner');
SELECT is(locking.purge_drafts('-1 hour'), 0::bigint, 'purge_drafts() purges no draft of another owner');
SELECT lives_ok($$SELECT locking.withdraw('app.doc', 1)$$, 'withdraw()');
SELECT isnt_empty($$SELECT FROM locking.requests WHERE key = '1'$$, 'withdraw() removes no request of another owner');
SELECT throws_ok(command, '42501', NULL, 'mallory may not: ' || command)
FROM unnest(ARRAY['ALTER TABLE app.doc DISABLE TRIGGER ALL', 'ALTER TABLE app.doc DISABLE TRIGGER "~locking_guard"',
	'DROP TRIGGER "~locking_guard" ON app.doc', 'ALTER TRIGGER "~locking_guard" ON app.doc RENAME TO a',
	'ALTER TABLE app.doc RENAME TO doc2', 'ALTER TABLE app.doc RENAME id TO id2', 'DROP TABLE app.doc', 'TRUNCATE app.doc',
	'ALTER EVENT TRIGGER locking_before_ddl DISABLE', 'ALTER EVENT TRIGGER locking_on_ddl DISABLE', 'DROP FUNCTION locking.guard() CASCADE',
	'CREATE OR REPLACE FUNCTION locking.owner() RETURNS text LANGUAGE sql AS $x$SELECT ''bob''$x$',
	'CREATE TABLE locking.x (id integer)', 'CREATE TABLE m.i () INHERITS (locking.lock)',
	'CREATE TABLE m.r (id bigint REFERENCES locking.lock (token))', 'CREATE INDEX ON locking.lock (m.leak(key))',
	'CREATE TRIGGER t BEFORE INSERT ON locking.lock FOR EACH ROW EXECUTE FUNCTION m.in_cascade()',
	'CREATE RULE r AS ON INSERT TO locking.lock DO INSTEAD NOTHING', 'CREATE POLICY p ON locking.lock',
	'ALTER EXTENSION locking DROP FUNCTION locking.owner()']) command;
SELECT is_empty(format($$SELECT p FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) p
	WHERE has_table_privilege('mallory', %L, p) OR p IN ('SELECT','INSERT','UPDATE','REFERENCES') AND has_any_column_privilege('mallory', %L, p)$$, t, t),
	'no privilege on ' || t)
FROM unnest('{locking.lock,locking.protected,locking.event,locking.draft,locking.request_queue}'::text[]) t;
SELECT is_empty(format($$SELECT p FROM unnest('{USAGE,SELECT,UPDATE}'::text[]) p WHERE has_sequence_privilege('mallory', %L, p)$$, s),
	'no privilege on ' || s)
FROM unnest('{locking.token_seq,locking.event_id_seq,locking.request_queue_id_seq}'::text[]) s;
SELECT is_empty($$SELECT p FROM unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) p, unnest('{locks,history,requests,drafts,protected_tables}'::text[]) v
	WHERE has_table_privilege('mallory', 'locking.' || v, p)$$, 'views are read-only');
RESET SESSION AUTHORIZATION;
SELECT is(count(*), 2::bigint, 'bob''s locks are unchanged')
FROM locking.lock WHERE owner = 'bob' AND expires_at > clock_timestamp() AND relation = 'app.doc'::regclass;
SELECT is(count(*), 1::bigint, 'bob''s draft is unchanged') FROM locking.draft;
-- EXECUTE on break_lock() does not imply SELECT
GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, anyelement, text) TO alice;
SET SESSION AUTHORIZATION alice;
SELECT throws_ok($$SELECT locking.break_lock('app.secret', 1, 'why')$$, '42501', NULL, 'break_lock() without SELECT');
SELECT throws_ok($$SELECT locking.break_lock('app.doc', 7, 'why')$$, 'P0002', NULL, 'break_lock() of a hidden row');
RESET SESSION AUTHORIZATION;

-- the owner of a table renames it, its key and the trigger: the lock stays
SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.own (id integer PRIMARY KEY, v text);
INSERT INTO m.own VALUES (1, '');
GRANT SELECT, UPDATE ON m.own TO bob;
SELECT locking.protect('m.own');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('m.own', 1);
SET SESSION AUTHORIZATION mallory;
ALTER TABLE m.own RENAME TO own2;
ALTER TABLE m.own2 RENAME id TO id2;
ALTER TRIGGER "~locking_guard" ON m.own2 RENAME TO a;
SELECT throws_ok($$UPDATE m.own2 SET v = 'x'$$, '55P03', NULL, 'renaming table, key and trigger does not end a lock');
SELECT throws_ok($$SELECT locking.protect('m.own2'), locking.acquire('m.own2', 1)$$, '55P03', NULL, 'protect() does not end a lock');
RESET SESSION AUTHORIZATION;

-- "required" also holds for a trigger below a foreign key's action
CREATE TABLE app.strict (id integer PRIMARY KEY, v integer);
INSERT INTO app.strict VALUES (1, 1);
GRANT SELECT, UPDATE ON app.strict TO mallory;
SELECT locking.protect('app.strict', required => true);
SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.a (id integer PRIMARY KEY);
CREATE TABLE m.b (id integer PRIMARY KEY, a integer REFERENCES m.a ON DELETE CASCADE);
INSERT INTO m.a VALUES (1); INSERT INTO m.b VALUES (1, 1);
CREATE FUNCTION m.write() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE app.strict SET v = v + 1; RETURN old; END$$;
CREATE TRIGGER write BEFORE DELETE ON m.b FOR EACH ROW EXECUTE FUNCTION m.write();
SELECT throws_ok('DELETE FROM m.a', 'LK002', NULL, 'a trigger below a foreign key''s action needs the required lock');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
