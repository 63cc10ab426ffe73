# Races of the gate around a lock's expiry: a guard, a renewal, and a clock
# that is set back.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use LockingVariant;
use Test::More;

my $normal = LockingVariant::read_file(LockingVariant::dir('pkglibdir') . '/locking.so');
start_races();
unlike($normal, qr/locking_inject|inject\.wait_at|fill-record|read-slot/, 'a normal build has no injection points');
like(LockingVariant::read_file(library_of_races()), qr/locking_inject/, 'the build of these tests has them');

# A guard has read the clock but not the slot; meanwhile the lock is renewed
# and its old expiry passes.
sub guard_between_clock_and_slot
{
	fresh_database('few');
	my ($ann, $zoe, $controller) = (user('ann'), user('zoe'), controller());
	$zoe->query(write_of(1000));
	hold_at($zoe, 'read-slot', write_of(1));
	$ann->query("SELECT locking.renew(" . token_of(1) . ", '10 hours')");
	advance_clock($controller);
	resume($controller);
	my $state = error_of($zoe) || 'free';
	my $locked = $ann->query("SELECT locking.is_locked('article', 1)");
	quit($ann, $zoe, $controller);
	return "$state, locked $locked";
}

# A renewal that began in time is held before its raise, with the record
# locked; meanwhile the old expiry passes, and another session writes, which
# the gate lets pass. The renewal finds the writer by the lock on the row, and
# once it has committed, by the version of the row.
sub renewal_held
{
	my ($committed) = @_;
	fresh_database('few');
	my ($ann, $zoe, $controller) = (user('ann'), user('zoe'), controller());
	$zoe->query(write_of(1000));
	hold_at($ann, 'raise', "SELECT locking.renew(" . token_of(1) . ", '10 hours')");
	advance_clock($controller);
	$zoe->query('BEGIN');
	my $state = $zoe->state_of(write_of(1)) || 'written';
	$zoe->query('COMMIT') if $committed;
	resume($controller);
	my $renewed = error_of($ann) || 'renewed';
	quit($ann, $zoe, $controller);
	return "$state, $renewed";
}

# A transaction that checked the gate while the clock was ahead; the lock is
# acquired after the clock has been corrected.
sub clock_set_back
{
	fresh_database('few');
	my ($ann, $zoe, $controller) = (user('ann'), user('zoe'), controller());
	$zoe->query(write_of(1000));
	$zoe->query('BEGIN');
	advance_clock($controller);
	$zoe->query(write_of(1000));
	reset_clock($controller);
	$ann->query("SELECT locking.acquire('article', 2000, ttl => '10 minutes')");
	my $state = $zoe->state_of(write_of(2000)) || 'free';
	quit($ann, $zoe, $controller);
	return $state;
}

run_races(
	{ name => 'guard between clock and slot, renewal, old expiry', run => \&guard_between_clock_and_slot,
		expected => '55P03, locked t',
		change => 'slot read before the clock', broken => 'free, locked t' },
	{ name => 'renewal before its raise, old expiry, writer', run => sub { renewal_held(0) },
		expected => 'written, LK001',
		change => 'clock read before the raise', broken => 'written, renewed' },
	{ name => 'renewal before its raise, old expiry, writer that commits', run => sub { renewal_held(1) },
		expected => 'written, LK001' },
	{ name => 'clock that was hours ahead', run => \&clock_set_back,
		expected => '55P03',
		change => 'one clock reading per transaction', broken => 'free' },
);

done_testing();
