# pg_dump and restore, with all kinds of options: settings, guards, drafts and
# history are restored, live locks are not, and no token is issued twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none' ]);
my $folder = tmp_folder();

# ---- the database to dump ----

# Dropped columns, so that attribute numbers differ in the new database;
# columns, a table and a constraint renamed after protect(); a table of an
# ordinary role; two levels of partitions; names that need quotes.
sql($node, <<'SQL');
CREATE ROLE editor LOGIN;
CREATE ROLE app LOGIN;
CREATE DATABASE old;
\c old
CREATE EXTENSION locking;
CREATE SCHEMA shop AUTHORIZATION editor;

CREATE TABLE article (gone text, id integer PRIMARY KEY, gone2 text, body text, hits integer DEFAULT 0);
ALTER TABLE article DROP COLUMN gone, DROP COLUMN gone2;
INSERT INTO article SELECT g, 'body ' || g FROM generate_series(1, 5) g;
SELECT locking.protect('article', columns => '{body}', ttl => '10 minutes', warning => '5 minutes');

CREATE TABLE soft (id uuid PRIMARY KEY, body text);
INSERT INTO soft VALUES ('00000000-0000-0000-0000-000000000001', 'soft');
SELECT locking.protect('soft', hard => false);

CREATE TABLE strict (id integer PRIMARY KEY, body text);
INSERT INTO strict VALUES (1, 'strict');
SELECT locking.protect('strict', required => true);

CREATE TABLE "Order Line" (filler int, "Order" integer, "No" text, body text, other text, PRIMARY KEY ("No", "Order"));
ALTER TABLE "Order Line" DROP COLUMN filler;
INSERT INTO "Order Line" VALUES (10, 'a,b', 'x', 'y');
SELECT locking.protect('"Order Line"', columns => '{body}');

CREATE TABLE old_name (a_dropped int, old_key integer PRIMARY KEY, old_column text, other text);
ALTER TABLE old_name DROP COLUMN a_dropped;
INSERT INTO old_name VALUES (1, 'x', 'y');
SELECT locking.protect('old_name', columns => '{old_column}');
ALTER TABLE old_name RENAME old_key TO "new key";
ALTER TABLE old_name RENAME old_column TO new_column;
ALTER TABLE old_name RENAME TO renamed;

SET ROLE editor;
CREATE TABLE shop.invoice (dropped int, id integer PRIMARY KEY, body text);
ALTER TABLE shop.invoice DROP COLUMN dropped;
INSERT INTO shop.invoice VALUES (1, 'one'), (2, 'two');
SELECT locking.protect('shop.invoice');
CREATE TABLE shop.line (dropped int, id integer PRIMARY KEY, invoice integer CONSTRAINT of_invoice REFERENCES shop.invoice ON DELETE CASCADE, body text);
ALTER TABLE shop.line DROP COLUMN dropped;
INSERT INTO shop.line VALUES (1, 1, 'a'), (2, 2, 'b');
SELECT locking.protect('shop.line', parent => 'of_invoice');
ALTER TABLE shop.line RENAME CONSTRAINT of_invoice TO "of the invoice";
GRANT ALL ON SCHEMA shop TO app;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO app;
RESET ROLE;

CREATE TABLE measure (dropped int, city text, at date, body text, PRIMARY KEY (city, at)) PARTITION BY LIST (city);
ALTER TABLE measure DROP COLUMN dropped;
CREATE TABLE measure_rome (at date NOT NULL, body text, city text NOT NULL);
ALTER TABLE measure ATTACH PARTITION measure_rome FOR VALUES IN ('rome');
CREATE TABLE measure_oslo PARTITION OF measure FOR VALUES IN ('oslo') PARTITION BY RANGE (at);
CREATE TABLE measure_oslo_1 PARTITION OF measure_oslo FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO measure VALUES ('rome', '2020-02-03', 'hot'), ('oslo', '2020-02-03', 'cold');
SELECT locking.protect('measure', ttl => '1 hour');
CREATE TABLE measure_oslo_2 PARTITION OF measure_oslo FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO measure VALUES ('oslo', '2021-02-03', 'colder');

CREATE TABLE child () INHERITS (renamed);
CREATE TABLE plain (id integer PRIMARY KEY, body text);
INSERT INTO plain VALUES (1, 'plain');
CREATE TABLE was_protected (id integer PRIMARY KEY);
SELECT locking.protect('was_protected');
SELECT locking.unprotect('was_protected');
GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
GRANT EXECUTE ON FUNCTION locking.set_owner TO app;
SQL

sql($node, "SELECT locking.acquire('article', 2); SELECT locking.release_all()", db => 'old', owner => 'bob');
sql($node, "SELECT locking.take_over('article', 2, 'a reason: \"quoted\", with tab\t')", db => 'old', owner => 'cid');
my $old_token = sql($node, "SELECT locking.acquire('article', 1)", db => 'old', owner => 'ann');
sql($node, "SELECT locking.renew($old_token, draft => '{\"body\": \"unsaved \\\\ text\"}')", db => 'old', owner => 'ann');
sql($node, "SELECT locking.acquire('shop.invoice', 1)", db => 'old', owner => 'ann');
sql($node, "SELECT locking.acquire('measure', ARRAY['rome', '2020-02-03'])", db => 'old', owner => 'ann');
sql($node, "SELECT locking.request('article', 1)", db => 'old', owner => 'bob');

# ---- what must be restored ----

my $settings = 'SELECT relation, hard, required, columns, ttl, warning, parent, key, guarded'
  . ' FROM locking.protected_tables ORDER BY relation::text COLLATE "C"';
my $history = 'SELECT at, event, relation, key, token, owner, actor, session_role, reason FROM locking.event ORDER BY id';
my $drafts = 'SELECT relation, key, owner, token, data, saved_at FROM locking.draft ORDER BY 1, 2, 3';
my $triggers = <<'SQL';
SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgfoid IN ('locking.guard()'::regprocedure, 'locking.guard_truncate()'::regprocedure,
	'locking.settings_changed()'::regprocedure)
ORDER BY tgrelid::regclass::text COLLATE "C", tgname
SQL
my %old = map { $_ => sql($node, $_, db => 'old') } $settings, $history, $drafts, $triggers;
my $last_event = sql($node, 'SELECT last_value FROM locking.event_id_seq', db => 'old');

my %restored;

sub check_restored
{
	my ($db, $how) = @_;
	my %at = (db => $db);
	subtest "$how: as before" => sub {
		plan skip_all => 'not restored' unless $restored{$db};
		is(sql($node, $settings, %at), $old{$settings}, 'settings');
		is(sql($node, $triggers, %at), $old{$triggers}, 'guards');
		is(sql($node, $history, %at), $old{$history}, 'history');
		is(sql($node, $drafts, %at), $old{$drafts}, 'drafts');
		is(sql($node, 'SELECT count(*) FROM locking.lock', %at), 0, 'no live locks');
		is(sql($node, 'SELECT count(*) FROM locking.request_queue', %at), 0, 'no requests');
		is(sql($node, 'SELECT data FROM locking.drafts', %at, owner => 'ann'),
			'{"body": "unsaved \\\\ text"}', 'the draft is offered to its owner');
		eval { check_enforced($db); check_tokens($db); 1 } or fail($@);
	};
	return;
}

# For each row: acquire() by ann, writes by bob that are rejected, and others.
my @enforced = (
	[ "'article', 1", '55P03', 'UPDATE article SET body = $$bob$$ WHERE id = 1' ],
	[ "'article', 1", '', 'UPDATE article SET hits = hits + 1 WHERE id = 1' ],
	[ "'article', 1", '55P03', 'DELETE FROM article WHERE id = 1' ],
	[ "'article', 1", '55P03', 'UPDATE article SET id = 1000 WHERE id = 1' ],
	[ "'article', 1", '', 'UPDATE article SET body = $$bob$$ WHERE id = 3' ],
	[ "'article', 1", '55P03', 'TRUNCATE article' ],
	[ "'soft', '00000000-0000-0000-0000-000000000001'::uuid", '', 'UPDATE soft SET body = $$bob$$' ],
	[ "'strict', 1", '55P03', 'UPDATE strict SET body = $$bob$$' ],
	[ '\'"Order Line"\', ARRAY[\'a,b\', \'10\']', '55P03', 'UPDATE "Order Line" SET body = $$bob$$' ],
	[ '\'"Order Line"\', ARRAY[\'a,b\', \'10\']', '', 'UPDATE "Order Line" SET other = $$bob$$' ],
	[ "'renamed', 1", '55P03', 'UPDATE renamed SET new_column = $$bob$$' ],
	[ "'renamed', 1", '', 'UPDATE renamed SET other = $$bob$$' ],
	[ "'renamed', 1", '55P03', 'UPDATE renamed SET "new key" = 2' ],
	[ "'shop.invoice', 1", '55P03', 'UPDATE shop.invoice SET body = $$bob$$ WHERE id = 1' ],
	[ "'shop.invoice', 1", '55P03', 'UPDATE shop.line SET body = $$bob$$ WHERE id = 1' ],
	[ "'shop.invoice', 1", '55P03', 'INSERT INTO shop.line (id, invoice) VALUES (3, 1)' ],
	[ "'shop.invoice', 1", '', 'INSERT INTO shop.line (id, invoice) VALUES (3, 2)' ],
	[ "'shop.invoice', 1", '55P03', 'TRUNCATE shop.line' ],
	[ "'shop.line', 2", '55P03', 'DELETE FROM shop.invoice WHERE id = 2' ],
	[ "'measure', ARRAY['rome', '2020-02-03']", '55P03', 'UPDATE measure SET body = $$bob$$' ],
	[ "'measure', ARRAY['rome', '2020-02-03']", '55P03', 'UPDATE measure_rome SET body = $$bob$$' ],
	[ "'measure', ARRAY['rome', '2020-02-03']", '55P03', 'TRUNCATE measure_rome' ],
	[ "'measure', ARRAY['rome', '2020-02-03']", '', 'UPDATE measure_oslo SET body = $$bob$$' ],
	[ "'measure', ARRAY['oslo', '2021-02-03']", '55P03', 'TRUNCATE measure_oslo_2' ],
	[ "'measure', ARRAY['oslo', '2020-02-03']", '55P03', 'DELETE FROM measure_oslo_1' ],
);

sub check_enforced
{
	my ($db) = @_;
	my $session = session($node, db => $db);
	for my $case (@enforced)
	{
		my ($row, $state, $write) = @$case;
		$session->query('BEGIN');
		my $acquired = $session->state_of("SET LOCAL locking.owner = 'ann'; SELECT locking.acquire($row)");
		my $got = $acquired ? "acquire: $acquired" : $session->state_of("SET LOCAL locking.owner = 'bob'; $write");
		is($got, $state, "locked $row: $write") or diag($session->{err});
		$session->query('ROLLBACK');
	}
	is($session->state_of('UPDATE strict SET body = $$bob$$'), 'LK002', 'strict: a lock is required');
	is($session->state_of('BEGIN; UPDATE plain SET body = $$bob$$; ROLLBACK'), '', 'a table that was not protected is free');
	$session->query('BEGIN');
	$session->query("SELECT locking.acquire('article', 1)");
	is($session->query("SELECT round(locking.lock_seconds_remaining('article', 1) / 60)"), '10', "the table's ttl is used");
	$session->query('ROLLBACK');
	$session->quit;
	return;
}

sub check_tokens
{
	my ($db) = @_;
	refused("a token from before the dump cannot confirm", $node, 'LK001', "SELECT locking.confirm($old_token)",
		db => $db, owner => 'ann');
	refused("a token from before the dump cannot renew", $node, 'LK001', "SELECT locking.renew($old_token)", db => $db, owner => 'ann');
	is(sql($node, "SELECT locking.release($old_token)", db => $db, owner => 'ann'), 'f', 'a token from before the dump releases nothing');
	my $token = sql($node, "SELECT locking.acquire('article', 1)", db => $db, owner => 'ann');
	cmp_ok($token, '>', $old_token, 'the next token is greater');
	cmp_ok(sql($node, 'SELECT max(id) FROM locking.event', db => $db), '>', $last_event, 'the next id of the history is greater');
	sql($node, "SELECT locking.release($token); DELETE FROM locking.event WHERE token = $token", db => $db, owner => 'ann');
	return;
}

# ---- ways to dump and restore ----

sub new_database
{
	my ($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	return $db;
}

sub dump_ok
{
	my ($name, $db, @options) = @_;
	run_ok("pg_dump: $name", $node, 'pg_dump', '-d', $db, @options);
	return;
}

sub psql_ok
{
	my ($name, $db, @options) = @_;
	return $restored{$db} = run_ok("psql: $name", $node, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null',
		'-d', $db, @options);
}

sub restore_ok
{
	my ($name, $db, @options) = @_;
	return $restored{$db} = run_ok("pg_restore: $name", $node, 'pg_restore', '--exit-on-error', '-d', $db, @options);
}

dump_ok('plain', 'old', '-f', "$folder/plain.sql");
new_database('plain_copy');
psql_ok('plain', 'plain_copy', '-f', "$folder/plain.sql");
check_restored('plain_copy', 'plain');

new_database('one_transaction');
psql_ok('plain, in one transaction', 'one_transaction', '-1', '-f', "$folder/plain.sql");
check_restored('one_transaction', 'plain, in one transaction');

dump_ok('custom', 'old', '-Fc', '-f', "$folder/custom.dump");
new_database('custom');
restore_ok('custom', 'custom', "$folder/custom.dump");
check_restored('custom', 'custom');

new_database('parallel');
restore_ok('custom, -j2', 'parallel', '-j2', "$folder/custom.dump");
check_restored('parallel', 'custom, -j2');

dump_ok('directory, -j2', 'old', '-Fd', '-j2', '-f', "$folder/directory");
new_database('directory');
restore_ok('directory, -j2', 'directory', '-j2', "$folder/directory");
check_restored('directory', 'directory, -j2');

dump_ok('inserts', 'old', '--inserts', '-f', "$folder/inserts.sql");
new_database('inserts');
psql_ok('inserts', 'inserts', '-f', "$folder/inserts.sql");
check_restored('inserts', 'inserts');

dump_ok("section $_", 'old', "--section=$_", '-f', "$folder/$_.sql") for 'pre-data', 'data', 'post-data';
new_database('sections');
psql_ok("section $_", 'sections', '-f', "$folder/$_.sql") for 'pre-data', 'data', 'post-data';
check_restored('sections', 'by sections');

dump_ok('schema only', 'old', '--schema-only', '-f', "$folder/schema.sql");
dump_ok('data only', 'old', '--data-only', '-f', "$folder/data.sql");
new_database('apart');
psql_ok('schema only', 'apart', '-f', "$folder/schema.sql");
is(sql($node, 'SELECT count(*) FROM locking.protected', db => 'apart'), 0, 'the settings are data');
refused('guards without settings refuse a write', $node, '55000', 'INSERT INTO article VALUES (9); DELETE FROM article', db => 'apart',
	message => qr/"~locking_guard", but is not protected/);
refused('and TRUNCATE', $node, '55000', 'TRUNCATE article', db => 'apart');
sql($node, 'SET locking.enforce = off; DELETE FROM article', db => 'apart');
psql_ok('data only', 'apart', '-f', "$folder/data.sql");
check_restored('apart', 'schema, then data');

# Such a dump ends with ALTER TABLE ... ENABLE TRIGGER ALL, which must not
# disable the guard.
dump_ok('data only, triggers off', 'old', '--data-only', '--disable-triggers', '-f', "$folder/quiet.sql");
new_database('apart_quiet');
psql_ok('schema only', 'apart_quiet', '-f', "$folder/schema.sql");
psql_ok('data only, triggers off', 'apart_quiet', '-f', "$folder/quiet.sql");
$old{$triggers} =~ s/^(locking\.protected\|\w+\|)A/$1O/mg;
check_restored('apart_quiet', 'schema, then data with triggers off');
$old{$triggers} =~ s/^(locking\.protected\|\w+\|)O/$1A/mg;

# Into a database that already has all objects.  Not with partitions, where
# pg_dump would drop an inherited primary key.
sql($node, <<'SQL');
CREATE DATABASE small;
\c small
CREATE EXTENSION locking;
CREATE TABLE note (id integer PRIMARY KEY, body text);
INSERT INTO note VALUES (1, 'one');
SELECT locking.protect('note');
SQL
dump_ok('with --clean', 'small', '--clean', '--if-exists', '-f', "$folder/clean.sql");
sql($node, "SELECT locking.acquire('note', 1); INSERT INTO note VALUES (2, 'later')", db => 'small', owner => 'ann');
psql_ok('with --clean, over a later state', 'small', '-f', "$folder/clean.sql");
is(sql($node, 'SELECT count(*) FROM note, locking.protected WHERE NOT EXISTS (SELECT FROM locking.lock)', db => 'small'),
	1, 'with --clean: the dumped state is restored, without locks');
sql($node, "SELECT locking.acquire('note', 1)", db => 'small', owner => 'ann');
refused('locks are enforced', $node, '55P03', 'DELETE FROM note', db => 'small', owner => 'bob');

# Single tables: such a dump contains neither the extension nor settings.
dump_ok('one table', 'old', '-t', 'article', '-f', "$folder/table.sql");
new_database('one_table');
sql($node, 'CREATE EXTENSION locking', db => 'one_table');
psql_ok('one table', 'one_table', '-f', "$folder/table.sql");
refused('a table restored alone has a guard without settings', $node, '55000', 'UPDATE article SET body = body', db => 'one_table');
accepted('it can be protected', $node, "SELECT locking.protect('article'); UPDATE article SET body = body", db => 'one_table');

# Data only, of a table whose guard fires for INSERT, and which pg_dump puts
# before the settings.
sql($node, <<'SQL');
CREATE DATABASE early;
\c early
CREATE EXTENSION locking;
CREATE SCHEMA a;
CREATE TABLE a.invoice (id integer PRIMARY KEY);
CREATE TABLE a.line (id integer PRIMARY KEY, invoice integer CONSTRAINT of_invoice REFERENCES a.invoice);
INSERT INTO a.invoice VALUES (1);
INSERT INTO a.line VALUES (1, 1);
SELECT locking.protect('a.invoice'), locking.protect('a.line', parent => 'of_invoice');
SQL
dump_ok('early: schema only', 'early', '--schema-only', '-f', "$folder/early_schema.sql");
dump_ok('early: data only', 'early', '--data-only', '-f', "$folder/early_data.sql");
dump_ok('early: data only, triggers off', 'early', '--data-only', '--disable-triggers', '-f', "$folder/early_quiet.sql");
dump_ok('early', 'early', '-Fc', '-f', "$folder/early.dump");
new_database("early_$_") for 'data', 'quiet', 'unenforced', 'whole';
psql_ok('early: schema only', "early_$_", '-f', "$folder/early_schema.sql") for 'data', 'quiet', 'unenforced';
run_fails('early: data before settings', qr/table "line" has the guard trigger "~locking_guard", but is not protected/, $node,
	'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'early_data', '-f', "$folder/early_data.sql");
psql_ok('early: with triggers off', 'early_quiet', '-f', "$folder/early_quiet.sql");
{
	local $ENV{PGOPTIONS} = '-c locking.enforce=off';
	psql_ok('early: with locking.enforce off', 'early_unenforced', '-f', "$folder/early_data.sql");
}
restore_ok('early', 'early_whole', '-j2', "$folder/early.dump");
for my $db (map { "early_$_" } 'quiet', 'unenforced', 'whole')
{
	is(sql($node, 'SELECT (SELECT count(*) FROM a.line), count(*), bool_and(guarded) FROM locking.protected_tables', db => $db),
		'1|2|t', "$db: restored");
	sql($node, "SELECT locking.acquire('a.invoice', 1)", db => $db, owner => 'ann');
	refused("$db: enforced", $node, '55P03', 'INSERT INTO a.line VALUES (2, 1)', db => $db, owner => 'bob');
}

# ---- a dump of the restored database ----

# Only the order of rows and pg_dump's random token differ.
sub dump_of
{
	my ($db) = @_;
	my $dump = run_ok("pg_dump: $db", $node, 'pg_dump', '-d', $db);
	$dump =~ s/^\\(un)?restrict .*\n//mg;
	$dump =~ s{(^COPY locking\.protected .*?\n)(.*?)(^\\\.\n)}{ $1 . join('', sort split /^/m, $2) . $3 }mse;
	return $dump;
}

dump_ok('of a restored database', 'plain_copy', '-f', "$folder/again.sql");
new_database('again');
psql_ok('a dump of a restored database', 'again', '-f', "$folder/again.sql");
is(dump_of('again'), dump_of('plain_copy'), 'restored twice, a database is the same');
check_restored('again', 'restored twice');

# ---- restored by another role ----

# All but the extension belongs to the editor.
sql($node, <<'SQL');
CREATE DATABASE owned OWNER editor TEMPLATE template0;
\c owned
CREATE EXTENSION locking;
SET ROLE editor;
CREATE TABLE note (id integer PRIMARY KEY, body text);
INSERT INTO note VALUES (1, 'one');
CREATE TABLE part (id integer, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
INSERT INTO part VALUES (1, 'a');
SELECT locking.protect('note');
SELECT locking.protect('part');
SQL
dump_ok('of the owner\'s tables', 'owned', '-Fc', '-f', "$folder/owned.dump");
sql($node, 'CREATE DATABASE owned_copy OWNER editor TEMPLATE template0');
restore_ok("of the owner's tables", 'owned_copy', "$folder/owned.dump");
is(sql($node, $settings, db => 'owned_copy', user => 'editor'), sql($node, $settings, db => 'owned', user => 'editor'),
	"the settings of the owner's tables are restored");
sql($node, "SELECT locking.acquire('note', 1), locking.acquire('part', ARRAY['1', 'a'])", db => 'owned_copy', user => 'editor');
refused('settings are enforced', $node, '55P03', 'UPDATE note SET body = 1', db => 'owned_copy', owner => 'bob');
refused('settings are enforced for partitions', $node, '55P03', 'TRUNCATE part_a', db => 'owned_copy', owner => 'bob');
is(sql($node, 'SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = \'public\'::regnamespace', db => 'owned_copy'),
	'editor', 'the restored tables belong to their owner');
accepted('the owner may unprotect', $node, "SELECT locking.release_all(); SELECT locking.unprotect('note'); SELECT locking.unprotect('part')",
	db => 'owned_copy', user => 'editor');

done_testing();
