# The gate of a server that does not preload the library.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

subtest 'not preloaded' => sub {
	my $plain = new_node('plain', conf => [ gate_conf(), 'restart_after_crash = on' ]);
	sql($plain, gate_schema());
	my ($ann, $bob) = map { session($plain, owner => $_) } qw(ann bob);
	if (major_version($plain) < 17)
	{
		$bob->query(write_of(1));
		is($bob->query('SELECT * FROM locking.gate()'), 'f|f||||||', 'no gate before 17');
		$ann->query("SELECT locking.acquire('article', 1)");
		is($bob->state_of(write_of(1)), '55P03', 'the guard works without it');
		is($bob->state_of(write_of(2)), '', 'a free row');
		$_->quit for $ann, $bob;
		return;
	}
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 't|f', 'enabled, not yet filled');
	$bob->query(write_of(1));
	is($bob->query('SELECT enabled, filled, slots, occupied, checks, lookups, false_positives FROM locking.gate()'), 't|t|65536|0|1|0|0', 'filled by the first write');
	is($ann->query('SELECT enabled, filled, slots, occupied, checks FROM locking.gate()'), 't|t|65536|0|1', 'the other session sees the same');
	$ann->query("SELECT locking.acquire('article', 1)");
	is($bob->state_of(write_of(1)), '55P03', 'a lock of the other session');
	is($bob->query('SELECT occupied, checks, lookups, false_positives FROM locking.gate()'), '1|2|1|0', 'an occupied slot, a lookup');
	$bob->query("SELECT locking.acquire('article', 2)");
	is($ann->state_of(write_of(2)), '55P03', 'a lock of this session');
	is($ann->state_of(write_of(3)), '', 'a free row');
	sql($plain, "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '4', 'ann', 'infinity')");
	is($bob->state_of(write_of(4)), '55P03', 'a record inserted by SQL');
	$_->quit for $ann, $bob;
	check_row('no session attached any more', 1, node => $plain);
	is_filled('kept', 't', node => $plain);
	$plain->kill9;
	start_again($plain);
	check_row('kill -9 of the postmaster', 1, node => $plain);
	my $victim = session($plain);
	$victim->query("SELECT locking.owner()");
	kill 'KILL', $victim->{pid};
	await_restart($plain, $victim);
	is_filled('backend killed', 'f', node => $plain);
	check_row('backend killed', 1, node => $plain);

	# the same OID again, dropped by a session without the library
	sql($plain, 'CREATE DATABASE one');
	my %one = (db => 'one');
	sql($plain, gate_schema(), %one);
	sql($plain, "SELECT locking.acquire('article', 1)", %one, owner => 'ann');
	my $oid = sql($plain, 'CREATE DATABASE kept TEMPLATE one; SELECT oid FROM pg_database WHERE datname = $$one$$');
	sql($plain, 'SELECT locking.release_all(); VACUUM locking.lock', %one, owner => 'ann');
	$plain->restart;
	sql($plain, write_of(1), %one);
	sql($plain, 'DROP DATABASE one');
	sql($plain, "CREATE DATABASE one TEMPLATE kept OID $oid");
	check_row('database with a reused OID', 1, node => $plain, %one);
	is(in_log($plain, qr/TRAP:|XX000|leak|terminated by signal (?!9)/), 0, 'no crash or internal error in the log');
};

done_testing();
