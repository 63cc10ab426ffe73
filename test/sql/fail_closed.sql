--
-- A write passes only if the guard can tell that it may: a guard without
-- settings refuses it.  Other ways past the guard, and past protect()
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA closed;
SET search_path = closed;
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'passes';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- the guard's triggers on all tables
CREATE VIEW guards AS
SELECT t.tgrelid::regclass AS relation, t.tgname AS name FROM pg_trigger t
WHERE t.tgfoid IN ('locking.guard'::regproc, 'locking.guard_truncate'::regproc);

CREATE TABLE article (id integer PRIMARY KEY, title text);
CREATE TABLE review (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article, body text);
INSERT INTO article VALUES (1, 'one'), (2, 'two');
INSERT INTO review VALUES (1, 1, '');
SELECT locking.protect('article'), locking.protect('review', parent => 'of_article');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';

-- settings are lost, of tables that this session has written before
UPDATE article SET title = 'two' WHERE id = 2;
UPDATE review SET body = 'x';
CREATE TABLE saved AS SELECT * FROM locking.protected WHERE relation IN ('article'::regclass, 'review'::regclass);
DELETE FROM locking.protected WHERE relation IN ('article'::regclass, 'review'::regclass);
\set VERBOSITY default
UPDATE article SET title = 'x' WHERE id = 2;
TRUNCATE article CASCADE;
\set VERBOSITY terse
SELECT statement, outcome(statement) FROM unnest(ARRAY[
	'UPDATE article SET title = $$x$$',
	'DELETE FROM article WHERE id = 2',
	'INSERT INTO article VALUES (1, $$x$$) ON CONFLICT (id) DO UPDATE SET title = excluded.title',
	'INSERT INTO review VALUES (2, 1, $$$$)',
	'UPDATE review SET body = $$y$$',
	'TRUNCATE review',
	-- no row is written, or no guard fires
	'UPDATE article SET title = $$x$$ WHERE id = 9',
	'INSERT INTO article VALUES (3, $$three$$)']) AS statement;
COPY review FROM stdin;
3	1	x
\.
-- skipping is for rows that are known to be locked
SET locking.on_locked = skip;
UPDATE article SET title = 'x' WHERE id = 2;
RESET locking.on_locked;
-- repairs pass, and so do replicas
SET locking.enforce = off;
UPDATE article SET title = 'repaired' WHERE id = 2;
TRUNCATE review;
RESET locking.enforce;
SET session_replication_role = replica;
UPDATE article SET title = 'replicated' WHERE id = 2;
RESET session_replication_role;
SELECT * FROM article ORDER BY id;
-- settings that are written while the trigger on them is disabled, as by
-- pg_dump --data-only --disable-triggers, are those of a session with a cache
ALTER TABLE locking.protected DISABLE TRIGGER ALL;
INSERT INTO locking.protected SELECT * FROM saved;
ALTER TABLE locking.protected ENABLE TRIGGER ALL;
ALTER TABLE locking.protected ENABLE ALWAYS TRIGGER settings_changed, ENABLE ALWAYS TRIGGER refuse_truncate;
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), outcome('UPDATE article SET title = $$x$$ WHERE id = 2'),
	outcome('INSERT INTO review VALUES (2, 1, $$$$)');
BEGIN;
TRUNCATE locking.protected;
UPDATE article SET title = 'x' WHERE id = 2;
ROLLBACK;

-- settings lost of the parent only, whose row may be locked
DELETE FROM locking.protected WHERE relation = 'article'::regclass;
\set VERBOSITY default
INSERT INTO review VALUES (2, 1, '');
\set VERBOSITY terse
SELECT statement, outcome(statement) FROM unnest(ARRAY[
	'INSERT INTO review VALUES (2, 2, $$$$)',
	'INSERT INTO review VALUES (2, NULL, $$$$)',
	'TRUNCATE review']) AS statement;

-- what the hint says helps
DELETE FROM locking.protected WHERE relation IN ('article'::regclass, 'review'::regclass);
SELECT locking.protect('closed.article');
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), outcome('UPDATE article SET title = $$x$$ WHERE id = 2');
DROP TRIGGER "~locking_guard" ON closed.review;
DROP TRIGGER "~locking_guard_truncate" ON closed.review;
INSERT INTO review VALUES (2, 2, '');
TRUNCATE review;

-- the guard's function is replaced, or has a setting of its own
CREATE FUNCTION guarded(table_name regclass) RETURNS boolean LANGUAGE sql AS
	'SELECT guarded FROM locking.protected_tables WHERE relation = $1';
BEGIN;
CREATE OR REPLACE FUNCTION locking.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), locking.is_locked('article', 1), guarded('article');
ROLLBACK;
BEGIN;
CREATE OR REPLACE FUNCTION locking.guard_truncate() RETURNS trigger LANGUAGE c AS '$libdir/locking', 'locking_guard';
SELECT guarded('article');
ROLLBACK;
BEGIN;
UPDATE pg_proc SET probin = '$libdir/other' WHERE oid = 'locking.guard'::regproc;
SELECT guarded('article');
ROLLBACK;
BEGIN;
ALTER FUNCTION locking.guard() SET locking.enforce = off;
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), locking.is_locked('article', 1), guarded('article');
ROLLBACK;
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), guarded('article');

-- another table: a copy, or one that takes the name of a protected one
CREATE TABLE copy AS SELECT * FROM article;
ALTER TABLE copy ADD PRIMARY KEY (id);
SELECT outcome('UPDATE copy SET title = $$x$$ WHERE id = 1'), outcome('SELECT locking.is_locked($$copy$$, 1)');
BEGIN;
ALTER TABLE article RENAME TO original;
ALTER TABLE copy RENAME TO article;
SELECT outcome('UPDATE article SET title = $$x$$ WHERE id = 1'), outcome('SELECT locking.is_locked($$article$$, 1)'),
	outcome('UPDATE original SET title = $$x$$ WHERE id = 1'), locking.is_locked('original', 1);
ROLLBACK;

-- a trigger made by hand, on a table that was never protected
CREATE TABLE shard (LIKE article INCLUDING ALL);
INSERT INTO shard VALUES (1, 'one');
SELECT count(*) FROM guards WHERE relation = 'shard'::regclass;
UPDATE shard SET title = 'without a guard';
SELECT outcome('SELECT locking.is_locked($$shard$$, 1)');
CREATE TRIGGER "a guard" BEFORE UPDATE OR DELETE ON shard FOR EACH ROW EXECUTE FUNCTION locking.guard();
\set VERBOSITY default
UPDATE shard SET title = 'x';
\set VERBOSITY terse
-- protect() replaces it, unprotect() leaves no trigger of whatever name
SELECT locking.protect('shard');
SELECT name FROM guards WHERE relation = 'shard'::regclass ORDER BY 1;
ALTER TRIGGER "~locking_guard" ON shard RENAME TO another;
SELECT guarded FROM locking.protected_tables WHERE relation = 'shard'::regclass;
SELECT locking.unprotect('shard');
SELECT name FROM guards WHERE relation = 'shard'::regclass;
UPDATE shard SET title = 'unprotected';

-- partitions: the root is to be protected, and has the row trigger
CREATE TABLE whole (id integer PRIMARY KEY, title text) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
CREATE TABLE leaf PARTITION OF part FOR VALUES FROM (0) TO (10);
INSERT INTO whole VALUES (1, 'one'), (2, 'two');
SELECT locking.protect('leaf');
DELETE FROM locking.protected WHERE relation = 'whole'::regclass;
\set VERBOSITY default
UPDATE leaf SET title = 'x';
TRUNCATE leaf;
\set VERBOSITY terse
DROP TRIGGER "~locking_guard" ON closed.whole;
UPDATE leaf SET title = 'free';
SELECT locking.protect('whole');
-- "guarded" looks at every trigger of every partition
CREATE FUNCTION guarded_after(command text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'ALTER TABLE ' || command;
	RETURN (SELECT guarded FROM locking.protected_tables WHERE relation = 'closed.whole'::regclass);
END $$;
SELECT command, guarded_after(command) FROM unnest(ARRAY[
	'ONLY whole ENABLE REPLICA TRIGGER "~locking_guard"', 'ONLY whole ENABLE ALWAYS TRIGGER "~locking_guard"',
	'leaf ENABLE REPLICA TRIGGER "~locking_guard"', 'leaf ENABLE ALWAYS TRIGGER "~locking_guard"',
	'leaf ENABLE REPLICA TRIGGER "~locking_guard_truncate"', 'leaf ENABLE TRIGGER "~locking_guard_truncate"',
	'leaf DISABLE TRIGGER "~locking_guard"', 'leaf ENABLE TRIGGER "~locking_guard"',
	'part DISABLE TRIGGER USER', 'part ENABLE TRIGGER USER']) AS command;
-- which is what happens: a partition whose trigger does not fire
SET locking.owner = 'anna';
SELECT locking.acquire('whole', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
ALTER TABLE leaf DISABLE TRIGGER "~locking_guard";
UPDATE whole SET title = 'not guarded';
ALTER TABLE leaf ENABLE TRIGGER "~locking_guard";
UPDATE whole SET title = 'guarded';

-- a detached partition keeps no trigger, nor do its partitions
ALTER TABLE whole DETACH PARTITION part;
SELECT relation, name FROM guards WHERE relation IN ('part'::regclass, 'leaf'::regclass) ORDER BY relation::text DESC;
UPDATE leaf SET title = 'detached';
TRUNCATE part;
-- unless event triggers were disabled
ALTER TABLE whole ATTACH PARTITION part FOR VALUES FROM (0) TO (100);
SET session_replication_role = replica;
ALTER TABLE whole DETACH PARTITION part;
RESET session_replication_role;
SELECT relation, name FROM guards WHERE relation IN ('part'::regclass, 'leaf'::regclass) ORDER BY relation::text DESC;
INSERT INTO part VALUES (1, 'one');
UPDATE leaf SET title = 'detached';
TRUNCATE leaf;
ALTER TABLE whole ATTACH PARTITION part FOR VALUES FROM (0) TO (100);
SELECT guarded FROM locking.protected_tables WHERE relation = 'whole'::regclass;

-- protecting again keeps what makes the guard fire in replicas, too
ALTER TABLE whole ENABLE ALWAYS TRIGGER "~locking_guard";
ALTER TABLE leaf ENABLE ALWAYS TRIGGER "~locking_guard";
ALTER TABLE leaf ENABLE ALWAYS TRIGGER "~locking_guard_truncate";
SELECT locking.protect('whole', ttl => '1 min');
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('whole'::regclass, 'leaf'::regclass) AND tgname LIKE '~%' ORDER BY 1, 2;
ALTER TABLE whole ENABLE TRIGGER "~locking_guard";
ALTER TABLE leaf ENABLE TRIGGER "~locking_guard", ENABLE TRIGGER "~locking_guard_truncate";
ALTER TABLE ONLY whole ENABLE ALWAYS TRIGGER "~locking_guard";
SELECT locking.protect('whole');
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('whole'::regclass, 'leaf'::regclass) AND tgname LIKE '~%' ORDER BY 1, 2;
ALTER TABLE ONLY whole ENABLE TRIGGER "~locking_guard";
ALTER TABLE leaf ENABLE ALWAYS TRIGGER "~locking_guard";
SELECT locking.protect('whole');
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('whole'::regclass, 'leaf'::regclass) AND tgname LIKE '~%' ORDER BY 1, 2;
ALTER TABLE leaf ENABLE TRIGGER "~locking_guard";

-- likewise a new partition, and renamed columns
SET session_replication_role = replica;
CREATE TABLE leaf2 PARTITION OF part FOR VALUES FROM (10) TO (20);
RESET session_replication_role;
INSERT INTO leaf2 VALUES (11, 'eleven');
SET locking.owner = 'anna';
SELECT locking.acquire('whole', 11) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE leaf2 SET title = 'x';
TRUNCATE leaf2;
SELECT guarded FROM locking.protected_tables WHERE relation = 'whole'::regclass;
SELECT locking.protect('whole');
TRUNCATE leaf2;
SELECT guarded FROM locking.protected_tables WHERE relation = 'whole'::regclass;
CREATE TABLE renamed (id integer PRIMARY KEY, title text, price integer);
INSERT INTO renamed VALUES (1, 'one', 1);
SELECT locking.protect('renamed', columns => '{title}');
SET locking.owner = 'anna';
SELECT locking.acquire('renamed', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE renamed SET price = 2;
SET session_replication_role = replica;
ALTER TABLE renamed RENAME title TO headline;
RESET session_replication_role;
UPDATE renamed SET price = 3;
SET session_replication_role = replica;
ALTER TABLE renamed RENAME id TO no;
RESET session_replication_role;
UPDATE renamed SET price = 4;
-- a dropped table leaves its settings, and its locks until reap()
SELECT 'renamed'::regclass::oid AS dropped \gset
SET session_replication_role = replica;
DROP TABLE renamed;
RESET session_replication_role;
SELECT locking.reap() > 0 AS reaped;
SELECT (SELECT count(*) FROM locking.protected WHERE relation::oid = :dropped) AS settings,
	(SELECT count(*) FROM locking.lock WHERE relation::oid = :dropped) AS locks;
DELETE FROM locking.protected WHERE relation::oid = :dropped;
DELETE FROM locking.event WHERE relation::oid = :dropped;

-- ATTACH of a table that is protected by itself, with a lock, to a root that
-- is or is not protected
CREATE TABLE loose (id integer PRIMARY KEY, title text);
INSERT INTO loose VALUES (101, 'one');
SELECT locking.protect('loose');
CREATE TABLE free (id integer PRIMARY KEY, title text) PARTITION BY RANGE (id);
SET locking.owner = 'anna';
SELECT locking.acquire('loose', 101) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
\set VERBOSITY default
ALTER TABLE whole ATTACH PARTITION loose FOR VALUES FROM (100) TO (200);
\set VERBOSITY terse
ALTER TABLE free ATTACH PARTITION loose FOR VALUES FROM (100) TO (200);
UPDATE loose SET title = 'x';
-- event triggers disabled: the partition keeps its trigger, which refuses all
SET session_replication_role = replica;
ALTER TABLE free ATTACH PARTITION loose FOR VALUES FROM (100) TO (200);
RESET session_replication_role;
UPDATE free SET title = 'x';
SELECT locking.is_locked('loose', 101);
ALTER TABLE free DETACH PARTITION loose;
UPDATE loose SET title = 'x';
-- not a partition of anything
ALTER TABLE IF EXISTS nowhere ATTACH PARTITION loose DEFAULT;
-- the other order: a partition that is locked as such, is a row of its root
SELECT locking.unprotect('loose');
ALTER TABLE free ATTACH PARTITION loose FOR VALUES FROM (100) TO (200);
SELECT locking.protect('loose');
SET locking.owner = 'anna';
SELECT locking.acquire('loose', 101) IS NOT NULL AS acquired;
SELECT relation, key FROM locking.locks WHERE key = '101';
SET locking.owner = 'bert';
UPDATE free SET title = 'x';

-- a table on which another tool has left the guard trigger
CREATE TABLE bare (id integer PRIMARY KEY, title text);
CREATE TRIGGER "~locking_guard" BEFORE UPDATE OR DELETE ON bare FOR EACH ROW EXECUTE FUNCTION locking.guard();
\set VERBOSITY default
ALTER TABLE whole ATTACH PARTITION bare FOR VALUES FROM (300) TO (400);
\set VERBOSITY terse
DROP TRIGGER "~locking_guard" ON bare;
ALTER TABLE whole ATTACH PARTITION bare FOR VALUES FROM (300) TO (400);

-- tables whose rows another extension keeps elsewhere
CREATE TABLE distributed (id integer PRIMARY KEY);
CREATE TABLE distributed_parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE distributed_part PARTITION OF distributed_parts DEFAULT;
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL);
RESET allow_system_table_mods;
INSERT INTO pg_dist_partition VALUES ('distributed', 'h'), ('distributed_part', 'h');
SELECT locking.protect('shard');
SAVEPOINT s;
\set VERBOSITY default
SELECT locking.protect('distributed');
\set VERBOSITY terse
ROLLBACK TO s;
\set VERBOSITY sqlstate
SELECT locking.protect('distributed_parts');
\set VERBOSITY terse
ROLLBACK;
-- one that is distributed later: its rows are written in a shard, where no
-- trigger fires
INSERT INTO distributed VALUES (1);
SELECT locking.protect('distributed');
SET locking.owner = 'anna';
SELECT locking.acquire('distributed', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL);
RESET allow_system_table_mods;
INSERT INTO pg_dist_partition VALUES ('distributed', 'h');
CREATE TABLE distributed_102008 (LIKE distributed INCLUDING ALL);
INSERT INTO distributed_102008 SELECT * FROM distributed;
CREATE RULE shards AS ON DELETE TO distributed DO INSTEAD DELETE FROM distributed_102008 WHERE id = OLD.id;
SELECT outcome('DELETE FROM distributed WHERE id = 1'), locking.is_locked('distributed', 1);
SELECT count(*) FROM distributed_102008;
SELECT guarded FROM locking.protected_tables WHERE relation = 'distributed'::regclass;
SELECT locking.unprotect('distributed');
ROLLBACK;
SELECT locking.unprotect('distributed');

-- ways to write a locked row without naming its table, or after DDL
SET client_min_messages = warning;
CREATE ROLE regress_closed_owner;
GRANT ALL ON SCHEMA closed TO regress_closed_owner;
RESET client_min_messages;
CREATE VIEW articles AS SELECT * FROM article;
CREATE VIEW titles AS SELECT title FROM articles WHERE id = 1;
CREATE RULE also AS ON INSERT TO shard DO ALSO UPDATE article SET title = NEW.title WHERE id = NEW.id - 10;
CREATE RULE instead AS ON DELETE TO shard DO INSTEAD DELETE FROM article WHERE id = OLD.id;
SELECT statement, outcome(statement) FROM unnest(ARRAY[
	'UPDATE titles SET title = $$x$$',
	'DELETE FROM articles',
	'INSERT INTO shard VALUES (11, $$x$$)',
	'DELETE FROM shard',
	'TRUNCATE article CASCADE']) AS statement;
DROP RULE also ON shard;
DROP RULE instead ON shard;
ALTER TABLE article OWNER TO regress_closed_owner;
SELECT outcome('UPDATE article SET title = $$x$$');
ALTER TABLE review DROP CONSTRAINT of_article;
ALTER TABLE article SET UNLOGGED;
ALTER TABLE article ADD stamp timestamptz DEFAULT clock_timestamp();
CLUSTER article USING article_pkey;
VACUUM FULL article;
SELECT outcome('UPDATE article SET title = $$x$$');
SET ROLE regress_closed_owner;
SELECT outcome('UPDATE article SET title = $$x$$');
RESET ROLE;
-- a rule that puts another statement in the place of one on the table
CREATE TABLE aside (id integer, title text);
ALTER TABLE aside OWNER TO regress_closed_owner;
CREATE RULE instead AS ON UPDATE TO article DO INSTEAD INSERT INTO aside VALUES (OLD.id, NEW.title);
UPDATE article SET title = 'x';
SELECT id, title FROM article WHERE id = 1;
SELECT count(*) FROM aside;
DROP RULE instead ON article;

-- what passes: code that runs after the guard, and DDL
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.id := 1;
	NEW.title := 'changed';
	RETURN NEW;
END $$;
CREATE TABLE book (id integer PRIMARY KEY, title text, price integer);
INSERT INTO book VALUES (1, 'one', 1);
SELECT locking.protect('book', columns => '{title}');
SET locking.owner = 'anna';
SELECT locking.acquire('book', 1, client => 'tab-1') IS NOT NULL AS acquired;
SET locking.owner = 'bert';
-- the owner in another client
SET locking.owner = 'anna';
UPDATE book SET title = title;
SELECT outcome('SELECT locking.acquire($$book$$, 1, client => $$tab-2$$)');
SET locking.owner = 'bert';
CREATE TRIGGER "}" BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION change();
UPDATE book SET price = 2;
ALTER TRIGGER "}" ON book RENAME TO "~~";
UPDATE book SET price = 2;
DROP TRIGGER "~~" ON book;
SELECT * FROM book;
ALTER TABLE book ALTER title TYPE text USING 'rewritten';
-- the lock is on a key, which the row does not have any more
ALTER TABLE book ALTER id TYPE integer USING id + 1;
SELECT *, locking.is_locked('book', id) FROM book;
UPDATE book SET title = 'x';

RESET locking.owner;
SET client_min_messages = warning;
DROP SCHEMA closed CASCADE;
DROP ROLE regress_closed_owner;
