# Functions, writes and views that wait for another transaction's DDL.  After
# its commit objects differ from what was read before, and a cached OID may no
# longer exist.  This must not lead to an internal error or a deadlock.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'max_connections = 100', 'restart_after_crash = on', 'lock_timeout = 30s', 'log_error_verbosity = verbose',
	'max_locks_per_transaction = 200', "shared_preload_libraries = 'locking'" ]);
my $db;
my $databases = 0;
my %tokens;

my $tables = <<'SQL';
CREATE EXTENSION locking;
CREATE SCHEMA m;
CREATE TABLE m.a (id integer CONSTRAINT a_key PRIMARY KEY, t text, n integer NOT NULL DEFAULT 0);
INSERT INTO m.a SELECT g, 'new', g FROM generate_series(1, 9) g;
CREATE TABLE m.p (id integer PRIMARY KEY, t text) PARTITION BY RANGE (id);
CREATE TABLE m.p1 PARTITION OF m.p FOR VALUES FROM (0) TO (10);
CREATE TABLE m.p2 PARTITION OF m.p FOR VALUES FROM (10) TO (20);
INSERT INTO m.p SELECT g, 'new' FROM generate_series(1, 19) g;
CREATE TABLE m.single (id integer PRIMARY KEY, t text);
INSERT INTO m.single VALUES (21, 'new');
CREATE TABLE m.child (id integer PRIMARY KEY, a integer CONSTRAINT of_a REFERENCES m.a ON UPDATE CASCADE ON DELETE CASCADE, t text);
INSERT INTO m.child SELECT g, g, 'new' FROM generate_series(1, 9) g;
CREATE TABLE m.grandchild (id integer PRIMARY KEY, p integer CONSTRAINT of_p REFERENCES m.p1 ON UPDATE CASCADE ON DELETE CASCADE, t text);
INSERT INTO m.grandchild SELECT g, g, 'new' FROM generate_series(1, 9) g;
CREATE SCHEMA far;
CREATE TABLE far.other (id integer PRIMARY KEY, t text);
INSERT INTO far.other SELECT g, 'new' FROM generate_series(1, 9) g;
SELECT locking.protect(t) FROM unnest('{m.a, m.p, far.other}'::regclass[]) t;
SELECT locking.protect('m.child', parent => 'of_a');
SELECT locking.protect('m.grandchild', parent => 'of_p');
SQL

sql($node, 'CREATE DATABASE tables');
sql($node, $tables, db => 'tables');

sub here { my ($statement, %options) = @_; return sql($node, $statement, db => $db, %options) }

sub fresh
{
	$db = 'wait' . ++$databases;
	sql($node, "CREATE DATABASE $db TEMPLATE tables");
	$tokens{$_} = here("SELECT locking.acquire('$_', 1, ttl => '1 hour')", owner => 'ann') for qw(m.a m.p);
	$tokens{lapsed} = here("SELECT locking.acquire('m.a', 2, ttl => '1 ms')", owner => 'ann');
	return;
}

# Run by ann, who holds row 1 of m.a and m.p.
sub statements
{
	my @statements;
	for my $table (qw(m.a m.p1))
	{
		push @statements, map { "SELECT locking.$_" } "acquire('$table', 3)", "acquire_all('$table', '{3}')", "take_over('$table', 3, 'why')",
		  "is_locked('$table', 3)", "request('$table', 3)", "withdraw('$table', 3)", "break_lock('$table', 3, 'why')", "discard_draft('$table', 3)",
		  "row_visible('$table', '3')", "row_key(x) FROM $table x", "protect('$table')", "unprotect('$table')", "try_acquire('$table', '3')";
		push @statements, "UPDATE $table SET t = 'ann' WHERE id = 3", "DELETE FROM $table WHERE id = 4", "UPDATE $table SET id = 31 WHERE id = 5", "TRUNCATE $table CASCADE";
	}
	push @statements, "SELECT locking.acquire('m.p', 12)", "SELECT locking.protect('m.single')", "UPDATE m.single SET t = 'ann'", "UPDATE m.p SET id = 21 WHERE id = 6";
	for my $token (map { $tokens{$_} } sort keys %tokens)
	{
		push @statements, map { "SELECT locking.$_" } "renew($token)", "confirm($token)", "save_draft($token, '{}')", "release($token)";
	}
	push @statements, "UPDATE m.child SET t = 'ann' WHERE id = 7", "UPDATE m.grandchild SET t = 'ann' WHERE id = 7", 'INSERT INTO m.child VALUES (11, 8)',
	  'TRUNCATE m.child', "SELECT locking.protect('m.child', parent => 'of_a')";
	push @statements, map { "SELECT locking.$_" } 'release_all()', 'reap()', "purge_history('1 day')", "purge_drafts('1 day')", 'gate()';
	push @statements, map { "SELECT count(*) FROM locking.$_" } qw(locks protected_tables history drafts requests);
	return @statements;
}

# Each runs in a separate session, which has cached the tables before.
my $warm = "SELECT locking.is_locked('m.a', 1), locking.is_locked('m.p1', 1), locking.release(0); UPDATE m.a SET t = t WHERE id = 9; "
  . "UPDATE m.p SET t = t WHERE id = 9; UPDATE m.child SET t = t WHERE id = 9; SELECT count(*) FROM locking.locks";

# 40P01: the statements also wait for each other.
my $expected = qr/^(?:|55P03|55000|42P01|42883|42703|3F000|P0002|LK00[12]|22023|23503|23505|23514|40001|40P01|42501)$/;
my $bad = qr/XX\d\d\d: |TRAP:|terminated by signal|WARNING: .*leak/;

sub waits_for
{
	my ($name, $ddl, %options) = @_;
	subtest $name => sub {
		fresh();
		my $before = in_log($node, $bad);
		my @statements = statements();
		my $admin = session($node, db => $db);
		my @sessions = map { session($node, db => $db, owner => 'ann') } @statements;
		for my $n (0 .. $#sessions)
		{
			$sessions[$n]->query($warm);
			$sessions[$n]->query('BEGIN' . ($n % 2 ? ' ISOLATION LEVEL REPEATABLE READ; SELECT 1' : ''));
		}
		$admin->query('BEGIN');
		$admin->query($_) for @$ddl;
		$sessions[$_]->send_sql("$statements[$_]; ROLLBACK") for 0 .. $#sessions;
		my $waited = await_all(@sessions);
		$admin->query($options{ends} || 'COMMIT');
		my @found;
		for my $n (0 .. $#sessions)
		{
			eval { $sessions[$n]->finish; 1 } or push @found, $@;
			push @found, "$statements[$n]: $sessions[$n]->{err}" unless $sessions[$n]->last_state =~ $expected;
		}
		$_->quit for $admin, @sessions;
		is(scalar @found, 0, 'only expected states') or diag(join "\n", grep { defined } @found[ 0 .. 4 ], (map { s{: .*}{}sr } grep { defined } @found[ 5 .. 99 ]));
		cmp_ok($waited, '>', 5, 'statements waited');
		note("$waited of " . scalar(@statements) . ' statements waited');
		is(in_log($node, $bad), $before, 'no crash, no internal error, no leak');
		is(here('SELECT count(*) FROM far.other'), '9', 'the server responds');
	};
	return;
}

# Waits until each session has ended its transaction or waits for a lock; the
# number that wait.  A session that has only begun its transaction has not
# received its statement yet.
sub await_all
{
	my @sessions = @_;
	my $pids = join ',', map { $_->{pid} } @sessions;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid IN ($pids) AND state <> 'idle' AND wait_event_type IS DISTINCT FROM 'Lock'")
	  or die "some sessions stay active\n";
	return sql($node, "SELECT count(*) FROM pg_stat_activity WHERE pid IN ($pids) AND wait_event_type = 'Lock'");
}

waits_for('DROP TABLE', ['DROP TABLE m.a CASCADE', 'DROP TABLE m.p CASCADE']);
waits_for('DROP TABLE of a partition', ['DROP TABLE m.p1 CASCADE']);
waits_for('DROP SCHEMA', ['DROP SCHEMA m CASCADE']);
waits_for('DROP SCHEMA, rolled back', ['DROP SCHEMA m CASCADE'], ends => 'ROLLBACK');
waits_for('DROP EXTENSION', ['DROP EXTENSION locking CASCADE']);
waits_for('DROP and CREATE EXTENSION', [ 'DROP EXTENSION locking CASCADE', 'CREATE EXTENSION locking', "SELECT locking.protect('m.a')" ]);
waits_for('DROP EXTENSION, rolled back', ['DROP EXTENSION locking CASCADE'], ends => 'ROLLBACK');
waits_for('DETACH', ['ALTER TABLE m.p DETACH PARTITION m.p1']);
waits_for('ATTACH', ['ALTER TABLE m.p ATTACH PARTITION m.single FOR VALUES FROM (20) TO (30)']);
waits_for('a new primary key', [ 'ALTER TABLE m.a DROP CONSTRAINT a_key CASCADE', 'ALTER TABLE m.a ADD CONSTRAINT a_key PRIMARY KEY (n)' ]);
waits_for('another type of the key', ['ALTER TABLE m.a ALTER COLUMN id TYPE bigint']);
waits_for('RENAME COLUMN', [ 'ALTER TABLE m.a RENAME id TO number', 'ALTER TABLE m.p RENAME t TO text' ]);
waits_for('RENAME TO', [ 'ALTER TABLE m.a RENAME TO b', 'ALTER TABLE m.p1 RENAME TO q1' ]);
waits_for('DROP CONSTRAINT of the parent', [ 'ALTER TABLE m.child DROP CONSTRAINT of_a', 'ALTER TABLE m.grandchild DROP CONSTRAINT of_p' ]);
waits_for('row security', [ map { ("ALTER TABLE m.$_ ENABLE ROW LEVEL SECURITY", "CREATE POLICY p ON m.$_ USING (id > 2)") } 'a', 'p' ]);
waits_for('TRUNCATE', [ 'SET LOCAL locking.enforce = off', 'TRUNCATE m.p, m.child, m.grandchild' ]);
waits_for('unprotect()', [ "SELECT locking.unprotect('m.a')", "SELECT locking.unprotect('m.p')" ]);
waits_for('protect()', [ "SELECT locking.protect('m.a', hard => false)", "SELECT locking.protect('m.single')" ]);

# ---- statements that must not wait ----

fresh();
my $admin = session($node, db => $db);
my %bystander = (db => $db, owner => 'bob');
for my $ddl ('ALTER TABLE m.p1 ADD CHECK (id > 0)', 'DROP TABLE m.p CASCADE', 'DROP SCHEMA m CASCADE', 'LOCK TABLE m.p1, m.p, m.a, m.child IN ACCESS EXCLUSIVE MODE',
	"SELECT locking.protect('m.single')", "SELECT locking.unprotect('m.a')")
{
	$admin->query('BEGIN');
	$admin->query($ddl);
	accepted("$ddl: statements on other tables", $node, <<'SQL', %bystander);
SET lock_timeout = '3s';
CREATE SCHEMA n CREATE TABLE t (id integer);
CREATE TABLE n.l (id integer PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE n.l1 PARTITION OF n.l DEFAULT;
ALTER TABLE n.t RENAME id TO number;
UPDATE far.other SET t = 'bob' WHERE id = 1;
SELECT locking.acquire('far.other', 2);
SELECT count(*) FROM locking.locks;
SELECT count(*) FROM locking.protected_tables;
DROP SCHEMA n CASCADE;
SQL
	$admin->query('ROLLBACK');
}
$admin->quit;

# ---- protect() of a table that becomes a partition ----

fresh();
my ($attaches, $protects) = map { session($node, db => $db) } 1 .. 2;
$attaches->query('BEGIN; ALTER TABLE m.p ATTACH PARTITION m.single FOR VALUES FROM (20) TO (30)');
$protects->send_sql("SELECT locking.protect('m.single')");
$protects->await_block;
$attaches->query('COMMIT');
$protects->finish;
like($protects->last_state, qr/^(?:|55000)$/, 'protect() while the table becomes a partition');
is(here("SELECT count(*) FROM locking.protected p JOIN pg_class c ON c.oid = p.relation WHERE c.relispartition"), '0', 'no settings of a partition');
accepted('schemas and partitions can be created', $node, 'CREATE SCHEMA n; CREATE TABLE m.p9 PARTITION OF m.p FOR VALUES FROM (90) TO (99)', db => $db);
$_->quit for $attaches, $protects;

# ---- partitions that are created concurrently, two levels down ----

# DROP TRIGGER of a root drops the triggers of the partitions that existed
# when it began.  Up to PostgreSQL 17 a trigger that is cloned meanwhile then
# depends on nothing, and neither it nor the extension can be dropped.
my $deeper = <<'SQL';
CREATE TABLE m.mid PARTITION OF m.p FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE m.leaf PARTITION OF m.mid FOR VALUES FROM (100) TO (110);
CREATE TABLE m.loose (id integer PRIMARY KEY, t text);
SQL
for my $ddl ('CREATE TABLE m.leaf2 PARTITION OF m.mid FOR VALUES FROM (110) TO (120)', 'ALTER TABLE m.mid ATTACH PARTITION m.loose FOR VALUES FROM (120) TO (130)',
	'ALTER TABLE m.mid DETACH PARTITION m.leaf', 'DROP TABLE m.leaf')
{
	for my $call ("protect('m.p')", "unprotect('m.p')")
	{
		fresh();
		here($deeper);
		my ($maker, $waiter) = map { session($node, db => $db) } 1 .. 2;
		$maker->query("BEGIN; $ddl");
		$waiter->query('BEGIN');
		$waiter->send_sql("SELECT locking.$call; COMMIT");
		await_all($waiter);
		$maker->query('COMMIT');
		$waiter->finish;
		is($waiter->last_state, '', "$call while $ddl");
		is(here(<<'SQL'), '0', 'no trigger depends on nothing');
SELECT count(*) FROM pg_depend d WHERE refclassid = 'pg_trigger'::regclass AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.oid = d.refobjid)
SQL
		accepted('protect(), unprotect()', $node, "SELECT locking.protect('m.p'); SELECT locking.unprotect('m.p')", db => $db);
		is(here("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~locking%' AND tgrelid IN (SELECT relid FROM pg_partition_tree('m.p'))"), '0', 'no guard is left');
		accepted('DROP EXTENSION', $node, 'DROP EXTENSION locking CASCADE', db => $db);
		$_->quit for $maker, $waiter;
	}
}

$node->stop;
done_testing();
