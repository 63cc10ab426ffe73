--
-- What the guard depends on: the lock's owner, kind and expiry, and the
-- settings
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA guard;
SET search_path = guard;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT n, 'title ' || n FROM generate_series(1, 6) AS n;
SELECT locking.protect('article');
CREATE FUNCTION lapse(of regclass) RETURNS void LANGUAGE sql AS $$
	UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 s' WHERE relation = of $$;

-- a lock acquired in a savepoint that was rolled back does not exist
SET locking.owner = 'anna';
BEGIN;
SAVEPOINT s;
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SELECT locking.is_locked('article', 1);
ROLLBACK TO s;
SELECT locking.is_locked('article', 1);
COMMIT;
SET locking.owner = 'bert';
UPDATE article SET title = 'free' WHERE id = 1;
-- a lock released in a savepoint that was rolled back still exists
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) AS token \gset
BEGIN;
SAVEPOINT s;
SELECT locking.release(:token);
ROLLBACK TO s;
COMMIT;
SET locking.owner = 'bert';
UPDATE article SET title = 'taken' WHERE id = 1;

-- a soft lock causes a warning
SET locking.owner = 'anna';
SELECT locking.acquire('article', 2, hard => false) IS NOT NULL AS acquired;
UPDATE article SET title = 'own' WHERE id = 2;
SET locking.owner = 'bert';
UPDATE article SET title = 'warned' WHERE id = 2;
SELECT title FROM article WHERE id = 2;
-- its holder gets no warning, and may make it hard
SET locking.owner = 'anna';
SELECT outcome, hard FROM locking.try_acquire('article', 2, hard => true);
SET locking.owner = 'bert';
UPDATE article SET title = 'rejected' WHERE id = 2;
-- soft locks as the default of a table
CREATE TABLE memo (id integer PRIMARY KEY, text text);
INSERT INTO memo VALUES (1, ''), (2, '');
SELECT locking.protect('memo', hard => false);
SET locking.owner = 'anna';
SELECT locking.acquire('memo', 1) IS NOT NULL AS soft, locking.acquire('memo', 2, hard => true) IS NOT NULL AS hard;
SET locking.owner = 'bert';
UPDATE memo SET text = 'x' WHERE id = 1;
UPDATE memo SET text = 'x' WHERE id = 2;

-- a lapsed lock does not block writers
SET locking.owner = 'anna';
SELECT locking.acquire('article', 3) IS NOT NULL AS acquired;
SELECT lapse('article');
SET locking.owner = 'bert';
UPDATE article SET title = 'lapsed' WHERE id = 3;
DELETE FROM article WHERE id = 4;
SELECT locking.is_locked('article', 3);

-- the owner's DELETE ends the lock; rolling back the savepoint restores it
SET locking.owner = 'anna';
SELECT locking.acquire('article', 5) AS token \gset
BEGIN;
SAVEPOINT s;
DELETE FROM article WHERE id = 5;
SELECT locking.is_locked('article', 5);
ROLLBACK TO s;
SELECT locking.is_locked('article', 5);
COMMIT;
DELETE FROM article WHERE id = 5;
SELECT locking.is_locked('article', 5), locking.release(:token);
INSERT INTO article VALUES (5, 'new');

-- the owner's change of the key moves the lock, drafts and requests
SELECT locking.acquire('article', 5) AS token \gset
SELECT locking.save_draft(:token, '{"title": "draft"}');
SET locking.owner = 'carla';
SELECT locking.request('article', 5, 'please');
SET locking.owner = 'anna';
UPDATE article SET id = 50 WHERE id = 5;
SELECT key, token = :token AS same_token, is_mine FROM locking.locks WHERE relation = 'article'::regclass;
SELECT key, data FROM locking.drafts WHERE relation = 'article'::regclass;
SELECT key, owner, message, place FROM locking.requests WHERE relation = 'article'::regclass;
SET locking.owner = 'bert';
UPDATE article SET title = 'rejected' WHERE id = 50;
INSERT INTO article VALUES (5, 'bert''s');
UPDATE article SET title = 'passes' WHERE id = 5;
SET locking.owner = 'anna';
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
-- within a confirmed save, in a savepoint: the lock can still be resumed
BEGIN;
SELECT locking.confirm(:token) IS NOT NULL AS confirmed;
SAVEPOINT s;
UPDATE article SET id = 52 WHERE id = 50;
SAVEPOINT t;
UPDATE article SET title = 'undone' WHERE id = 52;
ROLLBACK TO t;
UPDATE article SET id = 50 WHERE id = 52;
RELEASE s;
COMMIT;
SELECT lapse('article');
SELECT locking.renew(:token) IS NOT NULL AS resumed;
-- rolling back the change of the key moves the lock back
BEGIN;
UPDATE article SET id = 51 WHERE id = 50;
SELECT key FROM locking.locks WHERE relation = 'article'::regclass;
ROLLBACK;
SELECT key FROM locking.locks WHERE relation = 'article'::regclass;
SET locking.owner = 'carla';
SELECT locking.withdraw('article', 50);
SET locking.owner = 'anna';
SELECT locking.release(:token);
-- another owner can neither change a locked key nor change a key to a locked
-- one
SELECT locking.acquire('article', 6) AS token \gset
SET locking.owner = 'bert';
UPDATE article SET id = 60 WHERE id = 6;
UPDATE article SET id = 6 WHERE id = 2;

-- user-defined BEFORE triggers: the guard sees the row as it will be stored
CREATE FUNCTION redirect() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
CREATE TRIGGER "zzz redirect" BEFORE UPDATE ON article FOR EACH ROW EXECUTE FUNCTION redirect();
SET locking.owner = 'anna';
UPDATE article SET title = 'moved by trigger' WHERE id = 6;
SELECT id, title FROM article WHERE title = 'moved by trigger';
SELECT key, token = :token AS same_token FROM locking.locks WHERE relation = 'article'::regclass;
DROP TRIGGER "zzz redirect" ON article;
-- a user-defined trigger that suppresses the write suppresses it even with a
-- lock
CREATE FUNCTION prevent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER prevent BEFORE DELETE ON article FOR EACH ROW EXECUTE FUNCTION prevent();
DELETE FROM article WHERE id = 106;
SELECT locking.is_locked('article', 106);
DROP TRIGGER prevent ON article;
SELECT locking.release(:token);

-- on_locked = skip: a batch job skips locked rows, with one NOTICE per
-- statement
TRUNCATE article;
INSERT INTO article SELECT n, 'title ' || n FROM generate_series(1, 6) AS n;
SELECT count(*) FROM locking.acquire_all('article', ARRAY['1', '2']);
SET locking.owner = 'bert';
SET locking.on_locked = skip;
UPDATE article SET title = 'batch';
UPDATE article SET title = 'batch' WHERE id = 1;
DELETE FROM article WHERE id = 2;
UPDATE article SET title = 'batch' WHERE id = 3;
SELECT id FROM article WHERE title <> 'batch' ORDER BY id;
INSERT INTO article VALUES (1, 'upsert'), (3, 'upsert') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
-- skipped rows are counted per table
WITH a AS (UPDATE article SET title = 'both'), m AS (UPDATE memo SET text = 'both') SELECT 1 AS done;
-- skipped rows are counted per statement of a function
DO $$ BEGIN UPDATE guard.article SET title = 'x'; UPDATE guard.article SET title = 'y' WHERE id = 1; END $$;
-- no NOTICE if the statement failed
UPDATE article SET title = (1 / (id - 4))::text;
-- TRUNCATE cannot skip rows
TRUNCATE article;
RESET locking.on_locked;
UPDATE article SET title = 'error again' WHERE id = 1;

-- enforce = off: for repairs by a superuser
SET locking.enforce = off;
UPDATE article SET title = 'repaired' WHERE id = 1;
RESET locking.enforce;
UPDATE article SET title = 'guarded again' WHERE id = 1;
SELECT title FROM article WHERE id = 1;

-- required: UPDATE and DELETE need a lock; INSERT does not, as no row exists
-- yet
CREATE TABLE ledger (id integer PRIMARY KEY, amount integer);
INSERT INTO ledger VALUES (1, 10), (2, 20);
SELECT locking.protect('ledger', required => true);
SELECT required FROM locking.protected_tables WHERE relation = 'ledger'::regclass;
SET locking.owner = 'anna';
UPDATE ledger SET amount = 0 WHERE id = 1;
DELETE FROM ledger WHERE id = 1;
INSERT INTO ledger VALUES (3, 30);
INSERT INTO ledger VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET amount = 0;
SELECT locking.acquire('ledger', 1) AS token \gset
UPDATE ledger SET amount = 11 WHERE id = 1;
UPDATE ledger SET amount = 0;
SET locking.owner = 'bert';
UPDATE ledger SET amount = 0 WHERE id = 1;
-- a lapsed lock does not count, a soft lock does
SELECT lapse('ledger');
SET locking.owner = 'anna';
UPDATE ledger SET amount = 12 WHERE id = 1;
SELECT locking.acquire('ledger', 2, hard => false) IS NOT NULL AS soft;
UPDATE ledger SET amount = 21 WHERE id = 2;
TRUNCATE ledger;
SET locking.on_locked = skip;
UPDATE ledger SET amount = 0 WHERE id = 3;
RESET locking.on_locked;
SELECT * FROM ledger ORDER BY id;
SET locking.enforce = off;
UPDATE ledger SET amount = 31 WHERE id = 3;
RESET locking.enforce;

-- protecting again changes the settings and keeps the locks
SELECT locking.protect('ledger');
UPDATE ledger SET amount = 13 WHERE id = 1;
SELECT key FROM locking.locks WHERE relation = 'ledger'::regclass;
-- a disabled trigger guards nothing, which the view shows
ALTER TABLE ledger DISABLE TRIGGER "~locking_guard";
SELECT guarded FROM locking.protected_tables WHERE relation = 'ledger'::regclass;
ALTER TABLE ledger ENABLE TRIGGER "~locking_guard";
SELECT guarded FROM locking.protected_tables WHERE relation = 'ledger'::regclass;
-- unprotect removes guard, locks and settings
SELECT locking.unprotect('ledger');
SET locking.owner = 'bert';
UPDATE ledger SET amount = 22 WHERE id = 2;
SELECT count(*) FROM locking.lock WHERE relation = 'ledger'::regclass;
SELECT count(*) FROM locking.protected_tables WHERE relation = 'ledger'::regclass;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ledger'::regclass;

SET client_min_messages = warning;
DROP SCHEMA guard CASCADE;
