--
-- DDL after protect(), with caches filled in the session; relations that
-- cannot be protected; privileges for protect()
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA ddl;
SET search_path = ddl;
CREATE TABLE author (id integer PRIMARY KEY, name text);
CREATE TABLE article (id integer PRIMARY KEY, title text, author integer CONSTRAINT written_by REFERENCES author);
INSERT INTO author VALUES (1), (2);
INSERT INTO article VALUES (1, 'one', 1), (2, 'two', 2);
SELECT locking.protect('author'), locking.protect('article', columns => '{title}', parent => 'written_by');
SET locking.owner = 'anna';
SELECT locking.acquire('author', 1) AS token \gset
SELECT locking.acquire('article', 2) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
-- writes to both tables, under their current names
CREATE FUNCTION probe(authors text, articles text, id text, title text) RETURNS TABLE (statement integer, answer text) LANGUAGE plpgsql AS $$
DECLARE
	statements text[] := ARRAY[
		format('UPDATE %s SET name = ''x'' WHERE %I = 1', authors, id),
		format('UPDATE %s SET %I = ''x'' WHERE id = 1', articles, title),
		format('UPDATE %s SET %I = ''x'' WHERE id = 2', articles, title),
		format('UPDATE %s SET title = title WHERE id = 2', articles),
		format('SELECT locking.acquire(%L, 1)', authors),
		format('TRUNCATE %s', articles)];
BEGIN
	FOR i IN 1 .. 6 LOOP
		statement := i;
		BEGIN
			EXECUTE statements[i];
			answer := 'passes';
		EXCEPTION WHEN OTHERS THEN
			answer := SQLSTATE || ' ' || SQLERRM;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM probe('author', 'article', 'id', 'title');
-- renamed column, constraint, table, schema
ALTER TABLE author RENAME id TO no;
SELECT * FROM probe('author', 'article', 'no', 'title');
ALTER TABLE article RENAME title TO headline;
ALTER TABLE article ADD title text;
ALTER TABLE article RENAME CONSTRAINT written_by TO by;
SELECT * FROM probe('author', 'article', 'no', 'headline');
ALTER TABLE author RENAME TO writer;
SELECT * FROM probe('writer', 'article', 'no', 'headline');
ALTER TABLE article RENAME TO text;
SELECT * FROM probe('writer', 'text', 'no', 'headline');
ALTER SCHEMA ddl RENAME TO ddl_renamed;
SET search_path = ddl_renamed;
SELECT * FROM probe('writer', 'text', 'no', 'headline');
SELECT relation, columns, parent, key, guarded FROM locking.protected_tables ORDER BY relation::text;
SELECT relation, key, owner FROM locking.locks ORDER BY relation::text;
SELECT relation, event, key FROM locking.history WHERE relation = 'writer'::regclass;
ALTER TABLE text SET SCHEMA public;
SELECT * FROM probe('writer', 'public.text', 'no', 'headline');
ALTER TABLE public.text SET SCHEMA ddl_renamed;
ALTER TABLE writer SET SCHEMA public;
SELECT * FROM probe('public.writer', 'text', 'no', 'headline');
ALTER TABLE public.writer SET SCHEMA ddl_renamed;
ALTER SCHEMA ddl_renamed RENAME TO ddl;
SET search_path = ddl;
SET locking.owner = 'anna';
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;

-- columns added and dropped before and after the key; a wider key type
CREATE TABLE wide (a integer, id integer PRIMARY KEY, b text);
INSERT INTO wide VALUES (1, 1, 'x');
SELECT locking.protect('wide');
SELECT locking.acquire('wide', 1) AS token \gset
SET locking.owner = 'bert';
ALTER TABLE wide DROP COLUMN a;
UPDATE wide SET b = 'y';
ALTER TABLE wide ADD c integer DEFAULT 7;
UPDATE wide SET b = 'y';
ALTER TABLE wide ALTER id TYPE bigint;
UPDATE wide SET b = 'y';
SELECT outcome FROM locking.try_acquire('wide', 1);
SET locking.owner = 'anna';
SELECT locking.renew(:token) IS NOT NULL AS renewed;
UPDATE wide SET id = 10000000000;
SELECT key FROM locking.locks WHERE relation = 'wide'::regclass;

-- primary key dropped or replaced: all writes are rejected until protect() is
-- called again
ALTER TABLE wide DROP CONSTRAINT wide_pkey;
UPDATE wide SET b = 'z';
DELETE FROM wide;
TRUNCATE wide;
INSERT INTO wide VALUES (2, 'x', 3);
SELECT locking.acquire('wide', 2);
SELECT locking.protect('wide');
\set VERBOSITY sqlstate
UPDATE wide SET b = 'z';
SELECT locking.is_locked('wide', 2);
SELECT locking.confirm(:token);
\set VERBOSITY terse
ALTER TABLE wide ADD PRIMARY KEY (c, id);
UPDATE wide SET b = 'z';
SELECT locking.protect('wide');
SELECT key FROM locking.protected_tables WHERE relation = 'wide'::regclass;
-- the new key starts without locks
SELECT count(*) FROM locking.lock WHERE relation = 'wide'::regclass;
SELECT event, key, reason FROM locking.history WHERE relation = 'wide'::regclass ORDER BY id DESC LIMIT 1;
UPDATE wide SET b = 'z';
SELECT locking.acquire('wide', ARRAY[3, 2]) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE wide SET b = 'rejected' WHERE c = 3;
-- recreating the same key changes nothing; a deferrable key is not accepted
ALTER TABLE wide DROP CONSTRAINT wide_pkey, ADD PRIMARY KEY (c, id);
UPDATE wide SET b = 'rejected' WHERE c = 3;
UPDATE wide SET b = 'free' WHERE c = 7;
ALTER TABLE wide DROP CONSTRAINT wide_pkey, ADD PRIMARY KEY (c, id) DEFERRABLE;
UPDATE wide SET b = 'free' WHERE c = 7;
SELECT locking.unprotect('wide');
UPDATE wide SET b = 'free' WHERE c = 7;

-- names that need quoting
CREATE SCHEMA "ddl: O'Neill";
CREATE TABLE "ddl: O'Neill"."a ""b"" %s" ("the ""key" integer CONSTRAINT "p %k" PRIMARY KEY, "%t" text,
	"up" integer CONSTRAINT "f 'k'" REFERENCES "ddl: O'Neill"."a ""b"" %s");
SET search_path = "ddl: O'Neill", ddl;
INSERT INTO "a ""b"" %s" VALUES (1, 'x', NULL), (2, 'y', 1);
SELECT locking.protect('"a ""b"" %s"', columns => '{%t}', parent => 'f ''k''');
SET locking.owner = 'anna';
SELECT locking.acquire('"a ""b"" %s"', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE "a ""b"" %s" SET "%t" = 'z' WHERE "the ""key" = 1;
UPDATE "a ""b"" %s" SET "%t" = 'z' WHERE "the ""key" = 2;
TRUNCATE "a ""b"" %s";
SELECT relation, columns, parent, key FROM locking.protected_tables WHERE parent ~ '''';
SELECT locking.unprotect('"a ""b"" %s"');
SET client_min_messages = warning;
DROP SCHEMA "ddl: O'Neill" CASCADE;
RESET client_min_messages;
SET search_path = ddl;

-- relations that cannot be protected
CREATE TABLE no_key (id integer);
CREATE TABLE unique_only (id integer NOT NULL UNIQUE);
CREATE TABLE deferred_key (id integer PRIMARY KEY DEFERRABLE);
CREATE TEMPORARY TABLE temporary (id integer PRIMARY KEY);
CREATE VIEW a_view AS SELECT * FROM wide;
CREATE MATERIALIZED VIEW a_materialized_view AS SELECT * FROM wide;
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (id integer);
CREATE FOREIGN DATA WRAPPER regress_locking_nowhere;
CREATE SERVER regress_locking_nowhere FOREIGN DATA WRAPPER regress_locking_nowhere;
CREATE FOREIGN TABLE a_foreign_table (id integer) SERVER regress_locking_nowhere;
\set VERBOSITY default
SELECT locking.protect('no_key');
SELECT locking.protect('deferred_key');
SELECT locking.protect('a_view');
\set VERBOSITY terse
SELECT locking.protect('unique_only');
SELECT locking.protect('temporary');
SELECT locking.protect('a_materialized_view');
SELECT locking.protect('a_sequence');
SELECT locking.protect('a_type');
SELECT locking.protect('a_foreign_table');
SELECT locking.protect('wide_pkey');
SELECT locking.protect('pg_catalog.pg_class');
SELECT locking.protect('locking.lock');
SELECT locking.acquire('a_view', 1);
SELECT locking.acquire('no_key', 1);
-- unlogged tables can be protected
CREATE UNLOGGED TABLE unlogged (id integer PRIMARY KEY);
SELECT locking.protect('unlogged');
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER regress_locking_nowhere CASCADE;
RESET client_min_messages;

-- privileges: the table's owner, and roles granted EXECUTE by name
RESET locking.owner;
CREATE ROLE regress_ddl_owner;
CREATE ROLE regress_ddl_admin;
CREATE ROLE regress_ddl_other;
GRANT CREATE, USAGE ON SCHEMA ddl TO regress_ddl_owner, regress_ddl_admin, regress_ddl_other;
SET ROLE regress_ddl_owner;
CREATE TABLE own (id integer PRIMARY KEY);
INSERT INTO own VALUES (1);
SELECT locking.protect('own');
GRANT ALL ON own TO regress_ddl_admin, regress_ddl_other;
SET ROLE regress_ddl_other;
SELECT locking.protect('own');
SELECT locking.unprotect('own');
RESET ROLE;
GRANT EXECUTE ON FUNCTION locking.protect, locking.unprotect TO regress_ddl_admin;
SET ROLE regress_ddl_admin;
SELECT locking.protect('own', ttl => '5 min');
SELECT locking.unprotect('own');
SELECT locking.protect('own');
-- DROP TABLE and DROP SCHEMA by an owner without privileges on locking's
-- tables
SET ROLE regress_ddl_owner;
SELECT locking.acquire('own', 1) AS token \gset
SELECT locking.save_draft(:token, '{}');
SELECT locking.request('own', 1);
CREATE TABLE child (id integer PRIMARY KEY, own integer CONSTRAINT child_own REFERENCES own);
SELECT locking.protect('child', parent => 'child_own');
SELECT 'own'::regclass::oid AS own \gset
SET client_min_messages = warning;
DROP TABLE own CASCADE;
INSERT INTO child VALUES (1, 1);
DROP TABLE child;
RESET client_min_messages;
RESET ROLE;
SELECT (SELECT count(*) FROM locking.lock WHERE relation::oid = :own) AS locks,
	(SELECT count(*) FROM locking.protected WHERE relation::oid = :own) AS settings,
	(SELECT count(*) FROM locking.event WHERE relation::oid = :own) AS events,
	(SELECT count(*) FROM locking.draft WHERE relation::oid = :own) AS drafts,
	(SELECT count(*) FROM locking.request_queue WHERE relation::oid = :own) AS requests;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_ddl_owner;
SET ROLE regress_ddl_owner;
CREATE SCHEMA ddl_own CREATE TABLE own (id integer PRIMARY KEY) CREATE TABLE other (id integer PRIMARY KEY);
INSERT INTO ddl_own.own VALUES (1);
SELECT locking.protect('ddl_own.own'), locking.protect('ddl_own.other');
SELECT locking.acquire('ddl_own.own', 1) IS NOT NULL AS acquired;
SET client_min_messages = warning;
DROP SCHEMA ddl_own CASCADE;
RESET client_min_messages;
RESET ROLE;
SELECT count(*) FROM locking.protected p WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.relation);
SELECT count(*) FROM locking.lock l WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation);
SELECT count(*) FROM locking.event e WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = e.relation);
-- a drop that is rolled back removes nothing
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE writer CASCADE;
SELECT count(*) FROM locking.protected_tables WHERE relation::text = 'writer';
ROLLBACK;
SET locking.owner = 'bert';
UPDATE writer SET name = 'x' WHERE no = 1;

RESET locking.owner;
SET client_min_messages = warning;
REVOKE ALL ON FUNCTION locking.protect, locking.unprotect FROM regress_ddl_admin;
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_ddl_owner;
DROP SCHEMA ddl CASCADE;
DROP ROLE regress_ddl_owner, regress_ddl_admin, regress_ddl_other;
