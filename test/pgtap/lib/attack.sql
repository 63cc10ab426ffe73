-- Fixture of the security tests, included at the beginning of their
-- transaction: mallory attacks, bob holds locks, alice is an ordinary reader.
-- What needs sessions of its own is in test/t/security.pl.
\set ON_ERROR_ROLLBACK on
\set QUIET on
SET client_min_messages = warning;

CREATE ROLE mallory;
CREATE ROLE bob;
CREATE ROLE alice;
COMMENT ON ROLE bob IS 'Bob Builder';

CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE SCHEMA m AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA m TO PUBLIC;

-- doc: rows 6 to 10 are visible to bob only
CREATE TABLE app.doc (id integer PRIMARY KEY, body text, hidden boolean DEFAULT false);
INSERT INTO app.doc SELECT g, 'body', g > 5 FROM generate_series(1, 10) g;
ALTER TABLE app.doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON app.doc USING (NOT hidden OR current_user = 'bob');
GRANT SELECT, UPDATE ON app.doc TO bob, alice, mallory;
-- secret: only bob has privileges
CREATE TABLE app.secret (id integer PRIMARY KEY, body text);
INSERT INTO app.secret SELECT g, 'body' FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE ON app.secret TO bob;
SELECT locking.protect('app.doc'), locking.protect('app.secret');

-- All fields of an error report, with numbers replaced.
CREATE FUNCTION public.told(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text; context text; tab text;
BEGIN
	EXECUTE command;
	RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT, tab = TABLE_NAME;
	RETURN regexp_replace(concat_ws('|', state, message, detail, hint,
		regexp_replace(context, '(SQL statement "SELECT [a-z_.*() ]*locking|PL/pgSQL function told).*', ''), tab),
		'[0-9]+', '#', 'g');
END $$;

-- Hostile code records here whose rights it ran with. An error undoes the
-- record, but not that a sequence was advanced.
CREATE TABLE m.ran (what text, who text);
CREATE SEQUENCE m.others;
ALTER TABLE m.ran OWNER TO mallory;
GRANT INSERT, SELECT ON m.ran TO PUBLIC;
GRANT USAGE ON SEQUENCE m.others TO PUBLIC;
CREATE FUNCTION m.note(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF current_user <> 'mallory' THEN PERFORM nextval('m.others'); END IF;
	INSERT INTO m.ran VALUES (what, current_user);
	RETURN true;
END $$;
-- declared immutable, so that the planner runs it
CREATE FUNCTION m.evil(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN RETURN m.note('evil'); END $$;
ALTER FUNCTION m.note(text) OWNER TO mallory;
ALTER FUNCTION m.evil(integer) OWNER TO mallory;
-- what ran as another role since the last call
CREATE FUNCTION public.not_mallory() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT DISTINCT what || ' as ' || who FROM m.ran WHERE who <> 'mallory'
		UNION ALL SELECT 'undone by an error' FROM m.others WHERE is_called;
	PERFORM setval('m.others', 1, false);
	DELETE FROM m.ran;
END $$;

SET SESSION AUTHORIZATION bob;
SELECT locking.acquire('app.secret', 1, note => 'private note') AS bobs,
	locking.acquire('app.doc', 1) AS bobs_doc, locking.acquire('app.doc', 7) AS bobs_hidden \gset
SELECT locking.save_draft(:bobs_doc, '{"text": "bob''s"}');
RESET SESSION AUTHORIZATION;
