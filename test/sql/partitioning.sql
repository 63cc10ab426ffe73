--
-- A partition stands for its root: settings, locks and guard are the root's,
-- regardless of which partition holds the row and when it was added
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA partitioning;
SET search_path = partitioning;

-- list, with a second level by hash, and a partition with a different column
-- order
CREATE TABLE entry (year integer, id integer, text text, PRIMARY KEY (year, id)) PARTITION BY LIST (year);
CREATE TABLE entry_2023 PARTITION OF entry FOR VALUES IN (2023);
CREATE TABLE entry_2024 PARTITION OF entry FOR VALUES IN (2024) PARTITION BY HASH (id);
CREATE TABLE entry_2024_0 PARTITION OF entry_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE entry_2024_1 (text text, x integer, id integer NOT NULL, year integer NOT NULL);
ALTER TABLE entry_2024_1 DROP COLUMN x;
ALTER TABLE entry_2024 ATTACH PARTITION entry_2024_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO entry SELECT y, n, '' FROM generate_series(2023, 2024) AS y, generate_series(1, 8) AS n;
SELECT count(DISTINCT tableoid) FROM entry;
-- protecting a partition protects the root
SELECT locking.protect('entry_2024_0');
SELECT relation, key, guarded FROM locking.protected_tables;
-- a lock acquired through any partition is a lock on the root
SET locking.owner = 'anna';
SELECT locking.acquire('entry_2023', ARRAY[2024, 1]) AS token \gset
SELECT locking.acquire('entry', ARRAY[2024, 1]) = :token AS root, locking.acquire('entry_2024_1', ARRAY[2024, 1]) = :token AS leaf;
SELECT relation, key FROM locking.locks;
SELECT locking.is_locked('entry_2024', ARRAY[2024, 1]) AS partition, locking.is_locked('entry', ARRAY[2023, 1]) AS other_row;
-- row_key() of a row, through the root and through its partition
SELECT locking.row_key(e) FROM entry e WHERE year = 2024 AND id = 1;
SELECT locking.row_key(e) FROM entry_2024 e WHERE id = 1;
SELECT key FROM locking.acquire_all('entry', ARRAY(SELECT locking.row_key(e) FROM entry_2024_1 e UNION SELECT locking.row_key(e) FROM entry_2024_0 e))
ORDER BY key;

SET locking.owner = 'bert';
UPDATE entry SET text = 'root' WHERE year = 2024 AND id = 1;
UPDATE entry_2024 SET text = 'middle' WHERE id = 1;
UPDATE entry_2024_1 SET text = 'leaf';
UPDATE entry_2024_0 SET text = 'leaf';
DELETE FROM entry WHERE year = 2024;
UPDATE entry SET text = 'free' WHERE year = 2023;
-- moves to another partition: neither of Anna's rows, nor to a key that she
-- has locked
UPDATE entry SET year = 2023, id = 20 WHERE year = 2024 AND id = 1;
UPDATE entry SET year = 2024 WHERE year = 2023 AND id = 1;
UPDATE entry SET year = 2024, id = 30 WHERE year = 2023 AND id = 2;
UPDATE entry SET year = 2023 WHERE year = 2024 AND id = 30;
SET locking.on_locked = skip;
UPDATE entry SET year = 2023, id = id + 20 WHERE year = 2024;
RESET locking.on_locked;
-- a move by the holder moves the lock
SET locking.owner = 'anna';
UPDATE entry SET year = 2023, id = 40 WHERE year = 2024 AND id = 1;
SELECT e.tableoid::regclass AS partition, locking.row_key(e) AS key, l.token = :token AS same_token
FROM entry e JOIN locking.locks l ON l.relation = 'entry'::regclass AND l.key = locking.row_key(e) WHERE id = 40;
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
SET locking.owner = 'bert';
DELETE FROM entry WHERE id = 40;
INSERT INTO entry VALUES (2024, 1, 'another');
UPDATE entry SET text = 'free' WHERE year = 2024 AND id = 1;
-- the holder's DELETE ends the lock, including of a row that has just moved
SET locking.owner = 'anna';
BEGIN;
UPDATE entry SET year = 2024, id = 50 WHERE id = 40;
SELECT locking.is_locked('entry', '{2024,50}');
DELETE FROM entry WHERE id = 50;
SELECT locking.is_locked('entry', '{2024,50}');
COMMIT;
SELECT locking.release(:token);

-- TRUNCATE of a partition is rejected only if it contains a locked row
SELECT locking.release_all();
SELECT locking.acquire('entry', ARRAY[2023, 5]) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
TRUNCATE entry_2023;
TRUNCATE entry;
TRUNCATE entry_2024_1;
TRUNCATE entry_2024;
SELECT year, count(*) FROM entry GROUP BY year ORDER BY year;
-- TRUNCATE by the holder ends the lock
SET locking.owner = 'anna';
TRUNCATE entry_2023;
SELECT locking.is_locked('entry', ARRAY[2023, 5]);

-- partitions added after protect(), in each possible way, are guarded as well
CREATE TABLE entry_2025 PARTITION OF entry FOR VALUES IN (2025);
CREATE TABLE entry_2026 (year integer NOT NULL, id integer NOT NULL, text text);
INSERT INTO entry_2026 VALUES (2026, 1, '');
ALTER TABLE entry ATTACH PARTITION entry_2026 FOR VALUES IN (2026);
CREATE TABLE entry_2027 (text text, id integer NOT NULL, year integer NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE entry_2027_a PARTITION OF entry_2027 FOR VALUES FROM (0) TO (100);
ALTER TABLE entry ATTACH PARTITION entry_2027 FOR VALUES IN (2027);
CREATE TABLE entry_2027_b PARTITION OF entry_2027 FOR VALUES FROM (100) TO (200);
CREATE SCHEMA partitioning_aside CREATE TABLE entry_2028 PARTITION OF partitioning.entry FOR VALUES IN (2028);
CREATE TABLE entry_rest PARTITION OF entry DEFAULT;
INSERT INTO entry VALUES (2025, 1), (2027, 1), (2027, 100), (2028, 1), (2029, 1);
SELECT count(*) FROM locking.acquire_all('entry', ARRAY['{2025,1}', '{2026,1}', '{2027,1}', '{2027,100}', '{2028,1}', '{2029,1}']);
SET locking.owner = 'bert';
UPDATE entry_2025 SET text = 'x';
UPDATE entry_2026 SET text = 'x';
UPDATE entry SET text = 'x' WHERE year = 2027 AND id = 1;
UPDATE entry_2027_b SET text = 'x';
UPDATE partitioning_aside.entry_2028 SET text = 'x';
UPDATE entry_rest SET text = 'x';
TRUNCATE entry_2025;
TRUNCATE entry_2026;
TRUNCATE entry_2027;
TRUNCATE entry_2027_a;
TRUNCATE entry_2027_b;
TRUNCATE partitioning_aside.entry_2028;
TRUNCATE entry_rest;
SELECT year, id, text FROM entry WHERE year > 2024 ORDER BY year, id;

-- a detached partition is an independent table, and may be protected as such
ALTER TABLE entry DETACH PARTITION entry_2025;
UPDATE entry_2025 SET text = 'detached';
TRUNCATE entry_2025;
\set VERBOSITY sqlstate
SELECT locking.acquire('entry_2025', '{2025,1}');
\set VERBOSITY terse
INSERT INTO entry_2025 VALUES (2025, 2, '');
SELECT locking.protect('entry_2025');
SET locking.owner = 'anna';
SELECT locking.acquire('entry_2025', '{2025,2}') IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE entry_2025 SET text = 'x';
TRUNCATE entry_2025;
-- attached again, it stands for its root again
SELECT locking.unprotect('entry_2025');
ALTER TABLE entry ATTACH PARTITION entry_2025 FOR VALUES IN (2025);
SET locking.owner = 'anna';
SELECT locking.acquire('entry_2025', '{2025,2}') IS NOT NULL AS acquired;
SELECT relation FROM locking.locks WHERE key = '{2025,2}';
SET locking.owner = 'bert';
UPDATE entry_2025 SET text = 'x';
TRUNCATE entry_2025;

-- dropping a partition removes nothing that belongs to the root
DROP TABLE entry_2026;
SELECT guarded FROM locking.protected_tables WHERE relation = 'entry'::regclass;
UPDATE entry_2025 SET text = 'x';
-- unprotect() leaves no trigger behind
SELECT locking.unprotect('entry_2027_a');
SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relname LIKE 'entry%' AND t.tgfoid IN ('locking.guard'::regproc, 'locking.guard_truncate'::regproc);
TRUNCATE entry;

-- range by time, hash by text
CREATE TABLE event (at timestamptz PRIMARY KEY, text text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2025-01-01 00:00+00') TO (MAXVALUE);
INSERT INTO event VALUES ('2024-06-01 12:00+00');
CREATE TABLE word (word text PRIMARY KEY, text text) PARTITION BY HASH (word);
CREATE TABLE word_0 PARTITION OF word FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE word_1 PARTITION OF word FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO word SELECT chr(n) FROM generate_series(97, 110) AS n;
SELECT locking.protect('event'), locking.protect('word');
SET locking.owner = 'anna';
SELECT locking.acquire('event', '2024-06-01 14:00+02') IS NOT NULL AS event, locking.acquire('word', 'c') IS NOT NULL AS word;
SET locking.owner = 'bert';
UPDATE event SET at = at + '1 year';
TRUNCATE event_1;
TRUNCATE event_2;
UPDATE word SET word = word || word;
SET locking.owner = 'anna';
UPDATE event SET at = at + '1 year';
UPDATE word SET word = 'another' WHERE word = 'c';
SELECT relation, key FROM locking.locks ORDER BY relation::text;

-- required: a row that moves is a single write, which needs one lock
SELECT locking.release_all();
SELECT locking.protect('event', required => true);
UPDATE event SET at = at - interval '1 year';
SELECT locking.acquire('event', at::text) IS NOT NULL AS acquired FROM event;
UPDATE event SET at = at - interval '1 year';
UPDATE event SET text = 'still hers';
SELECT tableoid::regclass AS partition FROM event;

-- a foreign key may reference a single partition
CREATE TABLE note (id integer PRIMARY KEY, year integer, entry integer,
	CONSTRAINT note_event FOREIGN KEY (year, entry) REFERENCES entry_2023);
SELECT locking.protect('entry'), locking.protect('note', parent => 'note_event');
INSERT INTO entry VALUES (2023, 1);
INSERT INTO note VALUES (1, 2023, 1);
SELECT locking.acquire('entry', '{2023,1}') IS NOT NULL AS acquired;
SET locking.owner = 'bert';
INSERT INTO note VALUES (2, 2023, 1);
UPDATE note SET entry = NULL;
TRUNCATE note;
SELECT * FROM note;

-- a protected table cannot be attached as a partition, as its locks would be
-- lost
SET locking.owner = 'anna';
CREATE TABLE loose (id integer PRIMARY KEY, text text);
INSERT INTO loose VALUES (1, 'a');
SELECT locking.protect('loose');
SELECT locking.acquire('loose', 1) > 0 AS acquired;
CREATE TABLE whole (id integer PRIMARY KEY, text text) PARTITION BY RANGE (id);
ALTER TABLE whole ATTACH PARTITION loose FOR VALUES FROM (0) TO (10);
SET locking.owner = 'bert';
UPDATE loose SET text = 'b' WHERE id = 1;
SELECT locking.unprotect('loose');
ALTER TABLE whole ATTACH PARTITION loose FOR VALUES FROM (0) TO (10);
SELECT locking.protect('whole');
SELECT locking.acquire('whole', 1) > 0 AS acquired;
SET locking.owner = 'anna';
UPDATE loose SET text = 'b' WHERE id = 1;

SET client_min_messages = warning;
DROP SCHEMA partitioning, partitioning_aside CASCADE;
