# Attribution of code where the library is loaded only below a foreign key's
# action, as the first guard of the session fires there; and triggers that
# PostgreSQL 18 runs as the role that queued their events.  The rest is in
# test/pgtap/foreign_code.sql.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => ['log_statement = none']);
my $major = major_version($node);

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE mallory LOGIN;
CREATE SCHEMA app AUTHORIZATION app;
CREATE SCHEMA m AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA app, m TO PUBLIC;
SQL
sql($node, <<'SQL', user => 'app');
CREATE TABLE app.par (id integer PRIMARY KEY);
INSERT INTO app.par SELECT generate_series(1, 99);
CREATE TABLE app.line (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE ON UPDATE CASCADE, body text);
CREATE TABLE app.mark (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO app.line SELECT g, g FROM generate_series(1, 60) g;
INSERT INTO app.mark SELECT g, g FROM generate_series(1, 60) g;
SELECT locking.protect('app.line'), locking.protect('app.mark', required => true);
GRANT SELECT, UPDATE, DELETE ON app.par, app.line, app.mark TO anna;
GRANT REFERENCES ON app.par TO mallory;
GRANT SELECT, UPDATE ON app.line TO mallory;
CREATE FUNCTION app.touch_mark(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE app.mark SET par = par WHERE id = $1';
CREATE FUNCTION app.delete_par(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.par WHERE id = $1';
SQL

# ---- the action of a top-level statement, without the library loaded ----

sql($node, "SELECT locking.acquire('app.line', 1, ttl => '1 hour'), locking.acquire('app.line', 2, ttl => '1 hour'),"
	  . " locking.acquire('app.line', 3, ttl => '1 hour'), locking.acquire('app.line', 4, ttl => '1 hour')", user => 'anna');
accepted("ON DELETE CASCADE and SET NULL pass the lock of the statement's owner and need no other", $node,
	'DELETE FROM app.par WHERE id = 1', user => 'anna');
accepted('late, ON UPDATE CASCADE', $node, 'UPDATE app.par SET id = 1002 WHERE id = 2', user => 'anna');
accepted('a cascade from several rows', $node, 'DELETE FROM app.par WHERE id IN (3, 50, 51)', user => 'anna');
refused('a cascade from a row that another owner has locked', $node, '55P03', 'DELETE FROM app.par WHERE id = 4', user => 'app');

# ---- foreign code below it ----

# Code of mallory's below a cascade of anna's; it runs first and loads the
# library.
sub foreign_code_is_refused
{
	my ($how, $definition) = @_;

	for my $attack ('app.touch_mark(20)', 'app.delete_par(4)')
	{
		sql($node, <<"SQL", user => 'mallory');
CREATE OR REPLACE FUNCTION m.code() RETURNS boolean LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM $attack;
	RETURN true;
END \$\$;
CREATE OR REPLACE FUNCTION m.frozen(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	\$\$BEGIN IF current_setting('session_authorization') = 'anna' THEN PERFORM m.code(); END IF; RETURN \$1; END\$\$;
CREATE OR REPLACE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN PERFORM m.code(); RETURN coalesce(new, old); END\$\$;
DROP TABLE IF EXISTS m.child;
CREATE TABLE m.child (id integer PRIMARY KEY, par integer REFERENCES app.par ON UPDATE CASCADE ON DELETE CASCADE);
INSERT INTO m.child VALUES (1, 10);
$definition
SQL
		refused("late, $how: $attack", $node, $attack =~ /mark/ ? 'LK002' : '55P03',
			'UPDATE app.par SET id = 1010 WHERE id = 10', user => 'anna');
	}
	return;
}

foreign_code_is_refused('a BEFORE trigger', 'CREATE TRIGGER fire BEFORE UPDATE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire();');
foreign_code_is_refused('an index', 'CREATE INDEX ON m.child (m.frozen(par));');
foreign_code_is_refused('a constraint', 'ALTER TABLE m.child ADD CHECK (m.frozen(par) IS NOT NULL);');
foreign_code_is_refused('a generated column', 'ALTER TABLE m.child ADD g integer GENERATED ALWAYS AS (m.frozen(par)) STORED;');
sql($node, 'DROP TABLE m.child', user => 'mallory');

# writes of the first trigger below a cascade, where the second guard has
# loaded the library
sql($node, <<'SQL');
CREATE TABLE app.author (id integer PRIMARY KEY);
ALTER TABLE app.author OWNER TO app;
SQL
sql($node, <<'SQL', user => 'app');
INSERT INTO app.author VALUES (1), (2);
CREATE TABLE app.load (id integer PRIMARY KEY, author integer REFERENCES app.author ON DELETE CASCADE);
CREATE TABLE app.art (id integer PRIMARY KEY, author integer REFERENCES app.author ON DELETE CASCADE, title text);
INSERT INTO app.load VALUES (1, 1), (2, 2);
INSERT INTO app.art VALUES (1, 1);
SELECT locking.protect('app.load'), locking.protect('app.art');
GRANT SELECT, DELETE ON app.author TO mallory;
GRANT SELECT, UPDATE ON app.art TO anna, mallory;
CREATE TABLE app.writer (id integer PRIMARY KEY);
CREATE TABLE app.other (id integer PRIMARY KEY);
INSERT INTO app.writer VALUES (2);
INSERT INTO app.other VALUES (11);
GRANT SELECT, DELETE ON app.writer, app.other TO anna;
GRANT REFERENCES ON app.writer, app.other TO mallory;
SQL
sql($node, "SELECT locking.acquire('app.art', 1, ttl => '1 hour')", user => 'anna');
sql($node, <<'SQL', user => 'mallory');
CREATE OR REPLACE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM app.author WHERE id = 1; RETURN old; END$$;
CREATE TABLE m.child (id integer PRIMARY KEY, other integer REFERENCES app.other ON DELETE CASCADE);
INSERT INTO m.child VALUES (1, 11);
CREATE TRIGGER fire BEFORE DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire();
SQL
refused('an action below another action that loads the library', $node, '55P03', 'DELETE FROM app.other WHERE id = 11', user => 'anna');
sql($node, <<'SQL', user => 'mallory');
DROP TABLE m.child;
CREATE TABLE m.ruled (id integer PRIMARY KEY, writer integer REFERENCES app.writer ON DELETE CASCADE);
INSERT INTO m.ruled VALUES (1, 2);
SQL
sql($node, <<'SQL', user => 'app');
CREATE TABLE app.drawing (id integer PRIMARY KEY, writer integer REFERENCES app.writer ON DELETE SET NULL, title text);
INSERT INTO app.drawing VALUES (2, 2);
SELECT locking.protect('app.drawing');
GRANT SELECT, UPDATE ON app.drawing TO anna, mallory;
SQL
sql($node, "SELECT locking.acquire('app.drawing', 2, ttl => '1 hour')", user => 'anna');
sql($node, 'CREATE RULE ruled AS ON DELETE TO m.ruled DO ALSO UPDATE app.drawing SET title = $$by rule$$ WHERE writer = old.writer',
	user => 'mallory');
refused('a rule that writes more than the action does', $node, '55P03', 'DELETE FROM app.writer WHERE id = 2', user => 'anna');
sql($node, 'DROP TABLE m.ruled', user => 'mallory');

# ---- AFTER triggers below an action ----

# Up to 17 PostgreSQL runs them as the session's role, to which their writes
# are charged.  From 18 on they run as the role that queued the event, so they
# are foreign code.
sub after_triggers_are_foreign
{
	sql($node, <<'SQL');
CREATE ROLE third LOGIN;
GRANT USAGE, CREATE ON SCHEMA m TO third;
GRANT SELECT, UPDATE ON app.line TO third;
SQL
	sql($node, <<'SQL', user => 'third');
CREATE FUNCTION m.write() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN UPDATE app.line SET body = 'by third' WHERE id = 4; RETURN 1; END$$;
CREATE FUNCTION m.release() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN RETURN locking.release_all(); END$$;
SQL
	sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.child (id integer PRIMARY KEY, par integer REFERENCES app.par ON DELETE CASCADE);
CREATE TABLE m.queue (id integer);
INSERT INTO m.child SELECT g, g FROM generate_series(30, 39) g;
CREATE OR REPLACE FUNCTION m.fire() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN UPDATE app.line SET body = 'by mallory' WHERE id = 4; RETURN NULL; END$$;
CREATE FUNCTION m.fire_third() RETURNS trigger LANGUAGE plpgsql AS
	$$DECLARE x integer; BEGIN x := m.write(); RETURN NULL; END$$;
CREATE FUNCTION m.fire_release() RETURNS trigger LANGUAGE plpgsql AS
	$$DECLARE x bigint; BEGIN x := m.release(); RETURN NULL; END$$;
CREATE FUNCTION m.fire_queue() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO m.queue VALUES (1); RETURN old; END$$;
CREATE CONSTRAINT TRIGGER fire AFTER DELETE ON m.child DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION m.fire();
SQL
	my $delete = 'DELETE FROM app.par WHERE id = 30';
	refused('an AFTER trigger below a cascade', $node, '55P03', $delete, user => 'anna');
	refused('a deferred AFTER trigger', $node, '55P03', "BEGIN;\nSET CONSTRAINTS ALL DEFERRED;\n$delete;\nCOMMIT;", user => 'anna');
	refused('a deferred AFTER trigger that is fired early', $node, '55P03',
		"BEGIN;\nSET CONSTRAINTS ALL DEFERRED;\n$delete;\nSET CONSTRAINTS ALL IMMEDIATE;", user => 'anna');
	refused('a deferred AFTER trigger that is fired early in a function', $node, '55P03', "BEGIN;\nSET CONSTRAINTS ALL DEFERRED;\n$delete;\n"
		. "DO \$\$BEGIN SET CONSTRAINTS ALL IMMEDIATE; END\$\$;", user => 'anna');
	sql($node, <<'SQL', user => 'mallory');
DROP TRIGGER fire ON m.child;
CREATE TRIGGER fire AFTER DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire_third();
SQL
	refused('an AFTER trigger that calls a function of a third role', $node, '55P03', $delete, user => 'anna');
	# in a simple expression, which is not a statement
	sql($node, <<'SQL');
GRANT CREATE ON SCHEMA m TO anna, app;
GRANT UPDATE ON app.line TO app;
SQL
	sql($node, <<"SQL", user => $_) for 'anna', 'app';
CREATE FUNCTION m.write_as_$_() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
	\$\$BEGIN UPDATE app.line SET body = 'forged' WHERE id = 4; RETURN 1; END\$\$;
SQL
	for my $role ('anna', 'app')
	{
		sql($node, <<"SQL", user => 'mallory');
CREATE OR REPLACE FUNCTION m.fire_third() RETURNS trigger LANGUAGE plpgsql AS
	\$\$DECLARE x integer; BEGIN x := m.write_as_$role(); RETURN NULL; END\$\$;
SQL
		refused("an AFTER trigger that calls a function of $role", $node, '55P03', $delete, user => 'anna');
		refused("an AFTER trigger below a function of the application", $node, '55P03', 'SELECT app.delete_par(30)', user => 'anna');
	}
	sql($node, <<'SQL', user => 'mallory');
DROP TRIGGER fire ON m.child;
CREATE TRIGGER fire BEFORE DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire_queue();
CREATE CONSTRAINT TRIGGER fire AFTER INSERT ON m.queue DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION m.fire();
SQL
	refused('a deferred AFTER trigger of a table that a BEFORE trigger writes', $node, '55P03', $delete, user => 'anna');
	sql($node, <<'SQL', user => 'mallory');
CREATE OR REPLACE FUNCTION m.fire_queue() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN PERFORM * FROM m.enqueue(); RETURN old; END$$;
CREATE FUNCTION m.enqueue() RETURNS bigint LANGUAGE sql AS
	'WITH x AS (INSERT INTO m.queue VALUES (1) RETURNING 1) SELECT count(*) FROM x';
SQL
	refused('an AFTER trigger queued by a SELECT that writes', $node, '55P03', "SELECT locking.owner();\n$delete", user => 'anna');
	sql($node, 'INSERT INTO app.other VALUES (12)', user => 'app');
	sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.unguarded (id integer PRIMARY KEY, other integer REFERENCES app.other ON DELETE CASCADE);
INSERT INTO m.unguarded VALUES (1, 12);
CREATE TRIGGER fire BEFORE DELETE ON m.unguarded FOR EACH ROW EXECUTE FUNCTION m.fire_queue();
SQL
	refused('a deferred AFTER trigger that was queued before the library was loaded', $node, '55P03',
		"BEGIN;\nDELETE FROM app.other WHERE id = 12;\nUPDATE app.line SET body = 'mine' WHERE id = 5;\nCOMMIT;", user => 'anna');
	sql($node, <<'SQL', user => 'mallory');
DROP TRIGGER fire ON m.queue;
DROP TRIGGER fire ON m.child;
CREATE TRIGGER fire AFTER DELETE ON m.child FOR EACH ROW EXECUTE FUNCTION m.fire_release();
SQL
	accepted('a release below a cascade', $node, $delete, user => 'anna');
	is(sql($node, "SELECT owner FROM locking.locks WHERE relation = 'app.line'::regclass AND key = '4'"), 'anna', 'a release below a cascade ends no lock');

	# statements of the session itself still work
	sql($node, <<'SQL', user => 'app');
CREATE FUNCTION app.save(text) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE app.line SET body = $1 WHERE id = 4';
CREATE FUNCTION app.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing AFTER DELETE OR UPDATE ON app.line FOR EACH ROW EXECUTE FUNCTION app.nothing();
SQL
	accepted('functions of the application before and after a cascade', $node, <<'SQL', user => 'anna');
BEGIN;
SELECT app.save('before');
DELETE FROM app.par WHERE id = 31;
SELECT app.save('after');
UPDATE app.line SET body = 'mine' WHERE id = 4;
SELECT app.delete_par(32);
SELECT app.save('again');
COMMIT;
SQL
	return;
}

SKIP:
{
	skip 'AFTER triggers run as the role that queued their events from 18 on', 1 if $major < 18;
	after_triggers_are_foreign();
}

is(in_log($node, qr/TRAP:|terminated by signal|XX00\d/), 0, 'no crash or internal error in the log');
$node->stop('fast');
done_testing();
