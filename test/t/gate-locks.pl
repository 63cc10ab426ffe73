# The gate and what can happen to a lock: expiry and resumption, a changed
# key, a required lock, a parent's lock, rollback and release.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

my $node = start_gate_node();

subtest 'lapsed, and renewed' => sub {
	my %token;
	$token{$_} = acquire($_) for 30 .. 36;
	lapse($token{$_}) for 30 .. 36;
	restart_with();
	is_filled('restarted', 'f');
	sql($node, write_of(1000));
	is(gate($node)->{occupied}, 0, 'no slot for lapsed locks');
	is(growth(write_of(30), owner => 'zoe')->{lookups}, 0, 'no lookup for a lapsed lock');
	refused('a lapsed lock does not resume after a write', $node, 'LK001', "SELECT locking.renew($token{30})", owner => 'ann');
	is_free('a lapsed lock that cannot resume', 30);
	sql($node, "SELECT locking.renew($token{31})", owner => 'ann');
	check_row('resumed by renew()', 31);
	is(acquire(32), $token{32}, 'resumed by acquire()');
	check_row('resumed by acquire()', 32);
	sql($node, "SELECT locking.confirm($token{33})", owner => 'ann');
	check_row('resumed by confirm()', 33);
	sql($node, "SELECT locking.try_acquire('article', 34)", owner => 'ann');
	check_row('resumed by try_acquire()', 34);
	sql($node, "SELECT locking.acquire('article', 35)", owner => 'bob');
	check_row('acquired by another owner', 35);
	sql($node, "SELECT locking.take_over('article', 36, 'why not')", owner => 'bob');
	check_row('taken over by another owner', 36);
	sql($node, "BEGIN; SELECT locking.renew($token{31}, '3 hours'); ROLLBACK", owner => 'ann');
	check_row('renewal rolled back', 31);
	sql($node, 'SELECT locking.release_all()', owner => $_) for qw(ann bob);
	is_free('released', $_) for 30 .. 36;

	# a writer waits for a renewal in progress
	my $token = acquire(37);
	lapse($token);
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	$ann->query('BEGIN');
	$ann->query("SELECT locking.renew($token)");
	$bob->send_sql(write_of(37));
	ok($bob->await_block, 'a writer waits for an uncommitted renewal');
	$ann->query('COMMIT');
	$bob->finish;
	is($bob->last_state, '55P03', 'the writer is rejected once the renewal has committed');
	$_->quit for $ann, $bob;
	release_all();
};

subtest 'the key changes' => sub {
	sql($node, 'DELETE FROM line WHERE id BETWEEN 40 AND 45');
	my $token = acquire(40);
	sql($node, 'UPDATE article SET id = 4000 WHERE id = 40', owner => 'ann');
	check_row('new key', 4000);
	refused('new key: DELETE', $node, '55P03', 'DELETE FROM article WHERE id = 4000', owner => 'zoe');
	sql($node, "INSERT INTO article VALUES (40, 'new')");
	is_free('old key', 40);
	sql($node, "SELECT locking.renew($token)", owner => 'ann');
	check_row('renewed with the new key', 4000);
	sql($node, 'BEGIN; SAVEPOINT s; UPDATE article SET id = 4001 WHERE id = 4000; ROLLBACK TO s; COMMIT', owner => 'ann');
	check_row('change of key rolled back', 4000);
	sql($node, 'DELETE FROM article WHERE id = 41; UPDATE article SET id = 41 WHERE id = 42', owner => 'zoe');
	refused('another row cannot take the locked key', $node, '55P03|23505', 'UPDATE article SET id = 4000 WHERE id = 43', owner => 'zoe');
	sql($node, 'DELETE FROM article WHERE id = 4000', owner => 'ann');
	sql($node, "INSERT INTO article VALUES (4000, 'new')");
	is_free('deleted by the holder', 4000);
};

# The gate finds keys by their text, including those whose text the guard
# usually need not compute.
subtest 'a user-defined cast to text' => sub {
	my %db = (db => 'cast');
	sql($node, 'CREATE DATABASE "cast"');
	sql($node, <<'SQL' . gate_schema(), %db);
CREATE FUNCTION padded(integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lpad($1::varchar, 8, '0') $$;
CREATE CAST (integer AS text) WITH FUNCTION padded(integer);
SQL
	acquire(5, %db);
	is(sql($node, 'SELECT key FROM locking.lock', %db), '00000005', 'the key');
	is(sql($node, write_of(1000) . ' RETURNING id', %db), 1000, 'a free row');
	check_row('acquired', 5, %db);
	sql($node, 'DELETE FROM line WHERE id = 5; UPDATE article SET id = 5000 WHERE id = 5', %db, owner => 'ann');
	check_row('changed key', 5000, %db);
	sql($node, 'DROP DATABASE "cast"');
};

subtest 'required locks' => sub {
	my $write = "UPDATE form SET body = 'x' WHERE id = 1";
	sql($node, "SELECT locking.acquire('form', 3)", owner => 'bob');
	refused('no lock', $node, 'LK002', $write, owner => 'zoe');
	is_filled('after a write without the required lock', 't');
	my $token = sql($node, "SELECT locking.acquire('form', 1)", owner => 'ann');
	refused("another owner's lock", $node, '55P03', $write, owner => 'zoe');
	accepted('the holder', $node, $write, owner => 'ann');
	refused('the holder, for another row', $node, 'LK002', "UPDATE form SET body = 'x' WHERE id = 2", owner => 'ann');
	lapse($token);
	refused('lapsed', $node, 'LK002', $write, owner => 'ann');
	restart_with();
	refused('lapsed, after a restart', $node, 'LK002', $write, owner => 'ann');
	refused("another owner's lock, after a restart", $node, '55P03', "DELETE FROM form WHERE id = 3", owner => 'ann');
	sql($node, "SELECT locking.acquire('form', 1)", owner => 'ann');
	accepted('acquired again', $node, $write, owner => 'ann');
	sql($node, 'SELECT locking.release_all()', owner => $_) for qw(ann bob);
	refused('released', $node, 'LK002', $write, owner => 'ann');
};

subtest "a parent's lock" => sub {
	my %token;
	$token{$_} = acquire($_) for 50 .. 56;
	restart_with();
	refused("the first write is a child's", $node, '55P03', "UPDATE line SET body = 'x' WHERE id = 50", owner => 'zoe');
	is_filled('after a rejected write of a child', 't');
	is(sql($node, "UPDATE line SET body = 'x' WHERE id = 60 RETURNING id", owner => 'zoe'), 60, 'a child of a free row');
	refused('a new child', $node, '55P03', "INSERT INTO line VALUES (5000, 51, 'new')", owner => 'zoe');
	refused('moved to a locked parent', $node, '55P03', 'UPDATE line SET article = 51 WHERE id = 60', owner => 'zoe');
	refused('moved from a locked parent', $node, '55P03', 'UPDATE line SET article = 60 WHERE id = 51', owner => 'zoe');
	accepted('the holder', $node, "UPDATE line SET body = 'ann' WHERE id = 51", owner => 'ann');

	lapse($token{$_}) for 50 .. 53;
	restart_with();
	sql($node, write_of(1000));
	is_filled('with lapsed locks', 't');
	sql($node, "UPDATE line SET body = 'x' WHERE id = 50", owner => 'zoe');
	sql($node, "INSERT INTO line VALUES (5002, 52, 'new')", owner => 'zoe');
	refused('a child was written: the lock does not resume', $node, 'LK001', "SELECT locking.renew($token{50})", owner => 'ann');
	sql($node, "SELECT locking.renew($token{51})", owner => 'ann');
	refused('no child was written: the lock resumes', $node, '55P03', "UPDATE line SET body = 'x' WHERE id = 51", owner => 'zoe');
	refused('a child was inserted: the lock does not resume', $node, 'LK001', "SELECT locking.confirm($token{52})", owner => 'ann');
	sql($node, 'BEGIN; DELETE FROM line WHERE id = 53; ROLLBACK', owner => 'zoe');
	sql($node, "SELECT locking.renew($token{53})", owner => 'ann');
	refused('the deletion of a child was rolled back: the lock resumes', $node, '55P03', 'DELETE FROM line WHERE id = 53', owner => 'zoe');

	# expiries that are not after the value an empty slot has
	my %expiry = (54 => '2000-01-01 00:00:00+00', 55 => '1999-12-31 00:00:00+00', 56 => '-infinity');
	lapse($token{$_}, $expiry{$_}) for keys %expiry;
	restart_with();
	sql($node, write_of(1000));
	for my $row (sort keys %expiry)
	{
		sql($node, "UPDATE line SET body = 'x' WHERE id = $row", owner => 'zoe');
		refused("lapsed $expiry{$row}, a child was written: the lock does not resume", $node, 'LK001', "SELECT locking.renew($token{$row})", owner => 'ann');
	}
	release_all();
	sql($node, 'DELETE FROM locking.lock');
	accepted('released', $node, "UPDATE line SET body = 'x' WHERE id = 51", owner => 'zoe');
};

subtest 'rolled back, released' => sub {
	sql($node, "BEGIN; SAVEPOINT a; SELECT locking.acquire('article', 60); ROLLBACK TO a; SELECT locking.acquire('article', 61); COMMIT", owner => 'ann');
	is_free('acquired before ROLLBACK TO SAVEPOINT', 60);
	check_row('acquired after ROLLBACK TO SAVEPOINT', 61);
	sql($node, "BEGIN; SELECT locking.acquire('article', 62); ROLLBACK", owner => 'ann');
	is_free('acquisition rolled back', 62);
	my $bob = session($node, owner => 'bob');
	my $token = acquire(63);
	is($bob->state_of(write_of(63)), '55P03', 'locked');
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	is($bob->state_of(write_of(63)), '', 'free right after the release');
	acquire(63);
	is($bob->state_of(write_of(63)), '55P03', 'acquired again');
	sql($node, "BEGIN; SELECT locking.release_all(); ROLLBACK", owner => 'ann');
	is($bob->state_of(write_of(63)), '55P03', 'release rolled back');
	sql($node, "SELECT locking.break_lock('article', 63, 'go on')");
	is($bob->state_of(write_of(63)), '', 'free right after break_lock()');
	$bob->quit;
	release_all();
};

stop_gate_node();
done_testing();
