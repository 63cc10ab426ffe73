--
-- Keys that may be equal although their bytes differ: citext, ICU collations,
-- nondeterministic collations.  The key's text is taken from the stored row.
-- Ends early if PostgreSQL was built without ICU or citext is not installed.
--
SELECT NOT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')
	OR NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext')
	OR getdatabaseencoding() <> 'UTF8' AS missing \gset
\if :missing
\quit
\endif
\set VERBOSITY terse
SET client_encoding = 'UTF8';
CREATE SCHEMA collations;
SET search_path = collations;
CREATE EXTENSION citext;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE by_icu (id text COLLATE "und-x-icu" PRIMARY KEY, v integer);
CREATE TABLE by_any_case (id text COLLATE any_case PRIMARY KEY, v integer);
CREATE TABLE by_citext (id citext PRIMARY KEY, v integer);
CREATE TABLE by_both (a citext, b text COLLATE any_case, v integer, PRIMARY KEY (b, a));
INSERT INTO by_icu VALUES ('Straße', 0), ('straße', 0);
INSERT INTO by_any_case VALUES ('Anna', 0);
INSERT INTO by_citext VALUES ('Anna', 0);
INSERT INTO by_both VALUES ('A', 'B', 0);
SELECT locking.protect('by_icu'), locking.protect('by_any_case'), locking.protect('by_citext'), locking.protect('by_both');

SET locking.owner = 'anna';
SELECT locking.acquire('by_icu', 'Straße') IS NOT NULL AS acquired;
SELECT locking.acquire('by_any_case', 'ANNA') = locking.acquire('by_any_case', 'anna') AS same;
SELECT locking.acquire('by_citext', 'aNNa') = locking.acquire('by_citext', 'ANNA'::citext) AS same;
SELECT locking.acquire('by_both', '{b,a}') = locking.acquire('by_both', ARRAY['B', 'a']) AS same;
SELECT relation, key FROM locking.locks ORDER BY relation::text;
SELECT locking.row_key(x) FROM by_citext x UNION ALL SELECT locking.row_key(x) FROM by_any_case x UNION ALL SELECT locking.row_key(x) FROM by_both x;
SELECT c.id, l.owner FROM by_citext c JOIN locking.locks l ON l.relation = 'by_citext'::regclass AND l.key = c.id::text;
SELECT key FROM locking.acquire_all('by_citext', ARRAY['anna', 'ANNA', 'Anna']);

SET locking.owner = 'bert';
SELECT locking.is_locked('by_icu', 'straße') AS other_row, locking.is_locked('by_any_case', 'anna') AS any_case,
	locking.is_locked('by_citext', 'anna') AS citext, locking.is_locked('by_both', '{b,A}') AS both;
UPDATE by_icu SET v = 1 WHERE id = 'straße';
UPDATE by_icu SET v = 1 WHERE id = 'Straße';
UPDATE by_any_case SET v = 1 WHERE id = 'anna';
UPDATE by_citext SET v = 1 WHERE id = 'anna';
UPDATE by_both SET v = 1 WHERE a = 'a';
UPDATE by_citext SET id = 'ANNA';
INSERT INTO by_citext VALUES ('ANNA', 1) ON CONFLICT (id) DO UPDATE SET v = 1;
SELECT outcome FROM locking.try_acquire('by_citext', 'ANNA');
SELECT locking.request('by_citext', 'anna', 'please');
SELECT key, owner FROM locking.requests WHERE relation = 'by_citext'::regclass;
SELECT locking.break_lock('by_any_case', 'ANNA', 'reason');

-- a child refers to its parent in a different spelling
CREATE TABLE child (id integer PRIMARY KEY, parent citext CONSTRAINT child_parent REFERENCES by_citext);
INSERT INTO child VALUES (1, 'anna');
SELECT locking.protect('child', parent => 'child_parent');
UPDATE child SET id = 2;
INSERT INTO child VALUES (2, 'ANNA');
TRUNCATE child;
SELECT id FROM child;

-- the holder may change the spelling of the key
SET locking.owner = 'anna';
UPDATE by_citext SET id = 'ANNA';
SELECT key FROM locking.locks WHERE relation = 'by_citext'::regclass;
SELECT locking.is_locked('by_citext', 'anna');

SET client_min_messages = warning;
DROP SCHEMA collations CASCADE;
