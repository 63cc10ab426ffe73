-- Names that need quotes, and hints that are pasted as commands.
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

CREATE TABLE app.some (id integer PRIMARY KEY);

RESET SESSION AUTHORIZATION;
CREATE SCHEMA "s""'; DROP TABLE app.doc; --";
SET LOCAL search_path = "s""'; DROP TABLE app.doc; --", public;
CREATE TABLE "o'clock"" $1 \" (
	"i""d'; --" integer, "k$$\" text, "b""o'dy" text,
	"up""'" integer,
	CONSTRAINT "p""k'" PRIMARY KEY ("i""d'; --", "k$$\")) PARTITION BY LIST ("k$$\");
CREATE TABLE "part""'; --" PARTITION OF "o'clock"" $1 \" FOR VALUES IN ('a', 'b"''\');
CREATE TABLE "up'""" ("u""'" integer CONSTRAINT "up pk""'" PRIMARY KEY);
INSERT INTO "up'""" VALUES (1);
ALTER TABLE "o'clock"" $1 \" ADD CONSTRAINT "f""k'; --" FOREIGN KEY ("up""'") REFERENCES "up'""";
INSERT INTO "o'clock"" $1 \" VALUES (1, 'a', '', 1), (2, 'b"''\', '', 1);
SELECT lives_ok($t$SELECT locking.protect('"up''"""')$t$, 'odd names: protect() of a parent');
SELECT lives_ok($t$SELECT locking.protect('"o''clock"" $1 \"', columns => ARRAY['b"o''dy'], parent => 'f"k''; --')$t$, 'odd names: protect()');
SELECT lives_ok($t$SELECT locking.protect('"part""''; --"', columns => ARRAY['b"o''dy'], parent => 'f"k''; --')$t$, 'odd names: protect() again, by a partition');
SELECT lives_ok($t$SELECT locking.acquire('"o''clock"" $1 \"', ARRAY['2', 'b"''\'])$t$, 'odd names: acquire()');
SELECT lives_ok($t$SELECT locking.confirm(token) FROM locking.locks WHERE relation = '"o''clock"" $1 \"'::regclass$t$, 'odd names: confirm()');
SELECT lives_ok($t$UPDATE "o'clock"" $1 \" SET "b""o'dy" = 'x', "up""'" = NULL$t$, 'odd names: UPDATE');
SET LOCAL locking.owner = 'somebody else';
SELECT throws_ok($t$UPDATE "o'clock"" $1 \" SET "b""o'dy" = 'y'$t$, '55P03', NULL, 'odd names: the guard');
SELECT throws_ok($t$TRUNCATE "part""'; --"$t$, '55P03', NULL, 'odd names: TRUNCATE');
SELECT locking.acquire('"up''"""', 1);
SET LOCAL locking.owner = '';
SELECT throws_ok($t$UPDATE "o'clock"" $1 \" SET "up""'" = 1 WHERE "i""d'; --" = 1$t$, '55P03', NULL, 'odd names: the parent''s lock');
SELECT lives_ok($t$ALTER TABLE "o'clock"" $1 \" RENAME "b""o'dy" TO "new""'; --"$t$, 'odd names: renaming a column');
SELECT lives_ok($t$CREATE TABLE "part2""'; --" PARTITION OF "o'clock"" $1 \" DEFAULT$t$, 'odd names: a new partition');
SELECT lives_ok($t$SELECT locking.unprotect('"o''clock"" $1 \"')$t$, 'odd names: unprotect()');
SELECT has_table('app', 'doc', 'no name was executed');
-- a hint can be executed as it is
CREATE FUNCTION public.hint_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	EXECUTE command;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
CREATE TABLE "'); DROP TABLE app.some; --" (id integer PRIMARY KEY);
SELECT lives_ok(regexp_replace(public.hint_of($t$SELECT locking.acquire('"''); DROP TABLE app.some; --"', 1)$t$), '^[^:]*: (.*)\.$', '\1'),
	'the hint for a table that is not protected is a command');
SELECT has_table('app', 'some', 'the hint is a single command');
RESET search_path;

SELECT * FROM finish();
ROLLBACK;
