# Races of the gate after a filling that was cancelled: the next one continues
# where the first stopped, although records have moved since.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use Test::More;

start_races();

sub cancel
{
	my ($controller, $session) = @_;
	$controller->query("SELECT pg_cancel_backend($session->{pid})");
	return error_of($session);
}

# Cancelled while the first stretch is read.
sub cancelled_in_a_stretch
{
	fresh_database('many');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, 'fill-record', write_of(30000));
	my $state = cancel($controller, $bob);
	resume($controller);
	quit($bob, $controller);
	return "$state, then " . any_free() . ', filled ' . filled();
}

# Cancelled after the first stretch; then the records move.
sub cancelled_after_a_stretch
{
	my (@moves) = @_;
	fresh_database('many');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, 'fill-chunk', write_of(30000));
	my $state = cancel($controller, $bob);
	resume($controller);
	quit($bob, $controller);
	in_database($_) for @moves;
	return "$state, then " . any_free() . ', filled ' . filled();
}
my @move_forward = ("DELETE FROM locking.lock WHERE ctid < '(64,0)'", 'VACUUM FULL locking.lock');
my @cut_short = ("DELETE FROM locking.lock WHERE ctid >= '(10,0)'", 'VACUUM locking.lock');

# Cancelled after the first stretch; then a call that keeps the later expiry
# of its lock writes a new version of the record into the part that was
# scanned.  The table's own ttl is ten minutes.
sub kept_expiry
{
	my ($call) = @_;
	fresh_database('many');
	my ($ann, $bob, $dump, $controller) = (user('ann'), user('bob'), user('dump'), controller());
	hold_at($bob, 'fill-chunk', write_of(30000));
	cancel($controller, $bob);
	resume($controller);
	in_database("DELETE FROM locking.lock WHERE ctid < '(30,0)'");
	in_database('VACUUM locking.lock');
	my $key = in_database("SELECT key FROM locking.lock WHERE ctid >= '(100,0)' ORDER BY ctid LIMIT 1");
	# an old snapshot keeps versions, so that the page fills up
	$dump->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM article LIMIT 1');
	$ann->query(sprintf $call, $key) for 1 .. 60;
	$dump->query('COMMIT');
	my $moved = in_database("SELECT ctid < '(30,0)' FROM locking.lock WHERE key = '$key'");
	in_database('VACUUM locking.lock');
	state_of_write(30000);
	advance_clock($controller);
	my $state = states($key) . ', filled ' . filled();
	quit($ann, $bob, $dump, $controller);
	return "moved $moved, $state";
}

# As many fillings as there are stretches, each cancelled after its first;
# the last write must find nothing left to read.
sub cancelled_each_time
{
	fresh_database('many');
	my $stretches = in_database("SELECT ceil(pg_relation_size('locking.lock') / 8192 / 64.0)::integer");
	my ($bob, $controller) = (user('bob'), controller());
	for (1 .. $stretches)
	{
		hold_at($bob, 'fill-chunk', write_of(30000));
		cancel($controller, $bob);
	}
	my $state = $bob->state_of("SET lock_timeout = '200ms'; " . write_of(30000)) || 'free';
	quit($bob, $controller);
	return ($stretches > 3 ? 'some' : 'few') . " stretches, $state, filled " . filled() . ', ' . any_free();
}

run_races(
	{ name => 'cancelled in a stretch', run => \&cancelled_in_a_stretch,
		expected => '57014, then none free, filled t',
		change => 'stretch counted before it is read', broken => '57014, then some free, filled t' },
	{ name => 'cancelled each time', run => \&cancelled_each_time,
		expected => 'some stretches, free, filled t, none free',
		change => 'scan restarted from the beginning', broken => 'some stretches, 55P03, filled f, none free' },
	{ name => 'cancelled, then a new file', run => sub { cancelled_after_a_stretch(@move_forward) },
		expected => '57014, then none free, filled t',
		change => 'scan continued in another file', broken => '57014, then some free, filled t' },
	{ name => 'cancelled, then a shorter file', run => sub { cancelled_after_a_stretch(@cut_short) },
		expected => '57014, then none free, filled t' },
	{ name => 'cancelled, then an expiry that acquire() keeps',
		# acquire() consults the gate itself, and so fills it first
		run => sub { kept_expiry("SELECT locking.acquire('article', %s)") },
		expected => 'moved t, 55P03, filled t' },
	{ name => 'cancelled, then an expiry that renew() keeps',
		run => sub { kept_expiry("SELECT locking.renew(token) FROM locking.lock WHERE key = '%s'") },
		expected => 'moved t, 55P03, filled t',
		change => 'kept expiry not raised by renew()', broken => 'moved t, free, filled t' },
);

done_testing();
