--
-- Handing a row over to the owner that requested it, and turns after an
-- expiry
--
\set VERBOSITY terse
CREATE SCHEMA handover;
SET search_path = handover;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT generate_series(1, 12);
SELECT locking.protect('article', ttl => '5 min');
-- the state of one row
CREATE FUNCTION lock_of(row_key integer, OUT owner text, OUT owner_name text, OUT hard boolean, OUT handed_over boolean, OUT seconds numeric)
LANGUAGE sql AS $$
	SELECT owner, owner_name, hard, handed_over, round(seconds_left::numeric, -1)
	FROM locking.locks WHERE relation = 'article'::regclass AND key = row_key::text
$$;

-- no request: the lock ends
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1, hard => false, client => 'tab-1', note => 'proof-reading') AS token \gset
SELECT locking.hand_over(:token);
SELECT * FROM lock_of(1);
SELECT locking.hand_over(:token) AS it_has_ended;
-- the first requester gets it, as a hard lock with a new token
SELECT locking.acquire('article', 1, hard => false, client => 'tab-1', note => 'proof-reading') AS token \gset
SET locking.owner = 'carla';
SET locking.owner_name = 'Carla Conti';
SELECT locking.request('article', 1);
SET locking.owner = 'bert';
SET locking.owner_name = '';
SELECT locking.request('article', 1);
\set VERBOSITY sqlstate
SELECT locking.hand_over(:token);
\set VERBOSITY terse
SET locking.owner = 'anna';
SELECT locking.hand_over(:token);
SELECT * FROM lock_of(1);
SELECT token > :token AS greater, client, note, is_mine, handed_over FROM locking.locks;
SELECT token > :token AS greater, handed_over FROM locking.locks_of('article', '{1}');
SELECT owner, place FROM locking.requests;
\set VERBOSITY sqlstate
SELECT locking.confirm(:token);
\set VERBOSITY terse
UPDATE article SET title = 'mine' WHERE id = 1;
-- the new holder cannot renew or confirm before it acquires, and keeps the
-- token then
SELECT token AS handed FROM locking.locks \gset
SET locking.owner = 'carla';
\set VERBOSITY sqlstate
SELECT locking.renew(:handed);
SELECT locking.confirm(:handed);
\set VERBOSITY terse
SELECT granted, outcome, token = :handed AS same_token, client, hard, round(seconds_left::numeric, -1) AS seconds
FROM locking.try_acquire('article', 1, client => 'tab-7');
SELECT * FROM lock_of(1);
SELECT locking.confirm(:handed) IS NOT NULL AS confirmed;
SELECT locking.renew(:handed) IS NOT NULL AS renewed;
SELECT outcome FROM locking.try_acquire('article', 1);
SELECT event, owner, actor, token = :handed AS handed FROM locking.history WHERE token IN (:token, :handed) ORDER BY id;
-- release hands over by itself, the new holder's release, too
SELECT locking.release(:handed);
SELECT * FROM lock_of(1);
SELECT count(*) FROM locking.requests;
SET locking.owner = 'anna';
SELECT locking.request('article', 1);
SET locking.owner = 'bert';
SELECT locking.release(token) FROM locking.locks;
SELECT * FROM lock_of(1);
-- a write by the new holder, and by others
SET locking.owner = 'bert';
UPDATE article SET title = 'mine' WHERE id = 1;
SET locking.owner = 'anna';
SELECT locking.release_all();
SELECT * FROM lock_of(1);
-- release_all and break_lock
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
SELECT locking.request('article', 1);
SET locking.owner = 'carla';
SELECT locking.request('article', 1);
SET locking.owner = 'anna';
SELECT locking.release_all();
SELECT * FROM lock_of(1);
SELECT locking.break_lock('article', 1, 'Bert is ill');
SELECT * FROM lock_of(1);
SELECT event, owner, actor, reason FROM locking.history ORDER BY id DESC LIMIT 4;
SELECT locking.break_lock('article', 1, 'enough');
SELECT * FROM lock_of(1);
-- a named owner, with and without a request
SELECT locking.acquire('article', 2) AS token \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 2);
SET locking.owner = 'carla';
SET locking.owner_name = 'Carla Conti';
SELECT locking.request('article', 2);
SET locking.owner = 'anna';
SET locking.owner_name = '';
SELECT locking.hand_over(:token, 'carla');
SELECT * FROM lock_of(2);
SELECT owner, place FROM locking.requests;
SET locking.owner = 'carla';
SELECT locking.hand_over(locking.acquire('article', 2), 'dora');
SELECT * FROM lock_of(2);
SELECT owner, place FROM locking.requests;
SET locking.owner = 'dora';
SELECT locking.hand_over(token => token) FROM locking.locks;
SELECT * FROM lock_of(2);
SELECT locking.hand_over(NULL);
SELECT locking.hand_over(1, '');
SELECT locking.hand_over(1, ' dora');
SELECT locking.hand_over(1, E'do\nra');
SELECT locking.hand_over(1, repeat('d', 256));
-- another owner's request can be declined by the holder
SET locking.owner = 'anna';
SELECT locking.acquire('article', 3) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
SELECT locking.request('article', 3);
SELECT locking.decline('article', 3, 'bert');
SELECT locking.decline('article', 4, 'bert');
SET locking.owner = 'anna';
SELECT locking.decline('article', 3, 'dora');
SELECT locking.decline('article', '3', 'bert', 'not today');
SELECT locking.decline(relation => 'article', key => 3, owner => 'bert', message => 'not today');
SELECT locking.decline('article', 3, NULL);
SELECT locking.decline('article', 3, 'bert', repeat('x', 1001));
SELECT count(*) FROM locking.requests;
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE key = '3' AND relation = 'article'::regclass;
SELECT locking.decline('article', 3, 'bert');
-- an owner that has as many locks as it may have is passed over
SELECT locking.acquire('article', 4) AS token \gset
SET locking.owner = 'edna';
SELECT locking.request('article', 4);
SELECT locking.acquire('article', 5) IS NOT NULL AS acquired;
SET locking.owner = 'fred';
SELECT locking.request('article', 4);
SET locking.max_locks_per_owner = 1;
SET locking.owner = 'anna';
SELECT locking.hand_over(:token, 'edna');
SELECT locking.hand_over(:token);
SELECT owner, place FROM locking.requests WHERE key = '4';
RESET locking.max_locks_per_owner;
-- turned off
SELECT locking.acquire('article', 6) AS token \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 6);
SET locking.owner = 'anna';
SET locking.hand_over_time = 0;
\set VERBOSITY default
SELECT locking.hand_over(:token);
\set VERBOSITY terse
SELECT locking.release(:token);
SELECT * FROM lock_of(6);
RESET locking.hand_over_time;
-- the row is gone: nothing to hand over
SELECT locking.acquire('article', 7) AS token \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 7);
SET locking.owner = 'anna';
BEGIN;
SET LOCAL locking.enforce = off;
DELETE FROM article WHERE id = 7;
SELECT locking.release(:token);
SELECT * FROM lock_of(7);
ROLLBACK;
-- the key changes
UPDATE article SET id = 70 WHERE id = 7;
SELECT locking.hand_over(:token);
SELECT * FROM lock_of(70);
-- in the transaction that saves, and undone
SELECT locking.acquire('article', 8) AS token \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 8);
SET locking.owner = 'anna';
BEGIN;
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
UPDATE article SET title = 'saved' WHERE id = 8;
SELECT locking.release(:token);
SELECT * FROM lock_of(8);
UPDATE article SET title = 'too late' WHERE id = 8;
ROLLBACK;
SELECT * FROM lock_of(8);
SELECT owner, place FROM locking.requests WHERE key = '8';

-- turns: the row is left to the requesters, in order
\set lapse 'UPDATE locking.lock SET expires_at = clock_timestamp() - interval'
SET locking.owner = 'carla';
SET locking.owner_name = 'Carla Conti';
SELECT locking.request('article', 8);
SET locking.owner_name = '';
SET locking.owner = 'anna';
SELECT locking.hand_over(:token);
:lapse '10 s' WHERE key = '8';
SET locking.owner = 'dora';
\set VERBOSITY default
SELECT locking.acquire('article', 8);
\set VERBOSITY terse
SELECT granted, outcome, token, owner, owner_name, client, hard, acquired_at, round(seconds_left::numeric, -1) AS seconds
FROM locking.try_acquire('article', 8);
SELECT * FROM locking.acquire_all('article', '{8,9}');
-- also for the owner that let it lapse, whose request is gone
SET locking.owner = 'bert';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
-- it cannot be resumed
\set VERBOSITY sqlstate
SELECT locking.renew(token) FROM locking.lock WHERE key = '8';
\set VERBOSITY terse
SELECT outcome, owner FROM locking.try_acquire('article', 8);
-- the row is not locked
SELECT locking.is_locked('article', 8);
UPDATE article SET title = 'by bert' WHERE id = 8;
-- later requests are added to the queue
SELECT locking.request('article', 8);
SET locking.owner = 'dora';
SELECT locking.request('article', 8);
SELECT outcome, owner, round(seconds_left::numeric, -1) AS seconds FROM locking.try_acquire('article', 8);
:lapse '40 s' WHERE key = '8';
SELECT outcome, owner, round(seconds_left::numeric, -1) AS seconds FROM locking.try_acquire('article', 8);
SET locking.owner = 'edna';
SELECT outcome, owner, round(seconds_left::numeric, -1) AS seconds FROM locking.try_acquire('article', 8);
-- earlier requesters still may, also in a later turn
BEGIN;
SET locking.owner = 'carla';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
ROLLBACK;
BEGIN;
SET locking.owner = 'bert';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
ROLLBACK;
-- the sweep keeps the record while there are turns
SET locking.keep_lapsed = 0;
SET locking.owner = 'edna';
SELECT locking.reap() >= 0 AS reaped;
SELECT outcome, owner FROM locking.try_acquire('article', 8);
-- a superuser takes it nevertheless
BEGIN;
SELECT locking.take_over('article', 8, 'urgent') IS NOT NULL AS taken;
ROLLBACK;
-- a release of the lapsed lock passes it on
BEGIN;
SET locking.owner = 'bert';
SELECT locking.release(token) FROM locking.lock WHERE key = '8';
SELECT * FROM lock_of(8);
ROLLBACK;
-- after the last turn, all may
:lapse '91 s' WHERE key = '8';
SELECT locking.reap() > 0 AS reaped;
SELECT outcome, owner FROM locking.try_acquire('article', 8);
RESET locking.keep_lapsed;
-- a lock that was not handed over: its holder may resume it in the turns
SELECT count(*) FROM locking.requests WHERE key = '8';
:lapse '10 s' WHERE key = '8';
SET locking.owner = 'fred';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
BEGIN;
SET locking.owner = 'edna';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
ROLLBACK;
UPDATE article SET title = 'by fred' WHERE id = 8;
SET locking.owner = 'edna';
SELECT outcome, owner FROM locking.try_acquire('article', 8);
-- no turns if it is turned off
SET locking.hand_over_time = 0;
SELECT outcome, owner FROM locking.try_acquire('article', 8);
RESET locking.hand_over_time;
-- at most ten turns, however many requests
INSERT INTO locking.request_queue (relation, key, owner)
SELECT 'article'::regclass, '9', 'asker ' || n FROM generate_series(1, 20) n;
SELECT locking.acquire('article', 9) IS NOT NULL AS acquired;
UPDATE article SET title = 'changed' WHERE id = 9;
SET locking.owner = 'gina';
:lapse '299 s' WHERE key = '9';
SELECT outcome, owner FROM locking.try_acquire('article', 9);
SET locking.owner = 'asker 10';
BEGIN;
SELECT outcome, owner FROM locking.try_acquire('article', 9);
ROLLBACK;
SET locking.owner = 'asker 11';
SELECT outcome, owner FROM locking.try_acquire('article', 9);
:lapse '301 s' WHERE key = '9';
SET locking.owner = 'gina';
SELECT outcome, owner FROM locking.try_acquire('article', 9);

-- a lapsed lock cannot be handed over to a named owner, but to the first
-- requester
INSERT INTO article VALUES (13), (14);
SET locking.owner = 'gina';
SELECT locking.acquire('article', 13) AS token \gset
SELECT locking.acquire('article', 14) AS token2 \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 14);
SET locking.owner = 'gina';
:lapse '1 s' WHERE key IN ('13', '14');
SELECT locking.hand_over(:token, 'dora');
SELECT locking.hand_over(:token2, 'dora');
SELECT key, owner, handed_over FROM locking.locks WHERE key IN ('13', '14');
SELECT event, owner FROM locking.history WHERE key IN ('13', '14') ORDER BY id DESC LIMIT 3;

-- the next holder's lock is enforced beyond the expiry of the former one
INSERT INTO article VALUES (15);
SET locking.owner = 'gina';
SELECT locking.acquire('article', 15, '200 ms') AS token \gset
SET locking.owner = 'bert';
SELECT locking.request('article', 15);
SET locking.owner = 'gina';
SELECT locking.release(:token) IS NOT NULL AS ended;
SELECT pg_sleep(0.25);
UPDATE article SET title = 'gina' WHERE id = 15;

-- the holder's own request is passed over
INSERT INTO article VALUES (16);
SET locking.owner = 'anna';
SELECT locking.acquire('article', 16) AS token \gset
SELECT locking.request('article', 16);
SELECT locking.hand_over(:token);
SELECT * FROM lock_of(16);
SELECT locking.acquire('article', 16) AS token \gset
SELECT locking.request('article', 16);
SET locking.owner = 'bert';
SELECT locking.request('article', 16);
SET locking.owner = 'anna';
SELECT locking.release(:token);
SELECT owner, handed_over FROM lock_of(16);

-- where a lock is required, one that has not been taken does not suffice
CREATE TABLE page (id integer PRIMARY KEY, title text);
CREATE TABLE line (id integer PRIMARY KEY, page integer CONSTRAINT line_page REFERENCES page);
INSERT INTO page VALUES (1);
INSERT INTO line VALUES (1, 1);
SELECT locking.protect('page', required => true),
	locking.protect('line', required => true, parent => 'line_page');
SET locking.owner = 'anna';
SELECT locking.hand_over(locking.acquire('page', 1), 'bert');
SET locking.owner = 'bert';
UPDATE page SET title = 'unread';
DELETE FROM line;
SELECT outcome FROM locking.try_acquire('page', 1);
UPDATE page SET title = 'read';
DELETE FROM line;

-- privileges: a holder that may no longer write the table still hands over,
-- under row security, too
RESET locking.owner;
CREATE ROLE regress_handover_anna;
CREATE ROLE regress_handover_bert;
GRANT USAGE ON SCHEMA handover TO regress_handover_anna, regress_handover_bert;
GRANT SELECT, UPDATE ON article TO regress_handover_anna, regress_handover_bert;
SET ROLE regress_handover_anna;
SELECT locking.acquire('article', 11) AS token \gset
SELECT locking.acquire('article', 12) IS NOT NULL AS acquired;
SET ROLE regress_handover_bert;
SELECT locking.request('article', 11), locking.request('article', 12);
\set VERBOSITY sqlstate
SELECT locking.hand_over(:token);
\set VERBOSITY terse
RESET ROLE;
ALTER TABLE article ENABLE ROW LEVEL SECURITY;
ALTER TABLE article FORCE ROW LEVEL SECURITY;
SET ROLE regress_handover_anna;
SELECT locking.release(:token);
RESET ROLE;
REVOKE UPDATE ON article FROM regress_handover_anna;
SET ROLE regress_handover_anna;
SELECT locking.release_all();
RESET ROLE;
SELECT key, owner, handed_over FROM locking.lock WHERE relation = 'article'::regclass AND key IN ('11', '12') ORDER BY key;

SET client_min_messages = warning;
DROP SCHEMA handover CASCADE;
SELECT count(*) FROM locking.request_queue;
DROP ROLE regress_handover_anna, regress_handover_bert;
