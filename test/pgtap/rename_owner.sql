--
-- rename_owner(): locks, drafts and requests follow a user's new name
--
SELECT plan(34);

CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT n, 'body' FROM generate_series(1, 10) n;
SELECT locking.protect('article');
SET client_min_messages = error;
CREATE FUNCTION counts(old_owner text, new_owner text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', locks, drafts, requests) FROM locking.rename_owner(old_owner, new_owner)
$$;

-- a role: the lock goes on under its new name
CREATE ROLE regress_rename_ann;
CREATE ROLE regress_rename_bert;
GRANT SELECT, UPDATE ON article TO regress_rename_ann, regress_rename_bert;
SET ROLE regress_rename_ann;
SELECT locking.acquire('article', 1, client => 'tab 1', note => 'typing') AS token \gset
SELECT locking.save_draft(:token, '{"body": "text"}');
SELECT locking.once('request');
RESET ROLE;
SET ROLE regress_rename_bert;
SELECT locking.acquire('article', 2) AS other \gset
RESET ROLE;
SET ROLE regress_rename_ann;
SELECT locking.request('article', 2);
RESET ROLE;
SELECT row_xmin, acquired_at, renewed_at, expires_at FROM locking.lock WHERE token = :token \gset
ALTER ROLE regress_rename_ann RENAME TO regress_rename_anna;
SET ROLE regress_rename_anna;
SELECT throws_ok(format('SELECT locking.confirm(%s)', :token), '42501', NULL, 'before: the lock is that of the old name');
SELECT throws_ok('SELECT locking.rename_owner(''regress_rename_ann'', ''regress_rename_anna'')', '42501', NULL, 'EXECUTE is not granted to PUBLIC');
RESET ROLE;
SELECT is(counts('regress_rename_ann', 'regress_rename_anna'), '1 1 1', 'a lock, a draft and a request');
SET ROLE regress_rename_anna;
SELECT lives_ok(format('SELECT locking.confirm(%s)', :token), 'after: it can be confirmed');
SELECT is((SELECT data FROM locking.drafts WHERE key = '1'), '{"body": "text"}'::jsonb, 'the draft is there');
SELECT is((SELECT place FROM locking.requests WHERE is_mine), 1::bigint, 'and the place in the queue');
SELECT is((SELECT is_new FROM locking.once('request')), false, 'a request that was executed is not executed again');
SELECT is((SELECT concat_ws(' ', owner, client, note, token = :token) FROM locking.locks WHERE key = '1'), 'regress_rename_anna tab 1 typing t', 'the lock is otherwise the same');
SELECT lives_ok('UPDATE article SET body = ''new'' WHERE id = 1', 'the new name writes');
SET ROLE regress_rename_bert;
SELECT throws_ok('UPDATE article SET body = ''bert'' WHERE id = 1', '55P03', 'row "1" of table "article" is locked by regress_rename_anna', 'others do not');
RESET ROLE;
SELECT is((SELECT concat_ws(' ', acquired_at = :'acquired_at', row_xmin IS NOT NULL) FROM locking.lock WHERE token = :token), 't t', 'its times are kept');
SELECT is(counts('regress_rename_ann', 'regress_rename_anna'), '0 0 0', 'again: nothing left');
SELECT is((SELECT count(*) FROM locking.history WHERE owner = 'regress_rename_ann'), 1::bigint, 'the history keeps the old name');
SELECT is((SELECT count(*) FROM locking.locks WHERE owner = 'regress_rename_bert'), 1::bigint, 'others'' locks are left alone');

-- a lapsed lock resumes under the new name
SET locking.owner = 'cleo';
SELECT locking.acquire('article', 3) AS token \gset
UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = :token;
SELECT is(counts('cleo', 'cleopatra'), '1 0 0', 'a lapsed lock moves, too');
SET locking.owner = 'cleopatra';
SELECT lives_ok(format('SELECT locking.renew(%s)', :token), 'and resumes');

-- both names have something
SET locking.owner = 'dora';
SELECT locking.acquire('article', 4) AS t4, locking.acquire('article', 5) AS t5 \gset
SELECT locking.save_draft(:t4, '"dora 4"'), locking.save_draft(:t5, '"dora 5"');
SELECT locking.release(:t4);
SELECT locking.request('article', 1), locking.request('article', 6);
SET locking.owner = 'dorothea';
SELECT locking.request('article', 1), locking.request('article', 3);
SELECT locking.acquire('article', 4) AS t4, locking.acquire('article', 6) AS t6 \gset
SELECT locking.save_draft(:t4, '"dorothea 4"');
SET client_min_messages = warning;
SELECT is(counts('dora', 'dorothea'), '1 1 1', 'moved: the lock, the draft of a row without another, the request for a row that is not held');
SET client_min_messages = error;
SELECT is((SELECT string_agg(owner || ' ' || data::text, ', ' ORDER BY owner, key) FROM locking.draft WHERE owner LIKE 'dor%'), 'dora "dora 4", dorothea "dorothea 4", dorothea "dora 5"', 'no draft is lost');
SELECT is((SELECT string_agg(key, ' ' ORDER BY key) FROM locking.request_queue WHERE owner = 'dorothea'), '1 3', 'one request for each row');
SELECT is((SELECT requested_at = min(requested_at) OVER () FROM locking.request_queue WHERE owner = 'dorothea' AND key = '1'), true, 'with the better place');
SELECT is((SELECT count(*) FROM locking.request_queue WHERE owner = 'dora'), 0::bigint, 'none under the old name');
SET locking.owner = 'dorothea';
SELECT is(locking.release_all(), 3::bigint, 'all locks are those of the new name');

-- requests with the same id, as after a switchover
SET locking.owner = 'fay';
SELECT locking.request('article', 7);
SET locking.owner = 'gus';
SELECT locking.request('article', 7);
UPDATE locking.request_queue SET id = 1 WHERE key = '7';
SELECT is((SELECT string_agg(owner || ' ' || place, ', ' ORDER BY place) FROM locking.requests WHERE key = '7'), 'fay 1, gus 2', 'each has a place');
SELECT is(counts('gus', 'fay'), '0 0 0', 'one of them is left');
SET locking.owner = 'dorothea';

-- arguments
SELECT throws_ok(format('SELECT locking.rename_owner(%s, %s)', old, new), '22023', message, message || ': ' || old || ', ' || new)
FROM (VALUES ('NULL', '''x''', 'old_owner must not be null'), ('''x''', 'NULL', 'new_owner must not be null'),
	('''''', '''x''', 'old_owner must not be empty'), ('''x''', '''''', 'new_owner must not be empty'),
	('''x''', ''' y''', 'owner must not begin or end with a blank'), ('''x''', 'E''a\tb''', 'owner must not contain control characters'),
	('''x''', 'repeat(''y'', 256)', 'new_owner is too long')) AS v(old, new, message);
SELECT is(counts('same', 'same'), '0 0 0', 'the same name');
SELECT is(current_setting('locking.owner'), 'dorothea', 'the current owner does not change');
SELECT ok(NOT has_function_privilege('public', 'locking.rename_owner(text, text)', 'EXECUTE'), 'not for PUBLIC');
SELECT finish();
