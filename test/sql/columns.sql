--
-- Tables with guarded columns: values are compared, not the SET list
--
\set VERBOSITY terse
CREATE SCHEMA columns;
SET search_path = columns;
CREATE TABLE article (
	dropped text,
	id integer PRIMARY KEY,
	title text,
	body text,
	hits integer DEFAULT 0,
	price numeric,
	length integer GENERATED ALWAYS AS (char_length(body)) STORED);
ALTER TABLE article DROP COLUMN dropped;
ALTER TABLE article ALTER body SET STORAGE EXTERNAL;
INSERT INTO article VALUES (1, 'one', repeat('x', 100000), 0, 1.0), (2, 'two', NULL, 0, 1.0);
SELECT locking.protect('article', columns => ARRAY['title', 'body', 'price']);
SELECT columns FROM locking.protected_tables WHERE relation = 'article'::regclass;
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;

SET locking.owner = 'bert';
-- an unguarded column
UPDATE article SET hits = hits + 1 WHERE id = 1;
-- all columns in the SET list, as an ORM does: only changed values count
UPDATE article SET title = 'one', body = repeat('x', 100000), hits = 7, price = 1.0 WHERE id = 1;
UPDATE article SET id = id, title = title, body = body, hits = 8 WHERE id = 1;
INSERT INTO article VALUES (1, 'one', repeat('x', 100000), 9, 1.0) ON CONFLICT (id)
	DO UPDATE SET title = excluded.title, body = excluded.body, hits = excluded.hits, price = excluded.price;
-- changes of guarded columns, including the end of a large value, to and from
-- null
UPDATE article SET title = 'mine' WHERE id = 1;
UPDATE article SET title = NULL WHERE id = 1;
UPDATE article SET body = repeat('x', 99999) || 'y' WHERE id = 1;
-- a value that is equal but has a different representation counts as a change
UPDATE article SET price = 1.00 WHERE id = 1;
-- changes of the key and DELETE always count
UPDATE article SET id = 10 WHERE id = 1;
DELETE FROM article WHERE id = 1;
SELECT id, title, char_length(body), hits, price FROM article ORDER BY id;
-- a trigger that changes a guarded column
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
CREATE TRIGGER zz_shout BEFORE UPDATE ON article FOR EACH ROW EXECUTE FUNCTION shout();
UPDATE article SET hits = 10 WHERE id = 1;
DROP TRIGGER zz_shout ON article;

-- a generated column is compared by its new value
SELECT locking.protect('article', columns => '{length}');
UPDATE article SET title = 'not guarded', body = repeat('y', 100000) WHERE id = 1;
UPDATE article SET body = 'short' WHERE id = 1;

-- a renamed column stays guarded, a new column with the old name is not
SELECT locking.protect('article', columns => '{title,hits}');
UPDATE article SET hits = 11 WHERE id = 1;
ALTER TABLE article RENAME title TO headline;
ALTER TABLE article ADD title text;
UPDATE article SET title = 'new column' WHERE id = 1;
UPDATE article SET headline = 'guarded' WHERE id = 1;
SELECT columns FROM locking.protected_tables WHERE relation = 'article'::regclass;
-- a dropped column is no longer guarded
ALTER TABLE article DROP COLUMN hits;
SELECT columns FROM locking.protected_tables WHERE relation = 'article'::regclass;
UPDATE article SET title = 'still free' WHERE id = 1;
UPDATE article SET headline = 'still guarded' WHERE id = 1;
-- after the last guarded column is dropped, all columns are guarded
ALTER TABLE article DROP COLUMN headline;
SELECT columns FROM locking.protected_tables WHERE relation = 'article'::regclass;
UPDATE article SET title = 'guarded now' WHERE id = 1;
-- writes of other columns before that do not end the lock
SET locking.owner = 'anna';
SELECT locking.renew(token) IS NOT NULL AS renewed, locking.confirm(token) IS NOT NULL AS confirmed FROM locking.locks;
SET locking.owner = 'bert';

-- required applies to changes of guarded columns only
SELECT locking.protect('article', required => true, columns => '{title}');
UPDATE article SET price = 2 WHERE id = 2;
UPDATE article SET title = 'without lock' WHERE id = 2;
-- so does skip
SELECT locking.protect('article', columns => '{title}');
SET locking.on_locked = skip;
UPDATE article SET title = 'title', price = 3;
UPDATE article SET price = 4;
SELECT id, title, price FROM article ORDER BY id;
RESET locking.on_locked;

-- partitions with a different column order
CREATE TABLE part (id integer PRIMARY KEY, a integer, b integer) PARTITION BY RANGE (id);
CREATE TABLE part_1 (b integer, x integer, a integer, id integer NOT NULL);
ALTER TABLE part_1 DROP COLUMN x;
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES FROM (0) TO (10);
INSERT INTO part VALUES (1, 1, 1);
SELECT locking.protect('part', columns => '{b}');
SET locking.owner = 'anna';
SELECT locking.acquire('part', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE part SET a = 2;
UPDATE part SET b = 2;
UPDATE part_1 SET b = 2;

SET client_min_messages = warning;
DROP SCHEMA columns CASCADE;
