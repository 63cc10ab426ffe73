# The gate after a crash, on a promoted standby, and with dead lock records:
# the first write of a locked row is rejected, a free row can be written.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

my $node = start_gate_node();

subtest 'kill -9 of the postmaster' => sub {
	my $token = acquire(1);
	sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', $_); PREPARE TRANSACTION 'p$_'", owner => 'ann') for 2, 3;
	$node->kill9;
	start_again($node);
	is_filled('after the restart', 'f');
	check_row('first write', 1);
	is_filled('after that write', 't');
	refused('a write waits for a prepared lock', $node, '55P03', "SET lock_timeout = '100ms'; " . write_of(2),
		owner => 'zoe', message => qr/lock timeout/);
	sql($node, "COMMIT PREPARED 'p2'");
	check_row('committed after the gate has been filled', 2);
	sql($node, "ROLLBACK PREPARED 'p3'");
	is_free('rolled back after the gate has been filled', 3);
	is(sql($node, "SELECT locking.renew($token) > clock_timestamp()", owner => 'ann'), 't', 'the lock can be renewed');
	check_row('renewed after the crash', 1);
	release_all();
	is_free('released', 1);
};

subtest 'an immediate stop' => sub {
	acquire(4);
	$node->stop('immediate');
	start_again($node);
	refused('the first write is a DELETE', $node, '55P03', 'DELETE FROM article WHERE id = 4', owner => 'zoe');
	is_filled('after a rejected write', 't');
	release_all();
};

subtest 'a backend is killed' => sub {
	$node->append_conf('postgresql.conf', 'restart_after_crash = on');
	$node->reload;
	acquire(5);
	my $victim = session($node, owner => 'bob');
	$victim->query('BEGIN');
	$victim->query("SELECT locking.acquire('article', 6)");
	kill 'KILL', $victim->{pid};
	await_restart($node, $victim);
	is_filled('shared memory is initialized again', 'f');
	check_row('after the crash', 5);
	is_free('acquired without commit', 6);
	release_all();
};

subtest 'a promoted standby' => sub {
	my $token = acquire(1);
	sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 2); PREPARE TRANSACTION 'p2'", owner => 'ann');
	sql($node, 'CHECKPOINT');
	$node->backup('base');
	my $standby = copy_of_node('standby', $node, 'base', has_streaming => 1);
	$standby->append_conf('postgresql.conf', 'hot_standby = on');
	$standby->start;
	acquire(3);
	sql($node, "SELECT locking.renew($token, '2 hours')", owner => 'ann');
	$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
	is_filled('as a standby', 'f', node => $standby);
	is(sql($standby, "SELECT locking.is_locked('article', 1), locking.is_locked('article', 3), locking.is_locked('article', 4)"),
		't|t|f', 'is_locked() works on a standby');
	refused('a standby refuses a write', $standby, '25006', write_of(1000));
	is(sql($standby, "SELECT count(*) FROM (SELECT FROM article WHERE id < 10) a"), 9, 'SELECT works');
	my $gate = is_filled('after reading', 'f', node => $standby);
	is($gate->{checks}, 0, 'reading checks no row');
	my $old = session($standby, owner => 'zoe');
	$old->query("SELECT locking.is_locked('article', 1)");
	$standby->promote;
	is($old->state_of(write_of(3)), '55P03', 'a session from before the promotion');
	is($old->query(write_of(1000) . ' RETURNING id'), 1000, 'that session writes a free row');
	is_filled('after the first write', 't', node => $standby);
	check_row('promoted', $_, node => $standby) for 1, 3;
	sql($standby, "COMMIT PREPARED 'p2'");
	check_row('prepared on the old primary', 2, node => $standby);
	is(sql($standby, "SELECT locking.renew($token) IS NOT NULL", owner => 'ann'), 't', 'the holder can renew');
	$old->quit;
	is(in_log($standby, qr/TRAP:|terminated by signal|XX000|leak/), 0, "no crash or internal error in the standby's log");
	$standby->stop;
	sql($node, "ROLLBACK PREPARED 'p2'");
	release_all();
};

# The values of dead records may be gone already, as TOAST tables are vacuumed
# on their own.
subtest 'dead records with long values' => sub {
	my $long = "(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 2000) g)";
	# stored in TOAST, too
	my $key = "(SELECT left(string_agg(md5(g::text), ''), 2500) FROM generate_series(1, 100) g)";
	sql($node, "ALTER DATABASE postgres SET locking.max_text_length = '1MB'");
	my $token = sql($node, "SELECT locking.acquire('article', 70, note => $long)", owner => 'ann');
	check_row('a long note', 70);
	$node->restart;
	check_row('a long note, after a restart', 70);
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	sql($node, "BEGIN; SELECT locking.acquire('article', 71, note => $long); ROLLBACK", owner => 'ann');
	sql($node, "CREATE TABLE named (id text PRIMARY KEY); INSERT INTO named VALUES ($key), ('b'); SELECT locking.protect('named')");
	sql($node, "SELECT locking.release(locking.acquire('named', $key, note => $long))", owner => 'ann');
	acquire(72);
	my $toast = sql($node, "SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'locking.lock'::regclass");
	sql($node, "VACUUM $toast");
	$node->restart;
	refused('first write', $node, '55P03', write_of(72), owner => 'zoe', message => qr/is locked by/);
	accepted('second write', $node, write_of(70), owner => 'zoe');
	is_filled('after these writes', 't');
	sql($node, "SELECT locking.acquire('named', $key, note => $long)", owner => 'ann');
	$node->restart;
	refused('a long key', $node, '55P03', 'DELETE FROM named WHERE length(id) = 2500', owner => 'zoe');
	sql($node, 'VACUUM locking.lock');
	release_all();
	sql($node, 'ALTER DATABASE postgres RESET locking.max_text_length');
};

stop_gate_node();
done_testing();
