--
-- Direct writes to the extension's tables by roles that have the privilege,
-- through pg_write_all_data or GRANT, but are neither owner nor superuser
--
SELECT plan(61);

CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT g, 'title ' || g FROM generate_series(1, 9) g;
CREATE TABLE free (id integer PRIMARY KEY);
DO $$ BEGIN PERFORM locking.protect('article'), locking.acquire('article', 1); END $$;
CREATE ROLE writers_granted;
GRANT ALL ON ALL TABLES IN SCHEMA locking TO writers_granted;
GRANT USAGE ON SEQUENCE locking.token_seq TO writers_granted;
CREATE ROLE writers_owner;
-- pg_write_all_data exists since 14
CREATE ROLE writers_all;
DO $$ BEGIN
	IF current_setting('server_version_num')::integer >= 140000 THEN
		EXECUTE 'GRANT pg_write_all_data, pg_read_all_data TO writers_all';
	ELSE
		GRANT ALL ON ALL TABLES IN SCHEMA locking TO writers_all;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA locking TO writers_all;
	END IF;
END $$;

CREATE TEMPORARY TABLE write (command text, relation text);
GRANT SELECT ON write TO PUBLIC;
INSERT INTO write VALUES
	('INSERT INTO locking.protected (relation, key) VALUES (''free'', ''{id}'')', 'protected'),
	('UPDATE locking.protected SET hard = false', 'protected'),
	('DELETE FROM locking.protected', 'protected'),
	('INSERT INTO locking.protected (relation, key) VALUES (''article'', ''{id}'') ON CONFLICT (relation) DO UPDATE SET required = true', 'protected'),
	('INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES (''article'', ''2'', ''ann'', ''infinity'')', 'lock'),
	('UPDATE locking.lock SET expires_at = ''infinity''', 'lock'),
	('UPDATE locking.lock SET owner = ''ann''', 'lock'),
	('DELETE FROM locking.lock', 'lock'),
	('INSERT INTO locking.lock SELECT * FROM locking.lock ON CONFLICT (relation, key) DO UPDATE SET owner = ''ann''', 'lock');
-- also in a SECURITY DEFINER function
CREATE SCHEMA AUTHORIZATION writers_granted;
SET ROLE writers_granted;
CREATE FUNCTION writers_granted.run(command text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE command; END';
RESET ROLE;

SET ROLE writers_granted;
SELECT throws_ok(command, '42501', format('permission denied to write table "locking.%s" directly', relation), command) FROM write;
SELECT throws_ok(format('SELECT writers_granted.run(%L)', command), '42501', NULL, 'SECURITY DEFINER: ' || command) FROM write;
RESET ROLE;
SELECT throws_ok(format('SELECT writers_granted.run(%L)', command), '42501', NULL, 'SECURITY DEFINER, called by a superuser: ' || command) FROM write;
SET ROLE writers_all;
SELECT throws_ok(command, '42501', format('permission denied to write table "locking.%s" directly', relation), 'pg_write_all_data: ' || command) FROM write;
RESET ROLE;
-- also with session_replication_role, which disables ordinary triggers
SET session_replication_role = replica;
SET ROLE writers_all;
SELECT throws_ok(command, '42501', NULL, 'session_replication_role: ' || command) FROM write;
RESET ROLE;
RESET session_replication_role;
SELECT results_eq('SELECT relation::text, hard, required FROM locking.protected', $$ VALUES ('article', true, false) $$, 'settings are unchanged');
SELECT results_eq('SELECT key COLLATE "default", owner COLLATE "default" FROM locking.lock', $$ VALUES ('1', 'postgres') $$, 'locks are unchanged');

-- a table's owner may use the functions, rename and drop
CREATE SCHEMA AUTHORIZATION writers_owner;
SET ROLE writers_owner;
SELECT lives_ok($$ CREATE TABLE writers_owner.own (id integer PRIMARY KEY, t text) $$);
INSERT INTO writers_owner.own VALUES (1), (2);
SELECT lives_ok($$ SELECT locking.protect('writers_owner.own', columns => '{t}') $$, 'protect()');
SELECT lives_ok($$ SELECT locking.protect('writers_owner.own', columns => '{t}', hard => false) $$, 'protect() with other settings');
SELECT lives_ok($$ SELECT locking.acquire('writers_owner.own', 1) $$, 'acquire()');
SELECT lives_ok($$ ALTER TABLE writers_owner.own RENAME t TO text $$, 'a guarded column can be renamed');
SELECT is(columns, '{text}'::name[], 'the settings follow the rename') FROM locking.protected_tables WHERE relation = 'writers_owner.own'::regclass;
SELECT lives_ok($$ DROP TABLE writers_owner.own $$, 'a protected table with a locked row can be dropped');
RESET ROLE;
SELECT is(count(*), 1::bigint, 'its lock is removed') FROM locking.lock;
SELECT is(count(*), 1::bigint, 'its settings are removed') FROM locking.protected;
-- a superuser may write directly, for repairs
SELECT lives_ok($$ UPDATE locking.lock SET expires_at = clock_timestamp() $$, 'a superuser can end a lock');
SELECT lives_ok($$ DELETE FROM locking.lock $$, 'a superuser can remove a lock');

-- the TRUNCATE privilege is not sufficient
GRANT ALL ON locking.lock, locking.protected TO writers_granted;
SET ROLE writers_granted;
SELECT throws_ok('TRUNCATE locking.lock', '42501', NULL, 'TRUNCATE of locks');
SELECT throws_ok('TRUNCATE locking.protected', '42501', NULL, 'TRUNCATE of settings');
RESET ROLE;
SELECT lives_ok('TRUNCATE locking.lock', 'TRUNCATE by a superuser');

SELECT finish();
