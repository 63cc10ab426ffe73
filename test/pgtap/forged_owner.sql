-- An owner cannot be forged: not by settings, not by functions with another
-- role's rights, not by code that PostgreSQL runs for a table's owner.
-- svc may call set_owner().
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

CREATE ROLE svc;
CREATE ROLE editors;
GRANT editors TO alice;

SET SESSION AUTHORIZATION mallory;
SELECT is(locking.owner(), 'mallory', 'the owner is the role');
SELECT throws_ok($$SET locking.owner = 'bob'$$, '42501', NULL, 'SET locking.owner');
SELECT throws_ok($$SET LOCAL locking.owner = 'bob'$$, '42501', NULL, 'SET LOCAL locking.owner');
SELECT throws_ok($$SELECT set_config('locking.owner', 'bob', false)$$, '42501', NULL, 'set_config()');
SELECT throws_ok($$SELECT set_config('locking.owner', 'bob', true)$$, '42501', NULL, 'set_config(), local');
SELECT throws_ok($$UPDATE pg_settings SET setting = 'bob' WHERE name = 'locking.owner'$$, '42501', NULL, 'UPDATE pg_settings');
SELECT throws_ok($$SET locking.owner_name = 'Bob Builder'$$, '42501', NULL, 'SET locking.owner_name');
SELECT throws_ok($$COMMENT ON ROLE mallory IS 'Bob Builder'$$, '42501', NULL, 'COMMENT ON ROLE, which sets the display name');
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
SELECT is(locking.owner(), 'mallory', 'the owner is still the role');

SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SET ROLE editors', 'a member may SET ROLE');
SELECT is(locking.owner(), 'editors', 'SET ROLE changes the owner');
RESET ROLE;
RESET SESSION AUTHORIZATION;

GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO svc;
SET SESSION AUTHORIZATION svc;
SELECT lives_ok($$SELECT locking.set_owner('carol', 'Carol C.')$$, 'set_owner() with EXECUTE');
SELECT is(locking.owner(), 'carol', 'set_owner() with EXECUTE sets the owner');
SELECT throws_ok($$SELECT locking.set_owner(NULL)$$, '22023', NULL, 'set_owner() of NULL');
SELECT lives_ok($$SELECT locking.set_owner('')$$, 'set_owner() of an empty owner');
SELECT is(locking.owner(), 'svc', 'an empty owner stands for the role');
SELECT locking.set_owner('dave', NULL, false);
RESET ALL;
SELECT is(locking.owner(), 'svc', 'RESET ALL makes the role the owner');
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;

-- functions with another role's rights
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
SELECT is(public.bobs_owner(), 'mallory', 'a SECURITY DEFINER function of bob''s: the owner is the caller');
SELECT is(public.supers_owner(), 'mallory', 'a superuser''s: the owner is the caller');
SELECT is(public.nested_owner(), 'mallory', 'nested ones: the owner is the caller');
SELECT throws_ok(format('SELECT public.bobs_release(%s)', :bobs), '42501', NULL, 'a function of bob''s does not release bob''s lock');
SELECT throws_ok('SELECT public.bobs_write()', '55P03', NULL, 'a function of bob''s does not write a row that bob has locked');
SELECT unalike(public.told('SELECT public.bobs_write()'), '%private note%', 'the error in such a function does not disclose a lock that the caller may not read');
RESET SESSION AUTHORIZATION;

-- Code that PostgreSQL runs with mallory's rights in other sessions: below a
-- foreign key's action on her table, and in maintenance of it.
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
	'code run as mallory does not get the session''s owner: foreign keys'' actions, maintenance');
SELECT is_empty('SELECT n FROM m.ended WHERE n > 0', 'code run as mallory does not release bob''s locks');
-- the same with an owner that an application has set
SET LOCAL locking.owner = 'application';
TRUNCATE m.owners;
ANALYZE m.indexed;
SELECT is_empty($$SELECT place, who, owner FROM m.owners WHERE owner <> who$$, 'code run as mallory does not get the owner that an application has set');
SET LOCAL locking.owner = '';
-- a foreign key's own action is charged to the command that caused it
CREATE TABLE app.lines (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
INSERT INTO app.lines VALUES (1, 3);
GRANT SELECT, UPDATE ON app.lines TO bob;
SELECT locking.protect('app.lines');
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.lines', 1);
SELECT lives_ok('DELETE FROM app.par WHERE id = 3', 'a cascade passes a lock of the statement''s owner');
RESET SESSION AUTHORIZATION;

-- the guard then runs code of the table's owner, here a cast of the key's
-- type
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
SELECT is_empty($$SELECT place, who, owner FROM m.owners WHERE owner <> who$$, 'code run as mallory does not get the session''s owner: a cast, run by the guard in a cascade');

SELECT * FROM finish();
ROLLBACK;
