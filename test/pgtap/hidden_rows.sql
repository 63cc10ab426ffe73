-- Rows that a reader may not see are not passed to the reader's conditions,
-- not even to leakproof ones, which PostgreSQL pushes below a security
-- barrier
\set QUIET on
SET client_min_messages = warning;
BEGIN;
SELECT * FROM no_plan();

CREATE ROLE bob;
CREATE ROLE alice;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TABLE app.doc (id text PRIMARY KEY);
INSERT INTO app.doc VALUES ('open'), ('hidden'), ('hiding');
ALTER TABLE app.doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON app.doc USING (id NOT LIKE 'hid%' OR current_user = 'bob');
GRANT SELECT, UPDATE ON app.doc TO bob, alice;
CREATE TABLE app.secret (id text PRIMARY KEY);
INSERT INTO app.secret VALUES ('secret');
GRANT SELECT, UPDATE ON app.secret TO bob;
SELECT locking.protect('app.doc'), locking.protect('app.secret');

-- a function declared leakproof that records its arguments
CREATE TABLE app.observed (what text);
GRANT INSERT ON app.observed TO PUBLIC;
CREATE FUNCTION app.observe(text) RETURNS boolean LANGUAGE plpgsql LEAKPROOF COST 0.0001 AS
	$$BEGIN INSERT INTO app.observed VALUES ($1); RETURN true; END$$;
CREATE FUNCTION app.observe(bigint) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT app.observe($1::text)';

SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.doc', 'open', note => 'open', client => 'open');
SELECT locking.acquire('app.doc', 'hidden', note => 'hidden', client => 'hidden') AS hidden \gset
SELECT locking.acquire('app.secret', 'secret', note => 'secret', client => 'secret') AS secret \gset
SELECT locking.save_draft(:hidden, '{"text": "hidden"}'), locking.save_draft(:secret, '{"text": "secret"}');
RESET SESSION AUTHORIZATION;
SET LOCAL locking.owner = 'open';
SELECT locking.request('app.doc', 'open', 'open');
SET LOCAL locking.owner = 'owner hidden';
SELECT locking.request('app.doc', 'hidden', 'hidden'), locking.request('app.secret', 'secret', 'secret');
SET LOCAL locking.hand_over_time = 0;
SELECT locking.break_lock('app.doc', 'hidden', 'hidden'), locking.break_lock('app.secret', 'secret', 'secret');
SET LOCAL locking.owner = '';
SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.doc', 'hidden', note => 'hidden', client => 'hidden') AS hidden,
	locking.acquire('app.secret', 'secret', note => 'secret') AS secret \gset
SET SESSION AUTHORIZATION alice;

-- each column of each view
CREATE TEMPORARY TABLE conditions AS
SELECT c.relname::text AS view, a.attname::text AS "column",
	format('SELECT count(*) FROM locking.%I v WHERE app.observe(v.%I::text)', c.relname, a.attname) AS query
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'locking'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('protected_tables', 'stats');
SELECT cmp_ok((SELECT count(*) FROM conditions), '>=', 37::bigint, 'conditions for all columns of the views');
DO $$
DECLARE c record;
BEGIN
	FOR c IN SELECT * FROM conditions LOOP EXECUTE c.query; END LOOP;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_bitmapscan = off;
	FOR c IN SELECT * FROM conditions LOOP EXECUTE c.query; END LOOP;
	RESET enable_indexscan;
	RESET enable_bitmapscan;
	FOR c IN SELECT * FROM conditions WHERE view NOT IN ('drafts', 'shortest_times') LOOP
		EXECUTE c.query || $q$ AND v.relation = 'app.doc'::regclass AND v.key = 'hidden'$q$;
		EXECUTE c.query || $q$ AND v.relation = 'app.secret'::regclass AND v.key >= 'a'$q$;
	END LOOP;
END $$;
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT what FROM app.observed WHERE what ~ 'hidden|secret' AND what <> 'app.doc'$$,
	'no condition was evaluated for a hidden value');
SELECT isnt_empty($$SELECT FROM app.observed WHERE what = 'open'$$, 'conditions were evaluated for values of visible rows');

-- the numbers in EXPLAIN do not depend on the contents of hidden rows, or on
-- whether they are locked
CREATE FUNCTION public.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, SUMMARY off) ' || query LOOP
		plan = plan || regexp_replace(line, 'Memory.*|Planning.*|dirtied=\d+|read=\d+|written=\d+', '', 'g') || E'\n';
	END LOOP;
	RETURN plan;
END $$;
SET SESSION AUTHORIZATION alice;
CREATE FUNCTION pg_temp.same(query text, right_guess text, wrong_guess text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP PERFORM public.plan_of(format(query, right_guess)), public.plan_of(format(query, wrong_guess)); END LOOP;
	RETURN replace(public.plan_of(format(query, right_guess)), right_guess, 'guess')
		= replace(public.plan_of(format(query, wrong_guess)), wrong_guess, 'guess');
END $$;
SELECT ok(pg_temp.same('SELECT * FROM locking.locks WHERE note = %L', 'hidden', 'absent'), 'locks by note');
SELECT ok(pg_temp.same($$SELECT * FROM locking.locks WHERE relation = 'app.doc'::regclass AND key = %L$$, 'hidden', 'absent'), 'locks by key');
SELECT ok(pg_temp.same($$SELECT * FROM locking.locks WHERE relation = 'app.secret'::regclass AND key = %L$$, 'secret', 'absent'), 'locks by key, in an unreadable table');
SELECT ok(pg_temp.same($$SELECT * FROM locking.locks_of('app.doc', ARRAY[%L])$$, 'hidden', 'hiding'), 'locks_of()');
SELECT ok(pg_temp.same($$SELECT * FROM locking.history_of('app.doc', %L)$$, 'hidden', 'hiding'), 'history_of()');
SELECT ok(pg_temp.same('SELECT * FROM locking.history WHERE reason = %L', 'hidden', 'absent'), 'history by reason');
SELECT ok(pg_temp.same('SELECT * FROM locking.requests WHERE message = %L', 'hidden', 'absent'), 'requests by message');
SELECT throws_ok($$SELECT * FROM locking.locks_of('app.secret', '{secret}')$$, '42501', NULL, 'locks_of() of an unreadable table');
SELECT throws_ok($$SELECT * FROM locking.history_of('app.secret', 'secret')$$, '42501', NULL, 'history_of() of an unreadable table');
SELECT results_eq($$SELECT key, note FROM locking.locks_of('app.doc', '{open,hidden,absent}')$$, $$VALUES ('open' COLLATE "C", 'open'::text)$$,
	'locks_of() shows only visible rows');
SELECT is_empty($$SELECT * FROM locking.history_of('app.doc', 'hidden')$$, 'history_of() of a hidden row is empty');
SELECT results_eq($$SELECT event, owner FROM locking.history_of('app.doc', 'open')$$, $$VALUES ('acquired'::text, 'bob' COLLATE "C")$$,
	'history_of() of a visible row is not empty');
RESET SESSION AUTHORIZATION;

-- a policy that reads the locks of its own table does not recurse endlessly
CREATE TABLE app.circle (id integer PRIMARY KEY);
INSERT INTO app.circle SELECT generate_series(1, 9);
GRANT SELECT, UPDATE ON app.circle TO alice, bob;
SELECT locking.protect('app.circle');
SET SESSION AUTHORIZATION bob;
SELECT count(locking.acquire('app.circle', id)) FROM app.circle;
RESET SESSION AUTHORIZATION;
ALTER TABLE app.circle ENABLE ROW LEVEL SECURITY;
CREATE POLICY circle ON app.circle USING (NOT EXISTS (SELECT FROM locking.locks l
	WHERE l.relation = 'app.circle'::regclass AND l.key = id::text AND NOT l.is_mine));
SET SESSION AUTHORIZATION alice;
SET LOCAL statement_timeout = '20s';
SELECT lives_ok('SELECT count(*) FROM app.circle', 'a policy that reads the locks of its own table');
SELECT lives_ok('SELECT count(*) FROM locking.locks', 'locking.locks with such a policy');
RESET SESSION AUTHORIZATION;

-- also if the key's text has to be read from the stored row
CREATE TABLE app.number (id numeric PRIMARY KEY);
INSERT INTO app.number VALUES (1), (2.0);
GRANT SELECT, UPDATE ON app.number TO alice;
SELECT locking.protect('app.number');
SELECT locking.acquire('app.number', 1);
ALTER TABLE app.number ENABLE ROW LEVEL SECURITY;
CREATE POLICY number ON app.number USING (NOT locking.lock_applies('app.number', id));
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('SELECT count(*) FROM app.number', 'a policy with a key type whose equal values differ in text');
SELECT lives_ok($$SELECT locking.acquire('app.number', '2')$$, 'acquire() with such a policy');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
