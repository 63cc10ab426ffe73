# Scenarios of partitions that are being detached: tables, ways to a
# detachment that is pending, and checks of functions and guard.
#
# Until its detachment is complete, a partition still counts as part of its
# root: locks on its rows stay in force, and so does the guard.  PostgreSQL
# itself is not consistent here.  While DETACH CONCURRENTLY waits, or after it
# was cancelled, get_partition_ancestors() returns an empty list for the
# partition, new snapshots do not show its rows through the root, and older
# ones do.
package Detach;

use strict;
use warnings;

use Exporter 'import';
use LockingTest;
use Test::More;

our @EXPORT = qw(start_detach_node scenario here begin ok_here no_here answers undone waiting complete cancelled finalize lock_rows
  check_functions check_guard check_detached check_bystander);

my ($node, $major);

# Skips the whole test where PostgreSQL has no DETACH CONCURRENTLY.
sub start_detach_node
{
	# restart_after_crash: the scenarios after a crash run, too
	$node = new_node('main', conf => [ 'max_connections = 30', 'restart_after_crash = on', 'lock_timeout = 20s', 'max_prepared_transactions = 5',
		'log_error_verbosity = verbose' ]);
	$major = major_version($node);
	if ($major < 14)
	{
		$node->stop;
		plan skip_all => "PostgreSQL $major has no DETACH PARTITION CONCURRENTLY";
	}
	sql($node, 'CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN');
	return $node;
}

my $db;
my $databases = 0;

# m.dp has partitions, m.sub has them at two levels.  m.line and m.kid are
# guarded by a parent that is a partition.  m.other is related to none of
# them.
my $tables = <<'SQL';
CREATE EXTENSION locking;
CREATE SCHEMA m;
CREATE TABLE m.dp (id integer PRIMARY KEY, t text) PARTITION BY RANGE (id);
CREATE TABLE m.dp1 PARTITION OF m.dp FOR VALUES FROM (0) TO (10);
CREATE TABLE m.dp2 PARTITION OF m.dp FOR VALUES FROM (10) TO (20);
INSERT INTO m.dp SELECT g, 'new' FROM generate_series(1, 6) g UNION ALL SELECT g, 'new' FROM generate_series(11, 15) g;
CREATE TABLE m.line (id integer PRIMARY KEY, dp integer CONSTRAINT line_dp REFERENCES m.dp1 ON UPDATE CASCADE, t text);
INSERT INTO m.line SELECT g, g, 'new' FROM generate_series(1, 5) g;
CREATE TABLE m.sub (id integer PRIMARY KEY, t text) PARTITION BY RANGE (id);
CREATE TABLE m.mid PARTITION OF m.sub FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
CREATE TABLE m.leaf PARTITION OF m.mid FOR VALUES FROM (0) TO (10);
CREATE TABLE m.leaf2 PARTITION OF m.mid FOR VALUES FROM (10) TO (20);
CREATE TABLE m.far PARTITION OF m.sub FOR VALUES FROM (100) TO (200);
INSERT INTO m.sub SELECT g, 'new' FROM generate_series(1, 5) g UNION ALL VALUES (11, 'new'), (101, 'new');
CREATE TABLE m.kid (id integer PRIMARY KEY, leaf integer CONSTRAINT kid_leaf REFERENCES m.leaf, t text);
INSERT INTO m.kid SELECT g, g, 'new' FROM generate_series(1, 5) g;
CREATE TABLE m.other (id integer PRIMARY KEY, t text);
INSERT INTO m.other SELECT g, 'new' FROM generate_series(1, 5) g;
GRANT USAGE ON SCHEMA m TO reader, writer;
GRANT SELECT ON ALL TABLES IN SCHEMA m TO reader;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA m TO writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA locking TO writer;
SELECT locking.protect(t) FROM unnest('{m.dp, m.sub, m.other}'::regclass[]) t;
SELECT locking.protect('m.line', parent => 'line_dp');
SELECT locking.protect('m.kid', parent => 'kid_leaf');
SQL

sub fresh
{
	$db = 'detach' . ++$databases;
	sql($node, "CREATE DATABASE $db");
	sql($node, $tables, db => $db);
	return;
}

sub here { my ($statement, %options) = @_; return sql($node, $statement, db => $db, %options) }
sub begin { my (%options) = @_; return session($node, db => $db, %options) }

sub ok_here
{
	my ($name, $statement, %options) = @_;
	my $out = accepted($name, $node, $statement, db => $db, %options);
	stop_after_crash();
	return $out;
}

sub no_here
{
	my ($name, $state, $statement, %options) = @_;
	refused($name, $node, $state, $statement, db => $db, %options);
	stop_after_crash();
	return;
}

sub answers
{
	my ($name, $expected, $statement, %options) = @_;
	is(ok_here($name, $statement, %options), $expected, "$name: $expected");
	return;
}

my $crash = qr/TRAP:|terminated by signal/;
my $crashes = 0;

sub stop_after_crash
{
	die "the server crashed\n" unless Test::More->builder->is_passing || in_log($node, $crash) == $crashes;
	return;
}

# Runs a scenario in its own database; it must not crash the server.
sub scenario
{
	my ($name, $body) = @_;
	subtest $name => sub {
		my $internal = in_log($node, qr/XX00\d: /);
		eval { fresh(); $body->(); 1 } or fail("$name: $@");
		# a crash may be in progress
		sleep 1 unless Test::More->builder->is_passing;
		ok($node->poll_query_until('postgres', 'SELECT true'), 'the server responds');
		is(in_log($node, $crash), $crashes, 'no crash');
		is(in_log($node, qr/XX00\d: /), $internal, 'no internal error');
		$crashes = in_log($node, $crash);
	};
	return;
}

# ---- ways to a pending detachment ----

# DETACH CONCURRENTLY has marked the partition and waits for a transaction
# that has used the table.  Returns both sessions.
sub waiting
{
	my ($table, $partition) = @_;
	my ($old, $admin) = (begin(), begin());
	$admin->query('SET lock_timeout = 0');	# it waits for all that the test does then
	$old->query("BEGIN; SELECT count(*) FROM $table");
	$admin->send_sql("ALTER TABLE $table DETACH PARTITION $partition CONCURRENTLY");
	$admin->await_block;
	return ($old, $admin);
}

sub complete
{
	my ($old, $admin) = @_;
	$old->query('COMMIT');
	$admin->finish;
	is($admin->last_state, '', 'the detachment completes');
	$_->quit for $old, $admin;
	return;
}

# The same, cancelled: the mark stays until FINALIZE.
sub cancelled
{
	my ($table, $partition) = @_;
	my ($old, $admin) = waiting($table, $partition);
	here("SELECT pg_cancel_backend($admin->{pid})");
	$admin->finish;
	is($admin->last_state, '57014', 'the detachment is cancelled');
	$old->query('COMMIT');
	$_->quit for $old, $admin;
	return;
}

sub finalize
{
	my ($table, $partition) = @_;
	ok_here('FINALIZE', "ALTER TABLE $table DETACH PARTITION $partition FINALIZE");
	return;
}

sub lock_rows
{
	my (%locks) = @_;
	my %tokens;
	$tokens{$_} = here("SELECT locking.acquire('$_', $locks{$_}, ttl => '1 hour')", owner => 'ann') for sort keys %locks;
	return \%tokens;
}

# ---- checks in every pending state ----

sub undone { my ($call) = @_; return "BEGIN; $call; ROLLBACK" }
# new snapshots do not show the partition's rows through the root
my $no_row = '55P03|P0002';

# ann has locked row 1 of the partition, as a row of the root; row 2 is free.
sub check_functions
{
	my ($partition, $token) = @_;
	my %bob = (owner => 'bob');
	my %ann = (owner => 'ann');

	for my $key ("'1'", '1')
	{
		answers("is_locked($key)", 't', "SELECT locking.is_locked('$partition'::regclass, $key)");
		answers("is_locked($key) of a reader", 't', "SELECT locking.is_locked('$partition'::regclass, $key)", user => 'reader');
		answers("lock_applies($key)", 't', "SELECT locking.lock_applies('$partition', $key)", %bob);
		answers("lock_applies($key) to the holder", 'f', "SELECT locking.lock_applies('$partition', $key)", %ann);
		answers("lock_seconds_remaining($key)", 't', "SELECT locking.lock_seconds_remaining('$partition', $key) > 0");
		no_here("acquire($key)", $no_row, "SELECT locking.acquire('$partition', $key)", %bob);
		no_here("acquire($key) that waits", $no_row, "SELECT locking.acquire('$partition', $key, wait => '50 ms')", %bob);
		answers("break_lock($key)", 't', undone("SELECT locking.break_lock('$partition', $key, 'why')"), %bob);
		ok_here("discard_draft($key)", "SELECT locking.discard_draft('$partition', $key)", %ann);
		ok_here("withdraw($key)", "SELECT locking.withdraw('$partition', $key)", %bob);
	}
	answers('is_locked() of a free row', 'f', "SELECT locking.is_locked('$partition', '2')");
	may_lack_row('try_acquire()', "SELECT granted FROM locking.try_acquire('$partition', '1')", %bob);
	may_lack_row('acquire() of a free row', "SELECT locking.acquire('$partition', '2') > 0", %bob);
	may_lack_row('request()', "SELECT locking.request('$partition', '1', 'please')", %bob);
	may_lack_row('take_over()', "SELECT locking.take_over('$partition', '1', 'why') > 0", %bob);
	no_here('acquire_all()', $no_row, "SELECT locking.acquire_all('$partition', '{1, 2}')", %bob);
	answers('row_key()', '1', "SELECT locking.row_key(x) FROM $partition x WHERE id = 1");
	answers('row_visible()', 't', "SELECT locking.row_visible('$partition', '1')", user => 'reader');
	ok_here('renew()', "SELECT locking.renew($token, '1 hour', '{}')", %ann);
	may_lack_row('confirm()', "SELECT locking.confirm($token) > now()", %ann);
	ok_here('save_draft()', "SELECT locking.save_draft($token, '{}')", %ann);
	answers('release()', 't', undone("SELECT locking.release($token)"), %ann);
	answers('release_all()', 't', undone('SELECT locking.release_all() > 0'), %ann);
	ok_here("the view $_", "SELECT count(*) FROM locking.$_") for qw(locks protected_tables history drafts requests);
	ok_here('reap()', 'SELECT locking.reap()');
	ok_here('gate()', 'SELECT * FROM locking.gate()');
	return;
}

# A function that needs the row may report that it does not exist or that its
# lock is lost, but not that the table is not protected.
sub may_lack_row
{
	my ($name, $call, %options) = @_;
	my $session = begin(%options);
	my $state = $session->state_of("BEGIN; $call");
	$session->query('ROLLBACK');
	$session->quit;
	like($state, qr/^(?:|P0002|LK001|55P03)$/, "$name: " . ($state || 'accepted'));
	return;
}

sub check_guard
{
	my ($table) = @_;
	my %bob = (owner => 'bob');
	my $held = { %bob, message => qr/locked by/ };
	no_here("$table: UPDATE of a locked row", '55P03', "UPDATE $table SET t = 'bob' WHERE id = 1", %$held);
	no_here("$table: UPDATE by a plain role", '55P03', "UPDATE $table SET t = 'bob' WHERE id = 1", user => 'writer');
	no_here("$table: UPDATE of all rows", '55P03', "UPDATE $table SET t = 'bob'", %$held);
	no_here("$table: UPDATE of the key", '55P03', "UPDATE $table SET id = 9 WHERE id = 1", %$held);
	no_here("$table: DELETE", '55P03', "DELETE FROM $table WHERE id = 1", %$held);
	no_here("$table: upsert", '55P03', "INSERT INTO $table VALUES (1, 'bob') ON CONFLICT (id) DO UPDATE SET t = 'bob'", %$held);
	no_here("$table: MERGE", '55P03',
		"MERGE INTO $table USING (VALUES (1)) v (id) ON $table.id = v.id WHEN MATCHED THEN UPDATE SET t = 'bob'", %$held)
	  if $major >= 15;
	ok_here("$table: UPDATE of a free row", "UPDATE $table SET t = 'bob' WHERE id = 2", %bob);
	ok_here("$table: the holder's UPDATE", "UPDATE $table SET t = 'ann' WHERE id = 1", owner => 'ann');
	ok_here("$table: INSERT, DELETE, COPY", <<"SQL", %bob);
INSERT INTO $table VALUES (7, 'bob');
DELETE FROM $table WHERE id = 7;
COPY $table FROM stdin;
8	bob
\\.
DELETE FROM $table WHERE id = 8;
SQL
	return;
}

# A detached partition is an ordinary, unprotected table.
sub check_detached
{
	my ($table, @relations) = @_;
	for my $relation (@relations)
	{
		no_here("$relation, detached: is_locked()", '55000', "SELECT locking.is_locked('$relation', '1')", message => qr/not protected/);
		ok_here("$relation, detached: UPDATE", "UPDATE $relation SET t = 'bob' WHERE id = 1", owner => 'bob');
		ok_here("$relation, detached: TRUNCATE", undone("TRUNCATE $relation CASCADE"), owner => 'bob');
	}
	my $partition = $relations[0];
	ok_here("$partition, detached: protect()", "SELECT locking.protect('$partition')");
	ok_here("$partition, detached: acquire()", "SELECT locking.acquire('$relations[-1]', 1)", owner => 'ann');
	no_here("$partition, detached: UPDATE of a locked row", '55P03', "UPDATE $partition SET t = 'bob' WHERE id = 1", owner => 'bob');
	my $attach = "ALTER TABLE $table ATTACH PARTITION $partition FOR VALUES FROM (0) TO (" . ($partition =~ /mid/ ? 100 : 10) . ')';
	no_here("$partition, protected: ATTACH", '55000', $attach, message => qr/cannot become a partition/);
	ok_here("$partition, detached: unprotect()", "SELECT locking.unprotect('$partition')");
	ok_here("$partition: ATTACH", $attach);
	ok_here("$partition, attached: acquire()", "SELECT locking.release_all(); SELECT locking.acquire('$partition', 1)", owner => 'ann');
	no_here("$partition, attached: UPDATE of a locked row", '55P03', "UPDATE $partition SET t = 'bob' WHERE id = 1", owner => 'bob');
	no_here("$partition, attached: TRUNCATE", '55P03', "TRUNCATE $partition CASCADE", owner => 'bob');
	return;
}

sub check_bystander
{
	my ($while) = @_;
	ok_here("$while: another table is written", "UPDATE m.other SET t = 'bob' WHERE id = 2", owner => 'bob');
	ok_here("$while: its rows can be locked", undone("SELECT locking.acquire('m.other', 3)"), owner => 'bob');
	ok_here("$while: also by a plain role", undone("UPDATE m.other SET t = 'w' WHERE id = 4; SELECT locking.acquire('m.other', 3)"), user => 'writer');
	ok_here("$while: a schema, a table and a partition can be created", undone(
		'CREATE SCHEMA n CREATE TABLE a (id integer PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE n.a1 PARTITION OF n.a DEFAULT'));
	return;
}

1;
