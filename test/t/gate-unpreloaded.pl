# The gate of a server that does not preload the library.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use LockingVariant;
use Test::More;

my $major;

subtest 'not preloaded' => sub {
	my $plain = new_node('plain', conf => [ gate_conf(), 'restart_after_crash = on' ]);
	sql($plain, gate_schema());
	my ($ann, $bob) = map { session($plain, owner => $_) } qw(ann bob);
	$major = major_version($plain);
	if ($major < 17)
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

# From 17 on a session that fails to attach goes on without, and tries again.
subtest 'attaching again' => sub {
	return pass('no gate before 17') if $major < 17;
	LockingVariant->new->build;
	my $node = new_node('again', conf => [ gate_conf() ]);
	sql($node, gate_schema());
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	$ann->query("SELECT locking.acquire('article', 1)");
	$bob->query("SET inject.fail_at = 'attach'");
	is($bob->state_of(write_of(1)), '55P03', 'the guard works without the gate');
	like($bob->{err}, qr/WARNING: .* this session cannot use the gate of "locking": failure at "attach"/, 'of which the session is warned');
	is($bob->query('SELECT filled FROM locking.gate()'), 'f', 'it has none');
	$bob->query(write_of(2));
	unlike($bob->{err}, qr/WARNING/, 'once');
	is($bob->state_of("SELECT locking.acquire('article', 2)"), 'XX000', 'it cannot acquire');
	$bob->query('RESET inject.fail_at');
	my $attached = '';
	for (1 .. 600)
	{
		$bob->query(write_of(2));
		last if ($attached = $bob->query('SELECT filled FROM locking.gate()')) eq 't';
		select(undef, undef, undef, 0.1);
	}
	is($attached, 't', 'it has the gate when attaching succeeds');
	is($bob->state_of(write_of(1)), '55P03', 'which refuses as before');
	is($bob->query("SELECT locking.acquire('article', 2) > 0"), 't', 'and it acquires');
	$_->quit for $ann, $bob;
};

done_testing();
