# Races of the gate in a bucket that has not enough slots for the locks on its
# keys, and the conversion of keys and expiries to what a slot contains.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use Test::More;

# Eight buckets.  Seven neighbouring keys share one, and within 448 keys those
# that are 56 apart.
start_races(slots => 64);
my $bucket = 448;
my @keys = ($bucket .. $bucket + 6, $bucket + 56 .. $bucket + 62);

# A filled gate in which no slot has been raised, and two owners.
sub empty_gate
{
	race_node()->restart;
	fresh_database('few');
	in_database('DELETE FROM locking.lock');
	in_database('VACUUM locking.lock');
	in_database(write_of(20000));
	return (user('ann'), user('zoe'));
}

sub acquire
{
	my ($key, $ttl) = @_;
	return "SELECT locking.acquire('article', $key, ttl => '$ttl')";
}

# Acquires so many of the bucket's keys from an index on, for ever longer.
sub acquire_longer
{
	my ($session, $first, $number) = @_;
	$session->query(acquire($keys[ $first + $_ ], 10 + $_ . ' hours')) for 0 .. $number - 1;
	return;
}

sub state_of
{
	my ($session, $key) = @_;
	return $session->state_of("SET lock_timeout = '10s'; " . write_of($key)) || 'free';
}

# So many locks, displaced by seven that last longer.
sub displaced
{
	my ($number) = @_;
	my ($ann, $zoe) = empty_gate();
	$ann->query(acquire($keys[$_], '10 minutes')) for 0 .. $number - 1;
	acquire_longer($ann, $number, 7);
	my %states = map { state_of($zoe, $keys[$_]) => 1 } 0 .. $number - 1;
	quit($ann, $zoe);
	return $states{free} ? 'free' : join ' ', keys %states;
}

# A lock that ends before the seven in the full bucket.
sub earliest
{
	my ($ann, $zoe) = empty_gate();
	acquire_longer($ann, 0, 7);
	$ann->query(acquire($keys[7], '10 minutes'));
	my $state = state_of($zoe, $keys[7]);
	quit($ann, $zoe);
	return $state;
}

# A lock that is being displaced.
sub while_displaced
{
	my ($ann, $zoe) = empty_gate();
	my ($bob, $controller) = (user('bob'), controller());
	$ann->query(acquire($keys[0], '10 minutes'));
	acquire_longer($ann, 1, 6);
	hold_at($bob, 'overflow-raised', acquire($keys[7], '20 hours'));
	my $state = state_of($zoe, $keys[0]);
	resume($controller);
	my $other = error_of($bob) || 'acquired';
	quit($ann, $zoe, $bob, $controller);
	return "$state, $other";
}

# A reader has read the slots; then the lock is displaced.
sub displaced_while_read
{
	my ($ann, $zoe) = empty_gate();
	my $controller = controller();
	$ann->query(acquire($keys[0], '10 minutes'));
	hold_at($zoe, 'read-overflow', write_of($keys[0]));
	acquire_longer($ann, 1, 7);
	resume($controller);
	my $state = error_of($zoe) || 'free';
	quit($ann, $zoe, $controller);
	return $state;
}

# Two backends that would take the same slot.  If they exclude each other, the
# second waits on a spinlock, which cannot be observed: what is waited for is
# the end of its acquisition where they do not.
sub two_at_once
{
	my ($ann, $zoe) = empty_gate();
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($ann, 'overflow-raised', acquire($keys[0], '10 minutes'));
	$bob->send_sql(acquire($keys[1], '10 minutes'));
	for (1 .. 50)
	{
		last if $controller->query("SELECT state LIKE 'idle%' AND query LIKE '%locking.acquire%' FROM pg_stat_activity WHERE pid = $bob->{pid}") eq 't';
		select(undef, undef, undef, 0.02);
	}
	resume($controller);
	error_of($_) for $ann, $bob;
	my @states = map { state_of($zoe, $keys[$_]) } 0, 1;
	quit($ann, $zoe, $bob, $controller);
	return "@states";
}

# A lock that ends a microsecond after the time at which the clock stands.
sub ends_soon
{
	my ($ann, $zoe) = empty_gate();
	my $controller = controller();
	stop_clock($controller);
	$controller->query("INSERT INTO locking.lock (relation, key, owner, expires_at)
		VALUES ('article', '$keys[0]', 'ann', timestamptz '2000-01-01 00:00:00+00' + interval '1261568000.005001 seconds')");
	my $state = state_of($zoe, $keys[0]);
	quit($ann, $zoe, $controller);
	return $state;
}

# Locks that end after everything that a slot can contain.
sub ends_late
{
	my ($ann, $zoe) = empty_gate();
	in_database("INSERT INTO locking.lock (relation, key, owner, expires_at)
		VALUES ('article', '$keys[0]', 'ann', '2571-01-01'), ('article', '$keys[1]', 'ann', 'infinity')");
	my @states = map { state_of($zoe, $keys[$_]) } 0, 1;
	quit($ann, $zoe);
	return "@states";
}

# A key that is a uuid: acquired by its text, written as its bytes.
sub uuid
{
	my ($ann, $zoe) = empty_gate();
	in_database('CREATE TABLE note (id uuid PRIMARY KEY, n integer);
		INSERT INTO note SELECT md5(g::text)::uuid, g FROM generate_series(1, 20) g;
		SELECT locking.protect(\'note\')');
	$ann->query("SELECT locking.acquire('note', id::text) FROM note WHERE n <= 5");
	my %states = map { ($zoe->state_of("UPDATE note SET n = n WHERE n = $_") || 'free') => 1 } 1 .. 5;
	quit($ann, $zoe);
	return join ' ', sort keys %states;
}

run_races(
	{ name => 'a displaced lock', run => sub { displaced(1) },
		expected => '55P03',
		change => 'displaced expiry dropped', broken => 'free' },
	{ name => 'a lock that ends first of all in a full bucket', run => \&earliest,
		expected => '55P03',
		change => 'own expiry dropped', broken => 'free' },
	{ name => 'a lock that is being displaced', run => \&while_displaced,
		expected => '55P03, acquired',
		change => 'overflow raised after the slot', broken => 'free, acquired' },
	{ name => 'a lock displaced while it is looked for', run => \&displaced_while_read,
		expected => '55P03',
		change => 'overflow read before the slots', broken => 'free' },
	{ name => 'two backends that raise a bucket', run => \&two_at_once,
		expected => '55P03 55P03',
		change => 'raise that is not exclusive', broken => '55P03 free' },
	{ name => 'several displaced locks', run => sub { displaced(5) },
		expected => '55P03',
		change => 'head without the overflow', broken => 'free' },
	{ name => 'a lock and its tag', run => sub { displaced(1) },
		expected => '55P03',
		change => 'head not written', broken => 'free' },
	{ name => 'a lock that ends within the unit of time', run => \&ends_soon,
		expected => '55P03',
		change => 'expiry rounded down', broken => 'free' },
	{ name => 'locks that end late', run => \&ends_late,
		expected => '55P03 55P03',
		change => 'late expiry not limited', broken => 'free free' },
	{ name => 'keys of type uuid', run => \&uuid,
		expected => '55P03',
		change => 'uuid not recognized in the text', broken => 'free' },
);

done_testing();
