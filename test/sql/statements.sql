--
-- Every kind of statement that writes rows passes through the guard.
-- Anna holds row 1; Bert, who is a superuser, writes.
--
\set VERBOSITY terse
CREATE SCHEMA statements;
SET search_path = statements;
CREATE TABLE article (id integer PRIMARY KEY, title text NOT NULL, hits integer NOT NULL DEFAULT 0);
INSERT INTO article VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE VIEW popular AS SELECT id, title FROM article;
SELECT locking.protect('article');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
SELECT rolsuper FROM pg_roles WHERE rolname = current_user;

-- UPDATE and DELETE, including an UPDATE that changes nothing
UPDATE article SET title = 'mine' WHERE id = 1;
UPDATE article SET title = title WHERE id = 1;
DELETE FROM article WHERE id = 1;
-- a bulk statement is rejected as a whole
UPDATE article SET hits = hits + 1;
DELETE FROM article;
SELECT * FROM article ORDER BY id;
-- an unlocked row can be written
UPDATE article SET title = 'TWO' WHERE id = 2;

-- INSERT of another row, and upsert
INSERT INTO article VALUES (4, 'four');
INSERT INTO article VALUES (1, 'upsert') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
INSERT INTO article VALUES (2, 'upsert') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
INSERT INTO article VALUES (1, 'upsert') ON CONFLICT DO NOTHING;

-- through an updatable view
UPDATE popular SET title = 'by view' WHERE id = 1;
DELETE FROM popular WHERE id = 1;
UPDATE popular SET title = 'by view' WHERE id = 2;

-- joins
UPDATE article a SET title = v.title FROM (VALUES (2, 'joined'), (1, 'joined')) AS v(id, title) WHERE a.id = v.id;
DELETE FROM article a USING (VALUES (1)) AS v(id) WHERE a.id = v.id;

-- data-modifying CTE
WITH gone AS (DELETE FROM article WHERE id = 1 RETURNING *) SELECT count(*) FROM gone;
WITH changed AS (UPDATE article SET hits = 9 WHERE id IN (1, 2) RETURNING id) INSERT INTO article SELECT id + 10, 'x' FROM changed;

-- cursor
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM article WHERE id = 1 FOR UPDATE;
FETCH c;
UPDATE article SET title = 'by cursor' WHERE CURRENT OF c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM article WHERE id = 1;
MOVE c;
DELETE FROM article WHERE CURRENT OF c;
ROLLBACK;

-- prepared statements, executed repeatedly, and functions
PREPARE retitle(integer) AS UPDATE article SET title = 'prepared' WHERE id = $1;
EXECUTE retitle(2);
EXECUTE retitle(1);
EXECUTE retitle(3);
EXECUTE retitle(1);
CREATE FUNCTION retitle(integer) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN UPDATE statements.article SET title = 'by function' WHERE id = $1; END $$;
\set SHOW_CONTEXT never
SELECT retitle(2);
SELECT retitle(1);
CREATE PROCEDURE retitle_all() LANGUAGE sql AS $$ UPDATE statements.article SET title = 'by procedure' $$;
CALL retitle_all();
DO $$ BEGIN DELETE FROM statements.article WHERE id = 1; END $$;

-- every isolation level
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE article SET title = 'mine' WHERE id = 1;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE article SET title = 'mine' WHERE id = 1;
ROLLBACK;

-- TRUNCATE: only of a table without locked rows
TRUNCATE article;
CREATE TABLE empty (id integer PRIMARY KEY);
INSERT INTO empty VALUES (1);
SELECT locking.protect('empty');
TRUNCATE empty, article;
TRUNCATE empty;
SELECT count(*) FROM empty;
-- a table reached by CASCADE
CREATE TABLE author (id integer PRIMARY KEY);
INSERT INTO author VALUES (1);
ALTER TABLE article ADD author integer DEFAULT 1 CONSTRAINT article_author REFERENCES author;
TRUNCATE author;
SET client_min_messages = warning;
TRUNCATE author CASCADE;
RESET client_min_messages;

-- none of these statements changed the locked row
SELECT id, title, hits FROM article ORDER BY id;

-- Anna, the holder, may use any statement
SET locking.owner = 'anna';
UPDATE article SET title = 'ONE' WHERE id = 1;
UPDATE popular SET title = 'One' WHERE id = 1;
INSERT INTO article VALUES (1, 'upsert') ON CONFLICT (id) DO UPDATE SET title = excluded.title || '!';
UPDATE article SET hits = hits + 1;
SELECT id, title, hits FROM article ORDER BY id;
-- TRUNCATE by the holder ends the lock
SELECT key FROM locking.locks WHERE relation = 'article'::regclass;
TRUNCATE article;
SELECT key FROM locking.locks WHERE relation = 'article'::regclass;

SET client_min_messages = warning;
DROP SCHEMA statements CASCADE;
