# The gate in several databases: created from a template, dropped, with a
# reused OID; and an extension that is dropped and created again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

my $node = start_gate_node();
my $version = major_version($node);

subtest 'databases' => sub {
	sql($node, 'CREATE DATABASE one');
	my %one = (db => 'one');
	my %two = (db => 'two');
	sql($node, gate_schema(), %one);
	sql($node, write_of(1000), %one);
	acquire($_, %one) for 1, 2;
	is_filled('template', 't', %one);
	sql($node, 'CREATE DATABASE two TEMPLATE one');
	is_filled('copy', 'f', %two);
	check_row('lock copied from the template', $_, %two) for 1, 2;
	is_filled('copy, after a write', 't', %two);
	is(sql($node, "SELECT 'article'::regclass::oid", %one), sql($node, "SELECT 'article'::regclass::oid", %two), 'the tables have the same OIDs');
	release_all(%two);
	is_free('released in the copy', 1, %two);
	check_row('not released in the template', 1, %one);
	acquire(3, %two);
	is_free('locked in the copy only', 3, %one);
	is(growth('UPDATE article SET body = body')->{checks}, 1000, 'a check for every row of a third database');
	is_free('row of the third database', $_) for 1 .. 3;

	my $oid = sql($node, "SELECT oid FROM pg_database WHERE datname = 'two'");
	sql($node, 'DROP DATABASE two');
	sql($node, 'CREATE DATABASE two');
	is(sql($node, "SELECT oid <> $oid FROM pg_database WHERE datname = 'two'"), 't', 'dropped and created: another OID');
	sql($node, gate_schema(), %two);
	is_filled('new database', 'f', %two);
	is_free('new database without locks', 3, %two);
	acquire(3, %two);
	check_row('acquired in the new database', 3, %two);
	sql($node, 'ALTER DATABASE two RENAME TO three');
	check_row('renamed database', 3, db => 'three');
	sql($node, 'DROP DATABASE three; ');
	check_row('another database dropped', 1, %one);
	refused('DROP DATABASE in a transaction', $node, '55006|25001', 'BEGIN; DROP DATABASE one; ');
	check_row('failed DROP DATABASE', 1, %one);
	# the same OID again, with locks that no backend has met
	if ($version >= 15)
	{
		my $same = sql($node, "SELECT oid FROM pg_database WHERE datname = 'one'");
		sql($node, 'CREATE DATABASE kept TEMPLATE one');
		sql($node, "UPDATE article SET body = 'x'; SELECT locking.release_all()", %one, owner => 'ann');
		is_filled('filled', 't', %one);
		sql($node, 'DROP DATABASE one');
		sql($node, "CREATE DATABASE one TEMPLATE kept OID $same");
		is_filled('reused OID', 'f', %one);
		check_row('reused OID, locks from a template', $_, %one) for 1, 2;
		sql($node, 'DROP DATABASE kept');
	}
	sql($node, 'DROP DATABASE one');
};

subtest 'DROP and CREATE EXTENSION' => sub {
	sql($node, 'CREATE DATABASE again');
	my %db = (db => 'again');
	sql($node, gate_schema(), %db);
	my ($ann, $bob) = map { session($node, owner => $_, %db) } qw(ann bob);
	$ann->query("SELECT locking.acquire('article', 1)");
	is($bob->state_of(write_of(1)), '55P03', 'locked');
	$bob->query(write_of(2));
	$ann->query('BEGIN');
	$ann->query('DROP EXTENSION locking CASCADE');
	$ann->query('ROLLBACK');
	is($bob->state_of(write_of(1)), '55P03', 'DROP EXTENSION, rolled back');
	my $protect = "CREATE EXTENSION locking; SELECT locking.protect('article', ttl => '1 hour')";
	$ann->query('BEGIN');
	$ann->query('DROP EXTENSION locking CASCADE');
	$ann->query($protect);
	$ann->query("SELECT locking.acquire('article', 2)");
	$ann->query(write_of(3));
	$ann->query('ROLLBACK');
	is($bob->state_of(write_of(1)), '55P03', 'DROP and CREATE EXTENSION, rolled back');
	$bob->query(write_of(2));
	is($ann->query('SELECT filled FROM locking.gate()'), 't', 'DROP and CREATE EXTENSION, rolled back: still filled');

	for my $round (1, 2)
	{
		$ann->query('DROP EXTENSION locking CASCADE');
		$bob->query(write_of(1));
		$ann->query($protect);
		is($ann->query('SELECT enabled, filled FROM locking.gate()'), 't|f', 'created again: not filled');
		$ann->query(write_of(7)) if $round == 2;
		$ann->query("SELECT locking.acquire('article', 1)");
		is($bob->state_of(write_of(1)), '55P03', 'a session from before: locked');
		is($bob->query('SELECT filled FROM locking.gate()'), 't', 'a session from before fills the gate');
		$bob->query(write_of(2));
		$ann->query(write_of(1));
		is($ann->query("SELECT locking.release_all()"), 1, 'released');
		is($bob->state_of(write_of(1)), '', 'free');
		$ann->query("SELECT locking.acquire('article', 2)");
		check_row('new session', 2, %db);
	}
	$_->quit for $ann, $bob;
	sql($node, 'DROP DATABASE again');
};

stop_gate_node();
done_testing();
