# The gate and lock records that are not written by locking's functions, but
# by SQL, pg_restore and logical replication.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

my $node = start_gate_node();

subtest 'records by COPY, INSERT, UPDATE' => sub {
	sql($node, write_of(1000));
	is_filled('before', 't');
	for my $role ('origin', 'replica')
	{
		my $set = "SET session_replication_role = $role";
		sql($node, <<"SQL");
$set;
COPY locking.lock (relation, key, owner, expires_at) FROM stdin;
article	10	ann	2200-01-01 00:00:00+00
article	11	ann	infinity
article	12	ann	2001-01-01 00:00:00+00
\\.
SQL
		check_row("COPY, $role", $_) for 10, 11;
		is_free("COPY of a lapsed lock, $role", 12);
		sql($node, "$set; INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '13', 'ann', clock_timestamp() + interval '1 hour')");
		check_row("INSERT, $role", 13);
		sql($node, "$set; UPDATE locking.lock SET expires_at = clock_timestamp() + interval '1 hour' WHERE key = '12'");
		check_row("UPDATE of expires_at, $role", 12);
		sql($node, "$set; UPDATE locking.lock SET key = '14' WHERE key = '13'");
		check_row("UPDATE of key, $role", 14);
		is_free("the former key, $role", 13);
		sql($node, <<"SQL");
$set;
INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '15', 'ann', '2001-01-01');
INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '15', 'ann', '2001-01-01')
	ON CONFLICT (relation, key) DO UPDATE SET expires_at = clock_timestamp() + interval '1 hour';
SQL
		check_row("ON CONFLICT DO UPDATE, $role", 15);
		sql($node, 'DELETE FROM locking.lock');
		is_free("deleted by SQL, $role", $_) for 10 .. 15;
	}
	my $bob = session($node, owner => 'bob');
	$bob->query(write_of(16));
	sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '16', 'ann', 'infinity')");
	is($bob->state_of(write_of(16)), '55P03', 'a session that has just found the row free');
	$bob->quit;
	sql($node, 'VACUUM FULL locking.lock');
	check_row('rewritten by VACUUM FULL', 16);
	sql($node, 'TRUNCATE locking.lock');
	is_free('truncated', 16);
};

# The table is taken out of the extension, as pg_dump would otherwise leave
# out its rows.
subtest 'records by pg_restore' => sub {
	my $archive = tmp_folder() . '/locks.dump';
	my %kept = (db => 'kept');
	sql($node, 'CREATE DATABASE kept');
	sql($node, gate_schema(), %kept);
	acquire($_, %kept) for 17, 18;
	sql($node, 'ALTER EXTENSION locking DROP TABLE locking.lock', %kept);
	my $bob = session($node, owner => 'bob');
	my $restore = sub {
		my ($name, @options) = @_;
		$bob->query(write_of(1000));
		is_filled("$name, before", 't');
		run_ok("$name, pg_dump", $node, qw(pg_dump -Fc --data-only -t locking.lock -f), $archive, 'kept');
		run_ok($name, $node, 'pg_restore', @options, '-d', 'postgres', $archive);
	};

	$restore->('pg_restore');
	is($bob->state_of(write_of(17)), '55P03', 'a session that has just found the gate filled');
	check_row('pg_restore', $_) for 17, 18;
	is_filled('pg_restore', 't');

	# leaves the trigger enabled, but no longer ALWAYS
	sql($node, 'DELETE FROM locking.lock');
	sql($node, "UPDATE locking.lock SET key = (key::integer + 6)::text", %kept);
	$restore->('--disable-triggers', '--disable-triggers');
	is($bob->state_of(write_of(23)), '55P03', 'a session that has just found the gate filled');
	check_row('--disable-triggers', $_) for 23, 24;
	is_filled('--disable-triggers', 'f');
	sql($node, 'ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER "~raise_gate"');
	is($bob->state_of(write_of(23)), '55P03', 'the same session, after ENABLE ALWAYS TRIGGER');
	check_row('ENABLE ALWAYS TRIGGER', $_) for 23, 24;
	is_filled('ENABLE ALWAYS TRIGGER', 't');
	$bob->quit;
	sql($node, 'DELETE FROM locking.lock');
	sql($node, 'DROP DATABASE kept');
};

subtest 'records by logical replication' => sub {
	my $publisher = new_node('publisher', init => { allows_streaming => 'logical' }, conf => [ 'log_statement = none' ]);
	my %there = (owner => 'ann');
	sql($publisher, gate_schema());
	my $token = sql($publisher, "SELECT locking.acquire('article', 20)", %there);
	sql($publisher, 'CREATE PUBLICATION locks FOR TABLE locking.lock');
	my $bob = session($node, owner => 'bob');
	$bob->query(write_of($_)) for 20, 21, 22;
	is_filled('before', 't');
	sql($node, "CREATE SUBSCRIPTION locks CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION locks");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
	my $caught_up = sub { $publisher->wait_for_catchup('locks') };
	is($bob->state_of(write_of(20)), '55P03', 'the initial copy');
	sql($publisher, "SELECT locking.acquire('article', 21)", %there);
	$caught_up->();
	is($bob->state_of(write_of(21)), '55P03', 'an acquisition');
	sql($publisher, "UPDATE locking.lock SET key = '22' WHERE token = $token");
	$caught_up->();
	is($bob->state_of(write_of(22)), '55P03', 'an UPDATE of the key');
	is($bob->state_of(write_of(20)), '', 'the former key');
	sql($publisher, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 minute' WHERE token = $token");
	$caught_up->();
	is($bob->state_of(write_of(22)), '', 'a lapsed lock');
	is_filled('after replicated changes', 't');
	sql($publisher, 'SELECT locking.release_all()', %there);
	$caught_up->();
	is($bob->state_of(write_of(21)), '', 'a release');
	$bob->quit;
	sql($node, 'DROP SUBSCRIPTION locks');
	sql($node, 'DELETE FROM locking.lock');
	$publisher->stop;
};

stop_gate_node();
done_testing();
