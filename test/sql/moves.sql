--
-- Rows that move to another partition: UPDATE, DELETE and INSERT are a single
-- write.  BEFORE INSERT triggers of the new partition may change the row
-- again.
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA moves;
SET search_path = moves;

CREATE TABLE chapter (id integer PRIMARY KEY);
INSERT INTO chapter VALUES (1), (2), (3);
CREATE TABLE page (shelf integer, id integer, chapter integer CONSTRAINT chapter REFERENCES chapter, body text DEFAULT '',
	PRIMARY KEY (shelf, id)) PARTITION BY LIST (shelf);
CREATE TABLE page_1 PARTITION OF page FOR VALUES IN (1);
CREATE TABLE page_2 PARTITION OF page FOR VALUES IN (2);
INSERT INTO page SELECT 1, g, 1 FROM generate_series(1, 9) g;
-- a trigger on a partition; the row's text tells it which column to change
CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.body LIKE 'chapter %' THEN new.chapter = substr(new.body, 9)::integer; END IF;
	IF new.body LIKE 'id %' THEN new.id = substr(new.body, 4)::integer; END IF;
	RETURN new;
END $$;
CREATE TRIGGER arrive BEFORE INSERT ON page_2 FOR EACH ROW EXECUTE FUNCTION arrive();
SELECT locking.protect('chapter'), locking.protect('page', parent => 'chapter');

-- Anna holds chapter 2
SET locking.owner = 'anna';
SELECT locking.acquire('chapter', 2) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE page SET shelf = 2, chapter = 2 WHERE id = 1;
UPDATE page SET shelf = 2, body = 'chapter 2' WHERE id = 1;
UPDATE page SET shelf = 2, body = 'chapter 3' WHERE id = 1;
SET locking.on_locked = skip;
UPDATE page SET shelf = 2, body = 'chapter 2' WHERE id = 2;
RESET locking.on_locked;
SELECT shelf, id, chapter FROM page WHERE id < 3 ORDER BY id;

-- Anna holds a row
SET locking.owner = 'anna';
SELECT locking.acquire('page', ARRAY[1, 3]) AS token \gset
SET locking.owner = 'bert';
UPDATE page SET shelf = 2 WHERE id = 3;
SET locking.owner = 'anna';
-- the lock moves with the row, including to the key set by the trigger
UPDATE page SET shelf = 2, body = 'id 33' WHERE id = 3;
SELECT key, token = :token AS same_token FROM locking.locks WHERE relation = 'page'::regclass;
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
SET locking.owner = 'bert';
UPDATE page SET body = 'mine' WHERE id = 33;

-- only changes of body are guarded, but a move changes the key
SELECT locking.protect('page', parent => 'chapter', columns => '{body}');
UPDATE page SET shelf = 1 WHERE id = 33;
SET locking.owner = 'anna';
UPDATE page SET shelf = 1 WHERE id = 33;
SELECT key, token = :token AS same_token FROM locking.locks WHERE relation = 'page'::regclass;
DELETE FROM page WHERE id = 33;
SELECT count(*) AS locks FROM locking.locks WHERE relation = 'page'::regclass;

-- required: the lock of the chapter to which the trigger moves the row counts
SELECT locking.release_all();
SELECT locking.protect('page', parent => 'chapter', required => true);
SET locking.owner = 'bert';
UPDATE page SET shelf = 2 WHERE id = 4;
SELECT locking.acquire('chapter', 1) IS NOT NULL AS acquired;
UPDATE page SET shelf = 2 WHERE id = 4;
UPDATE page SET shelf = 2, body = 'chapter 3' WHERE id = 5;
SELECT locking.acquire('chapter', 3) IS NOT NULL AS acquired;
UPDATE page SET shelf = 2, body = 'chapter 3' WHERE id = 5;
SELECT shelf, id, chapter FROM page WHERE id IN (4, 5) ORDER BY id;

DROP SCHEMA moves CASCADE;
