# Clearing of the gate: what passed long ago does not cost lookups for ever,
# and the lapsed locks whose records still exist are found nevertheless.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use Test::More;

# Eight buckets, cleared after 64 lookups.
start_races(slots => 64);

# A table where lapsed locks matter, too, and all slots of the gate in use by
# locks that have ended. One is on row 1, which has not been released; its
# slot has been displaced.
sub worn_gate
{
	race_node()->restart;
	fresh_database('few');
	in_database("SELECT locking.protect('article', columns => '{body}', ttl => '10 minutes')");
	in_database(write_of(20000));
	in_database('SELECT locking.renew(token) FROM locking.lock', 'ann');
	in_database(<<'SQL', 'bob');
SELECT count(*) FROM locking.acquire_all('article', (SELECT array_agg(i) FROM generate_series(1001, 2000) i), ttl => '20 minutes');
SELECT locking.release_all();
SQL
	in_database('VACUUM locking.lock');
	return;
}

# Two hours later: rows that are not locked are written, often enough.
sub wear_out
{
	my ($session) = @_;
	$session->query('UPDATE article SET body = $$worn$$ WHERE id BETWEEN 3001 AND 3200');
	return;
}

sub lookups_of
{
	my ($session, $sql) = @_;
	my $before = in_database('SELECT lookups FROM locking.gate()');
	$session->query($sql);
	$session->query('SELECT count(*) FROM locking.gate()');	# adds its counts
	return in_database('SELECT lookups FROM locking.gate()') - $before;
}

my $write_many = 'UPDATE article SET body = $$written$$ WHERE id > 3000 AND id <= 4000';

sub worn
{
	worn_gate();
	my ($zoe, $controller) = (user('zoe'), controller());
	advance_clock($controller);
	my @lookups = map { lookups_of($zoe, $write_many) } 1, 2;
	reset_clock($controller);
	quit($zoe, $controller);
	return join ', ', map { $_ == 1000 ? 'all' : $_ < 300 ? 'few' : $_ } @lookups;
}

# The process that clears the gate ends before it has done so. Is the gate
# filled again?
sub ended_meanwhile
{
	worn_gate();
	my ($bob, $zoe, $controller) = (user('bob'), user('zoe'), controller());
	advance_clock($controller);
	hold_at($zoe, 'clear', $write_many);
	in_database("SELECT pg_terminate_backend($zoe->{pid})");
	race_node()->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $zoe->{pid}") or die "not terminated\n";
	$zoe->abandon;
	reset_clock($controller);
	$bob->query($write_many);
	my $filled = filled();
	quit($bob, $controller);
	return $filled;
}

# Is the lapsed lock on row 1 lost once Zoe has written the row, also after
# the clock is set back? She writes in a transaction that has relied on the
# gate since before it was cleared.
sub lost_after
{
	my ($write) = @_;
	worn_gate();
	my ($ann, $bob, $zoe, $controller) = (user('ann'), user('bob'), user('zoe'), controller());
	advance_clock($controller);
	$zoe->query('BEGIN');
	$zoe->query(write_of(20000));
	$write->($bob, $zoe, $controller);
	$zoe->query('COMMIT');
	reset_clock($controller);
	my $state = $ann->state_of('SELECT locking.confirm(' . token_of(1) . ')') || 'confirmed';
	quit($ann, $bob, $zoe, $controller);
	return $state;
}

sub write_after_clearing
{
	my ($bob, $zoe) = @_;
	wear_out($bob);
	$zoe->query(write_of(1));
	return;
}

# Zoe has read the slots of the bucket when it is cleared.
sub clear_while_read
{
	my ($bob, $zoe, $controller) = @_;
	hold_at($zoe, 'read-overflow', write_of(1));
	wear_out($bob);
	resume($controller);
	error_of($zoe);
	return;
}

# Zoe has noticed that the gate was cleared.
sub write_after_another
{
	my ($bob, $zoe) = @_;
	wear_out($bob);
	$zoe->query($_) for write_of(20001), write_of(1);
	return;
}

run_races(
	{ name => 'lookups of a worn gate', run => \&worn,
		expected => 'few, few',
		change => 'gate not cleared', broken => 'all, all' },
	{ name => 'clearing by a process that ends', run => \&ended_meanwhile,
		expected => 't',
		change => 'clearing not ended at exit', broken => 'f' },
	{ name => 'a write after clearing', run => sub { lost_after(\&write_after_clearing) },
		expected => 'LK001',
		change => 'epoch not compared', broken => 'confirmed' },
	{ name => 'clearing while a bucket is read', run => sub { lost_after(\&clear_while_read) },
		expected => 'LK001',
		change => 'epoch read before the slots', broken => 'confirmed' },
	{ name => 'a write after the gate was filled again', run => sub { lost_after(\&write_after_another) },
		expected => 'LK001',
		change => 'filled in every epoch', broken => 'confirmed' },
);

done_testing();
