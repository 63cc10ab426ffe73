-- Data of the browser tests besides test/demo/data.sql: users, privileges,
-- protected tables, and tables with unusual keys and policies.
SET client_min_messages = warning;
CREATE EXTENSION locking;

CREATE ROLE anna LOGIN PASSWORD 'anna-password';
CREATE ROLE bert LOGIN PASSWORD 'bert-password';
CREATE ROLE carla LOGIN PASSWORD 'carla-password';
CREATE ROLE dora LOGIN PASSWORD 'dora-password'; -- may only read
CREATE ROLE locking_web LOGIN;
COMMENT ON ROLE anna IS 'Anna Albers';
COMMENT ON ROLE bert IS 'Bert Brandt';
COMMENT ON ROLE carla IS 'Carla Conti, administrator';

CREATE TABLE note (id integer PRIMARY KEY, body text);
INSERT INTO note SELECT n, 'Note ' || n FROM generate_series(1, 5) n;

CREATE TABLE "Odd Names" ("the Key" text PRIMARY KEY, "select" text);
INSERT INTO "Odd Names" VALUES ('new', 'a'), ('a b/c?d#e%&+', 'b'), ('<b>"x"</b>', '<i>not markup</i>');

CREATE TABLE line (document text, n integer, body text, PRIMARY KEY (document, n));
INSERT INTO line VALUES ('A/7 ä', 1, 'first'), ('A/7 ä', 2, 'second');

CREATE TABLE private (id integer PRIMARY KEY, owner text, body text);
INSERT INTO private VALUES (1, 'anna', 'for both'), (2, 'bert', 'for bert alone');
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON private USING (id = 1 OR owner = current_user);

GRANT SELECT, INSERT, UPDATE, DELETE
	ON language, country, subdivision, proposal, note, "Odd Names", line, private TO anna, bert, carla;
GRANT SELECT ON language, country TO dora;
ALTER TABLE note OWNER TO carla;
GRANT EXECUTE ON FUNCTION
	locking.take_over(regclass, text, text, interval, boolean, text, text),
	locking.break_lock(regclass, text, text) TO carla;

SELECT locking.protect(relation) FROM (VALUES ('language'::regclass), ('country'), ('proposal'),
	('"Odd Names"'), ('line'), ('private')) t (relation);
SELECT locking.protect('subdivision', parent => 'subdivision_country_fkey');
