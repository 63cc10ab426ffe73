--
-- Rejected arguments of every function: SQLSTATE and message
--
SELECT plan(332);

CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article VALUES (1), (2);
CREATE TABLE line (a integer, b text, PRIMARY KEY (b, a));
INSERT INTO line VALUES (3, 'x');
CREATE TABLE free (id integer PRIMARY KEY);
CREATE TABLE replaced (id integer PRIMARY KEY, id2 integer);
INSERT INTO replaced VALUES (1, 1);
CREATE VIEW a_view AS SELECT * FROM article;
DO $$ BEGIN PERFORM locking.protect('article'), locking.protect('line'), locking.protect('replaced'); END $$;
ALTER TABLE replaced DROP CONSTRAINT replaced_pkey, ADD PRIMARY KEY (id2);

-- every function with arguments (relation, key), and its other arguments
CREATE TEMPORARY TABLE keyed (name text, rest text, needs_row boolean);
INSERT INTO keyed VALUES
	('acquire', '', true), ('try_acquire', '', true), ('take_over', ', ''reason''', true), ('break_lock', ', ''reason''', false),
	('is_locked', '', false), ('lock_applies', '', false), ('lock_seconds_remaining', '', false),
	('discard_draft', '', false), ('save_draft_of', ', ''{}''', false), ('request', '', true), ('withdraw', '', false),
	('decline', ', ''bert''', false);
CREATE TEMPORARY TABLE refused (relation text, key text, state text, message text);
INSERT INTO refused VALUES
	('NULL', '1', '22023', 'relation must not be null'),
	('NULL', '''1''', '22023', 'relation must not be null'),
	('''article''', 'NULL', '22023', 'key must not be null'),
	('''article''', 'NULL::integer', '22023', 'key must not be null'),
	('''line''', 'NULL::text[]', '22023', 'key must not be null'),
	('''article''', '''one''', '22023', '"one" is not a key of table "article"'),
	('''article''', '''''', '22023', '"" is not a key of table "article"'),
	('''article''', '1.5', '22023', '"1.5" is not a key of table "article"'),
	('''article''', '3000000000', '22023', '"3000000000" is not a key of table "article"'),
	('''article''', 'ARRAY[1]', '22023', '"{1}" is not a key of table "article"'),
	('''article''', 'true', '22023', '"true" is not a key of table "article"'),
	('''line''', 'ARRAY[''x'']', '22023', '"{x}" is not a key of table "line"'),
	('''line''', 'ARRAY[''x'', ''3'', ''4'']', '22023', '"{x,3,4}" is not a key of table "line"'),
	('''line''', 'ARRAY[''x'', NULL]', '22023', '"{x,NULL}" is not a key of table "line"'),
	('''line''', 'ARRAY[[''x''], [''3'']]', '22023', '"{{x},{3}}" is not a key of table "line"'),
	('''line''', 'ARRAY[]::text[]', '22023', '"{}" is not a key of table "line"'),
	('''line''', '''x''', '22023', '"x" is not a key of table "line"'),
	('''line''', '3', '22023', '"3" is not a key of table "line"'),
	('''line''', 'ROW(''x'', 3)', '22023', '"(x,3)" is not a key of table "line"'),
	('''free''', '1', '55000', 'table "free" is not protected'),
	('''a_view''', '1', '55000', 'table "a_view" is not protected'),
	('''replaced''', '1', '55000', 'the primary key of protected table "replaced" was dropped or replaced');
SELECT throws_ok(format('SELECT locking.%s(%s, %s%s)', name, relation, key, rest), state, message,
	format('%s(%s, %s): %s', name, relation, key, state))
FROM keyed, refused
-- a draft outlives the protection of its table
WHERE (name, relation) <> ('discard_draft', '''free''') ORDER BY keyed.ctid, refused.ctid;

-- a key without a row
SELECT throws_ok(format('SELECT locking.%s(%s%s)', name, row, rest), 'P0002', 'there is no row with key ' || key, name || ' without a row')
FROM keyed, (VALUES ('''article'', 7', '"7" in table "article"'), ('''line'', ARRAY[''x'', ''4'']', '"{x,4}" in table "line"')) AS v(row, key)
WHERE needs_row ORDER BY keyed.ctid, row;
SELECT throws_ok($$ SELECT locking.acquire_all('article', ARRAY['1', '7']) $$, 'P0002', 'there is no row with key "7" in table "article"');
SELECT is(locking.is_locked('article', 7), false, 'a missing row is not locked');
SELECT is(locking.lock_seconds_remaining('article', 7), 0::double precision, 'a missing row has no seconds left');
SELECT is(locking.break_lock('article', 7, ''), false, 'a missing row has no lock to break');

-- times
SELECT throws_ok(format(call, span), '22023', 'ttl must be a positive interval', format(call, span))
FROM (VALUES ('SELECT locking.acquire(''article'', 1, ttl => ''%s'')'),
		('SELECT locking.try_acquire(''article'', 1, ttl => ''%s'')'),
		('SELECT locking.acquire_all(''article'', ARRAY[''1''], ttl => ''%s'')'),
		('SELECT locking.take_over(''article'', 1, ''reason'', ttl => ''%s'')'),
		('SELECT locking.renew(1, ttl => ''%s'')'),
		('SELECT locking.protect(''article'', ttl => ''%s'')')) AS c(call),
	(VALUES ('0'), ('-1 s')) AS s(span);
SELECT throws_ok($$ SELECT locking.protect('article', warning => '0') $$, '22023', 'warning must be a positive interval');
SELECT throws_ok($$ SELECT locking.acquire('article', 1, wait => '-1 s') $$, '22023', 'wait must not be negative');
SELECT isnt(locking.acquire('article', 2, wait => NULL), NULL, 'wait => NULL does not wait');

-- tokens and other arguments
SELECT throws_ok('SELECT locking.renew(NULL)', '22023', 'token must not be null');
SELECT throws_ok('SELECT locking.confirm(NULL)', '22023', 'token must not be null');
SELECT throws_ok('SELECT locking.release(NULL)', '22023', 'token must not be null');
SELECT throws_ok('SELECT locking.save_draft(NULL, ''{}'')', '22023', 'token must not be null');
SELECT throws_ok('SELECT locking.save_draft(1, NULL)', '22023', 'data must not be null');
SELECT throws_ok('SELECT locking.save_draft_of(''article'', 1, NULL)', '22023', 'data must not be null');
SELECT throws_ok('SELECT locking.save_draft_of_new(NULL, ''{}'')', '22023', 'relation must not be null');
SELECT throws_ok('SELECT locking.save_draft_of_new(''article'', NULL)', '22023', 'data must not be null');
SELECT throws_ok('SELECT locking.save_draft_of_new(''free'', ''{}'')', '55000', 'table "free" is not protected');
SELECT throws_ok('SELECT locking.discard_draft_of_new(NULL)', '22023', 'relation must not be null');
SELECT throws_ok('SELECT locking.discard_draft_of_new(''a_view'')', '55000', 'table "a_view" is not protected');
SELECT lives_ok('SELECT locking.discard_draft(''free'', 1), locking.discard_draft_of_new(''free'')', 'a draft that is not there is discarded');
SELECT throws_ok($$ SELECT locking.acquire_all(NULL, '{}') $$, '22023', 'relation must not be null');
SELECT throws_ok($$ SELECT locking.acquire_all('article', NULL) $$, '22023', 'keys must not be null');
SELECT throws_ok($$ SELECT locking.acquire_all('article', ARRAY['1', NULL]) $$, '22023', 'key must not be null');
SELECT throws_ok($$ SELECT locking.acquire_all('article', ARRAY['1', 'x']) $$, '22023', '"x" is not a key of table "article"');
SELECT throws_ok($$ SELECT locking.acquire_all('free', '{}') $$, '55000', 'table "free" is not protected');
SELECT throws_ok('SELECT locking.set_owner(NULL)', '22023', 'owner must not be null');
SELECT throws_ok('SELECT locking.purge_history(NULL)', '22023', 'older_than must not be null');
SELECT throws_ok('SELECT locking.purge_drafts(NULL)', '22023', 'older_than must not be null');
SELECT throws_ok('SELECT locking.once(NULL)', '22023', 'id must not be null');
SELECT throws_ok($$ SELECT locking.once('') $$, '22023', 'id must not be empty');
SELECT throws_ok($$ SELECT locking.once(repeat('x', 256)) $$, '22023', 'id is too long');
SELECT throws_ok($$ SELECT locking.once('x', decode(repeat('00', 65), 'hex')) $$, '22023', 'digest is too long');
SELECT throws_ok($$ SELECT locking.keep_result('x', repeat('x', 8193)) $$, '22023', 'result is too long');
SELECT throws_ok($$ SELECT locking.keep_result('x', 'x') $$, 'P0002', 'there is no request with id "x"');
SELECT throws_ok('SELECT locking.row_key(1)', '22023', 'argument of row_key() must be a row of a table');
SELECT throws_ok('SELECT locking.row_key(ROW(1, 2))', '22023', 'argument of row_key() must be a row of a table');

-- protect() and unprotect()
SELECT throws_ok('SELECT locking.protect(NULL)', '22023', 'relation must not be null');
SELECT throws_ok('SELECT locking.unprotect(NULL)', '22023', 'relation must not be null');
SELECT throws_ok($$ SELECT locking.protect('article', columns => '{}') $$, '22023', 'columns must name at least one column, or be null for all');
SELECT throws_ok($$ SELECT locking.protect('article', columns => ARRAY['title', NULL]) $$, '22023', 'columns must not contain null');
SELECT throws_ok($$ SELECT locking.protect('article', columns => '{nope}') $$, '22023', 'column "nope" of table "article" does not exist');
SELECT throws_ok($$ SELECT locking.protect('article', columns => '{ctid}') $$, '22023', 'column "ctid" of table "article" does not exist');
SELECT throws_ok($$ SELECT locking.protect('article', parent => 'nope') $$, '22023', '"nope" is not a foreign key of table "article"');
SELECT throws_ok($$ SELECT locking.protect('article', parent => 'article_pkey') $$, '22023', '"article_pkey" is not a foreign key of table "article"');
SELECT throws_ok($$ SELECT locking.protect('a_view') $$, '55000', 'cannot protect "a_view": it is a view');
SELECT throws_ok($$ SELECT locking.unprotect('free') $$, '55000', 'table "free" is not protected');
SELECT throws_ok($$ SELECT locking.acquire(99999999, 1) $$, '42P01', 'relation with OID 99999999 does not exist');
SELECT throws_ok($$ SELECT locking.protect(99999999) $$, '42P01', 'relation with OID 99999999 does not exist');
-- none of these calls has changed a setting or acquired a lock
SELECT results_eq($$ SELECT relation::text, hard, required, columns, ttl, warning, parent FROM locking.protected_tables ORDER BY 1 $$,
	$$ VALUES ('article', true, false, NULL::name[], NULL::interval, NULL::interval, NULL::name),
		('line', true, false, NULL, NULL, NULL, NULL), ('replaced', true, false, NULL, NULL, NULL, NULL) $$);
SELECT results_eq('SELECT relation::text, key COLLATE "default" FROM locking.lock', $$ VALUES ('article', '2') $$);

SELECT finish();
