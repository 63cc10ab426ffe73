--
-- Limits: durations, lengths, numbers of rows, and arithmetic at the bounds
-- of types
--
SELECT plan(226);

CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT g, 'title ' || g FROM generate_series(1, 300) g;
DO $$ BEGIN PERFORM locking.protect('article'); END $$;
LOAD 'locking';

CREATE FUNCTION token_of(of text) RETURNS bigint LANGUAGE sql AS 'SELECT token FROM locking.lock WHERE key = of';
-- everything that a rejected call must leave unchanged
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(t, '; '), '') FROM (
		SELECT 'lock ' || l::text AS t FROM locking.lock l UNION ALL SELECT 'draft ' || d::text FROM locking.draft d
		UNION ALL SELECT 'request ' || r::text FROM locking.request_queue r
		UNION ALL SELECT 'event ' || e::text FROM locking.event e ORDER BY 1) s $$;
CREATE TEMPORARY TABLE before (state text);
CREATE FUNCTION refused(call text, message text, detail text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got_state text; got_message text; got_detail text; got_hint text; was text := state();
BEGIN
	BEGIN
		EXECUTE call;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS got_state = RETURNED_SQLSTATE, got_message = MESSAGE_TEXT,
			got_detail = PG_EXCEPTION_DETAIL, got_hint = PG_EXCEPTION_HINT;
	END;
	RETURN is(format('%s %s, %s; %s; %s', got_state, got_message, got_detail, got_hint <> '', state() = was),
		format('22023 %s, %s; t; t', message, detail), left(call, 80) || ' is rejected with a hint and changes nothing');
END $$;

-- ---- locking.max_ttl: rejects longer arguments, caps longer settings ----

SELECT locking.acquire('article', 1);
CREATE TEMPORARY TABLE timed (call text);
INSERT INTO timed VALUES ('locking.acquire(''article'', %s, %L)'), ('locking.try_acquire(''article'', %s, %L)'),
	('locking.acquire_all(''article'', ARRAY[''%s''], %L)'), ('locking.take_over(''article'', %s, ''reason'', %L)'),
	('locking.renew(token_of(''1''), ttl => %2$L)'), ('locking.protect(''article'', ttl => %2$L)');
SELECT refused(format('SELECT ' || format(call, key, ttl)), 'ttl is too long', 'The setting "locking.max_ttl" allows at most 1 day.')
FROM timed, (VALUES ('1'), ('2')) AS k(key), (VALUES ('1 day 1 us'), ('25 hours'), ('1 month'), ('300000 years'), ('178000000 years')) AS t(ttl);
SELECT refused('SELECT locking.protect(''article'', warning => ''2 days'')', 'warning is too long', 'The setting "locking.max_ttl" allows at most 1 day.');
SELECT throws_ok($$ SELECT locking.acquire('article', 2, '-178000000 years') $$, '22023', 'ttl must be a positive interval');
SELECT throws_ok($$ SELECT locking.acquire('article', 2, '1 month -40 days') $$, '22023', 'ttl must be a positive interval');
SELECT lives_ok($$ SELECT locking.acquire('article', 2, '1 day') $$, 'a ttl of one day is allowed');
SET locking.max_ttl = '1 h';
SELECT refused('SELECT locking.acquire(''article'', 2, ''2 h'')', 'ttl is too long', 'The setting "locking.max_ttl" allows at most 1 hour.');

-- no lock expires later than that, whatever determined its duration
CREATE FUNCTION within(of text) RETURNS boolean LANGUAGE sql AS $$
	SELECT expires_at BETWEEN clock_timestamp() + interval '59 min' AND clock_timestamp() + interval '1 h' FROM locking.lock WHERE key = of $$;
SELECT ok(locking.renew(token_of('2')) <= clock_timestamp() + interval '1 h', 'renewed with the ttl in its record');
SELECT ok(within('2'), 'the expiry of that renewal is capped');
UPDATE locking.lock SET expires_at = 'infinity', ttl = '178000000 years' WHERE key = '2';
SELECT ok(locking.renew(token_of('2')) <= clock_timestamp() + interval '1 h', 'a record without expiry is renewed');
SELECT ok(within('2'), 'the expiry of a record without expiry is capped');
UPDATE locking.lock SET expires_at = 'infinity' WHERE key = '2';
SELECT ok(locking.confirm(token_of('2')) <= clock_timestamp() + interval '1 h', 'a record without expiry is confirmed');
UPDATE locking.lock SET expires_at = 'infinity' WHERE key = '2';
SELECT is(outcome, 'renewed', 'renewed by acquire()') FROM locking.try_acquire('article', 2);
SELECT ok(within('2'), 'the expiry of a renewal by acquire() is capped');
SET locking.time_until_expiration = 2147483647;
SELECT lives_ok($$ SELECT locking.acquire('article', 3) $$, 'acquired with the default duration');
SELECT ok(within('3'), 'the default duration is capped');
SELECT is(ttl, interval '1 h', 'the ttl for renewals is capped, too') FROM locking.lock WHERE key = '3';
RESET locking.max_ttl;
DO $$ BEGIN PERFORM locking.protect('article', ttl => '1 day'); END $$;
SET locking.max_ttl = '1 h';
SELECT lives_ok($$ SELECT locking.acquire('article', 4) $$, 'acquired with the table''s duration');
SELECT ok(within('4'), 'the table''s duration is capped');
RESET locking.time_until_expiration;
DO $$ BEGIN PERFORM locking.protect('article'); END $$;
RESET locking.max_ttl;
SET timezone = 'Europe/Berlin';
SELECT lives_ok($$ SELECT locking.acquire('article', 5, '1 day') $$, 'a day in a time zone with daylight saving time');
RESET timezone;
SELECT locking.release_all();

-- ---- lengths ----

SELECT locking.acquire('article', 1);
CREATE TEMPORARY TABLE texts (call text, what text, setting text, lim integer);
INSERT INTO texts VALUES
	('locking.acquire(''article'', 2, client => %s)', 'client', 'locking.max_name_length', 255),
	('locking.try_acquire(''article'', 2, client => %s)', 'client', 'locking.max_name_length', 255),
	('locking.acquire_all(''article'', ARRAY[''2''], client => %s)', 'client', 'locking.max_name_length', 255),
	('locking.take_over(''article'', 2, ''reason'', client => %s)', 'client', 'locking.max_name_length', 255),
	('locking.release_all(%s)', 'client', 'locking.max_name_length', 255),
	('locking.set_owner(%s)', 'owner', 'locking.max_name_length', 255),
	('locking.set_owner(''ann'', %s)', 'owner_name', 'locking.max_name_length', 255),
	('locking.acquire(''article'', 2, note => %s)', 'note', 'locking.max_text_length', 1000),
	('locking.acquire(''article'', 1, note => %s)', 'note', 'locking.max_text_length', 1000),
	('locking.try_acquire(''article'', 2, note => %s)', 'note', 'locking.max_text_length', 1000),
	('locking.acquire_all(''article'', ARRAY[''2''], note => %s)', 'note', 'locking.max_text_length', 1000),
	('locking.take_over(''article'', 2, ''reason'', note => %s)', 'note', 'locking.max_text_length', 1000),
	('locking.take_over(''article'', 2, %s)', 'reason', 'locking.max_text_length', 1000),
	('locking.break_lock(''article'', 1, %s)', 'reason', 'locking.max_text_length', 1000),
	('locking.request(''article'', 1, %s)', 'message', 'locking.max_text_length', 1000);
SELECT refused('SELECT ' || format(call, format('repeat(''x'', %s)', lim + 1)), what || ' is too long',
	format('It has %s bytes, but the setting "%s" allows only %s.', lim + 1, setting, lim)) FROM texts;
SELECT refused('SELECT ' || format(call, 'repeat(''x'', 10000000)'), what || ' is too long',
	format('It has 10000000 bytes, but the setting "%s" allows only %s.', setting, lim)) FROM texts;
-- bytes, not characters
SELECT refused(format('SELECT locking.acquire(''article'', 2, note => repeat(''ä'', 501))'), 'note is too long',
	'It has 1002 bytes, but the setting "locking.max_text_length" allows only 1000.');
-- values from a table, compressed or stored out of line
CREATE TABLE stored (t text, j jsonb);
INSERT INTO stored VALUES (repeat('x', 100000), to_jsonb(repeat('y', 20000000)));
SELECT refused('SELECT locking.acquire(''article'', 2, note => t) FROM stored', 'note is too long',
	'It has 100000 bytes, but the setting "locking.max_text_length" allows only 1000.');
-- drafts: the size of the jsonb value before compression
SELECT refused('SELECT locking.save_draft(token_of(''1''), j) FROM stored', 'data is too long',
	'It has 20000008 bytes, but the setting "locking.max_draft_size" allows only 16777216.');
SELECT refused('SELECT locking.renew(token_of(''1''), draft => j) FROM stored', 'draft is too long',
	'It has 20000008 bytes, but the setting "locking.max_draft_size" allows only 16777216.');
SET locking.max_draft_size = '1kB';
SELECT lives_ok($$ SELECT locking.save_draft(token_of('1'), to_jsonb(repeat('x', 1000))) $$, 'a draft of the maximum size');
SELECT refused('SELECT locking.save_draft(token_of(''1''), to_jsonb(repeat(''x'', 1020)))', 'data is too long',
	'It has 1028 bytes, but the setting "locking.max_draft_size" allows only 1024.');
RESET locking.max_draft_size;
-- values of the maximum length
SELECT lives_ok($$ SELECT locking.acquire('article', 2, client => repeat('c', 255), note => repeat('n', 1000)) $$, 'client and note');
SELECT lives_ok($$ SELECT locking.request('article', 2, repeat('m', 1000)) $$, 'message');
SELECT lives_ok($$ SELECT locking.set_owner(repeat('o', 255), repeat('n', 255)) $$, 'owner and name');
SET locking.max_text_length = 2000;
SELECT lives_ok($$ SELECT locking.acquire('article', 2, client => repeat('c', 255), note => repeat('n', 2000)) $$, 'a longer note with a higher limit');
RESET locking.max_text_length;
-- the comment on a role is the owner's name
CREATE ROLE limits_commented;
DO $$ BEGIN EXECUTE format('COMMENT ON ROLE limits_commented IS %L', repeat('ä', 5000)); END $$;
GRANT SELECT, UPDATE ON article TO limits_commented;
SET ROLE limits_commented;
SELECT lives_ok($$ SELECT locking.acquire('article', 3), locking.request('article', 1) $$, 'a role with a long comment');
RESET ROLE;
SELECT is(owner_name, repeat('ä', 127), 'the name is truncated at a character boundary') FROM locking.lock WHERE key = '3';
SELECT is(owner_name, repeat('ä', 127), 'also in requests') FROM locking.request_queue WHERE owner = 'limits_commented';

-- ---- owners that are easily confused ----

CREATE TEMPORARY TABLE odd (owner text, fault text);
INSERT INTO odd VALUES ('ann ', 'must not begin or end with a blank'), (' ann', 'must not begin or end with a blank'),
	('ann   ', 'must not begin or end with a blank'), (' ', 'must not begin or end with a blank'),
	(E'ann\t', 'must not contain control characters'), (E'an\nn', 'must not contain control characters'),
	(E'\x1b[31mann', 'must not contain control characters'), (E'ann\x7f', 'must not contain control characters'),
	(U&'ann\0085', 'must not contain control characters');
SELECT refused(format('SELECT locking.set_owner(%L)', owner), 'owner ' || fault,
	'It must have at most 255 bytes, no blanks at its ends, and no control characters.') FROM odd;
SELECT refused(format('SELECT locking.set_owner(''ann'', %L)', owner), 'owner_name ' || fault,
	'It must have at most 255 bytes, no blanks at its ends, and no control characters.') FROM odd;
SELECT refused(format('SET locking.owner = %L', owner), 'owner ' || fault,
	'It must have at most 255 bytes, no blanks at its ends, and no control characters.') FROM odd;
SELECT refused(format('SET locking.owner = %L', repeat('o', 256)), 'owner is too long',
	'It must have at most 255 bytes, no blanks at its ends, and no control characters.');
SELECT refused(format('ALTER ROLE limits_commented SET locking.owner = %L', owner), 'owner ' || fault,
	'It must have at most 255 bytes, no blanks at its ends, and no control characters.') FROM odd;
SELECT lives_ok(format('SELECT locking.set_owner(%L)', owner), owner || ' is a valid owner')
FROM (VALUES ('job:reindex'), ('Ann Smith'), ('äöü'), ('安娜'), ('O''Brien "x" \ %s'), (''), (U&'\00a3\00c2')) AS o(owner);

-- ---- locks per owner ----

SELECT is(locking.release_all() > 0, true, 'locks of earlier tests are released');
DELETE FROM locking.lock;
DELETE FROM locking.request_queue;
DELETE FROM locking.draft;
SET locking.max_locks_per_owner = 10;
CREATE TEMPORARY TABLE too_many AS SELECT 'owner "postgres" has too many locks'::text AS message;
SELECT lives_ok($$ SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1, 10) g)) $$, 'ten locks of one owner');
SELECT throws_ok($$ SELECT locking.acquire('article', 11) $$, '53400', 'owner "postgres" has too many locks', 'acquire() of an eleventh');
SELECT throws_ok($$ SELECT locking.try_acquire('article', 11) $$, '53400', 'owner "postgres" has too many locks', 'try_acquire() of an eleventh');
SELECT throws_ok($$ SELECT locking.take_over('article', 11, 'reason') $$, '53400', 'owner "postgres" has too many locks', 'take_over() of an eleventh');
SELECT throws_ok($$ SELECT locking.acquire('article', 11, wait => '1 s') $$, '53400', 'owner "postgres" has too many locks', 'acquire() with wait');
SELECT throws_ok($$ SELECT locking.acquire_all('article', ARRAY['1', '11']) $$, '53400', 'owner "postgres" has too many locks', 'acquire_all() with an eleventh');
SELECT throws_ok($$ SELECT locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1, 11) g)) $$, '53400', 'owner "postgres" has too many locks', 'acquire_all() of eleven');
SELECT is(count(*), 10::bigint, 'ten locks exist') FROM locking.locks WHERE is_mine;
SELECT lives_ok($$ SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1, 10) g)) $$, 'renewing by acquire_all() does not count');
SELECT lives_ok($$ SELECT locking.renew(token_of('1')) $$, 'renew() does not count');
SELECT lives_ok($$ SELECT locking.confirm(token_of('1')) $$, 'confirm() does not count');
SELECT is(locking.release(token_of('1')), true, 'one lock is released');
SELECT lives_ok($$ SELECT locking.acquire('article', 11, client => 'tab') $$, 'after a release another row can be locked');
SELECT lives_ok($$ SELECT locking.take_over('article', 11, 'reason', client => 'other') $$, 'taking over from another client of the same owner does not count');
UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 s' WHERE key = '2';
SELECT lives_ok($$ SELECT locking.acquire('article', 12) $$, 'lapsed locks do not count');
SELECT throws_ok($$ SELECT locking.renew(token_of('2')) FROM locking.acquire('article', 13) $$, '53400', NULL, 'resuming a lapsed lock counts');
-- the limit applies to each owner
SELECT lives_ok($$ SELECT locking.set_owner('bob'), locking.acquire('article', 20) $$, 'the limit does not count locks of another owner');
SELECT throws_ok($$ SELECT locking.take_over('article', 20, 'reason') $$, '53400', 'owner "postgres" has too many locks', 'taking over from another owner counts');
-- acquisitions that were rolled back do not count
SELECT lives_ok($$ DO 'BEGIN PERFORM locking.release_all(); FOR i IN 1 .. 10 LOOP PERFORM locking.acquire(''article'', i); END LOOP; RAISE division_by_zero; EXCEPTION WHEN OTHERS THEN NULL; END' $$);
SELECT throws_ok($$ SELECT locking.acquire('article', 15) $$, '53400', NULL, 'ten locks remain');

-- the limit is exact, also if the table has room for more records
DELETE FROM locking.lock;
SET locking.max_locks_per_owner = 100;
SELECT lives_ok($$ DO 'BEGIN FOR i IN 1 .. 100 LOOP PERFORM locking.acquire(''article'', i); END LOOP; END' $$, 'a hundred locks of one owner, one by one');
SELECT throws_ok($$ SELECT locking.acquire('article', 101) $$, '53400', NULL, 'a hundred and first lock');
SELECT is(locking.release_all(), 100::bigint, 'all are released');
SELECT lives_ok($$ DO 'BEGIN FOR i IN 1 .. 1000 LOOP PERFORM locking.release(locking.acquire(''article'', i % 300 + 1)); END LOOP; END' $$, 'a thousand locks, one after the other');

-- requests and drafts
SET locking.max_locks_per_owner = 3;
SELECT lives_ok($$ SELECT locking.request('article', g, 'please') FROM generate_series(1, 3) g $$, 'three requests of one owner');
SELECT throws_ok($$ SELECT locking.request('article', 4) $$, '53400', 'owner "postgres" has too many requests', 'a fourth request');
SELECT lives_ok($$ SELECT locking.request('article', 3, 'pretty please') $$, 'a repeated request does not count');
SELECT is(message, 'pretty please') FROM locking.requests WHERE key = '3';
SELECT lives_ok($$ SELECT locking.set_owner('bob'), locking.request('article', 4) $$, 'another owner''s request does not count');
SELECT lives_ok($$ SELECT locking.withdraw('article', 1), locking.request('article', 4) $$, 'another request after one is withdrawn');
SELECT lives_ok($$ SELECT locking.save_draft(locking.acquire('article', g), '1') FROM generate_series(1, 3) g $$, 'three drafts');
SELECT locking.release_all();
SELECT throws_ok($$ SELECT locking.save_draft(locking.acquire('article', 4), '1') $$, '53400', 'owner "postgres" has too many drafts', 'a fourth draft by save_draft()');
SELECT throws_ok($$ SELECT locking.renew(locking.acquire('article', 4), draft => '1') $$, '53400', 'owner "postgres" has too many drafts', 'a fourth draft by renew()');
SELECT lives_ok($$ SELECT locking.save_draft(locking.acquire('article', 3), '2') $$, 'another draft of the same row does not count');
SELECT is(data, '2') FROM locking.drafts WHERE key = '3';
SELECT lives_ok($$ SELECT locking.discard_draft('article', 1), locking.save_draft(locking.acquire('article', 4), '1') $$, 'another draft after one is discarded');
DELETE FROM locking.request_queue;
RESET locking.max_locks_per_owner;

-- a lapsed lock counts again when it is resumed
SET locking.max_locks_per_owner = 3;
SELECT locking.release_all();
SELECT locking.acquire('article', 1, '1 ms') AS first, locking.acquire('article', 2, '1 ms') AS second \gset
SELECT pg_sleep(0.01);
SELECT locking.acquire('article', g) FROM generate_series(3, 5) g;
SELECT throws_ok(format('SELECT locking.renew(%s, ''1 min'')', :'first'), '53400', NULL, 'resumed by renew()');
SELECT throws_ok(format('SELECT locking.confirm(%s)', :'second'), '53400', NULL, 'resumed by confirm()');
SELECT throws_ok($$ SELECT locking.acquire('article', 2) $$, '53400', NULL, 'resumed by acquire()');
SELECT is(count(*), 3::bigint, 'three locks are live') FROM locking.locks;
RESET locking.max_locks_per_owner;

-- ---- privileges to change the limits ----

CREATE ROLE limits_user;
GRANT SELECT, UPDATE ON article TO limits_user;
SET ROLE limits_user;
SELECT throws_ok(format('SET locking.%s = 2000', name), '42501', NULL, name || ' can be set by superusers only')
FROM (VALUES ('max_ttl'), ('max_name_length'), ('max_text_length'), ('max_draft_size'), ('max_locks_per_owner')) AS s(name);
RESET ROLE;

-- ---- arithmetic: no overflow at the bounds of timestamptz ----

DELETE FROM locking.lock;
SELECT locking.acquire('article', 1), locking.acquire('article', 2), locking.acquire('article', 3);
UPDATE locking.lock SET expires_at = CASE key WHEN '1' THEN timestamptz '294276-12-31 23:59:59.999999+00'
	WHEN '2' THEN timestamptz 'infinity' ELSE timestamptz '-infinity' END;
SET locking.keep_lapsed = 2147483647;
SELECT is(locking.reap(), 1::bigint, 'reap() removes only the lock that expired at -infinity');
SELECT results_eq('SELECT key COLLATE "default" FROM locking.lock ORDER BY key', $$ VALUES ('1'), ('2') $$,
	'reap() does not remove the lock that expires in 294276, with the largest keep_lapsed');
SET locking.keep_lapsed = 0;
SELECT is(locking.reap(), 0::bigint, 'reap() does not remove the lock that expires in 294276, with keep_lapsed = 0');
RESET locking.keep_lapsed;
-- such expiry times are reported and waited for correctly
SELECT is(locking.lock_seconds_remaining('article', 2), 'infinity', 'lock_seconds_remaining() without expiry');
SELECT is(seconds_left, 'infinity', 'locking.locks without expiry') FROM locking.locks WHERE key = '2';
SELECT ok(locking.lock_seconds_remaining('article', 1) BETWEEN 9e12 AND 9.3e12, 'lock_seconds_remaining() with the latest expiry');
SET locking.owner = 'bob';
SELECT ok(seconds_left BETWEEN 9e12 AND 9.3e12, 'try_acquire() with the latest expiry') FROM locking.try_acquire('article', 1);
SELECT is(seconds_left, 'infinity', 'try_acquire() without expiry') FROM locking.try_acquire('article', 2);
SELECT throws_ok(format('SELECT locking.acquire(''article'', %s, wait => ''30 ms'')', key), '55P03', NULL, 'acquire() gives up waiting')
FROM (VALUES (1), (2)) AS k(key);
SELECT throws_ok(format('SELECT locking.acquire(''article'', 1, wait => ''%s'')', wait), state, NULL, 'wait => ' || wait)
FROM (VALUES ('300000 years', '22008'), ('178000000 years', '22008'), ('-300000 years', '22008')) AS w(wait, state);
RESET locking.owner;
SET locking.max_ttl = 2147483647;
SELECT ok(locking.renew(token_of('2')) BETWEEN clock_timestamp() + interval '68 years' AND clock_timestamp() + interval '69 years',
	'renew() with the largest max_ttl');
SELECT lives_ok($$ SELECT locking.acquire('article', 5, '68 years') $$, 'ttl of 68 years as an argument');

SELECT finish();
