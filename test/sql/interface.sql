--
-- The interface for applications: each function, and each way to write a key
--
\set VERBOSITY terse
CREATE SCHEMA interface;
SET search_path = interface;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT n, 'title ' || n FROM generate_series(1, 9) AS n;
CREATE TABLE line ("order" integer, "no" integer, PRIMARY KEY ("order", "no"));
INSERT INTO line VALUES (10, 3), (3, 10);
CREATE TABLE thing (id uuid PRIMARY KEY);
INSERT INTO thing VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
CREATE TABLE word (id text PRIMARY KEY);
INSERT INTO word VALUES ('word'), ('');
SELECT locking.protect('article'), locking.protect('line'), locking.protect('thing'), locking.protect('word');
CREATE VIEW mine AS
	SELECT relation, key, owner, owner_name, client, hard, note, round(seconds_left::numeric, -1) AS seconds_left, is_mine FROM locking.locks;
SET locking.owner = 'anna';
SET locking.owner_name = 'Anna Albers';

-- keys as literals, integers, untyped and typed parameters: all name the same
-- row
SELECT locking.acquire('article', '1') AS token \gset
SELECT locking.acquire('article', 1) = :token AS integer,
	locking.acquire('article', 1::bigint) = :token AS bigint,
	locking.acquire('article', 1::numeric) = :token AS numeric,
	locking.acquire('article', ' 1') = :token AS spaced,
	locking.acquire('article', '1'::text) = :token AS text,
	locking.acquire('article', '1'::varchar) = :token AS varchar;
PREPARE untyped AS SELECT locking.acquire('article', $1) = $2 AS same;
EXECUTE untyped('1', :token);
PREPARE typed(integer) AS SELECT locking.acquire('article', $1) = $2 AS same;
EXECUTE typed(1, :token);
PREPARE named(regclass, text) AS SELECT locking.acquire($1, $2) = $3 AS same;
EXECUTE named('interface.article', '1', :token);
SELECT locking.acquire('line', ARRAY['10', '3']) AS token \gset
SELECT locking.acquire('line', ARRAY[10, 3]) = :token AS integers,
	locking.acquire('line', '{10,3}') = :token AS literal,
	locking.acquire('line', '{" 10", "3"}') = :token AS spaced,
	locking.acquire('line', ARRAY['3', '10']) = :token AS other_row;
PREPARE untyped_line AS SELECT locking.acquire('line', $1) = $2 AS same;
EXECUTE untyped_line('{10,3}', :token);
PREPARE typed_line(text[]) AS SELECT locking.acquire('line', $1) = $2 AS same;
EXECUTE typed_line('{10,3}', :token);
SELECT locking.acquire('thing', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11') AS token \gset
SELECT locking.acquire('thing', '{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}') = :token AS spelled,
	locking.acquire('thing', 'a0eebc999c0b4ef8bb6d6bb9bd380a11'::uuid) = :token AS uuid;
SELECT locking.acquire('word', '') IS NOT NULL AS empty;
SELECT relation, key FROM mine ORDER BY relation::text, key;
-- every function with a key accepts each form
SELECT locking.is_locked('article', '1'), locking.is_locked('article', 1), locking.is_locked('line', ARRAY['10', '3']), locking.is_locked('article', 2);
SELECT locking.lock_applies('article', '1'), locking.lock_applies('article', 1), locking.lock_applies('line', ARRAY['10', '3']);
SELECT round(locking.lock_seconds_remaining('article', '1')::numeric, -1) AS literal, round(locking.lock_seconds_remaining('article', 1)::numeric, -1) AS integer,
	round(locking.lock_seconds_remaining('line', ARRAY['10', '3'])::numeric, -1) AS "array", locking.lock_seconds_remaining('article', 2) AS free;
SELECT outcome FROM locking.try_acquire('article', '1')
UNION ALL SELECT outcome FROM locking.try_acquire('article', 1)
UNION ALL SELECT outcome FROM locking.try_acquire('line', ARRAY['10', '3']);
SELECT locking.is_locked(relation => 'article', key => '1'), locking.lock_applies(relation => 'article', key => 1),
	locking.lock_seconds_remaining(relation => 'line', key => ARRAY['3', '10']) > 0 AS remaining;
SELECT locking.save_draft(token, '{}') FROM locking.locks WHERE relation = 'line'::regclass AND key = '{10,3}';
SELECT locking.discard_draft('line', ARRAY['10', '3']);
SELECT count(*) FROM locking.drafts;
SELECT locking.request('line', ARRAY[10, 3], 'please'), locking.request('line', '{3,10}');
SELECT relation, key FROM locking.requests ORDER BY key;
SELECT locking.withdraw('line', ARRAY['10', '3']), locking.withdraw('line', '{3,10}');
SELECT count(*) FROM locking.requests;
SELECT locking.release_all();
SELECT locking.release_all();

-- acquire(): all arguments by name
SELECT locking.acquire(relation => 'article', key => 2, ttl => '5 min', hard => false, client => 'tab 1', note => 'spelling', wait => '1 s') AS token \gset
SELECT * FROM mine;
-- again: same token; explicit arguments override stored values
SELECT locking.acquire('article', 2, note => 'grammar') = :token AS same;
SELECT * FROM mine;
SELECT locking.acquire('article', 2, ttl => '1 min', hard => true) = :token AS same;
SELECT * FROM mine;
-- another client of the same owner is refused; without a client argument the
-- lock is renewed
SELECT locking.acquire('article', 2, client => 'tab 2');
SELECT granted, outcome, token = :token AS same, owner, client FROM locking.try_acquire('article', 2, client => 'tab 2');
SELECT granted, outcome, token = :token AS same, owner, client FROM locking.try_acquire('article', 2, client => 'tab 1');
SELECT granted, outcome, token = :token AS same, owner, client FROM locking.try_acquire('article', 2);
SELECT locking.release(token => :token), locking.release(:token) AS again;

-- try_acquire(): granted, renewed, resumed and held
SELECT granted, outcome, owner, owner_name, client, hard, acquired_at <= clock_timestamp() AS past,
	round(extract(epoch FROM expires_at - acquired_at)) AS its_time, round(seconds_left::numeric, -1) AS seconds_left
FROM locking.try_acquire(relation => 'article', key => '3', ttl => '90 s', hard => true, client => 'tab 1', note => 'note');
SELECT granted, outcome, round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 3, ttl => '100 s');
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE relation = 'article'::regclass;
SELECT locking.is_locked('article', 3);
SELECT granted, outcome, client FROM locking.try_acquire('article', 3);
SET locking.owner = 'bert';
SET locking.owner_name = '';
SELECT granted, outcome, owner, owner_name, client, hard, round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 3);
SELECT locking.acquire('article', 3);
SELECT locking.is_locked('article', 3), locking.lock_applies('article', 3), round(locking.lock_seconds_remaining('article', 3)::numeric, -1) > 0 AS remaining;
SELECT owner, owner_name, is_mine FROM mine;
-- once lapsed, another owner gets the row, with a greater token
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE relation = 'article'::regclass RETURNING token \gset
SELECT granted, outcome, owner, owner_name, client, token > :token AS greater FROM locking.try_acquire('article', 3);
-- then the old lock is lost, as is one whose row has changed or whose client
-- differs
SET locking.owner = 'anna';
\set VERBOSITY sqlstate
SELECT locking.renew(:token);
\set VERBOSITY terse
SELECT locking.acquire('article', 4) AS token \gset
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
UPDATE article SET title = 'changed' WHERE id = 4;
SELECT granted, outcome, token > :token AS greater FROM locking.try_acquire('article', 4);
SELECT locking.acquire('article', 5, client => 'tab 1') AS token \gset
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SELECT granted, outcome, client, token > :token AS greater FROM locking.try_acquire('article', 5, client => 'tab 2');

-- renew() and confirm()
SELECT locking.release_all();
SELECT locking.acquire('article', 1, ttl => '1 min') AS token \gset
SELECT locking.renew(:token) > clock_timestamp() AS renewed;
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM mine WHERE is_mine;
SELECT locking.renew(token => :token, ttl => '10 min', draft => '{"a": 1}') > clock_timestamp() + '9 min' AS renewed;
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM mine WHERE is_mine;
-- later renewals use the last explicit ttl
SELECT locking.renew(:token) > clock_timestamp() + '9 min' AS renewed;
SELECT locking.confirm(token => :token) > clock_timestamp() + '9 min' AS confirmed;
-- a lapsed lock is resumed after each save as long as no other owner writes
-- the row
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
BEGIN;
SELECT locking.confirm(:token) > clock_timestamp() AS resumed;
UPDATE article SET title = 'saved' WHERE id = 1;
COMMIT;
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SELECT locking.renew(:token) > clock_timestamp() AS resumed;
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
BEGIN;
SELECT locking.confirm(:token) > clock_timestamp() AS resumed;
SAVEPOINT s;
UPDATE article SET title = 'saved in a savepoint' WHERE id = 1;
RELEASE s;
COMMIT;
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SELECT locking.confirm(:token) > clock_timestamp() AS resumed;
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SET locking.owner = 'bert';
UPDATE article SET title = 'bert''s' WHERE id = 1;
SET locking.owner = 'anna';
\set VERBOSITY sqlstate
SELECT locking.renew(:token);
SELECT locking.confirm(:token);
\set VERBOSITY terse
SELECT locking.release(:token);

-- acquire_all(): all or none
SELECT locking.release_all();
SELECT key, token IS NOT NULL AS token FROM locking.acquire_all('article', ARRAY['7', '6', ' 7']);
SELECT key, token IS NOT NULL AS token FROM locking.acquire_all(relation => 'line', keys => ARRAY['{10,3}', '{3,10}'], ttl => '5 min', hard => false, client => 'tab 1', note => 'both');
SELECT relation, key, client, hard, note, seconds_left FROM mine WHERE is_mine ORDER BY relation::text, key;
SET locking.owner = 'bert';
SELECT count(*) FROM locking.acquire_all('article', ARRAY['8', '7']);
SELECT locking.is_locked('article', 8);
SELECT count(*) FROM locking.acquire_all('article', '{}');

-- break_lock() and take_over()
SELECT locking.break_lock('article', 6, 'gone home'), locking.break_lock('article', 6, 'again') AS again;
SELECT locking.break_lock(relation => 'line', key => ARRAY['10', '3'], reason => NULL);
SELECT token FROM locking.locks WHERE relation = 'article'::regclass AND key = '7' \gset
SELECT locking.take_over(relation => 'article', key => 7, reason => 'urgent', ttl => '5 min', hard => false, client => 'phone', note => 'note') > :token AS greater;
SELECT key, owner, client, hard, note, seconds_left FROM mine WHERE key = '7';
SET locking.owner = 'anna';
SELECT locking.release(:token);
\set VERBOSITY sqlstate
SELECT locking.renew(:token);
\set VERBOSITY terse
-- take_over() of a free row acquires; of the caller's own lock, it renews
SELECT token FROM locking.locks WHERE relation = 'article'::regclass AND key = '7' \gset
SET locking.owner = 'bert';
SELECT locking.take_over('article', '8', 'free') IS NOT NULL AS acquired, locking.take_over('article', 7, 'own') = :token AS renewed;
-- take_over() from another client of the same owner
SELECT locking.take_over('article', 7, 'the phone is lost', client => 'laptop') > :token AS greater;

-- release_all(): of one client, and of all
SELECT locking.acquire('article', 9, client => 'laptop') IS NOT NULL AS acquired;
SELECT locking.release_all('phone'), locking.release_all(client => 'laptop');
SELECT relation, key, owner FROM mine ORDER BY relation::text, key;
SELECT locking.release_all();

-- row_key(), for protected and other tables
SELECT locking.row_key(a) FROM article a WHERE id = 1;
SELECT locking.row_key(l) FROM line l ORDER BY 1;
SELECT locking.row_key("row" => w) FROM word w ORDER BY 1;
SELECT locking.row_key(NULL::article) IS NULL AS null;
CREATE TABLE plain (id integer PRIMARY KEY);
INSERT INTO plain VALUES (5);
SELECT locking.row_key(p) FROM plain p;
-- a change list and its locks in one query
SET locking.owner = 'anna';
SELECT locking.acquire('article', 2) IS NOT NULL AS acquired;
SELECT a.id, l.owner, l.is_mine FROM article a LEFT JOIN locking.locks l
	ON l.relation = 'article'::regclass AND l.key = a.id::text WHERE a.id < 4 ORDER BY a.id;

SET client_min_messages = warning;
DROP SCHEMA interface CASCADE;
