--
-- Rows guarded by the lock of the row that they reference, including INSERT
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA parents;
SET search_path = parents;
CREATE TABLE invoice (id integer PRIMARY KEY, text text);
CREATE TABLE line (
	id integer PRIMARY KEY,
	invoice integer CONSTRAINT line_invoice REFERENCES invoice ON DELETE CASCADE ON UPDATE CASCADE,
	amount integer);
INSERT INTO invoice VALUES (1), (2), (3), (4);
INSERT INTO line VALUES (11, 1, 0), (12, 1, 0), (21, 2, 0), (31, 3, 0), (90, NULL, 0);
-- a parent table that is not protected yet
SELECT locking.protect('line', parent => 'line_invoice');
SELECT locking.protect('invoice');
SELECT relation, parent FROM locking.protected_tables ORDER BY relation::text;
SET locking.owner = 'anna';
SELECT locking.acquire('invoice', 1) AS token \gset
SET locking.owner = 'bert';

-- all kinds of writes to children of the locked parent
UPDATE line SET amount = 1 WHERE id = 11;
DELETE FROM line WHERE id = 11;
INSERT INTO line VALUES (13, 1, 0);
INSERT INTO line SELECT 13, 2, 0 UNION ALL SELECT 14, 1, 0;
INSERT INTO line VALUES (21, 2, 5) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
INSERT INTO line VALUES (11, 2, 5) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
COPY line FROM stdin;
15	2	0
16	1	0
\.
COPY line FROM stdin;
17	2	0
18	\N	0
\.
-- COPY FREEZE, which needs a table that the transaction has truncated
BEGIN;
SET LOCAL locking.enforce = off;
TRUNCATE line;
RESET locking.enforce;
COPY line FROM stdin WITH (FREEZE);
17	2	0
16	1	0
\.
ROLLBACK;
UPDATE line SET amount = 2;
TRUNCATE line;
-- away from the locked parent, and to it
UPDATE line SET invoice = 2 WHERE id = 11;
UPDATE line SET invoice = 1 WHERE id = 21;
UPDATE line SET invoice = NULL WHERE id = 11;
UPDATE line SET invoice = 1 WHERE id = 90;
-- rows that reference another parent or none can be written
UPDATE line SET invoice = 3 WHERE id = 21;
UPDATE line SET invoice = NULL WHERE id = 31;
UPDATE line SET invoice = 2 WHERE id IN (21, 31);
DELETE FROM line WHERE id = 17;
SELECT * FROM line ORDER BY id;
-- skip leaves out these rows, including inserted ones
SET locking.on_locked = skip;
UPDATE line SET amount = amount + 1;
INSERT INTO line VALUES (41, 4, 0), (19, 1, 0);
COPY line FROM stdin;
42	4	0
43	1	0
44	1	0
\.
DELETE FROM line WHERE id = 42;
RESET locking.on_locked;
SELECT * FROM line ORDER BY id;

-- the holder may write
SET locking.owner = 'anna';
INSERT INTO line VALUES (13, 1, 0);
UPDATE line SET amount = 10 WHERE invoice = 1;
UPDATE line SET invoice = 2 WHERE id = 12;
UPDATE line SET invoice = 1 WHERE id = 12;
DELETE FROM line WHERE id = 13;
-- the holder's change of the parent's key cascades to the children, and the
-- lock moves
UPDATE invoice SET id = 100 WHERE id = 1;
SELECT key, token = :token AS same_token FROM locking.locks WHERE relation = 'invoice'::regclass;
SELECT id, invoice FROM line WHERE id < 20 ORDER BY id;
SET locking.owner = 'bert';
UPDATE line SET amount = 3 WHERE id = 11;
UPDATE invoice SET id = 101 WHERE id = 100;
DELETE FROM invoice WHERE id = 100;
TRUNCATE invoice CASCADE;
-- a soft lock causes a warning
SET locking.owner = 'anna';
SELECT locking.acquire('invoice', 3, hard => false) IS NOT NULL AS soft;
SET locking.owner = 'bert';
INSERT INTO line VALUES (32, 3, 0);
-- a child row's own lock applies in addition
SELECT locking.acquire('line', 21) IS NOT NULL AS acquired;
SET locking.owner = 'anna';
UPDATE line SET amount = 4 WHERE id = 21;
-- the holder may delete the parent and its children, unless a child is locked
-- by another owner
DELETE FROM invoice WHERE id = 2;
DELETE FROM invoice WHERE id = 100;
SELECT locking.is_locked('invoice', 100);
SELECT id, invoice FROM line WHERE invoice = 100;
-- once released, all rows can be written
SELECT locking.release_all();
SET locking.owner = 'bert';
UPDATE line SET amount = 5;
SELECT locking.release_all();
TRUNCATE line;

-- required: either the parent's lock or the row's own is sufficient
INSERT INTO line VALUES (21, 2, 0), (22, 2, 0), (31, 3, 0);
SELECT locking.protect('line', required => true, parent => 'line_invoice');
INSERT INTO line VALUES (23, 2, 0);
UPDATE line SET amount = 6 WHERE id = 21;
DELETE FROM line WHERE id = 21;
SELECT locking.acquire('invoice', 2) IS NOT NULL AS acquired;
INSERT INTO line VALUES (23, 2, 0);
UPDATE line SET amount = 6 WHERE id = 21;
UPDATE line SET amount = 6 WHERE id = 31;
SELECT locking.acquire('line', 31) IS NOT NULL AS acquired;
UPDATE line SET amount = 6 WHERE id = 31;
TRUNCATE line;
-- deleting the parent, its holder also deletes the children
DELETE FROM invoice WHERE id = 2;
SELECT id, invoice FROM line ORDER BY id;
-- a parent table without required: any role may do so if the parent is not
-- locked
SET locking.owner = 'carla';
DELETE FROM invoice WHERE id = 3;
SET locking.owner = 'bert';
SELECT locking.release_all();
SET locking.owner = 'carla';
DELETE FROM invoice WHERE id = 3;
SELECT count(*) FROM line;

-- several columns, ordered differently from the key; a unique key that is not
-- the primary key
CREATE TABLE book (publisher text, isbn text, id integer PRIMARY KEY, shelf integer UNIQUE, UNIQUE (isbn, publisher));
CREATE TABLE copy (no integer PRIMARY KEY, isbn text, shelf integer CONSTRAINT copy_shelf REFERENCES book (shelf), publisher text,
	CONSTRAINT copy_book FOREIGN KEY (publisher, isbn) REFERENCES book (publisher, isbn));
INSERT INTO book VALUES ('P', 'I', 1, 10), ('Q', 'I', 2, 20);
INSERT INTO copy VALUES (1, 'I', 20, 'P'), (2, 'I', 10, 'Q'), (3, 'I', NULL, NULL), (4, NULL, 10, 'P');
SELECT locking.protect('book'), locking.protect('copy', parent => 'copy_book');
SET locking.owner = 'anna';
SELECT locking.acquire('book', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE copy SET shelf = shelf WHERE no = 1;
UPDATE copy SET shelf = shelf WHERE no = 2;
UPDATE copy SET publisher = 'P' WHERE no = 2;
UPDATE copy SET publisher = 'P' WHERE no = 3;
UPDATE copy SET shelf = shelf WHERE no IN (3, 4);
TRUNCATE copy;
SELECT locking.protect('copy', parent => 'copy_shelf');
UPDATE copy SET isbn = isbn WHERE no = 1;
UPDATE copy SET isbn = isbn WHERE no = 2;
UPDATE copy SET shelf = 20 WHERE no = 4;
TRUNCATE copy;
-- the parent's primary key is dropped: locks cannot be determined, so writes
-- are rejected
ALTER TABLE book DROP CONSTRAINT book_pkey;
\set VERBOSITY sqlstate
UPDATE copy SET isbn = isbn WHERE no = 1;
TRUNCATE copy;
\set VERBOSITY terse
ALTER TABLE book ADD PRIMARY KEY (id);
UPDATE copy SET isbn = isbn WHERE no = 2;
UPDATE copy SET isbn = isbn WHERE no = 1;

-- a self-referencing table
CREATE TABLE page (id integer PRIMARY KEY, parent integer CONSTRAINT page_parent REFERENCES page, text text);
INSERT INTO page VALUES (1, NULL), (2, 1), (3, 2);
SELECT locking.protect('page', parent => 'page_parent');
SET locking.owner = 'anna';
SELECT locking.acquire('page', 1) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
UPDATE page SET text = 'x' WHERE id = 1;
UPDATE page SET text = 'x' WHERE id = 2;
UPDATE page SET text = 'x' WHERE id = 3;
INSERT INTO page VALUES (4, 1);
INSERT INTO page VALUES (4, 2), (5, 4), (6, 6);
UPDATE page SET parent = 1 WHERE id = 3;
TRUNCATE page;
SET locking.owner = 'anna';
UPDATE page SET id = 10 WHERE id = 4;
UPDATE page SET text = 'y' WHERE id IN (1, 2);
TRUNCATE page;
SELECT locking.is_locked('page', 1);

-- with cascades and required: one lock covers everything that its cascades
-- reach
CREATE TABLE node (id integer PRIMARY KEY, up integer CONSTRAINT node_up REFERENCES node ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2);
SELECT locking.protect('node', required => true, parent => 'node_up');
SELECT locking.acquire('node', 1) IS NOT NULL AS acquired;
UPDATE node SET id = 10 WHERE id = 1;
UPDATE node SET id = 30 WHERE id = 3;
SELECT * FROM node ORDER BY id;
DELETE FROM node WHERE id = 10;
SELECT count(*) FROM node;
SELECT count(*) FROM locking.locks WHERE relation = 'node'::regclass;

-- a partitioned child
CREATE TABLE item (id integer, invoice integer CONSTRAINT item_invoice REFERENCES invoice, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE item_1 (invoice integer, x integer, id integer NOT NULL);
ALTER TABLE item_1 DROP COLUMN x;
ALTER TABLE item ATTACH PARTITION item_1 FOR VALUES FROM (0) TO (10);
CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (10) TO (20);
INSERT INTO invoice VALUES (7), (8);
INSERT INTO item VALUES (1, 7), (11, 8);
SELECT locking.protect('item', parent => 'item_invoice');
SELECT locking.acquire('invoice', 7) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
INSERT INTO item VALUES (2, 7);
INSERT INTO item_2 VALUES (12, 7);
UPDATE item SET id = 15 WHERE id = 1;
UPDATE item_1 SET invoice = 8;
TRUNCATE item_1;
TRUNCATE item_2;
TRUNCATE item;
SET locking.owner = 'anna';
UPDATE item SET id = 15 WHERE id = 1;
SELECT tableoid::regclass AS partition, * FROM item;

-- guarded columns: the foreign key's columns always count
SELECT locking.protect('item', columns => '{id}', parent => 'item_invoice');
ALTER TABLE item ADD text text;
SET locking.owner = 'bert';
UPDATE item SET text = 'free';
UPDATE item SET invoice = 8;

-- the trigger also has to fire for INSERT
SELECT guarded FROM locking.protected_tables WHERE relation = 'item'::regclass;
DROP TRIGGER "~locking_guard" ON item;
CREATE TRIGGER "~locking_guard" BEFORE UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION locking.guard();
SELECT guarded FROM locking.protected_tables WHERE relation = 'item'::regclass;
SELECT locking.protect('item', columns => '{id}', parent => 'item_invoice');
SELECT guarded FROM locking.protected_tables WHERE relation = 'item'::regclass;

-- the foreign key renamed, and dropped: writes are rejected
ALTER TABLE item RENAME CONSTRAINT item_invoice TO belongs_to;
SELECT parent FROM locking.protected_tables WHERE relation = 'item'::regclass;
UPDATE item SET invoice = 8;
ALTER TABLE item DROP CONSTRAINT belongs_to;
UPDATE item SET invoice = 8;
SELECT locking.acquire('item', 15);
SELECT locking.protect('item');
SELECT guarded FROM locking.protected_tables WHERE relation = 'item'::regclass;
UPDATE item SET invoice = 8;

SET client_min_messages = warning;
DROP SCHEMA parents CASCADE;
