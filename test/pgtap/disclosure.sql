-- A row that a role may not read is not disclosed: not by functions, views,
-- leaky operators or messages.
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

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
	$$SELECT locking.decline('app.secret', %s, 'bob')$$,
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
	$$SELECT locking.withdraw('app.doc', %s)$$,
	$$SELECT locking.decline('app.doc', %s, 'bob')$$]) f;
SELECT is(locking.is_locked('app.doc', 1), true, 'a visible row: is_locked()');
SELECT is(locking.is_locked('app.doc', 7), false, 'a hidden row: is_locked()');
SELECT is(locking.lock_applies('app.doc', 7), false, 'a hidden row: lock_applies()');
SELECT is(locking.lock_seconds_remaining('app.doc', 7), 0::double precision, 'a hidden row: lock_seconds_remaining()');

SELECT set_eq('SELECT relation::text, key FROM locking.locks WHERE owner = ''bob''', $$VALUES ('app.doc', '1')$$,
	'locks: only visible rows');
SELECT set_eq('SELECT DISTINCT relation::text, key FROM locking.history WHERE owner = ''bob''', $$VALUES ('app.doc', '1')$$,
	'history: only visible rows');
SELECT is_empty('SELECT * FROM locking.drafts', 'drafts: none of other owners');
SELECT is_empty($$SELECT * FROM locking.protected_tables WHERE relation = 'app.secret'::regclass$$, 'protected_tables: only readable ones');
RESET SESSION AUTHORIZATION;
SELECT locking.request('app.secret', 1, 'please'), locking.request('app.doc', 7, 'please'), locking.request('app.doc', 1, 'please');
SET SESSION AUTHORIZATION mallory;
SELECT set_eq('SELECT relation::text, key FROM locking.requests', $$VALUES ('app.doc', '1')$$, 'requests: only visible rows');

-- cheap functions and operators that record their arguments
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
SELECT is_empty($$SELECT what FROM m.leaked WHERE what ~ 'secret|doc7|bob|^7$'$$, 'leaky functions and operators see visible rows only');
SELECT isnt_empty('SELECT what FROM m.leaked', 'leaky functions and operators have run');
SET LOCAL row_security = off;
SELECT is((SELECT count(*) FROM locking.locks l WHERE NOT (l.relation = 'app.doc'::regclass AND l.key = '1')
	AND l.owner = 'bob'), 0::bigint, 'row_security = off shows no more rows');
SET LOCAL row_security = on;

-- messages of the guard, in a cascade into tables that the caller cannot
-- read, and to a caller who cannot read the table
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
SELECT throws_ok('DELETE FROM app.top', '55P03', NULL, 'a cascade into a locked row is rejected');
SELECT unalike(public.told('DELETE FROM app.top'), '%ob%', 'the error of a cascade does not name the holder');
SELECT throws_ok('UPDATE app.secret SET body = ''x''', '55P03', NULL, 'UPDATE without SELECT is rejected');
SELECT doesnt_match(public.told('UPDATE app.secret SET body = ''x'''), '[bB]ob|note', 'the error of an UPDATE without SELECT does not name the holder');
RESET SESSION AUTHORIZATION;
REVOKE ALL ON app.secret FROM mallory;

SELECT * FROM finish();
ROLLBACK;
