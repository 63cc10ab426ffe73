# A backend rebuilds its cached settings of a table when something that they
# depend on changes, and only then: unrelated DDL must not slow down writes.
# A backend is held where it builds (src/inject.h), so a write that does not
# build succeeds, and one that does runs into its lock_timeout.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use Test::More;

my $variant = LockingVariant->new;
$variant->build;
my $node = new_node('cache', conf => [ 'log_statement = none', 'autovacuum = off' ]);

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN;
CREATE ROLE mallory LOGIN;
GRANT CREATE ON DATABASE postgres TO anna, mallory;
SQL
sql($node, <<'SQL', user => 'anna');
CREATE SCHEMA a;
CREATE TABLE a.doc (id integer PRIMARY KEY, body text);
CREATE TABLE a.line (id integer PRIMARY KEY, doc integer CONSTRAINT doc REFERENCES a.doc, body text);
CREATE TABLE a.parts (id integer PRIMARY KEY, body text) PARTITION BY RANGE (id);
CREATE TABLE a.part PARTITION OF a.parts FOR VALUES FROM (0) TO (10);
INSERT INTO a.doc VALUES (1);
INSERT INTO a.line VALUES (1, 1);
INSERT INTO a.parts VALUES (1);
SELECT locking.protect('a.doc'), locking.protect('a.line', parent => 'doc'), locking.protect('a.parts');
GRANT USAGE ON SCHEMA a TO mallory;
GRANT REFERENCES ON a.doc TO mallory;
SQL
sql($node, <<'SQL', user => 'mallory');
CREATE SCHEMA m;
CREATE TYPE m.color AS ENUM ('red');
CREATE FUNCTION m.text(m.color) RETURNS text LANGUAGE sql AS $$SELECT 'r'$$;
CREATE TABLE m.child (id integer PRIMARY KEY, doc integer CONSTRAINT doc REFERENCES a.doc);
CREATE TABLE m.other (id integer PRIMARY KEY, other integer CONSTRAINT other REFERENCES m.other);
SELECT locking.protect('m.child', parent => 'doc'), locking.protect('m.other', parent => 'other');
SQL

my $holder = session($node);
my %writes = (doc => 'UPDATE a.doc SET body = body', line => 'UPDATE a.line SET body = body', parts => 'UPDATE a.parts SET body = body');
my $anna = session($node, user => 'anna');
$anna->query("SET lock_timeout = '100ms'");
$anna->query($_) for values %writes;

# True if a write of the table builds the cached settings.
sub builds
{
	my ($table) = @_;
	$holder->query('SELECT pg_advisory_lock(1)');
	$anna->query("SET inject.wait_at = 'table-settings'");
	my $state = $anna->state_of($writes{$table});
	$anna->query("SET inject.wait_at = 'nowhere'");
	$holder->query('SELECT pg_advisory_unlock(1)');
	$anna->query($writes{$table});
	die "unexpected: $state" unless $state eq '' || $state eq '55P03';
	return $state eq '55P03';
}

sub leaves_alone
{
	my ($name, $sql, $table) = @_;
	sql($node, $sql, user => 'mallory');
	ok(!builds($table || 'doc'), "$name: not rebuilt");
	return;
}

sub touches
{
	my ($name, $sql, $table, $user) = @_;
	sql($node, $sql, user => $user || 'anna');
	ok(builds($table || 'doc'), "$name: rebuilt");
	ok(!builds($table || 'doc'), 'once');
	return;
}

ok(!builds($_), "a second write of $_ builds nothing") for sort keys %writes;

leaves_alone('a schema is created', 'CREATE SCHEMA mine');
leaves_alone('renamed', 'ALTER SCHEMA mine RENAME TO yours');
leaves_alone('a schema is dropped', 'DROP SCHEMA yours');
leaves_alone('a cast is created', 'CREATE CAST (m.color AS text) WITH FUNCTION m.text(m.color)');
leaves_alone('a cast is dropped', 'DROP CAST (m.color AS text)');
leaves_alone('a temporary table', 'CREATE TEMPORARY TABLE t (x integer)');
leaves_alone('the constraint of a child is renamed', 'ALTER TABLE m.child RENAME CONSTRAINT doc TO doc2');
leaves_alone('a column of a child is renamed', 'ALTER TABLE m.child RENAME COLUMN id TO id2');
leaves_alone('the settings of a child change', "SELECT locking.protect('m.child', parent => 'doc2', hard => false)");
leaves_alone('an unrelated table is protected again', "SELECT locking.protect('m.other', parent => 'other')");
leaves_alone('unprotected', "SELECT locking.unprotect('m.other')");
leaves_alone('an unrelated table is dropped', 'DROP TABLE m.other', 'parts');

touches('the last child is unprotected', "SELECT locking.unprotect('m.child')", 'doc', 'mallory');
touches('a first child is protected', "SELECT locking.protect('m.child', parent => 'doc2')", 'doc', 'mallory');
touches('the table is protected again', "SELECT locking.protect('a.doc', ttl => '1 minute')");
touches('the table is altered', 'ALTER TABLE a.doc ADD COLUMN x integer');
touches('the parent is altered', 'ALTER TABLE a.doc DROP COLUMN x', 'line');
touches('a partition is attached', 'CREATE TABLE a.part2 PARTITION OF a.parts FOR VALUES FROM (10) TO (20)', 'parts');
sql($node, 'ALTER SCHEMA a RENAME TO b');
s/a\./b./ for values %writes;
ok(builds($_), "the schema is renamed: $_ is rebuilt") for sort keys %writes;
is(sql($node, "SELECT locking.acquire('b.line', 1) IS NOT NULL", user => 'anna'), 't', 'plans work after the schema is renamed');

$_->quit for $holder, $anna;
$node->stop('fast');
done_testing();
