--
-- Inheritance: parent and child are separate tables, each with its own key,
-- settings and locks.  A statement on the parent reaches rows of both.
--
\set VERBOSITY terse
CREATE SCHEMA inheritance;
SET search_path = inheritance;
CREATE TABLE city (id integer PRIMARY KEY, name text);
CREATE TABLE capital (country text) INHERITS (city);
ALTER TABLE capital ADD PRIMARY KEY (id);
INSERT INTO city VALUES (1, 'Gouda'), (2, 'Delft');
INSERT INTO capital VALUES (1, 'Amsterdam', 'NL'), (3, 'Paris', 'FR');
SELECT locking.protect('city');
-- an unprotected child of a protected table is not guarded, but the table is
SELECT guarded FROM locking.protected_tables WHERE relation = 'city'::regclass;
SET locking.owner = 'anna';
SELECT locking.acquire('city', 1) IS NOT NULL AS acquired;
\set VERBOSITY default
SELECT locking.acquire('city', 3);
SELECT locking.acquire('capital', 3);
\set VERBOSITY terse
SET locking.owner = 'bert';
UPDATE capital SET name = 'A''dam' WHERE id = 1;
UPDATE city SET name = 'x' WHERE id = 3;
UPDATE ONLY city SET name = 'x' WHERE id = 1;
UPDATE city SET name = 'x' WHERE id = 1;
SELECT locking.is_locked('capital', 1);

-- the same key in both tables identifies two rows
SELECT locking.protect('capital');
SELECT locking.acquire('capital', 1) IS NOT NULL AS acquired;
SELECT relation, key, owner FROM locking.locks ORDER BY relation::text;
UPDATE capital SET name = 'Amsterdam' WHERE id = 1;
SET locking.owner = 'anna';
UPDATE capital SET name = 'x' WHERE id = 1;
UPDATE ONLY city SET name = 'Gouda' WHERE id = 1;
-- a statement on the parent is checked row by row, against each row's own
-- table
UPDATE city SET name = 'x' WHERE id = 1;
DELETE FROM city;
UPDATE city SET name = 'free' WHERE id IN (2, 3);
SET locking.on_locked = skip;
UPDATE city SET name = upper(name);
RESET locking.on_locked;
TRUNCATE city;
TRUNCATE ONLY city;
SELECT tableoid::regclass AS "table", id, name FROM city ORDER BY 1, 2;
SELECT relation, key, owner FROM locking.locks ORDER BY relation::text;

-- the child may have a different key than the parent, or none
CREATE TABLE village (code text PRIMARY KEY) INHERITS (city);
CREATE TABLE hamlet () INHERITS (city);
INSERT INTO village VALUES (7, 'Bree', 'BR');
INSERT INTO hamlet VALUES (8, 'Dale');
SELECT locking.protect('village');
SELECT locking.protect('hamlet');
SELECT locking.acquire('village', 'BR') IS NOT NULL AS acquired;
SELECT locking.row_key(v) FROM village v;
SET locking.owner = 'bert';
UPDATE city SET name = 'x' WHERE id = 7;
UPDATE city SET name = 'x' WHERE id = 8;

-- dropping a child removes its locks
SELECT count(*) FROM locking.lock WHERE relation = 'capital'::regclass;
DROP TABLE capital;
SELECT key FROM locking.locks;

SET client_min_messages = warning;
DROP SCHEMA inheritance CASCADE;
