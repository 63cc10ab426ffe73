-- Foreign code: code that PostgreSQL runs on behalf of a table's owner during
-- a command of another role. It has no owner of locks, so it matches no lock
-- and can acquire none. A foreign key's referential action counts as part of
-- the statement that caused it. src/README.md has a table of all contexts.
-- test/t/foreign-code.pl has the tests that need separate sessions.
--
-- Roles: mallory is the attacker, anna holds locks and owns SECURITY DEFINER
-- functions, app owns the application's tables.
\set ON_ERROR_ROLLBACK on
\set QUIET on
SET client_min_messages = warning;
BEGIN;
SELECT * FROM no_plan();

CREATE ROLE mallory;
CREATE ROLE anna;
CREATE ROLE app;
CREATE SCHEMA app AUTHORIZATION app;
CREATE SCHEMA m AUTHORIZATION mallory;
CREATE SCHEMA a AUTHORIZATION anna;
GRANT USAGE ON SCHEMA app, m, a TO PUBLIC;

SET SESSION AUTHORIZATION app;
CREATE TABLE app.doc (id integer PRIMARY KEY, body text);
INSERT INTO app.doc SELECT g, 'body' FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE, DELETE ON app.doc TO anna;
SELECT locking.protect('app.doc');
RESET SESSION AUTHORIZATION;

-- anna's functions, which PUBLIC may call: their writes count as the caller's
SET SESSION AUTHORIZATION anna;
CREATE FUNCTION a.write() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN UPDATE app.doc SET body = 'forged' WHERE id = 1; RETURN 1; END$$;
CREATE FUNCTION a.owner() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN RETURN locking.owner(); END$$;
CREATE FUNCTION a.acquire() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN RETURN locking.acquire('app.doc', 2); END$$;
SELECT locking.acquire('app.doc', 1, note => 'private') AS token \gset
RESET SESSION AUTHORIZATION;

-- What mallory's code achieved in a context: SQLSTATE of a write to a row
-- locked by anna, locking.owner(), SQLSTATE of acquire()
CREATE TABLE m.seen (context text, write text, owner text, acquire text);
ALTER TABLE m.seen OWNER TO mallory;
GRANT INSERT ON m.seen TO PUBLIC;
SET SESSION AUTHORIZATION mallory;
CREATE FUNCTION m.state_of(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
CREATE FUNCTION m.try(context text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO m.seen SELECT context, m.state_of('SELECT a.write()'), a.owner(), m.state_of('SELECT a.acquire()');
	RETURN 1;
END $$;
-- declared immutable, so that indexes, generated columns and the planner run
-- it
CREATE FUNCTION m.immutable(integer, text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	$$BEGIN PERFORM m.try($2); RETURN $1; END$$;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION public.seen(wanted text) RETURNS SETOF text LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM m.seen RETURNING *)
	SELECT DISTINCT format('%s %s %s', write, coalesce(owner, 'none'), acquire) FROM gone WHERE context = wanted $$;

-- ---------------------------------------------------------------------------
-- Maintenance of mallory's tables by other roles
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.indexed (id integer);
INSERT INTO m.indexed VALUES (1);
CREATE INDEX indexed_idx ON m.indexed (m.immutable(id, 'index'));
CREATE MATERIALIZED VIEW m.view AS SELECT m.immutable(id, 'view') FROM m.indexed WITH NO DATA;
TRUNCATE m.seen;
RESET SESSION AUTHORIZATION;
-- run by a superuser with locking.owner set to anna
SET LOCAL locking.owner = 'anna';
ANALYZE m.indexed;
SELECT is(public.seen('index'), '55P03 none 42501', 'ANALYZE');
REINDEX TABLE m.indexed;
SELECT is(public.seen('index'), '55P03 none 42501', 'REINDEX');
CLUSTER m.indexed USING indexed_idx;
SELECT is(public.seen('index'), '55P03 none 42501', 'CLUSTER');
CREATE INDEX indexed_too ON m.indexed (m.immutable(id, 'index'));
SELECT is(public.seen('index'), '55P03 none 42501', 'CREATE INDEX by another role');
REFRESH MATERIALIZED VIEW m.view;
SELECT is(public.seen('view'), '55P03 none 42501', 'REFRESH MATERIALIZED VIEW');
SET LOCAL locking.owner = '';
SET SESSION AUTHORIZATION mallory;
ANALYZE m.indexed;
RESET SESSION AUTHORIZATION;
SELECT is(public.seen('index'), '55P03 none 42501', 'ANALYZE by mallory');

-- ---------------------------------------------------------------------------
-- Below a referential action
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION app;
CREATE TABLE app.par (id integer PRIMARY KEY, x integer);
INSERT INTO app.par SELECT g FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE, DELETE ON app.par TO anna;
GRANT REFERENCES ON app.par TO mallory;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION mallory;
CREATE DOMAIN m.checked AS integer CHECK (m.immutable(VALUE, 'domain') IS NOT NULL);
CREATE TABLE m.child (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE ON UPDATE CASCADE,
	c integer CHECK (m.immutable(c, 'check') IS NOT NULL),
	g integer GENERATED ALWAYS AS (m.immutable(c, 'generated')) STORED);
INSERT INTO m.child SELECT g, g, g FROM generate_series(1, 9) g;
CREATE INDEX ON m.child (m.immutable(par, 'index'));
CREATE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN PERFORM m.try(TG_NAME); RETURN coalesce(new, old); END$$;
CREATE TRIGGER before_row BEFORE UPDATE OR DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire();
CREATE TRIGGER before_statement BEFORE UPDATE OR DELETE ON m.child FOR EACH STATEMENT EXECUTE FUNCTION m.fire();
TRUNCATE m.seen;
SET SESSION AUTHORIZATION anna;
DELETE FROM app.par WHERE id = 1;
RESET SESSION AUTHORIZATION;
SELECT is(public.seen('before_row'), '55P03 none 42501', 'a BEFORE ROW trigger below ON DELETE CASCADE');
SET SESSION AUTHORIZATION anna;
UPDATE app.par SET id = 20 WHERE id = 2;
RESET SESSION AUTHORIZATION;
SELECT set_eq($$SELECT DISTINCT context || ' ' || write || ' ' || coalesce(owner, 'none') || ' ' || acquire FROM m.seen$$,
	ARRAY['before_row 55P03 none 42501', 'before_statement 55P03 none 42501', 'check 55P03 none 42501',
		'generated 55P03 none 42501', 'index 55P03 none 42501'],
	'triggers, constraints, generated columns and indexes below ON UPDATE CASCADE');
DELETE FROM m.seen;
SELECT is((SELECT body FROM app.doc WHERE id = 1), 'body', 'nothing was forged');

-- other functions that foreign code cannot use
SET SESSION AUTHORIZATION anna;
CREATE FUNCTION a.run(command text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
RESET SESSION AUTHORIZATION;
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean), locking.break_lock(regclass, text, text),
	locking.take_over(regclass, text, text, interval, boolean, text, text) TO anna;
SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.answers (command text, answer text);
CREATE FUNCTION m.ask() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE command text;
BEGIN
	FOR command IN SELECT format(c, current_setting('test.token')) FROM unnest(ARRAY[
		'SELECT locking.release(%s)', 'SELECT locking.renew(%s)', 'SELECT locking.confirm(%s)', 'SELECT locking.save_draft(%s, ''{}'')',
		'SELECT locking.try_acquire(''app.doc'', ''3'')', 'SELECT locking.acquire_all(''app.doc'', ''{3}'')',
		'SELECT locking.take_over(''app.doc'', ''1'', ''mine'')', 'SELECT locking.break_lock(''app.doc'', ''1'', ''mine'')',
		'SELECT locking.set_owner(''anna'')', 'SELECT locking.request(''app.doc'', ''3'')', 'SELECT locking.withdraw(''app.doc'', ''3'')',
		'SELECT locking.hand_over(%s)', 'SELECT locking.hand_over(%s, ''mallory'')', 'SELECT locking.decline(''app.doc'', ''1'', ''bob'')',
		'SELECT locking.discard_draft(''app.doc'', ''1'')', 'SELECT locking.purge_drafts(''0'')', 'SELECT locking.once(''id'')',
		'DELETE FROM app.doc WHERE id = 1', 'UPDATE app.doc SET id = 10 WHERE id = 1']) c
	LOOP
		INSERT INTO m.answers VALUES (command, a.run(command));
	END LOOP;
	INSERT INTO m.answers SELECT 'release_all', locking.release_all() UNION ALL SELECT 'is_mine', count(*) FROM locking.locks WHERE is_mine;
	RETURN old;
END $$;
CREATE TRIGGER ask BEFORE DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.ask();
RESET SESSION AUTHORIZATION;
SELECT set_config('test.token', :'token', true);
SET SESSION AUTHORIZATION anna;
DELETE FROM app.par WHERE id = 3;
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT * FROM m.answers WHERE answer NOT IN ('42501', '55P03', '0')$$,
	'no lock was ended, renewed, confirmed, acquired, taken over or bypassed; no owner set, no draft or request changed');
SELECT cmp_ok((SELECT count(*) FROM m.answers), '>=', 17::bigint, 'all commands were attempted');
DELETE FROM m.seen;

-- ---------------------------------------------------------------------------
-- A referential action counts as part of the statement that caused it
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION app;
CREATE TABLE app.line (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE ON UPDATE CASCADE, x integer);
CREATE TABLE app.mark (id integer PRIMARY KEY, line integer REFERENCES app.line ON DELETE CASCADE,
	par integer REFERENCES app.par ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO app.line SELECT g, g FROM generate_series(4, 9) g;
INSERT INTO app.mark SELECT g, g, g FROM generate_series(4, 9) g;
GRANT SELECT, UPDATE, DELETE ON app.line, app.mark TO anna;
SELECT locking.protect('app.line'), locking.protect('app.mark', required => true);
SET SESSION AUTHORIZATION anna;
SELECT locking.acquire('app.line', 4), locking.acquire('app.line', 5), locking.acquire('app.mark', 6);
SELECT lives_ok('UPDATE app.par SET id = 40 WHERE id = 4', 'ON UPDATE CASCADE passes a lock held by the owner of the statement');
SELECT lives_ok('DELETE FROM app.par WHERE id = 5', 'ON DELETE CASCADE and, two levels down, SET NULL and CASCADE pass it, and need no lock where one is required');
SELECT is_empty('SELECT FROM app.mark WHERE id = 5', 'all actions were executed');
-- also in SECURITY DEFINER functions and triggers: the session's owner
-- applies
CREATE FUNCTION a.delete_six() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.par WHERE id = 6';
SELECT locking.acquire('app.line', 6);
SELECT lives_ok('SELECT a.delete_six()', 'an action caused in a SECURITY DEFINER function passes the lock of the session''s owner');
CREATE VIEW a.pars AS SELECT id FROM app.par;
CREATE FUNCTION a.instead() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM app.par WHERE id = old.id; RETURN old; END$$;
CREATE TRIGGER instead INSTEAD OF DELETE ON a.pars FOR EACH ROW EXECUTE FUNCTION a.instead();
SELECT locking.acquire('app.line', 7);
SELECT lives_ok('DELETE FROM a.pars WHERE id = 7', 'an action caused in a trigger of the statement''s own table passes the lock of the session''s owner');
RESET SESSION AUTHORIZATION;

-- but not if foreign code causes the action
SET SESSION AUTHORIZATION app;
CREATE FUNCTION app.delete_par(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.par WHERE id = $1';
CREATE FUNCTION app.delete_mark(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.mark WHERE id = $1';
CREATE FUNCTION app.touch_mark(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE app.mark SET par = par WHERE id = $1';
SET SESSION AUTHORIZATION mallory;
DROP TRIGGER ask ON m.child;
CREATE OR REPLACE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO m.answers SELECT c, m.state_of(c) FROM unnest(ARRAY['SELECT app.delete_par(8)', 'SELECT app.delete_mark(9)', 'SELECT app.touch_mark(9)']) c;
	RETURN old;
END $$;
TRUNCATE m.answers;
RESET SESSION AUTHORIZATION;
INSERT INTO app.par VALUES (101), (102);
SET SESSION AUTHORIZATION mallory;
INSERT INTO m.child VALUES (100, 101, 1);
SET SESSION AUTHORIZATION anna;
SELECT locking.acquire('app.line', 8);
DELETE FROM app.par WHERE id = 101;
RESET SESSION AUTHORIZATION;
SELECT set_eq($$SELECT command || ' ' || answer FROM m.answers$$,
	ARRAY['SELECT app.delete_par(8) 55P03', 'SELECT app.delete_mark(9) LK002', 'SELECT app.touch_mark(9) LK002'],
	'actions caused by foreign code neither pass locks of the session''s owner nor write rows that require a lock');

-- nor a rule's action, which PostgreSQL runs as part of the referential
-- action
SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.ruled (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO m.ruled VALUES (1, 102);
RESET SESSION AUTHORIZATION;
GRANT SELECT, UPDATE ON app.doc, app.mark TO mallory;
SET SESSION AUTHORIZATION mallory;
CREATE RULE also AS ON DELETE TO m.ruled DO ALSO UPDATE app.doc SET body = 'by rule' WHERE id = 1;
CREATE RULE required AS ON UPDATE TO m.ruled DO ALSO UPDATE app.mark SET par = par WHERE id = 9;
SET SESSION AUTHORIZATION anna;
SELECT throws_ok('DELETE FROM app.par WHERE id = 102', '55P03', NULL, 'a rule''s action is not a referential action: DO ALSO');
SELECT throws_ok('UPDATE app.par SET id = 103 WHERE id = 102', 'LK002', NULL, 'a rule''s action is not a referential action: a required lock');
SET SESSION AUTHORIZATION mallory;
CREATE OR REPLACE RULE also AS ON DELETE TO m.ruled DO INSTEAD UPDATE app.doc SET body = 'by rule' WHERE id = 1;
SET SESSION AUTHORIZATION anna;
SELECT throws_ok('DELETE FROM app.par WHERE id = 102', '55P03', NULL, 'a rule''s action is not a referential action: DO INSTEAD');
RESET SESSION AUTHORIZATION;

-- rule 8: on_locked = skip does not apply below a referential action
SET SESSION AUTHORIZATION anna;
SELECT locking.acquire('app.line', 9);
RESET SESSION AUTHORIZATION;
SET LOCAL locking.on_locked = skip;
SELECT throws_ok('DELETE FROM app.par WHERE id = 9', '55P03', NULL, 'a referential action is not skipped');
RESET locking.on_locked;

-- ---------------------------------------------------------------------------
-- Code of a type's or a table's owner runs as that owner
-- ---------------------------------------------------------------------------

SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.ran (what text, who text);
GRANT INSERT ON m.ran TO PUBLIC;
CREATE FUNCTION m.note(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS
	$$BEGIN INSERT INTO m.ran VALUES (what, current_user); RETURN true; END$$;
CREATE FUNCTION m.check(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN m.note('check'); END$$;
CREATE DOMAIN m.key AS integer CHECK (m.check(VALUE));
CREATE TABLE m.keyed (id m.key PRIMARY KEY, body text);
INSERT INTO m.keyed VALUES (1), (2), (3);
SELECT locking.protect('m.keyed');
GRANT ALL ON m.keyed TO app;
SELECT locking.acquire('m.keyed', 2);
RESET SESSION AUTHORIZATION;
CREATE TABLE public.ref (id integer PRIMARY KEY, keyed integer CONSTRAINT keyed REFERENCES m.keyed);
INSERT INTO public.ref VALUES (1, 1);
TRUNCATE m.ran;
SELECT locking.protect('public.ref', parent => 'keyed');
SELECT locking.acquire('m.keyed', '1') AS keyed \gset
SELECT locking.is_locked('m.keyed', '1'), locking.lock_applies('m.keyed', '2'), locking.lock_seconds_remaining('m.keyed', '2');
SELECT locking.renew(:keyed), locking.confirm(:keyed), locking.save_draft(:keyed, '{}'), locking.discard_draft('m.keyed', '1');
SELECT locking.request('m.keyed', '2'), locking.withdraw('m.keyed', '2'), locking.break_lock('m.keyed', '3', 'x');
SELECT * FROM locking.acquire_all('m.keyed', '{1,3}');
SELECT * FROM locking.locks_of('m.keyed', '{1,2}');
SELECT * FROM locking.history_of('m.keyed', '1');
SELECT locking.request('m.keyed', '3'), locking.decline('m.keyed', '3', 'x'), locking.hand_over(:keyed, 'x');
SELECT locking.release_all();
SELECT locking.break_lock('m.keyed', '1', 'x'), locking.break_lock('m.keyed', '3', 'x');
SELECT count(*) FROM locking.locks;
UPDATE public.ref SET keyed = NULL;
SELECT lives_ok('TRUNCATE public.ref', 'TRUNCATE of a child of mallory''s table');
SELECT locking.reap(), locking.unprotect('public.ref');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT * FROM m.ran$$, 'CHECK constraints of domains do not run');

-- a cast to text runs, as the type's owner if a superuser names the table
SET SESSION AUTHORIZATION mallory;
CREATE TYPE m.color AS ENUM ('red', 'blue');
CREATE FUNCTION m.color_text(m.color) RETURNS text LANGUAGE plpgsql AS
	$$BEGIN PERFORM m.note('cast'); RETURN CASE $1 WHEN 'red' THEN 'red' ELSE 'blue' END; END$$;
CREATE CAST (m.color AS text) WITH FUNCTION m.color_text(m.color);
CREATE TABLE m.colored (id m.color PRIMARY KEY, body text);
INSERT INTO m.colored VALUES ('red'), ('blue');
SELECT locking.protect('m.colored');
SELECT locking.acquire('m.colored', 'blue');
TRUNCATE m.ran;
RESET SESSION AUTHORIZATION;
CREATE TABLE public.dyed (id integer PRIMARY KEY, color m.color CONSTRAINT color REFERENCES m.colored);
INSERT INTO public.dyed VALUES (1, 'red');
SELECT locking.protect('public.dyed', parent => 'color');
SELECT locking.acquire('m.colored', 'red'), locking.is_locked('m.colored', 'blue');
UPDATE m.colored SET body = 'x' WHERE id = 'red';
UPDATE public.dyed SET color = 'red';
SELECT locking.release_all();
TRUNCATE public.dyed;
SELECT locking.unprotect('public.dyed');
SELECT is_empty($$SELECT * FROM m.ran WHERE who <> 'mallory'$$, 'a cast runs as its owner, not as the superuser');
SELECT isnt_empty($$SELECT * FROM m.ran WHERE what = 'cast'$$, 'the cast was executed');

-- a caller cannot make that code call the caller's functions, as through a
-- superuser's domain whose check depends on the search_path
CREATE FUNCTION public.short(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN length($1) < 10; END$$;
CREATE DOMAIN public.word AS text CHECK (public.short(VALUE));
CREATE TABLE public.words (id public.word PRIMARY KEY);
CREATE TABLE public.codes (code text);
CREATE TYPE public.code AS ENUM ('a', 'b');
CREATE FUNCTION public.code_text(public.code) RETURNS text LANGUAGE plpgsql STABLE AS
	$$BEGIN PERFORM FROM codes; RETURN CASE $1 WHEN 'a' THEN 'a' ELSE 'b' END; END$$;
CREATE CAST (public.code AS text) WITH FUNCTION public.code_text(public.code);
CREATE TABLE public.coded (id public.code PRIMARY KEY);
INSERT INTO public.coded VALUES ('a');
GRANT SELECT, UPDATE ON public.coded, public.codes TO mallory;
SELECT locking.protect('public.coded');
CREATE TABLE public.computed (id text, g text GENERATED ALWAYS AS (id || public.short(id)::text) STORED PRIMARY KEY, body text);
INSERT INTO public.words VALUES ('a');
INSERT INTO public.computed VALUES ('a');
GRANT SELECT, UPDATE ON public.words, public.computed TO mallory;
SELECT locking.protect('public.words'), locking.protect('public.computed');
TRUNCATE m.ran;
SET SESSION AUTHORIZATION mallory;
CREATE FUNCTION m.length(text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN PERFORM m.note('length'); RETURN 1; END$$;
CREATE TEMPORARY VIEW codes AS SELECT m.note('temporary view') AS code;
SET LOCAL search_path = m, pg_catalog, public;
SELECT locking.is_locked('public.words', 'a'), locking.acquire('public.words', 'a');
SELECT locking.is_locked('public.coded', 'a'), locking.acquire('public.coded', 'a');
UPDATE public.computed SET id = 'b';
RESET search_path;
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT * FROM m.ran WHERE who <> 'mallory'$$, 'no function of the caller runs with the rights of a type''s or table''s owner');

SELECT * FROM finish();
ROLLBACK;
