--
-- Error reports for refused operations: SQLSTATE, message, detail, hint, and
-- the error fields schema and table; what they do not disclose, and to whom
--
SELECT plan(58);

CREATE SCHEMA "Press";
CREATE TABLE "Press".article (id integer PRIMARY KEY, title text);
CREATE TABLE "Press".line (id integer PRIMARY KEY, article integer CONSTRAINT line_article REFERENCES "Press".article ON DELETE CASCADE);
CREATE TABLE "Press".ledger (id integer PRIMARY KEY, amount integer);
CREATE TABLE "Press".free (id integer PRIMARY KEY);
INSERT INTO "Press".article VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO "Press".line VALUES (1, 1), (2, 2);
INSERT INTO "Press".ledger VALUES (1, 10);
SET search_path = "Press", public;
DO $$ BEGIN PERFORM locking.protect('article'), locking.protect('line', parent => 'line_article'), locking.protect('ledger', required => true); END $$;

-- Runs a statement as a role and returns its error, with times and numbers
-- that differ between runs replaced by placeholders.
CREATE FUNCTION error_of(statement text, as_role text = 'none',
	OUT state text, OUT message text, OUT detail text, OUT hint text, OUT "table" text)
LANGUAGE plpgsql AS $$
DECLARE
	schema_name text;
	table_name text;
BEGIN
	PERFORM set_config('role', as_role, true);
	EXECUTE statement;
	PERFORM set_config('role', 'none', true);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		schema_name = SCHEMA_NAME, table_name = TABLE_NAME;
	"table" := schema_name || '.' || table_name;
	detail := regexp_replace(detail, 'since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\S+,', 'since <time>,');
	detail := regexp_replace(detail, 'another \d+ seconds', 'another <n> seconds');
	message := regexp_replace(message, 'token \d+', 'token <n>');
	hint := regexp_replace(hint, 'token \d+', 'token <n>');
END $$;
CREATE FUNCTION raises(statement text, as_role text, VARIADIC expected text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	raised record;
BEGIN
	SELECT * INTO raised FROM error_of(statement, as_role);
	RETURN NEXT is(ARRAY[raised.state, raised.message, raised.detail, raised.hint, raised."table"], expected, statement);
END $$;
SET datestyle = 'ISO';
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1, note => 'spelling', client => 'tab 1') AS token \gset

-- 55P03: row and holder, start and remaining time, what to do
SET locking.owner = 'bert';
SET client_min_messages = warning;
SELECT raises(statement, 'none', '55P03', 'row "1" of table "article" is locked by anna',
	'Locked since <time>, for another <n> seconds: spelling.', 'Try again later, or ask for the row with locking.request().', 'Press.article')
FROM (VALUES ('UPDATE article SET title = NULL WHERE id = 1'), ('DELETE FROM article'), ('TRUNCATE article CASCADE'),
	('SELECT locking.acquire(''article'', 1)'), ('SELECT locking.acquire(''article'', ''1'', wait => ''1 ms'')'),
	('SELECT * FROM locking.acquire_all(''article'', ARRAY[''2'', ''1''])'),
	('DELETE FROM article WHERE id = 1')) AS s(statement);
SELECT raises(statement, 'none', '55P03', 'row "1" of table "article" is locked by anna, and with it its rows in "line"',
	'Locked since <time>, for another <n> seconds: spelling.', 'Try again later, or ask for the row with locking.request().', 'Press.line')
FROM (VALUES ('UPDATE line SET id = 5 WHERE id = 1'), ('INSERT INTO line VALUES (3, 1)'), ('TRUNCATE line')) AS s(statement);
SET locking.owner = 'anna';
SELECT raises('SELECT locking.acquire(''article'', 1, client => ''tab 2'')', 'none', '55P03',
	'row "1" of table "article" is locked by you in another client', 'The client is "tab 1".', 'Release the lock with token <n> first.', 'Press.article');
-- a holder with a name, a lock without note and without expiry
SET locking.owner = 'carla';
SET locking.owner_name = 'Carla Conti';
SELECT isnt(locking.acquire('article', 3), NULL, 'Carla has row 3');
UPDATE locking.lock SET expires_at = 'infinity' WHERE key = '3';
RESET locking.owner_name;
SET locking.owner = 'bert';
SELECT raises('DELETE FROM article WHERE id = 3', 'none', '55P03', 'row "3" of table "article" is locked by Carla Conti (carla)',
	'Locked since <time>, without end.', 'Try again later, or ask for the row with locking.request().', 'Press.article');
SELECT is(locking.lock_seconds_remaining('article', 3), 'infinity', 'a lock without expiry never ends');

-- LK001
SELECT raises(statement, 'none', 'LK001', message,
	'It was released, broken or taken over, or it expired and the row was changed, or it never existed.',
	'Acquire the row again, and reread it before writing.', '.')
FROM (VALUES ('SELECT locking.renew(-1)', 'the lock with token -1 is lost'), ('SELECT locking.confirm(-1)', 'the lock with token -1 is lost'),
	('SELECT locking.save_draft(9999999, ''{}'')', 'the lock with token <n> is lost'),
	('SELECT locking.renew(9999999, draft => ''{}'')', 'the lock with token <n> is lost')) AS s(statement, message);
SELECT is(locking.release(-1), false, 'release() of a token that was never issued returns false');

-- LK002
SELECT raises(statement, 'none', 'LK002', 'row "1" of table "ledger" can only be written with a lock on it',
	'The table requires a lock for writing, but the current owner, "bert", has none.', 'Acquire a lock first with locking.acquire().', 'Press.ledger')
FROM (VALUES ('UPDATE ledger SET amount = 0'), ('DELETE FROM ledger'), ('INSERT INTO ledger VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET amount = 0')) AS s(statement);
SELECT raises('TRUNCATE ledger', 'none', 'LK002', 'table "ledger" cannot be truncated: its rows can only be written with a lock on them',
	'', 'Delete the rows that you have locked, or have a superuser disable locking.enforce.', 'Press.ledger');

-- P0002, 55000
SELECT raises('SELECT locking.acquire(''article'', 7)', 'none', 'P0002', 'there is no row with key "7" in table "article"',
	'It does not exist, or you are not allowed to update it.', '', 'Press.article');
SELECT raises('SELECT locking.acquire(''free'', 1)', 'none', '55000', 'table "free" is not protected',
	'', 'Protect it first: SELECT locking.protect(''"Press".free'').', 'Press.free');

-- 42501: another owner's token
SELECT raises(format(statement, :token), 'none', '42501', 'the lock with token <n> belongs to another owner',
	'', 'A user with the privilege can end it with locking.break_lock() or locking.take_over().', '.')
FROM (VALUES ('SELECT locking.renew(%s)'), ('SELECT locking.confirm(%s)'), ('SELECT locking.release(%s)'), ('SELECT locking.save_draft(%s, ''{}'')')) AS s(statement);

-- 42501: privileges. From here on, owners are roles.
RESET locking.owner;
CREATE ROLE regress_errors_reader;
CREATE ROLE regress_errors_writer;
CREATE ROLE regress_errors_blind;
GRANT USAGE ON SCHEMA "Press" TO PUBLIC;
GRANT SELECT ON article TO regress_errors_reader;
GRANT SELECT, UPDATE (title), DELETE ON article TO regress_errors_writer;
GRANT UPDATE, DELETE ON article, ledger TO regress_errors_blind;
SELECT is((error_of(statement, 'regress_errors_reader')).state, '42501', 'reader: ' || statement)
FROM (VALUES ('SELECT locking.acquire(''article'', 1)'), ('SELECT locking.acquire(''article'', 2)'), ('SELECT locking.try_acquire(''article'', 1)'),
	('SELECT locking.acquire_all(''article'', ARRAY[''2''])'), ('SELECT locking.request(''article'', 1)'),
	('SELECT locking.take_over(''article'', 1, '''')'), ('SELECT locking.take_over(''article'', ''1'', '''')'),
	('SELECT locking.break_lock(''article'', 1, '''')'), ('SELECT locking.break_lock(''article'', ''1'', '''')'),
	('SELECT locking.protect(''article'')'), ('SELECT locking.unprotect(''article'')'), ('SELECT locking.reap()'),
	('SELECT locking.purge_history(''1 h'')'), ('SELECT locking.set_owner(''anna'')'), ('SELECT locking.is_locked(''ledger'', 1)'),
	('SELECT * FROM locking.lock')) AS s(statement);
-- UPDATE on some columns is sufficient to lock a row
SELECT is((error_of('SELECT locking.acquire(''article'', 2)', 'regress_errors_writer')).state, NULL, 'a writer of one column can lock the row');
-- the views show only rows that the reader may see
CREATE FUNCTION keys_in(view text, as_role text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	keys text;
BEGIN
	PERFORM set_config('role', as_role, true);
	EXECUTE format('SELECT string_agg(DISTINCT key, '' '' ORDER BY key) FROM locking.%I', view) INTO keys;
	PERFORM set_config('role', 'none', true);
	RETURN keys;
END $$;
SELECT is(keys_in(view, 'regress_errors_reader'), '1 2 3', 'reader: ' || view) FROM (VALUES ('locks'), ('history')) AS v(view);
SELECT is(keys_in(view, 'regress_errors_blind'), NULL, 'blind: ' || view) FROM (VALUES ('locks'), ('history')) AS v(view);
-- a role without SELECT on the table learns neither the row nor the holder
SELECT raises('DELETE FROM article', 'regress_errors_blind', '55P03', 'a row of table "article" is locked by another owner', '', 'Try again later.', 'Press.article');
SELECT raises('DELETE FROM ledger', 'regress_errors_blind', 'LK002', 'rows of table "ledger" can only be written with a lock on them',
	'The table requires a lock for writing, but the current owner, "regress_errors_blind", has none.', 'Acquire a lock first with locking.acquire().', 'Press.ledger');
-- a row hidden by row security is reported as missing
ALTER TABLE article ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON article USING (id % 2 = 0);
SELECT is((error_of('SELECT locking.acquire(''article'', 1)', 'regress_errors_writer')).state, 'P0002', 'acquire() of a hidden row');
SELECT is((error_of('SELECT locking.try_acquire(''article'', 3)', 'regress_errors_writer')).state, 'P0002', 'try_acquire() of a hidden row');
SELECT is((error_of('SELECT locking.request(''article'', 3)', 'regress_errors_writer')).state, 'P0002', 'request() of a hidden row');
SELECT is(keys_in(view, 'regress_errors_writer'), '2', 'row security: ' || view) FROM (VALUES ('locks'), ('history')) AS v(view);
CREATE FUNCTION is_locked_for(as_role text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	answer boolean;
BEGIN
	PERFORM set_config('role', as_role, true);
	answer := locking.is_locked('article', 1);
	PERFORM set_config('role', 'none', true);
	RETURN answer;
END $$;
SELECT is(is_locked_for('regress_errors_writer'), false, 'is_locked() of a hidden row');

SELECT finish();
DROP SCHEMA "Press" CASCADE;
DROP ROLE regress_errors_reader, regress_errors_writer, regress_errors_blind;
