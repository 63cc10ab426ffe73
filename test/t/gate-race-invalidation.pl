# Races of what a backend caches, the gate's state and a table's settings,
# against changes of it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use Test::More;

start_races();

# The trigger that raises slots for records written by SQL is disabled, and
# perhaps enabled again, while a backend checks whether the gate is filled.
# The result has the states of that statement at a record made meanwhile, of
# the session's next statement, and of another session's.
sub trigger_disabled
{
	my (@then) = @_;
	fresh_database('few');
	my ($zoe, $controller) = (user('zoe'), controller());
	hold_at($zoe, 'filled-checked', "UPDATE article SET body = 'written' WHERE id IN (6, 10)");
	$controller->query('ALTER TABLE locking.lock DISABLE TRIGGER "~raise_gate"');
	$controller->query("INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '10', 'ann', 'infinity')");
	$controller->query($_) for @then;
	resume($controller);
	my $same = error_of($zoe) || 'free';
	my $next = $zoe->state_of(write_of(10)) || 'free';
	quit($zoe, $controller);
	return "$same, $next, " . states(10);
}
my $enable = 'ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER "~raise_gate"';

# The settings change while a backend reads them.
sub settings_change
{
	fresh_database('few');
	my ($zoe, $controller) = (user('zoe'), controller());
	hold_at($zoe, 'table-settings', write_of(10));
	$controller->query("UPDATE locking.protected SET required = true WHERE relation = 'article'::regclass");
	resume($controller);
	my $state = error_of($zoe) || 'free';
	my $next = $zoe->state_of(write_of(10)) || 'free';
	quit($zoe, $controller);
	return "$state, $next";
}

run_races(
	{ name => 'trigger disabled while a backend checks the gate', run => \&trigger_disabled,
		expected => '55P03, 55P03, 55P03',
		change => 'concurrent invalidation ignored', broken => 'free, free, 55P03' },
	{ name => 'trigger disabled and enabled again', run => sub { trigger_disabled($enable) },
		expected => '55P03, 55P03, 55P03',
		change => 'trigger version not compared', broken => 'free, free, free' },
	{ name => 'settings change while a backend reads them', run => \&settings_change,
		expected => 'LK002, LK002',
		change => 'outdated settings kept', broken => 'free, free' },
);

done_testing();
