--
-- DROP EXTENSION and CREATE EXTENSION in one session with filled caches
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA reinstall;
SET search_path = reinstall;
CREATE TABLE article (id integer PRIMARY KEY, title text);
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT line_article REFERENCES article);
INSERT INTO article VALUES (1, 'one'), (2, 'two');
INSERT INTO line VALUES (1, 1);
SELECT locking.protect('article'), locking.protect('line', parent => 'line_article');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) AS token \gset
SELECT locking.save_draft(:token, '{}'), locking.request('article', 2);
SET locking.owner = 'bert';
UPDATE article SET title = 'rejected' WHERE id = 1;
PREPARE change AS UPDATE article SET title = 'prepared' WHERE id = 1;
EXECUTE change;
PREPARE lock AS SELECT outcome FROM locking.try_acquire('article', 1);
EXECUTE lock;

-- rejected without CASCADE while a table is protected
DROP EXTENSION locking;
-- dropping it can be rolled back
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION locking CASCADE;
UPDATE article SET title = 'free' WHERE id = 1;
ROLLBACK;
EXECUTE change;

SET client_min_messages = warning;
DROP EXTENSION locking CASCADE;
RESET client_min_messages;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('article'::regclass, 'line'::regclass) AND NOT tgisinternal;
UPDATE article SET title = 'free' WHERE id = 1;
EXECUTE change;
CREATE TABLE other (id integer PRIMARY KEY);
DROP TABLE other;

CREATE EXTENSION locking;
SELECT count(*) FROM locking.protected_tables;
UPDATE article SET title = 'free' WHERE id = 1;
SELECT locking.protect('article'), locking.protect('line', parent => 'line_article');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) AS token \gset
SET locking.owner = 'bert';
UPDATE article SET title = 'rejected' WHERE id = 1;
EXECUTE change;
EXECUTE lock;
INSERT INTO line VALUES (2, 1);
TRUNCATE line;
TRUNCATE article, line;
SET locking.owner = 'anna';
SELECT locking.confirm(:token) IS NOT NULL AS confirmed, locking.release(:token);
SELECT event, key, owner FROM locking.history ORDER BY id;

SET client_min_messages = warning;
DROP SCHEMA reinstall CASCADE;
