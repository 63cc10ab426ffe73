-- Large, odd, empty and NULL arguments.
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

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
SELECT throws_ok($$SELECT locking.acquire(999999999::oid::regclass, 1)$$, '42P01', NULL, 'a relation that does not exist');
SELECT throws_ok($$SELECT locking.acquire('pg_catalog.pg_class', 1)$$, '55000', NULL, 'a system table');
SELECT throws_ok($$SELECT locking.acquire('locking.locks', 1)$$, '55000', NULL, 'a view');
SELECT throws_ok($$SELECT * FROM locking.acquire_all('app.doc', ARRAY[NULL, '1'])$$, '22023', NULL, 'NULL among keys');
SELECT lives_ok($$SELECT * FROM locking.acquire_all('app.doc', '{}')$$, 'no keys');
SELECT lives_ok($$SELECT * FROM locking.acquire_all('app.doc', array_fill('2'::text, ARRAY[100000]))$$, 'one key 100,000 times');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, ttl => '300000 years')$$, '22023', NULL, 'a ttl beyond the range of timestamps');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, ttl => '-1 s')$$, '22023', NULL, 'a negative ttl');
SELECT throws_ok($$SELECT locking.acquire('app.doc', 2, wait => '-1 s')$$, '22023', NULL, 'a negative wait');
SELECT throws_ok($$SELECT locking.release(NULL)$$, '22023', NULL, 'a NULL token');
SELECT is(locking.release(-9223372036854775808), false, 'the smallest token');
SELECT throws_ok($$SELECT locking.save_draft(0, '{}')$$, 'LK001', NULL, 'no such token');
SELECT throws_ok($$SELECT locking.row_key(1)$$, '22023', NULL, 'row_key() of a number');
SELECT throws_ok($$SELECT locking.row_key(ROW(1, 2))$$, '22023', NULL, 'row_key() of an anonymous row');
SELECT throws_ok($$SELECT locking.row_key(l) FROM locking.locks l$$, '55000', NULL, 'row_key() of a view''s row');
SELECT is(locking.row_key(NULL::app.doc), NULL, 'row_key() of NULL');
SELECT is(locking.row_key(ROW(NULL, NULL, NULL)::app.doc), NULL, 'row_key() of a row of NULLs');
SELECT is(locking.row_visible(0, ''), false, 'row_visible() of no table');
SELECT is(locking.row_visible('app.secret', '1'), false, 'row_visible() of an unreadable table');
SELECT is(locking.row_visible('app.doc', '7'), false, 'row_visible() of a hidden row');
SET SESSION AUTHORIZATION alice;
SELECT cmp_ok(length(public.told($$UPDATE app.big SET v = 'x' WHERE id = 'a'$$)), '<', 20000,
	'a rejected writer is not sent a note of 10 MB');
RESET SESSION AUTHORIZATION;

-- a parent in a schema that the writer may not use: the foreign key works,
-- and so must the guard
CREATE SCHEMA apart;
CREATE TABLE apart.up (id integer PRIMARY KEY);
INSERT INTO apart.up VALUES (1);
CREATE TABLE app.ref (id integer PRIMARY KEY, up integer CONSTRAINT up REFERENCES apart.up);
GRANT INSERT ON app.ref TO alice;
SELECT locking.protect('apart.up'), locking.protect('app.ref', parent => 'up');
SET SESSION AUTHORIZATION alice;
SELECT lives_ok('INSERT INTO app.ref VALUES (1, 1)', 'the guard needs no privileges of the writer on the parent');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
