-- S8: an owner cannot be forged, a row that one may not update cannot be
-- locked, a row that one may not read is not shown, another's lock is not
-- ended without the right to do so; and nothing of a user's runs with anybody
-- else's rights.
--
-- mallory attacks, bob holds locks, alice is an ordinary reader, svc may
-- set_owner. What needs sessions of its own is in test/t/security.pl.
\set ON_ERROR_ROLLBACK on
\set QUIET on
SET client_min_messages = warning;
BEGIN;
SELECT * FROM no_plan();

CREATE ROLE mallory;
CREATE ROLE bob;
CREATE ROLE alice;
CREATE ROLE svc;
CREATE ROLE editors;
GRANT editors TO alice;
COMMENT ON ROLE bob IS 'Bob Builder';

CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE SCHEMA m AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA m TO PUBLIC;

-- doc: rows 6 to 10 are hidden from all but bob
CREATE TABLE app.doc (id integer PRIMARY KEY, body text, hidden boolean DEFAULT false);
INSERT INTO app.doc SELECT g, 'body', g > 5 FROM generate_series(1, 10) g;
ALTER TABLE app.doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON app.doc USING (NOT hidden OR current_user = 'bob');
GRANT SELECT, UPDATE ON app.doc TO bob, alice, mallory;
-- secret: bob's alone
CREATE TABLE app.secret (id integer PRIMARY KEY, body text);
INSERT INTO app.secret SELECT g, 'body' FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE ON app.secret TO bob;
SELECT locking.protect('app.doc'), locking.protect('app.secret');

-- Everything an error tells, with numbers evened out.
CREATE FUNCTION public.told(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text; context text; tab text;
BEGIN
	EXECUTE command;
	RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT, tab = TABLE_NAME;
	RETURN regexp_replace(concat_ws('|', state, message, detail, hint,
		regexp_replace(context, '(SQL statement "SELECT [a-z_.*() ]*locking|PL/pgSQL function told).*', ''), tab),
		'[0-9]+', '#', 'g');
END $$;

-- Where hostile code says with whose rights it ran. An error undoes what it
-- wrote, but not that it moved a sequence.
CREATE TABLE m.ran (what text, who text);
CREATE SEQUENCE m.strangers;
ALTER TABLE m.ran OWNER TO mallory;
GRANT INSERT, SELECT ON m.ran TO PUBLIC;
GRANT USAGE ON SEQUENCE m.strangers TO PUBLIC;
CREATE FUNCTION m.note(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF current_user <> 'mallory' THEN PERFORM nextval('m.strangers'); END IF;
	INSERT INTO m.ran VALUES (what, current_user);
	RETURN true;
END $$;
-- said to be immutable, so that the planner runs it
CREATE FUNCTION m.evil(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN RETURN m.note('evil'); END $$;
ALTER FUNCTION m.note(text) OWNER TO mallory;
ALTER FUNCTION m.evil(integer) OWNER TO mallory;
-- what ran as somebody else since the last time
CREATE FUNCTION public.not_mallory() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT DISTINCT what || ' as ' || who FROM m.ran WHERE who <> 'mallory'
		UNION ALL SELECT 'undone by an error' FROM m.strangers WHERE is_called;
	PERFORM setval('m.strangers', 1, false);
	DELETE FROM m.ran;
END $$;

SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.secret', 1, note => 'private note') AS bobs,
	locking.acquire('app.doc', 1) AS bobs_doc, locking.acquire('app.doc', 7) AS bobs_hidden \gset
SELECT locking.save_draft(:bobs_doc, '{"text": "bob''s"}');
RESET SESSION AUTHORIZATION;

-- ---------------------------------------------------------------------------
-- An owner cannot be forged
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION mallory;
SELECT is(locking.owner(), 'mallory', 'the owner is the role');
SELECT throws_ok($$SET locking.owner = 'bob'$$, '42501', NULL, 'SET locking.owner');
SELECT throws_ok($$SET LOCAL locking.owner = 'bob'$$, '42501', NULL, 'SET LOCAL locking.owner');
SELECT throws_ok($$SELECT set_config('locking.owner', 'bob', false)$$, '42501', NULL, 'set_config()');
SELECT throws_ok($$SELECT set_config('locking.owner', 'bob', true)$$, '42501', NULL, 'set_config(), local');
SELECT throws_ok($$UPDATE pg_settings SET setting = 'bob' WHERE name = 'locking.owner'$$, '42501', NULL, 'UPDATE pg_settings');
SELECT throws_ok($$SET locking.owner_name = 'Bob Builder'$$, '42501', NULL, 'SET locking.owner_name');
SELECT throws_ok($$COMMENT ON ROLE mallory IS 'Bob Builder'$$, '42501', NULL, 'one does not choose one''s own displayed name');
SELECT throws_ok($$ALTER ROLE mallory SET locking.owner = 'bob'$$, '42501', NULL, 'ALTER ROLE self SET');
SELECT throws_ok($$CREATE FUNCTION m.f() RETURNS text LANGUAGE sql SET locking.owner = 'bob' AS 'SELECT locking.owner()'$$,
	'42501', NULL, 'a function with a SET clause');
SELECT throws_ok($$SELECT locking.set_owner('bob')$$, '42501', NULL, 'set_owner() without EXECUTE');
SELECT throws_ok($$SET ROLE bob$$, '42501', NULL, 'SET ROLE without membership');
SELECT throws_ok($$SET locking.enforce = off$$, '42501', NULL, 'SET locking.enforce');
SELECT throws_ok($$SET locking.notify = off$$, '42501', NULL, 'SET locking.notify');
SELECT throws_ok($$SET locking.history = off$$, '42501', NULL, 'SET locking.history');
SELECT throws_ok($$SET locking.keep_lapsed = 0$$, '42501', NULL, 'SET locking.keep_lapsed');
SELECT throws_ok($$SET session_replication_role = replica$$, '42501', NULL, 'SET session_replication_role');
SELECT is(locking.owner(), 'mallory', 'after all that the owner is still the role');

SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SET ROLE editors', 'a member may SET ROLE');
SELECT is(locking.owner(), 'editors', 'and SET ROLE counts');
RESET ROLE;
RESET SESSION AUTHORIZATION;

GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO svc;
SET SESSION AUTHORIZATION svc;
SELECT lives_ok($$SELECT locking.set_owner('carol', 'Carol C.')$$, 'set_owner() with EXECUTE');
SELECT is(locking.owner(), 'carol', 'sets the owner');
SELECT throws_ok($$SELECT locking.set_owner(NULL)$$, '22023', NULL, 'no NULL owner');
SELECT lives_ok($$SELECT locking.set_owner('')$$, 'an empty owner');
SELECT is(locking.owner(), 'svc', 'is the role');
SELECT locking.set_owner('dave', NULL, false);
RESET ALL;
SELECT is(locking.owner(), 'svc', 'RESET ALL makes nobody but the role');
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;

-- functions with another's rights
SET SESSION AUTHORIZATION bob;
SELECT locking.owner();
RESET SESSION AUTHORIZATION;
CREATE FUNCTION public.bobs_owner() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT locking.owner()';
ALTER FUNCTION public.bobs_owner() OWNER TO bob;
CREATE FUNCTION public.supers_owner() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT locking.owner()';
CREATE FUNCTION public.nested_owner() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT public.bobs_owner()';
CREATE FUNCTION public.bobs_release(bigint) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT locking.release($1)';
ALTER FUNCTION public.bobs_release(bigint) OWNER TO bob;
CREATE FUNCTION public.bobs_write() RETURNS void LANGUAGE sql SECURITY DEFINER AS
	$$UPDATE app.secret SET body = 'by mallory' WHERE id = 1$$;
ALTER FUNCTION public.bobs_write() OWNER TO bob;
SET SESSION AUTHORIZATION mallory;
SELECT is(public.bobs_owner(), 'mallory', 'bob''s SECURITY DEFINER function makes nobody bob');
SELECT is(public.supers_owner(), 'mallory', 'nor does a superuser''s make him a superuser');
SELECT is(public.nested_owner(), 'mallory', 'nor nested ones');
SELECT throws_ok(format('SELECT public.bobs_release(%s)', :bobs), '42501', NULL, 'so it does not release bob''s lock');
SELECT throws_ok('SELECT public.bobs_write()', '55P03', NULL, 'nor writes what bob has locked');
SELECT unalike(public.told('SELECT public.bobs_write()'), '%private note%', 'and does not tell what the caller may not read');
RESET SESSION AUTHORIZATION;

-- Code that PostgreSQL runs with mallory's rights in others' sessions: as
-- RI's action on her table, and in maintenance of it.
CREATE TABLE app.par (id integer PRIMARY KEY);
INSERT INTO app.par VALUES (1), (2), (3);
ALTER TABLE app.par OWNER TO bob;
GRANT REFERENCES ON app.par TO mallory;
SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.owners (place text, who text, owner text);
CREATE TABLE m.ended (n bigint);
CREATE TABLE m.child (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
INSERT INTO m.child VALUES (1, 1);
CREATE FUNCTION m.in_cascade() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO m.owners VALUES ('cascade', current_user, locking.owner());
	INSERT INTO m.ended VALUES (locking.release_all('stolen'));
	RETURN old;
END $$;
CREATE TRIGGER in_cascade BEFORE DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.in_cascade();
CREATE FUNCTION m.note_owner() RETURNS integer LANGUAGE plpgsql VOLATILE AS
	$$BEGIN INSERT INTO m.owners VALUES ('index', current_user, locking.owner()); RETURN 1; END$$;
CREATE FUNCTION m.ix(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN m.note_owner(); END$$;
CREATE TABLE m.indexed (id integer);
INSERT INTO m.indexed VALUES (1);
CREATE INDEX ON m.indexed (m.ix(id));
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.secret', 2, client => 'stolen') AS stolen \gset
DELETE FROM app.par WHERE id = 1;
RESET SESSION AUTHORIZATION;
ANALYZE m.indexed;
SELECT ok(EXISTS (SELECT FROM m.owners WHERE place = 'cascade' AND who = 'mallory'), 'mallory''s trigger ran in bob''s cascade');
SELECT is_empty($$SELECT place, who, owner FROM m.owners WHERE owner <> who$$,
	'code run as mallory is not bob or a superuser as an owner: foreign keys'' actions, maintenance');
SELECT is_empty('SELECT n FROM m.ended WHERE n > 0', 'nor does it end bob''s locks');
-- with an owner set by an application too
SET LOCAL locking.owner = 'application';
TRUNCATE m.owners;
ANALYZE m.indexed;
SELECT is_empty($$SELECT place, who, owner FROM m.owners WHERE owner <> who$$, 'nor is it the owner that an application set');
SET LOCAL locking.owner = '';
-- but what a foreign key itself does is its cause's doing
CREATE TABLE app.lines (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
INSERT INTO app.lines VALUES (1, 3);
GRANT SELECT, UPDATE ON app.lines TO bob;
SELECT locking.protect('app.lines');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.lines', 1);
SELECT lives_ok('DELETE FROM app.par WHERE id = 3', 'a cascade passes the lock of who caused it');
RESET SESSION AUTHORIZATION;

-- though the guard, judging that, runs code of the table's owner: here his
-- type's cast
RESET SESSION AUTHORIZATION;
INSERT INTO app.par VALUES (4);
SET SESSION AUTHORIZATION mallory;
CREATE TYPE m.color AS ENUM ('red');
CREATE FUNCTION m.color_text(m.color) RETURNS text LANGUAGE plpgsql AS
	$$BEGIN INSERT INTO m.owners VALUES ('cast', current_user, locking.owner()); RETURN 'red'; END$$;
CREATE CAST (m.color AS text) WITH FUNCTION m.color_text(m.color);
CREATE TABLE m.colored (id m.color PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
INSERT INTO m.colored VALUES ('red', 4);
SELECT locking.protect('m.colored');
SET SESSION AUTHORIZATION bob;
DELETE FROM app.par WHERE id = 4;
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT place, who, owner FROM m.owners WHERE owner <> who$$, 'nor while the guard judges a cascade');

-- ---------------------------------------------------------------------------
-- A row that one may not update cannot be locked
-- ---------------------------------------------------------------------------

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

-- a policy that lets read, another that says who may write
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

-- rights taken away while the lock is held
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

-- ---------------------------------------------------------------------------
-- A row that one may not read is not shown
-- ---------------------------------------------------------------------------

GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, text, text), locking.break_lock(regclass, anyelement, text) TO mallory;
GRANT EXECUTE ON FUNCTION locking.take_over(regclass, text, text, interval, boolean, text, text) TO mallory;
SET SESSION AUTHORIZATION mallory;
-- locked, free and absent rows give one answer: of a table without
-- privileges, of hidden rows
SELECT is((SELECT count(DISTINCT public.told(format(f, k)))::integer FROM unnest('{1,5,999}'::text[]) k), 1,
	'app.secret: the answer does not depend on the row: ' || f)
FROM unnest(ARRAY[
	$$SELECT locking.acquire('app.secret', %s)$$,
	$$SELECT locking.try_acquire('app.secret', %s)$$,
	$$SELECT * FROM locking.acquire_all('app.secret', ARRAY['%s'])$$,
	$$SELECT locking.take_over('app.secret', '%s'::text, 'why')$$,
	$$SELECT locking.break_lock('app.secret', %s, 'why')$$,
	$$SELECT locking.is_locked('app.secret', %s)$$,
	$$SELECT locking.lock_applies('app.secret', %s)$$,
	$$SELECT locking.lock_seconds_remaining('app.secret', %s)$$,
	$$SELECT locking.request('app.secret', %s)$$,
	$$SELECT locking.withdraw('app.secret', %s)$$,
	$$SELECT locking.discard_draft('app.secret', %s)$$]) f;
SELECT is((SELECT count(DISTINCT public.told(format(f, k)))::integer FROM unnest('{7,8,999}'::text[]) k), 1,
	'app.doc, hidden rows: the answer does not depend on the row: ' || f)
FROM unnest(ARRAY[
	$$SELECT locking.acquire('app.doc', %s)$$,
	$$SELECT locking.try_acquire('app.doc', %s)$$,
	$$SELECT * FROM locking.acquire_all('app.doc', ARRAY['%s'])$$,
	$$SELECT locking.take_over('app.doc', '%s'::text, 'why')$$,
	$$SELECT locking.break_lock('app.doc', %s, 'why')$$,
	$$SELECT locking.request('app.doc', %s)$$,
	$$SELECT locking.withdraw('app.doc', %s)$$]) f;
SELECT is(locking.is_locked('app.doc', 1), true, 'a row that one sees: is_locked()');
SELECT is(locking.is_locked('app.doc', 7), false, 'a hidden row: is_locked()');
SELECT is(locking.lock_applies('app.doc', 7), false, 'a hidden row: lock_applies()');
SELECT is(locking.lock_seconds_remaining('app.doc', 7), 0::double precision, 'a hidden row: lock_seconds_remaining()');

SELECT set_eq('SELECT relation::text, key FROM locking.locks WHERE owner = ''bob''', $$VALUES ('app.doc', '1')$$,
	'locks: only rows that one sees');
SELECT set_eq('SELECT DISTINCT relation::text, key FROM locking.history WHERE owner = ''bob''', $$VALUES ('app.doc', '1')$$,
	'history: only rows that one sees');
SELECT is_empty('SELECT * FROM locking.drafts', 'drafts: nobody else''s');
SELECT is_empty($$SELECT * FROM locking.protected_tables WHERE relation = 'app.secret'::regclass$$, 'protected_tables: only readable ones');
RESET SESSION AUTHORIZATION;
SELECT locking.request('app.secret', 1, 'please'), locking.request('app.doc', 7, 'please'), locking.request('app.doc', 1, 'please');
SET SESSION AUTHORIZATION mallory;
SELECT set_eq('SELECT relation::text, key FROM locking.requests', $$VALUES ('app.doc', '1')$$, 'requests: only rows that one sees');

-- cheap functions and operators that tell what they see
CREATE TABLE m.leaked (what text);
CREATE FUNCTION m.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
	$$BEGIN INSERT INTO m.leaked VALUES ($1); RETURN true; END$$;
CREATE FUNCTION m.leak2(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
	$$BEGIN INSERT INTO m.leaked VALUES ($1); RETURN true; END$$;
CREATE OPERATOR m.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = m.leak2);
SELECT count(*) FROM locking.locks WHERE m.leak(relation::text || key) AND key OPERATOR(m.<<<) '';
SELECT count(*) FROM locking.history WHERE m.leak(relation::text || key) AND key OPERATOR(m.<<<) '';
SELECT count(*) FROM locking.requests WHERE m.leak(relation::text || key) AND key OPERATOR(m.<<<) '';
SELECT count(*) FROM locking.drafts WHERE m.leak(data::text) AND key OPERATOR(m.<<<) '';
SELECT count(*) FROM locking.protected_tables WHERE m.leak(relation::text);
SELECT is_empty($$SELECT what FROM m.leaked WHERE what ~ 'secret|doc7|bob|^7$'$$, 'leaky functions and operators see nothing more');
SELECT isnt_empty('SELECT what FROM m.leaked', 'they did run');
SET LOCAL row_security = off;
SELECT is((SELECT count(*) FROM locking.locks l WHERE NOT (l.relation = 'app.doc'::regclass AND l.key = '1')
	AND l.owner = 'bob'), 0::bigint, 'row_security = off shows nothing more');
SET LOCAL row_security = on;

-- what the guard says in a cascade into tables one cannot read, and to who
-- cannot read
RESET SESSION AUTHORIZATION;
CREATE TABLE app.top (id integer PRIMARY KEY);
CREATE TABLE app.below (id integer PRIMARY KEY, top integer REFERENCES app.top ON DELETE CASCADE);
INSERT INTO app.top VALUES (1); INSERT INTO app.below VALUES (4711, 1);
GRANT SELECT, DELETE ON app.top TO mallory;
GRANT SELECT, UPDATE ON app.below TO bob;
GRANT UPDATE ON app.secret TO mallory;
SELECT locking.protect('app.below');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.below', 4711, note => 'private note', client => 'private client');
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok('DELETE FROM app.top', '55P03', NULL, 'a cascade is stopped');
SELECT unalike(public.told('DELETE FROM app.top'), '%ob%', 'and does not name the holder');
SELECT throws_ok('UPDATE app.secret SET body = ''x''', '55P03', NULL, 'UPDATE without SELECT is stopped');
SELECT doesnt_match(public.told('UPDATE app.secret SET body = ''x'''), '[bB]ob|note', 'and does not name the holder either');
RESET SESSION AUTHORIZATION;
REVOKE ALL ON app.secret FROM mallory;

-- ---------------------------------------------------------------------------
-- Another's lock is not ended; settings and records are out of reach
-- ---------------------------------------------------------------------------

REVOKE ALL ON FUNCTION locking.break_lock(regclass, text, text), locking.break_lock(regclass, anyelement, text),
	locking.take_over(regclass, text, text, interval, boolean, text, text) FROM mallory;
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok(format('SELECT locking.%s', call), '42501', NULL, 'not mallory''s to do: ' || call)
FROM unnest(ARRAY[format('release(%s)', :bobs_doc), format('renew(%s)', :bobs_doc), format('confirm(%s)', :bobs_doc),
	format($$save_draft(%s, '{}')$$, :bobs_doc), format($$renew(%s, draft => '{}')$$, :bobs_doc),
	$$break_lock('app.doc', '1', 'why')$$, $$break_lock('app.doc', 1, 'why')$$,
	$$take_over('app.doc', '1', 'why')$$, $$take_over('app.doc', 1, 'why')$$,
	$$protect('app.doc')$$, $$protect('app.doc', hard => false)$$, $$unprotect('app.doc')$$,
	'reap()', $$purge_history('0')$$]) call;
SELECT is(locking.release_all(), 1::bigint, 'release_all() ends one''s own');
SELECT is(locking.release_all(''), 0::bigint, 'and no others');
SELECT is(locking.purge_drafts('-1 hour'), 0::bigint, 'purge_drafts() purges none of others''');
SELECT lives_ok($$SELECT locking.withdraw('app.doc', 1)$$, 'withdraw()');
SELECT isnt_empty($$SELECT FROM locking.requests WHERE key = '1'$$, 'withdraws none of others''');
SELECT throws_ok(command, '42501', NULL, 'not mallory''s to do: ' || command)
FROM unnest(ARRAY['ALTER TABLE app.doc DISABLE TRIGGER ALL', 'ALTER TABLE app.doc DISABLE TRIGGER "~locking_guard"',
	'DROP TRIGGER "~locking_guard" ON app.doc', 'ALTER TRIGGER "~locking_guard" ON app.doc RENAME TO a',
	'ALTER TABLE app.doc RENAME TO doc2', 'ALTER TABLE app.doc RENAME id TO id2', 'DROP TABLE app.doc', 'TRUNCATE app.doc',
	'ALTER EVENT TRIGGER locking_on_ddl DISABLE', 'DROP FUNCTION locking.guard() CASCADE',
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
	WHERE has_table_privilege('mallory', 'locking.' || v, p)$$, 'views are for reading');
RESET SESSION AUTHORIZATION;
SELECT is(count(*), 2::bigint, 'bob''s locks have survived all that')
FROM locking.lock WHERE owner = 'bob' AND expires_at > clock_timestamp() AND relation = 'app.doc'::regclass;
SELECT is(count(*), 1::bigint, 'bob''s draft too') FROM locking.draft;
-- a grant of break_lock() is none of SELECT
GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, anyelement, text) TO alice;
SET SESSION AUTHORIZATION alice;
SELECT throws_ok($$SELECT locking.break_lock('app.secret', 1, 'why')$$, '42501', NULL, 'break_lock() of what one cannot read');
SELECT throws_ok($$SELECT locking.break_lock('app.doc', 7, 'why')$$, 'P0002', NULL, 'break_lock() of a hidden row');
RESET SESSION AUTHORIZATION;

-- the owner of a table renames things: the lock stays
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
SELECT throws_ok($$UPDATE m.own2 SET v = 'x'$$, '55P03', NULL, 'renaming table, key and trigger ends no lock');
SELECT throws_ok($$SELECT locking.protect('m.own2'), locking.acquire('m.own2', 1)$$, '55P03', NULL, 'nor does protecting anew');
RESET SESSION AUTHORIZATION;

-- "required" is not got round by a trigger below a foreign key's action
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
SELECT throws_ok('DELETE FROM m.a', 'LK002', NULL, 'a trigger below a foreign key''s action needs the lock too');
RESET SESSION AUTHORIZATION;

-- ---------------------------------------------------------------------------
-- Trigger functions out of place
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.odd (id integer PRIMARY KEY);
INSERT INTO m.odd VALUES (1);
CREATE VIEW m.odd_view AS SELECT * FROM m.odd;
SELECT throws_ok(format('CREATE TRIGGER t BEFORE UPDATE ON m.odd FOR EACH ROW EXECUTE FUNCTION locking.%s()', f), '42501', NULL,
	'CREATE TRIGGER needs EXECUTE on ' || f)
FROM unnest('{settings_changed,raise_gate}'::text[]) f;
-- a new partition's triggers are made as its maker, which takes EXECUTE
SELECT lives_ok('CREATE TRIGGER t BEFORE UPDATE ON m.odd FOR EACH ROW EXECUTE FUNCTION locking.guard()', 'not on the guard');
SELECT lives_ok('UPDATE m.odd SET id = id', 'which does nothing on a table that is not protected');
DROP TRIGGER t ON m.odd;
SELECT throws_ok(format('SELECT locking.%s()', f), '39P01', NULL, 'nobody calls ' || f) FROM unnest('{guard,guard_truncate}'::text[]) f;
SELECT throws_ok(format('SELECT locking.%s()', f), '42501', NULL, 'calling needs EXECUTE on ' || f)
FROM unnest('{settings_changed,on_ddl,on_drop}'::text[]) f;
RESET SESSION AUTHORIZATION;
SELECT throws_ok(format('SELECT locking.%s()', f), '39P01', NULL, 'a superuser calls it directly: ' || f)
FROM unnest('{settings_changed,raise_gate,on_ddl,on_drop}'::text[]) f;
CREATE FUNCTION public.odd(f text, timing text, level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER odd %s %s EXECUTE FUNCTION locking.%s()', timing, level, f);
	IF timing ~ 'TRUNCATE' THEN TRUNCATE m.odd;
	ELSIF timing ~ 'odd_view' THEN UPDATE m.odd_view SET id = 2;
	ELSE UPDATE m.odd SET id = 2; END IF;
	RAISE 'passed' USING ERRCODE = 'TAP01';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT is(public.odd(f, timing, level), '39P01', format('%s: %s %s', f, timing, level))
FROM (VALUES ('guard', 'AFTER UPDATE ON m.odd', 'FOR EACH ROW'), ('guard', 'BEFORE UPDATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard', 'AFTER UPDATE ON m.odd', 'FOR EACH STATEMENT'), ('guard', 'INSTEAD OF UPDATE ON m.odd_view', 'FOR EACH ROW'),
	('guard', 'BEFORE TRUNCATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard_truncate', 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), ('guard_truncate', 'AFTER TRUNCATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard_truncate', 'INSTEAD OF UPDATE ON m.odd_view', 'FOR EACH ROW'),
	('settings_changed', 'BEFORE UPDATE ON m.odd', 'FOR EACH STATEMENT')) x (f, timing, level);
SELECT is(public.odd('guard', 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), 'TAP01', 'the guard on a table that is not protected lets pass');
SELECT isnt(public.odd('settings_changed', 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), 'TAP01', 'settings_changed() on another table fails');
SELECT throws_ok('CREATE EVENT TRIGGER odd ON ddl_command_start EXECUTE FUNCTION locking.guard()', NULL, NULL, 'guard() as an event trigger');
SELECT lives_ok($$CREATE EVENT TRIGGER odd ON ddl_command_start EXECUTE FUNCTION locking.on_ddl(); CREATE TABLE m.odd2 (id integer); DROP EVENT TRIGGER odd$$,
	'on_ddl() at another event');
SELECT throws_ok($$CREATE EVENT TRIGGER odd ON ddl_command_end EXECUTE FUNCTION locking.on_drop(); CREATE TABLE m.odd3 (id integer)$$,
	'39P03', NULL, 'on_drop() at another event');

-- ---------------------------------------------------------------------------
-- Nothing of a user's runs with anybody else's rights
-- ---------------------------------------------------------------------------

-- the planner folds immutable functions in constraints and index predicates
SET SESSION AUTHORIZATION mallory;
SET LOCAL constraint_exclusion = on;
CREATE TABLE m.folded (id integer PRIMARY KEY, CHECK (m.evil(1)));
CREATE INDEX ON m.folded (id) WHERE m.evil(2);
INSERT INTO m.folded VALUES (1);
SELECT locking.protect('m.folded');
SELECT locking.acquire('m.folded', 1) AS folded \gset
SELECT locking.confirm(:folded), locking.renew(:folded), locking.release(:folded);
-- with columns' privileges alone xmin cannot be read by the caller
REVOKE SELECT ON m.folded FROM mallory;
GRANT SELECT (id) ON m.folded TO mallory;
SELECT public.told($$SELECT locking.acquire('m.folded', 1)$$);
CREATE TABLE m.parts (id integer PRIMARY KEY, CHECK (m.evil(1))) PARTITION BY LIST (id);
CREATE TABLE m.part1 PARTITION OF m.parts FOR VALUES IN (1);
CREATE TABLE m.part2 PARTITION OF m.parts FOR VALUES IN (2);
INSERT INTO m.parts VALUES (1), (2);
SELECT locking.protect('m.parts');
SELECT locking.acquire('m.parts', 1);
TRUNCATE m.part1;
RESET SESSION AUTHORIZATION;
SELECT isnt_empty($$SELECT FROM m.ran WHERE what = 'evil'$$, 'constraints do run in the planner');
SELECT is_empty('SELECT public.not_mallory()', 'constraints of mallory''s table: acquire(), confirm(), TRUNCATE of a partition');

-- parents: TRUNCATE of a child joins the two
SET SESSION AUTHORIZATION mallory;
SET LOCAL constraint_exclusion = on;
CREATE TABLE m.up (id integer PRIMARY KEY, CHECK (m.evil(1)));
CREATE TABLE m.down (id integer PRIMARY KEY, up integer CONSTRAINT up REFERENCES m.up, CHECK (m.evil(1)));
INSERT INTO m.up VALUES (1); INSERT INTO m.down VALUES (1, 1);
GRANT SELECT, UPDATE ON m.up TO bob;
SELECT locking.protect('m.up'), locking.protect('m.down', parent => 'up');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('m.up', 1);
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM public.not_mallory();
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok('TRUNCATE m.down', '55P03', NULL, 'TRUNCATE of a child whose parent is locked');
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT public.not_mallory()', 'constraints of a child of mallory''s: TRUNCATE');

-- operators for a domain of mallory's are an exact match where the type's own
-- are not
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') AS has_citext \gset
\if :has_citext
CREATE SCHEMA types;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA types;
GRANT USAGE, CREATE ON SCHEMA types TO mallory;
GRANT USAGE ON SCHEMA types TO bob;
CREATE TABLE app.names (id types.citext PRIMARY KEY);
INSERT INTO app.names VALUES ('A');
ALTER TABLE app.names OWNER TO bob;
GRANT REFERENCES ON app.names TO mallory;
SELECT locking.protect('app.names');
SET SESSION AUTHORIZATION mallory;
CREATE DOMAIN m.dom AS types.citext;
CREATE FUNCTION m.op(m.dom, m.dom) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN m.note('operator'); END$$;
CREATE FUNCTION m.op(types.citext, m.dom) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN m.note('operator'); END$$;
CREATE OPERATOR types.= (LEFTARG = m.dom, RIGHTARG = m.dom, FUNCTION = m.op);
CREATE OPERATOR types.= (LEFTARG = types.citext, RIGHTARG = m.dom, FUNCTION = m.op);
CREATE TABLE m.domkey (id m.dom PRIMARY KEY);
INSERT INTO m.domkey VALUES ('x');
SELECT locking.protect('m.domkey');
SELECT lives_ok($$SELECT locking.acquire('m.domkey', 'X')$$, 'a key with a domain''s own operator');
CREATE TABLE m.domref (id integer PRIMARY KEY, name m.dom CONSTRAINT name REFERENCES app.names);
SELECT locking.protect('m.domref', parent => 'name');
SELECT lives_ok($$INSERT INTO m.domref VALUES (1, 'a')$$, 'a reference with a domain''s own operator');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT FROM m.ran WHERE what = 'operator'$$, 'they do not run at all: it is the key''s own equality that counts');
SELECT is_empty('SELECT public.not_mallory()', 'and surely not with others'' rights: acquire(), the guard''s look at the parent');
\endif

-- row security policies: of views' readers, and of who is stopped in a
-- cascade
SET SESSION AUTHORIZATION mallory;
CREATE FUNCTION m.policy() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$BEGIN RETURN m.note('policy'); END$$;
CREATE TABLE m.trap (id integer PRIMARY KEY);
INSERT INTO m.trap VALUES (1), (2);
ALTER TABLE m.trap ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON m.trap USING (m.policy());
GRANT SELECT ON m.trap TO PUBLIC;
SELECT locking.protect('m.trap');
SELECT locking.acquire('m.trap', 1);
SELECT locking.request('m.trap', 2);
SET SESSION AUTHORIZATION alice;
SELECT count(*) FROM locking.locks;
SELECT count(*) FROM locking.history;
SELECT count(*) FROM locking.requests;
SELECT count(*) FROM locking.protected_tables;
SELECT count(*) FROM locking.drafts;
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT public.not_mallory()', 'a policy of mallory''s is not run as a reader of the views, who named no table of hers');
SET SESSION AUTHORIZATION mallory;
ALTER POLICY trap ON m.trap USING (1 / (id - id) = 1);
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SELECT * FROM locking.locks', 'a policy that fails does not close locks to others');
SELECT lives_ok('SELECT * FROM locking.history', 'nor history');
SELECT lives_ok('SELECT * FROM locking.requests', 'nor requests');
SET SESSION AUTHORIZATION mallory;
DROP TABLE m.trap;
CREATE TABLE m.retyped (id text PRIMARY KEY);
INSERT INTO m.retyped VALUES ('abc');
ALTER TABLE m.retyped ENABLE ROW LEVEL SECURITY;
CREATE POLICY open ON m.retyped USING (true);
GRANT SELECT ON m.retyped TO PUBLIC;
SELECT locking.protect('m.retyped');
SELECT locking.acquire('m.retyped', 'abc');
ALTER TABLE m.retyped ALTER id TYPE integer USING length(id);
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SELECT * FROM locking.locks', 'nor does a key that no longer fits its type');
SET SESSION AUTHORIZATION mallory;
DROP TABLE m.retyped;
RESET SESSION AUTHORIZATION;
CREATE SCHEMA closed AUTHORIZATION mallory;
SET SESSION AUTHORIZATION mallory;
CREATE TABLE closed.t (id integer PRIMARY KEY);
INSERT INTO closed.t VALUES (1);
ALTER TABLE closed.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY open ON closed.t USING (true);
GRANT SELECT ON closed.t TO PUBLIC;
SELECT locking.protect('closed.t');
SELECT locking.acquire('closed.t', 1);
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SELECT * FROM locking.locks', 'nor does a schema that one may not use');
SET SESSION AUTHORIZATION mallory;
DROP TABLE closed.t;

CREATE TABLE m.snare (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
INSERT INTO m.snare VALUES (1, 2);
ALTER TABLE m.snare ENABLE ROW LEVEL SECURITY;
CREATE POLICY snare ON m.snare USING (m.policy());
GRANT SELECT ON m.snare TO PUBLIC;
SELECT locking.protect('m.snare');
SELECT locking.acquire('m.snare', 1);
SET SESSION AUTHORIZATION bob;
SELECT throws_ok('DELETE FROM app.par WHERE id = 2', '55P03', NULL, 'a cascade into mallory''s locked row is stopped');
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT public.not_mallory()', 'and her policy is not run as bob, to see whether he may be told');

-- what a superuser does without naming a table of mallory's, and protect()
SET SESSION AUTHORIZATION mallory;
CREATE DOMAIN m.checked AS integer CHECK (m.evil(VALUE));
CREATE FUNCTION m.value() RETURNS integer LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('default'); RETURN 1; END$$;
CREATE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('trigger'); RETURN new; END$$;
CREATE FUNCTION m.computed(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM m.note('expression'); RETURN $1; END$$;
CREATE TABLE m.full (id m.checked PRIMARY KEY, d integer DEFAULT m.value(), g integer GENERATED ALWAYS AS (m.computed(id)) STORED,
	CHECK (m.evil(1)));
INSERT INTO m.full VALUES (1), (2);
CREATE INDEX ON m.full (m.computed(id)) WHERE m.evil(1);
CREATE TRIGGER "~~" BEFORE UPDATE ON m.full FOR EACH ROW EXECUTE FUNCTION m.fire();
ALTER TABLE m.full ENABLE ROW LEVEL SECURITY;
ALTER TABLE m.full FORCE ROW LEVEL SECURITY;
CREATE POLICY full_policy ON m.full USING (m.policy());
GRANT SELECT ON m.full TO PUBLIC;
SELECT locking.protect('m.full');
SELECT locking.acquire('m.full', 1, ttl => '1 ms');
SELECT pg_sleep(0.01);
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM public.not_mallory();
SET LOCAL constraint_exclusion = on;
SET LOCAL locking.keep_lapsed = 0;
SELECT count(*) FROM locking.locks;
SELECT count(*) FROM locking.history;
SELECT count(*) FROM locking.requests;
SELECT count(*) FROM locking.protected_tables;
SELECT locking.protect('m.full', hard => false);
SELECT locking.reap();
SELECT locking.release_all();
SELECT locking.purge_history('1 day'), locking.purge_drafts('1 day');
CREATE TABLE app.other (id integer PRIMARY KEY);
ALTER TABLE app.other ADD COLUMN x integer;
DROP TABLE app.other;
SELECT locking.unprotect('m.full');
SELECT is_empty('SELECT public.not_mallory()', 'a superuser protects, reaps, looks, changes and drops tables: nothing of mallory''s is run');
RESET constraint_exclusion;

-- names like those used, in schemas and pg_temp that come first
SET SESSION AUTHORIZATION mallory;
RESET constraint_exclusion;
CREATE FUNCTION m.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('clock'); RETURN 'infinity'; END$$;
CREATE FUNCTION m.owner() RETURNS text LANGUAGE sql AS $$SELECT 'bob'::text$$;
CREATE FUNCTION m.row_visible(regclass, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION m.has_table_privilege(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION m.has_table_privilege(regclass, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION m.date_part(text, interval) RETURNS double precision LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('date_part'); RETURN 0; END$$;
CREATE FUNCTION m.unnest(int2[]) RETURNS SETOF int2 LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('unnest'); RETURN NEXT 1; END$$;
CREATE FUNCTION m.pg_has_role(oid, oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION m.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('nextval'); RETURN 1; END$$;
CREATE FUNCTION m.yes(regclass, regclass) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('operator'); RETURN true; END$$;
CREATE FUNCTION m.yes(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('operator'); RETURN true; END$$;
CREATE FUNCTION m.yes(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('operator'); RETURN true; END$$;
CREATE FUNCTION m.yes(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('operator'); RETURN true; END$$;
CREATE FUNCTION m.yes(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('operator'); RETURN true; END$$;
CREATE OPERATOR m.= (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = m.yes);
CREATE OPERATOR m.= (LEFTARG = text, RIGHTARG = text, FUNCTION = m.yes);
CREATE OPERATOR m.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = m.yes);
CREATE OPERATOR m.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = m.yes);
CREATE OPERATOR m.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = m.yes);
CREATE OPERATOR m.> (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = m.yes);
CREATE TABLE m.lock (x integer);
CREATE TABLE m.pg_class (x integer);
CREATE TABLE m.pg_trigger (x integer);
CREATE DOMAIN m.regclass AS integer;
CREATE DOMAIN m.text AS varchar;
SET LOCAL search_path = m, pg_catalog, public;
CREATE TEMP TABLE pg_constraint (conname name);
CREATE TEMP TABLE pg_attribute (attname name);
CREATE TEMP TABLE pg_proc (oid oid);
CREATE TEMP TABLE protected (relation oid);
CREATE TABLE m.plain (id integer PRIMARY KEY, plain integer CONSTRAINT plain_ref REFERENCES m.plain, body pg_catalog.text);
INSERT INTO m.plain VALUES (1, 1, ''), (2, 1, '');
SELECT locking.protect('m.plain'), locking.acquire('m.plain', 1) AS plain \gset
SELECT locking.renew(:plain, draft => '{}'), locking.confirm(:plain), locking.save_draft(:plain, '{}'),
	locking.request('m.plain', 2, 'x'), locking.withdraw('m.plain', 2), locking.discard_draft('m.plain', 1),
	locking.is_locked('m.plain', 1), locking.purge_drafts('1 day'), locking.protect('m.plain', required => true, columns => '{body}');
UPDATE m.plain SET body = 'x' WHERE id OPERATOR(pg_catalog.=) 1;
ALTER TABLE m.plain RENAME body TO body2;
SELECT locking.protect('m.plain', parent => 'plain_ref');
UPDATE m.plain SET plain = 2 WHERE id OPERATOR(pg_catalog.=) 1;
SELECT locking.release(:plain);
SELECT count(*) FROM locking.locks l;
SELECT count(*) FROM locking.history;
-- pgTAP does not stand such a search_path, so the judging is done later
SELECT public.told($$SELECT locking.unprotect('app.doc')$$) AS unprotect, locking.owner() AS owner,
	(SELECT count(*) FROM locking.locks WHERE relation OPERATOR(pg_catalog.=) 'app.secret'::pg_catalog.regclass) AS locks \gset hostile_
TRUNCATE m.plain;
SELECT locking.unprotect('m.plain');
DROP TABLE m.plain;
RESET SESSION AUTHORIZATION;
RESET search_path;
DROP TABLE pg_temp.pg_constraint, pg_temp.pg_attribute, pg_temp.pg_proc, pg_temp.protected;
SELECT matches(:'hostile_unprotect'::text, 'permission denied', 'unprotect() of another''s table, hostile search_path');
SELECT is(:'hostile_locks'::text, '0', 'locks of unreadable tables, hostile search_path');
SELECT is(:'hostile_owner'::text, 'mallory', 'owner(), hostile search_path');
SELECT is_empty('SELECT public.not_mallory()', 'functions, operators, tables and types first on the search_path are not run or used with others'' rights');

-- ---------------------------------------------------------------------------
-- Names that need quotes
-- ---------------------------------------------------------------------------

RESET SESSION AUTHORIZATION;
CREATE SCHEMA "s""'; DROP TABLE app.doc; --";
SET LOCAL search_path = "s""'; DROP TABLE app.doc; --", public;
CREATE TABLE "o'clock"" $1 \" (
	"i""d'; --" integer, "k$$\" text, "b""o'dy" text,
	"up""'" integer,
	CONSTRAINT "p""k'" PRIMARY KEY ("i""d'; --", "k$$\")) PARTITION BY LIST ("k$$\");
CREATE TABLE "part""'; --" PARTITION OF "o'clock"" $1 \" FOR VALUES IN ('a', 'b"''\');
CREATE TABLE "up'""" ("u""'" integer CONSTRAINT "up pk""'" PRIMARY KEY);
INSERT INTO "up'""" VALUES (1);
ALTER TABLE "o'clock"" $1 \" ADD CONSTRAINT "f""k'; --" FOREIGN KEY ("up""'") REFERENCES "up'""";
INSERT INTO "o'clock"" $1 \" VALUES (1, 'a', '', 1), (2, 'b"''\', '', 1);
SELECT lives_ok($t$SELECT locking.protect('"up''"""')$t$, 'odd names: protect() of a parent');
SELECT lives_ok($t$SELECT locking.protect('"o''clock"" $1 \"', columns => ARRAY['b"o''dy'], parent => 'f"k''; --')$t$, 'odd names: protect()');
SELECT lives_ok($t$SELECT locking.protect('"part""''; --"', columns => ARRAY['b"o''dy'], parent => 'f"k''; --')$t$, 'odd names: protect() again, by a partition');
SELECT lives_ok($t$SELECT locking.acquire('"o''clock"" $1 \"', ARRAY['2', 'b"''\'])$t$, 'odd names: acquire()');
SELECT lives_ok($t$SELECT locking.confirm(token) FROM locking.locks WHERE relation = '"o''clock"" $1 \"'::regclass$t$, 'odd names: confirm()');
SELECT lives_ok($t$UPDATE "o'clock"" $1 \" SET "b""o'dy" = 'x', "up""'" = NULL$t$, 'odd names: UPDATE');
SET LOCAL locking.owner = 'somebody else';
SELECT throws_ok($t$UPDATE "o'clock"" $1 \" SET "b""o'dy" = 'y'$t$, '55P03', NULL, 'odd names: the guard');
SELECT throws_ok($t$TRUNCATE "part""'; --"$t$, '55P03', NULL, 'odd names: TRUNCATE');
SELECT locking.acquire('"up''"""', 1);
SET LOCAL locking.owner = '';
SELECT throws_ok($t$UPDATE "o'clock"" $1 \" SET "up""'" = 1 WHERE "i""d'; --" = 1$t$, '55P03', NULL, 'odd names: the parent''s lock');
SELECT lives_ok($t$ALTER TABLE "o'clock"" $1 \" RENAME "b""o'dy" TO "new""'; --"$t$, 'odd names: renaming a column');
SELECT lives_ok($t$CREATE TABLE "part2""'; --" PARTITION OF "o'clock"" $1 \" DEFAULT$t$, 'odd names: a new partition');
SELECT lives_ok($t$SELECT locking.unprotect('"o''clock"" $1 \"')$t$, 'odd names: unprotect()');
SELECT has_table('app', 'doc', 'no name was taken for a command');
-- a hint is pasted as it stands
CREATE FUNCTION public.hint_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	EXECUTE command;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
CREATE TABLE "'); DROP TABLE app.some; --" (id integer PRIMARY KEY);
SELECT lives_ok(regexp_replace(public.hint_of($t$SELECT locking.acquire('"''); DROP TABLE app.some; --"', 1)$t$), '^[^:]*: (.*)\.$', '\1'),
	'the hint for a table that is not protected is a command');
SELECT has_table('app', 'some', 'and not two');
RESET search_path;

-- ---------------------------------------------------------------------------
-- Large, odd and empty input
-- ---------------------------------------------------------------------------

CREATE TABLE app.big (id text PRIMARY KEY, v text);
INSERT INTO app.big VALUES ('a', ''), (repeat('k', 2000), ''), (E'tab\tnl\n"''\\{},NULL', '');
GRANT SELECT, UPDATE ON app.big TO mallory, alice;
SELECT locking.protect('app.big');
SET SESSION AUTHORIZATION mallory;
SELECT throws_ok($$SELECT locking.acquire('app.big', 'a', note => repeat('n', 10000000), client => repeat('c', 1000000))$$, '22023', NULL, 'a note of 10 MB');
SELECT lives_ok($$SELECT locking.acquire('app.big', id) FROM app.big WHERE id <> 'a'$$, 'long and odd keys');
SELECT throws_ok($$SELECT locking.acquire('app.big', repeat('k', 10000000))$$, 'P0002', NULL, 'a key of 10 MB');
SELECT throws_ok($$SELECT locking.acquire('app.doc', repeat('9', 1000000))$$, '22023', NULL, 'a number of a million digits');
SELECT throws_ok($$SELECT locking.acquire('app.doc', '')$$, '22023', NULL, 'an empty key');
SELECT throws_ok($$SELECT locking.acquire('app.doc', ARRAY[1, 2])$$, '22023', NULL, 'an array for one column');
SELECT throws_ok($$SELECT locking.acquire('app.doc', NULL::integer)$$, '22023', NULL, 'a NULL key');
SELECT throws_ok($$SELECT locking.acquire(NULL, 1)$$, '22023', NULL, 'a NULL relation');
SELECT throws_ok($$SELECT locking.acquire(999999999::oid::regclass, 1)$$, '42P01', NULL, 'a relation that is not there');
SELECT throws_ok($$SELECT locking.acquire('pg_catalog.pg_class', 1)$$, '55000', NULL, 'a system table');
SELECT throws_ok($$SELECT locking.acquire('locking.locks', 1)$$, '55000', NULL, 'a view');
SELECT throws_ok($$SELECT * FROM locking.acquire_all('app.doc', ARRAY[NULL, '1'])$$, '22023', NULL, 'NULL among keys');
SELECT lives_ok($$SELECT * FROM locking.acquire_all('app.doc', '{}')$$, 'no keys');
SELECT lives_ok($$SELECT * FROM locking.acquire_all('app.doc', array_fill('2'::text, ARRAY[100000]))$$, 'one key 100,000 times');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, ttl => '300000 years')$$, '22023', NULL, 'a time beyond all times');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, ttl => '-1 s')$$, '22023', NULL, 'a negative time');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, wait => '-1 s')$$, '22023', NULL, 'a negative wait');
SELECT throws_ok($$SELECT locking.release(NULL)$$, '22023', NULL, 'a NULL token');
SELECT is(locking.release(-9223372036854775808), false, 'the least token');
SELECT throws_ok($$SELECT locking.save_draft(0, '{}')$$, 'LK001', NULL, 'no such token');
SELECT throws_ok($$SELECT locking.row_key(1)$$, '22023', NULL, 'row_key() of a number');
SELECT throws_ok($$SELECT locking.row_key(ROW(1, 2))$$, '22023', NULL, 'row_key() of an anonymous row');
SELECT throws_ok($$SELECT locking.row_key(l) FROM locking.locks l$$, '55000', NULL, 'row_key() of a view''s row');
SELECT is(locking.row_key(NULL::app.doc), NULL, 'row_key() of NULL');
SELECT is(locking.row_key(ROW(NULL, NULL, NULL)::app.doc), NULL, 'row_key() of a row of NULLs');
SELECT is(locking.row_visible(0, ''), false, 'row_visible() of nothing');
SELECT is(locking.row_visible('app.secret', '1'), false, 'row_visible() of an unreadable table');
SELECT is(locking.row_visible('app.doc', '7'), false, 'row_visible() of a hidden row');
SET SESSION AUTHORIZATION alice;
SELECT cmp_ok(length(public.told($$UPDATE app.big SET v = 'x' WHERE id = 'a'$$)), '<', 20000,
	'whoever runs into a lock with a note of 10 MB is not sent it');
RESET SESSION AUTHORIZATION;

-- a parent in a schema that the writer may not use: the foreign key works, so
-- must the guard
CREATE SCHEMA apart;
CREATE TABLE apart.up (id integer PRIMARY KEY);
INSERT INTO apart.up VALUES (1);
CREATE TABLE app.ref (id integer PRIMARY KEY, up integer CONSTRAINT up REFERENCES apart.up);
GRANT INSERT ON app.ref TO alice;
SELECT locking.protect('apart.up'), locking.protect('app.ref', parent => 'up');
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('INSERT INTO app.ref VALUES (1, 1)', 'the guard needs no rights of the writer''s on the parent');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
