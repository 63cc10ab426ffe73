--
-- Drafts of unsaved text, and requests for locked rows
--
\set VERBOSITY terse
CREATE SCHEMA drafts;
SET search_path = drafts;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT generate_series(1, 5);
SELECT locking.protect('article');

-- stored by save_draft() and by renew(); the last one replaces the others
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) AS token \gset
SELECT key, data FROM locking.drafts;
SELECT locking.save_draft(:token, '{"title": "first"}');
SELECT relation, key, token = :token AS its_token, data, saved_at <= clock_timestamp() AS past FROM locking.drafts;
SELECT locking.save_draft(token => :token, data => '{"title": "second"}');
SELECT key, data FROM locking.drafts;
SELECT locking.renew(:token, draft => '{"title": "third"}') IS NOT NULL AS renewed;
SELECT key, data FROM locking.drafts;
SELECT locking.renew(:token) IS NOT NULL AS renewed;
SELECT key, data FROM locking.drafts;
-- owners see only their own drafts
SET locking.owner = 'bert';
SELECT key, data FROM locking.drafts;
SELECT locking.discard_draft('article', 1);
-- a draft survives break_lock() and another owner's lock on the row
SELECT locking.break_lock('article', 1, 'reason');
SELECT locking.acquire('article', 1) AS bert \gset
SELECT locking.save_draft(:bert, '{"title": "bert''s"}');
SELECT key, data FROM locking.drafts;
SET locking.owner = 'anna';
SELECT key, data FROM locking.drafts;
\set VERBOSITY sqlstate
SELECT locking.save_draft(:token, '{"title": "too late"}');
SELECT locking.renew(:token, draft => '{"title": "too late"}');
SELECT locking.save_draft(:bert, '{"title": "forged"}');
SELECT locking.renew(:bert, draft => '{"title": "forged"}');
\set VERBOSITY terse
SELECT key, data FROM locking.drafts;
SET locking.owner = 'bert';
SELECT key, data FROM locking.drafts;
-- it survives a release
SELECT locking.release(:bert);
SELECT key, data FROM locking.drafts;
-- it survives expiry, and can be saved as long as no other owner has the row
SET locking.owner = 'anna';
SELECT locking.acquire('article', 2) AS token \gset
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SELECT locking.save_draft(:token, '{"title": "after lunch"}');
SELECT key, data FROM locking.drafts ORDER BY key;
SET locking.owner = 'bert';
SELECT locking.take_over('article', 2, 'lapsed') IS NOT NULL AS acquired;
SET locking.owner = 'anna';
SELECT key, data FROM locking.drafts ORDER BY key;
-- it survives deletion of the row
SET locking.owner = 'bert';
DELETE FROM article WHERE id = 2;
SET locking.owner = 'anna';
SELECT key, data FROM locking.drafts ORDER BY key;
-- discarded, including for a deleted row, and a second time
SELECT locking.discard_draft('article', 2), locking.discard_draft('article', 2);
SELECT locking.discard_draft(relation => 'article', key => '1');
SELECT count(*) FROM locking.drafts;
-- transactional: a draft survives a save that is rolled back
SELECT locking.acquire('article', 3) AS token \gset
SELECT locking.save_draft(:token, '{"title": "unsaved"}');
BEGIN;
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
UPDATE article SET title = 'unsaved' WHERE id = 3;
SELECT locking.discard_draft('article', 3), locking.release(:token);
ROLLBACK;
SELECT key, data FROM locking.drafts;
SELECT locking.is_locked('article', 3);

-- one draft for each client: by default that of the lock, otherwise the one
-- named; a client without a name is one too
SELECT locking.discard_draft('article', 3), locking.release_all();
SELECT locking.acquire('article', 3, client => 'tab 1') AS token \gset
SELECT locking.save_draft(:token, '"of the lock''s client"'), locking.save_draft(:token, '"of a window"', 'tab 2');
SELECT locking.renew(:token, draft => '"renewed"') IS NOT NULL AS renewed;
-- without a lock: of another owner's row, and of one that is gone
SELECT locking.release(:token);
SET locking.owner = 'bert';
SELECT locking.acquire('article', 3) IS NOT NULL AS acquired;
SET locking.owner = 'anna';
SELECT locking.save_draft_of('article', 3, '"lost"', client => 'tab 2'), locking.save_draft_of('article', '03', '"lost too"');
SELECT locking.save_draft_of('article', 99, '"gone"', 'tab 2');
SELECT key, client, token IS NULL AS without_lock, data FROM locking.drafts ORDER BY key, client;
SELECT locking.discard_draft('article', 3, 'tab 2');
SELECT key, client, data FROM locking.drafts ORDER BY key, client;
SELECT locking.discard_draft('article', 3), locking.discard_draft('article', 99, client => 'tab 1');
SELECT key, client, data FROM locking.drafts ORDER BY key, client;
SELECT locking.discard_draft('article', 99);
-- of new rows, which have no key
SELECT locking.save_draft_of_new('article', '"first"', 'tab 1'), locking.save_draft_of_new('article', '"another"', 'tab 2');
SELECT locking.save_draft_of_new(relation => 'article', data => '"second"', client => 'tab 1');
SELECT key, client, token, data FROM locking.drafts ORDER BY client;
SET locking.owner = 'bert';
SELECT locking.discard_draft_of_new('article');
SELECT count(*) FROM locking.drafts;
SELECT locking.release_all();
SET locking.owner = 'anna';
SELECT locking.discard_draft_of_new('article', client => 'tab 2');
SELECT key, client, data FROM locking.drafts ORDER BY client;
SELECT locking.discard_draft_of_new('article');
SELECT count(*) FROM locking.drafts;
-- of a table that is not protected any more: shown, and discarded
SELECT locking.save_draft_of('article', 1, '"kept"'), locking.save_draft_of_new('article', '"new"');
RESET locking.owner;
SELECT locking.unprotect('article');
SET locking.owner = 'anna';
SELECT key, data FROM locking.drafts ORDER BY key;
SELECT locking.discard_draft('article', '01'), locking.discard_draft_of_new('article');
SELECT count(*) FROM locking.drafts;
SELECT locking.save_draft_of('article', 1, '"refused"');
CREATE TABLE keyless (id integer);
SELECT locking.discard_draft('keyless', 1);
SELECT locking.discard_draft('locking.drafts', 1);
RESET locking.owner;
SELECT locking.protect('article');
DROP TABLE keyless;
SET locking.owner = 'anna';
-- an empty key is no new row
CREATE TABLE word (word text PRIMARY KEY, meaning text);
INSERT INTO word VALUES ('', 'nothing');
SELECT locking.protect('word');
SELECT locking.save_draft_of('word', '', '"of the empty word"'), locking.save_draft_of_new('word', '"of a new word"');
SELECT key, data FROM locking.drafts ORDER BY key;
SELECT locking.acquire('word', '') AS token \gset
UPDATE word SET word = 'void';
SELECT key, data FROM locking.drafts ORDER BY key;
SELECT locking.discard_draft('word', 'void'), locking.discard_draft_of_new('word'), locking.release_all();
SELECT locking.acquire('article', 3) IS NOT NULL AS acquired, locking.save_draft_of('article', 3, '{"title": "unsaved"}');

-- purge_drafts() removes the caller's drafts; called by a superuser, all
-- drafts
CREATE ROLE regress_drafts_anna;
CREATE ROLE regress_drafts_bert;
GRANT USAGE ON SCHEMA drafts TO regress_drafts_anna, regress_drafts_bert;
GRANT SELECT, UPDATE ON article TO regress_drafts_anna, regress_drafts_bert;
RESET locking.owner;
SET ROLE regress_drafts_anna;
SELECT locking.save_draft(locking.acquire('article', 4), '{}');
SET ROLE regress_drafts_bert;
SELECT locking.save_draft(locking.acquire('article', 5), '{}');
SELECT locking.purge_drafts('1 h'), locking.purge_drafts('0') AS own, locking.purge_drafts('0') AS again;
SELECT count(*) FROM locking.drafts;
RESET ROLE;
SELECT owner, key FROM locking.draft ORDER BY owner;
UPDATE locking.draft SET saved_at = saved_at - interval '1 day' WHERE owner = 'regress_drafts_anna';
SELECT locking.purge_drafts(older_than => '1 h');
SELECT locking.purge_drafts('0') AS rest;

-- requests are queued in order of arrival
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SET locking.owner = 'carla';
SET locking.owner_name = 'Carla Conti';
SELECT locking.request('article', 1, 'urgent');
SET locking.owner = 'bert';
SET locking.owner_name = '';
SELECT locking.request('article', '1');
SELECT locking.request(relation => 'article', key => '3', message => 'this too');
-- a repeated request changes the message and keeps its place
SET locking.owner = 'carla';
SELECT locking.request('article', 1, 'never mind the hurry');
SELECT key, owner, owner_name, message, place, is_mine, requested_at <= clock_timestamp() AS past
FROM locking.requests WHERE relation = 'article'::regclass ORDER BY key, place;
-- a request grants no right to write
UPDATE article SET title = 'mine' WHERE id = 1;
-- withdrawn, and a second time
SELECT locking.withdraw('article', 1), locking.withdraw(relation => 'article', key => '1');
SELECT key, owner, place FROM locking.requests ORDER BY key, place;
SELECT locking.request('article', 1, 'after all');
SELECT key, owner, place FROM locking.requests ORDER BY key, place;
-- a release hands each row over to the first requester, whose request is
-- removed
SET locking.owner = 'anna';
SELECT locking.release_all();
SELECT key, owner, place, is_mine FROM locking.requests ORDER BY key, place;
SET locking.owner = 'bert';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SELECT key, owner, place FROM locking.requests ORDER BY key, place;

-- row visibility: SELECT is needed to see requests, UPDATE to make one
RESET locking.owner;
SET ROLE regress_drafts_anna;
SELECT key, owner FROM locking.requests ORDER BY key, place;
SELECT locking.request('article', 1, 'me too');
RESET ROLE;
REVOKE UPDATE ON article FROM regress_drafts_anna;
SET ROLE regress_drafts_anna;
SELECT locking.request('article', 3);
SELECT locking.save_draft_of('article', 3, '1');
SELECT locking.save_draft_of_new('article', '1');
RESET ROLE;
GRANT INSERT ON article TO regress_drafts_anna;
SET ROLE regress_drafts_anna;
SELECT locking.save_draft_of_new('article', '1');
SELECT key, data FROM locking.drafts;
RESET ROLE;
REVOKE SELECT ON article FROM regress_drafts_anna;
SET ROLE regress_drafts_anna;
SELECT count(*) FROM locking.requests;
SELECT count(*) FROM locking.drafts;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA drafts CASCADE;
SELECT count(*) FROM locking.draft;
SELECT count(*) FROM locking.request_queue;
DROP ROLE regress_drafts_anna, regress_drafts_bert;
