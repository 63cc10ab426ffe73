# Sessions that wait for a row in acquire(): they are woken when its lock
# ends, in the order of arrival.
#
# The library is built so that a waiter does not look by itself for ten
# minutes: a wake-up that is lost ends in a timeout of the test.  Statistics
# are off since PostgreSQL 15 sends them ten seconds after a query by a timer,
# which wakes a waiter, too.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;

my $variant = LockingVariant->new;
$variant->build(source_change('waiters that do not look by themselves'));

my $node = new_node('waiting', conf => [ "shared_preload_libraries = 'locking'", 'wal_writer_delay = 10s', 'track_counts = off' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT generate_series(1, 50);
SELECT locking.protect('article', ttl => '10 min');
SQL

my $row = 0;

# A new row that ann has locked, in a session of hers: the session and the
# token.
sub locked_row
{
	my (@arguments) = @_;
	my $ann = session($node, owner => 'ann');
	my $arguments = join ', ', "'article'", ++$row, @arguments;
	return ($ann, $ann->query("SELECT locking.acquire($arguments)"));
}

# A session that waits for the row.
sub waiter
{
	my ($owner, $before) = @_;
	my $session = starts_to_wait($owner, $before);
	ok($node->poll_query_until('postgres',
			"SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $session->{pid}"), "$owner waits");
	return $session;
}

sub starts_to_wait
{
	my ($owner, $before) = @_;
	my $session = session($node, owner => $owner);
	$session->query($before) if $before;
	$session->send_sql("SELECT locking.acquire('article', $row, wait => '10 min')");
	return $session;
}

# From now on the lease of the holder lasts two seconds.  The first waiter is
# there before it begins, however slow the machine is.
sub shorten
{
	my ($session, $token) = @_;
	$session->query("BEGIN; SET LOCAL locking.hand_over_time = 0; SELECT locking.release($token)");
	$session->query("SELECT locking.acquire('article', $row, ttl => '2 s'); COMMIT");
	return;
}

sub holder
{
	return sql($node, "SELECT string_agg(owner, ' ') FROM locking.lock WHERE key = '$row' AND expires_at > clock_timestamp()");
}

sub is_granted
{
	my ($session, $name) = @_;
	like($session->finish, qr/^\d+$/, "$name: granted");
	is($session->last_state, '', "$name: no error");
	return;
}

sub still_waits
{
	my ($session, $name) = @_;
	is(sql($node, "SELECT state FROM pg_stat_activity WHERE pid = $session->{pid}"), 'active', "$name still waits");
	return;
}

sub quit
{
	$_->quit for @_;
	return;
}

subtest 'in the order of arrival' => sub {
	my ($ann, $token) = locked_row();
	my @waiters = map { waiter("owner $_") } 1 .. 5;
	$ann->query("SELECT locking.release($token)");
	my $before = $token;
	for my $i (0 .. $#waiters)
	{
		is_granted($waiters[$i], 'owner ' . ($i + 1));
		is(holder(), 'owner ' . ($i + 1), 'the holder');
		my ($granted) = $waiters[$i]{out} =~ /(\d+)/;
		cmp_ok($granted, '>', $before, 'the token is greater');
		$before = $granted;
		still_waits($waiters[ $i + 1 ], 'the next one') if $i < $#waiters;
		$waiters[$i]->query('SELECT locking.release_all()');
	}
	quit($ann, @waiters);
};

subtest 'what ends a lock' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob');
	sql($node, "SELECT locking.break_lock('article', $row, 'test')");
	is_granted($bob, 'after break_lock()');
	my $carl = waiter('carl');
	$bob->query('SELECT locking.release_all()');
	is_granted($carl, 'after release_all()');
	$bob->send_sql("SELECT locking.acquire('article', $row, wait => '10 min')");
	$carl->query('BEGIN');
	$carl->query('SELECT locking.release_all()');
	$carl->query('ROLLBACK');
	still_waits($bob, 'after a release that is rolled back, bob');
	$carl->query('BEGIN; SAVEPOINT s; SELECT locking.release_all()');
	$carl->query('ROLLBACK TO s; COMMIT');
	is(holder(), 'carl', 'the lock is kept');
	$carl->query("BEGIN; SELECT locking.confirm(token) FROM locking.lock WHERE key = '$row'");
	$carl->query("UPDATE article SET title = 'saved' WHERE id = $row; SELECT locking.release_all()");
	$carl->query('COMMIT');
	is_granted($bob, 'after a save');
	is($bob->query("SELECT title FROM article WHERE id = $row"), 'saved', 'the row as saved');
	$carl->send_sql("SELECT locking.acquire('article', $row, wait => '10 min')");
	$bob->query("DELETE FROM article WHERE id = $row");
	$carl->finish;
	is($carl->last_state, 'P0002', 'after the DELETE of the row');
	quit($ann, $bob, $carl);
};

subtest 'the row moves to another key' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob');
	$ann->query("UPDATE article SET id = 1000 + id WHERE id = $row");
	$bob->finish;
	is($bob->last_state, 'P0002', 'there is no such row');
	quit($ann, $bob);
};

subtest 'a grant that is rolled back' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob', 'BEGIN');
	my $carl = waiter('carl');
	$ann->query("SELECT locking.release($token)");
	is_granted($bob, 'bob');
	still_waits($carl, 'carl');
	$bob->query('ROLLBACK');
	is_granted($carl, 'carl');
	quit($ann, $bob, $carl);
};

subtest 'a grant that is rolled back to a savepoint' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob', 'BEGIN; SAVEPOINT a; SAVEPOINT b');
	my $carl = waiter('carl');
	$ann->query("SELECT locking.release($token)");
	is_granted($bob, 'bob');
	$bob->query('RELEASE b');
	still_waits($carl, 'carl');
	$bob->query('ROLLBACK TO a');
	is_granted($carl, 'carl, while the transaction of bob goes on');
	is($bob->state_of('COMMIT'), '', 'which commits');
	quit($ann, $bob, $carl);
};

subtest 'a cancellation between two looks' => sub {
	my ($ann, $token) = locked_row();
	my ($controller, $bob) = (session($node), session($node, owner => 'bob'));
	$controller->query('SELECT pg_advisory_lock(1)');
	$bob->query("SET inject.deaf_at = 'look'");
	$bob->send_sql("SELECT locking.acquire('article', $row, wait => '10 min')");
	ok($node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $bob->{pid}"), 'bob is about to look');
	sql($node, "SELECT pg_cancel_backend($bob->{pid})");
	$controller->query('SELECT pg_advisory_unlock(1)');
	$bob->finish;
	is($bob->last_state, '57014', 'bob does not sleep first');
	quit($ann, $bob, $controller);
};

subtest 'the first one leaves' => sub {
	my ($ann, $token) = locked_row();
	my $cancelled = waiter('cancelled');
	my $timed_out = starts_to_wait('timed out', "SET statement_timeout = '1 s'");
	ok($node->poll_query_until('postgres', "SELECT query LIKE '%acquire%' AND (wait_event_type = 'Extension' OR state = 'idle')"
		  . " FROM pg_stat_activity WHERE pid = $timed_out->{pid}"), 'timed out waits, or has done so');
	my $terminated = waiter('terminated');
	my $caught = waiter('caught', "BEGIN; SAVEPOINT s");
	my $bob = waiter('bob');
	sql($node, "SELECT pg_cancel_backend($cancelled->{pid}), pg_terminate_backend($terminated->{pid}), pg_cancel_backend($caught->{pid})");
	$_->finish for $cancelled, $timed_out, $caught;
	is($_->last_state, '57014', 'the state') for $cancelled, $timed_out, $caught;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $terminated->{pid}"), 'terminated');
	$ann->query("SELECT locking.release($token)");
	is_granted($bob, 'bob');
	quit($ann, $cancelled, $timed_out, $caught, $bob);
	$terminated->abandon;
};

subtest 'a deadline' => sub {
	my ($ann, $token) = locked_row();
	my $bob = session($node, owner => 'bob');
	is($bob->state_of("SELECT locking.acquire('article', $row, wait => '100 ms')"), '55P03', 'at the deadline');
	my $carl = waiter('carl');
	is($bob->state_of("SELECT locking.acquire('article', $row, wait => '100 ms')"), '55P03', 'as the second one');
	is($bob->query("SELECT outcome FROM locking.try_acquire('article', $row)"), 'held', 'without waiting');
	$ann->query("SELECT locking.release($token)");
	is_granted($carl, 'carl');
	quit($ann, $bob, $carl);
};

subtest 'the end of the lease' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob');
	my $carl = waiter('carl');
	shorten($ann, $token);
	is_granted($bob, 'bob');
	still_waits($carl, 'carl');
	$bob->query('SELECT locking.release_all()');
	is_granted($carl, 'carl');
	quit($ann, $bob, $carl);
};

subtest 'a lease that begins while others wait' => sub {
	my ($ann, $token) = locked_row();
	my $bob = session($node, owner => 'bob');
	$bob->send_sql("SELECT locking.acquire('article', $row, ttl => '1 s', wait => '10 min')");
	ok($node->poll_query_until('postgres', "SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $bob->{pid}"), 'bob waits');
	my $carl = waiter('carl');
	$ann->query("SELECT locking.release($token)");
	is_granted($bob, 'bob');
	is_granted($carl, 'carl, when the lease of bob ends');
	quit($ann, $bob, $carl);
};

subtest 'those who asked come first' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob');
	my $carl = waiter('carl', "SELECT locking.request('article', $row)");
	$ann->query("SELECT locking.release($token)");
	is_granted($carl, 'carl');
	still_waits($bob, 'bob');
	my $dora = waiter('dora');
	is($carl->query("SELECT locking.hand_over(token, 'dora') FROM locking.lock WHERE key = '$row'"), 'dora', 'handed over to dora');
	is_granted($dora, 'dora');
	still_waits($bob, 'bob');
	$dora->query('SELECT locking.release_all()');
	is_granted($bob, 'bob');
	quit($ann, $bob, $carl, $dora);
};

subtest 'turns after an expiry' => sub {
	my ($ann, $token) = locked_row();
	my $bob = waiter('bob');
	shorten($ann, $token);
	my $carl = starts_to_wait('carl', "SELECT locking.request('article', $row)");
	is_granted($carl, 'carl');
	still_waits($bob, 'bob');
	$carl->query('SELECT locking.release_all()');
	is_granted($bob, 'bob');
	quit($ann, $bob, $carl);
};

subtest 'many rows at a time' => sub {
	my $last = $row;
	sql($node, 'INSERT INTO article SELECT generate_series(101, 200)');
	my $ann = session($node, owner => 'ann');
	$ann->query("SELECT count(*) FROM locking.acquire_all('article', (SELECT array_agg(id::text) FROM article WHERE id BETWEEN 101 AND 200))");
	my @waiters;
	for my $id (101, 150, 200)
	{
		$row = $id;
		push @waiters, waiter("owner $id");
	}
	$ann->query('SELECT locking.release_all()');
	is_granted($_, 'each') for @waiters;
	quit($ann, @waiters);
	$row = $last;
};

# The release is visible before it is flushed, but its answer comes after.
# The waiter is stopped, so that it cannot flush the WAL.
subtest 'an answered release survives a crash' => sub {
	my ($ann, $token) = locked_row();
	my $saved = $row;
	my $bob = waiter('bob');
	kill 'STOP', $bob->{pid};
	$ann->query("BEGIN; SELECT locking.confirm($token); UPDATE article SET title = 'saved' WHERE id = $row; SELECT locking.release($token)");
	$ann->query('COMMIT');
	my ($ann2, $token2) = locked_row();
	my $carl = waiter('carl');
	kill 'STOP', $carl->{pid};
	is($ann2->query("SELECT locking.release($token2)"), 't', 'released');
	$node->stop('immediate');
	$_->abandon for $ann, $ann2, $bob, $carl;
	start_again($node);
	is(sql($node, "SELECT count(*) FROM locking.lock WHERE token IN ($token, $token2)"), 0, 'the locks have ended');
	is(sql($node, "SELECT title FROM article WHERE id = $saved"), 'saved', 'and the row is saved');
};

subtest 'more waiters than entries' => sub {
	$variant->build(source_change('one entry for waiters'));
	$node->restart;
	my ($ann, $token) = locked_row();
	my @waiters = map { waiter("owner $_") } 1 .. 3;
	$ann->query("SELECT locking.release($token)");
	# the others poll, in any order
	for (1 .. 3)
	{
		ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM locking.locks WHERE key = '$row'"), 'one of them is granted');
		my ($holder) = holder() =~ /(\d)/;
		is_granted($waiters[ $holder - 1 ], "owner $holder");
		$waiters[ $holder - 1 ]->query('SELECT locking.release_all()');
	}
	quit($ann, @waiters);
};

done_testing();
