--
-- Writes by a foreign key's referential actions pass through the guard like
-- any other write
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA actions;
SET search_path = actions;
CREATE TABLE author (id integer PRIMARY KEY);
CREATE TABLE article (
	id integer PRIMARY KEY,
	deleted_with integer REFERENCES author ON DELETE CASCADE,
	renamed_with integer REFERENCES author ON UPDATE CASCADE,
	emptied_with integer REFERENCES author ON DELETE SET NULL,
	defaulted_with integer DEFAULT 0 REFERENCES author ON DELETE SET DEFAULT);
INSERT INTO author SELECT generate_series(0, 8);
INSERT INTO article VALUES (1, 1, NULL, NULL, NULL), (2, NULL, 2, NULL, NULL), (3, NULL, NULL, 3, NULL), (4, NULL, NULL, NULL, 4),
	(5, 5, NULL, NULL, NULL), (6, NULL, 6, NULL, NULL), (7, NULL, NULL, 7, NULL), (8, NULL, NULL, NULL, 8);
SELECT locking.protect('article');
SET locking.owner = 'anna';
SELECT count(*) FROM locking.acquire_all('article', ARRAY['1', '2', '3', '4']);

-- Bert writes unlocked authors, and the referential actions reach rows that
-- Anna has locked
SET locking.owner = 'bert';
DELETE FROM author WHERE id = 1;
UPDATE author SET id = 20 WHERE id = 2;
DELETE FROM author WHERE id = 3;
DELETE FROM author WHERE id = 4;
-- without a lock, the actions succeed
DELETE FROM author WHERE id = 5;
UPDATE author SET id = 60 WHERE id = 6;
DELETE FROM author WHERE id = 7;
DELETE FROM author WHERE id = 8;
-- skipping one of these rows would violate the foreign key, so the guard
-- raises
SET locking.on_locked = skip;
DELETE FROM author WHERE id = 1;
UPDATE author SET id = 20 WHERE id = 2;
DELETE FROM author WHERE id = 3;
DELETE FROM author WHERE id = 4;
-- rows named by the statement itself are skipped, including updates of a
-- foreign key column
UPDATE article SET defaulted_with = 0;
RESET locking.on_locked;
SELECT * FROM article ORDER BY id;

-- Anna, the holder, may write
SET locking.owner = 'anna';
DELETE FROM author WHERE id = 1;
UPDATE author SET id = 20 WHERE id = 2;
DELETE FROM author WHERE id = 3;
SELECT * FROM article WHERE id < 5 ORDER BY id;
SELECT key FROM locking.locks WHERE relation = 'article'::regclass ORDER BY key;

-- where the primary key is also the foreign key, the action moves or ends the
-- lock
CREATE TABLE biography (id integer PRIMARY KEY REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE, text text);
INSERT INTO author VALUES (40);
INSERT INTO biography VALUES (40);
SELECT locking.protect('biography');
SELECT locking.acquire('biography', 40) AS token \gset
SELECT locking.save_draft(:token, '{"text": "draft"}');
SET locking.owner = 'bert';
UPDATE author SET id = 41 WHERE id = 40;
SET locking.owner = 'anna';
UPDATE author SET id = 41 WHERE id = 40;
SELECT key, token = :token AS same_token FROM locking.locks WHERE relation = 'biography'::regclass;
SELECT key, data FROM locking.drafts WHERE relation = 'biography'::regclass;
DELETE FROM author WHERE id = 41;
SELECT event, key, owner, actor FROM locking.history WHERE relation = 'biography'::regclass ORDER BY id;

-- a table that requires locks: the action needs none if its cause is on an
-- unguarded table
CREATE TABLE entry (id integer PRIMARY KEY, author integer REFERENCES author ON DELETE CASCADE);
INSERT INTO author VALUES (30), (31);
INSERT INTO entry VALUES (30, 30), (31, 31);
SELECT locking.protect('entry', required => true);
DELETE FROM author WHERE id = 30;
SELECT * FROM entry;
-- a write by a user's trigger during an action is not part of the action
CREATE TABLE log (id integer PRIMARY KEY, n integer);
INSERT INTO log VALUES (1, 0);
SELECT locking.protect('log', required => true);
CREATE FUNCTION count_entries() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE actions.log SET n = n + 1; RETURN OLD; END $$;
CREATE TRIGGER count_entries BEFORE DELETE ON entry FOR EACH ROW EXECUTE FUNCTION count_entries();
DELETE FROM author WHERE id = 31;
SELECT * FROM log;
-- nor does it count as the deleter's write: it runs as the table's owner,
-- with that role's locks only
SELECT locking.acquire('log', 1) AS token \gset
DELETE FROM author WHERE id = 31;
SELECT locking.release(:token);
SELECT locking.protect('log');
DELETE FROM author WHERE id = 31;
SELECT * FROM log;

SET client_min_messages = warning;
DROP SCHEMA actions CASCADE;
