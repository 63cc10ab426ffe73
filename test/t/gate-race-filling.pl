# Races of the gate while it is being filled: writes, changes of lock
# records, and the end of the backend that fills it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use Test::More;

start_races();
my $node = race_node();

# A backend is held while it fills; the result is that of another session's
# write of a locked row.
sub write_while_filling
{
	my ($point) = @_;
	fresh_database('few');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, $point, write_of(1000));
	my $state = state_of_write(1) || 'free';
	resume($controller);
	error_of($bob);
	quit($bob, $controller);
	return $state;
}

# Every kind of change to lock records while a filling backend is held; the
# result has the states of writes during the filling and after it.
sub every_change_while_filling
{
	my ($point) = @_;
	fresh_database('few');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, $point, write_of(1000));
	in_database("SELECT locking.renew(" . token_of(1) . ", '10 hours'); SELECT locking.release(" . token_of(2) . ')', 'ann');
	in_database("DELETE FROM locking.lock WHERE key = '3'");
	in_database("UPDATE article SET id = 40000 WHERE id = 4", 'ann');
	in_database("SELECT locking.take_over('article', 5, 'why not')", 'carl');
	in_database("SELECT locking.acquire('article', 10)", 'ann');
	in_database("INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '11', 'ann', 'infinity')");
	in_database("COPY locking.lock (relation, key, owner, expires_at) FROM stdin;\narticle\t12\tann\tinfinity\n\\.\n");
	in_database("SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 13); PREPARE TRANSACTION 'p13'", 'ann');
	in_database("BEGIN; SELECT locking.acquire('article', 14); ROLLBACK", 'ann');
	in_database('VACUUM locking.lock');
	my @rows = (1, 2, 3, 40000, 5, 10, 11, 12, 13, 14);
	my $while = states(@rows) . ', filled ' . filled();
	resume($controller);
	error_of($bob);
	quit($bob, $controller);
	my $after = states(@rows) . ', filled ' . filled();
	in_database("COMMIT PREPARED 'p13'");
	return "$while; $after; " . states(13);
}
my $states = '55P03 free free 55P03 55P03 55P03 55P03 55P03 55P03 waiting free';

# The backend that fills ends in the given way; another then fills.
sub filler_ends
{
	my ($how) = @_;
	fresh_database('few');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, 'fill-record', write_of(1000));
	$how->($bob, $controller);
	quit($controller);
	return states(1, 10) . ', filled ' . filled();
}

sub cancel
{
	my ($bob, $controller) = @_;
	$controller->query("SELECT pg_cancel_backend($bob->{pid})");
	$bob->finish;
	quit($bob);
	return;
}

sub await_exit
{
	my ($session) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $session->{pid}") or die "still there\n";
	$session->abandon;
	return;
}

sub terminate
{
	my ($bob, $controller) = @_;
	$controller->query("SELECT pg_terminate_backend($bob->{pid})");
	await_exit($bob);
	return;
}

# This ends all sessions, as shared memory may be corrupt.
sub kill_9
{
	my ($bob, $controller) = @_;
	kill 'KILL', $bob->{pid};
	await_exit($bob);
	$controller->abandon;
	return;
}

# The filling takes longer than statement_timeout.
sub timeout
{
	fresh_database('few');
	my ($bob, $controller) = (user('bob'), controller());
	$bob->query("SET inject.wait_at = 'fill-record'; SET statement_timeout = '200ms'");
	my $state = $bob->state_of(write_of(1000));
	quit($bob, $controller);
	return "$state, then " . states(1, 10) . ', filled ' . filled();
}

# A second backend, which would be held as well if it began to fill.
sub second_to_fill
{
	fresh_database('few');
	my ($bob, $carl, $controller) = (user('bob'), user('carl'), controller());
	hold_at($bob, 'fill-record', write_of(1000));
	$carl->query("SET inject.wait_at = 'fill-record'; SET lock_timeout = '200ms'");
	my $state = $carl->state_of(write_of(1001)) || 'free';
	resume($controller);
	error_of($bob);
	quit($bob, $carl, $controller);
	return "$state, filled " . filled();
}

# A lock acquired after the scan and before the gate is marked as filled.
sub acquired_behind_the_scan
{
	fresh_database('few');
	my ($bob, $controller) = (user('bob'), controller());
	hold_at($bob, 'fill-mark', write_of(1000));
	in_database("SELECT locking.acquire('article', 10)", 'ann');
	resume($controller);
	error_of($bob);
	quit($bob, $controller);
	return states(10) . ', filled ' . filled();
}

run_races(
	{ name => 'write while another backend fills', run => sub { write_while_filling('fill-record') },
		expected => '55P03',
		change => 'marked filled before the scan', broken => 'free' },
	{ name => 'every change while another backend fills', run => sub { every_change_while_filling('fill-record') },
		expected => "$states, filled f; $states, filled t; 55P03" },
	{ name => 'every change before the mark', run => sub { every_change_while_filling('fill-mark') },
		expected => "$states, filled f; $states, filled t; 55P03" },
	{ name => 'two backends that would fill', run => \&second_to_fill,
		expected => 'free, filled t',
		change => 'claim that is not exclusive', broken => '55P03, filled t' },
	{ name => 'filling backend cancelled', run => sub { filler_ends(\&cancel) },
		expected => '55P03 free, filled t',
		change => 'claim never given up', broken => '55P03 free, filled f' },
	{ name => 'filling backend terminated', run => sub { filler_ends(\&terminate) },
		expected => '55P03 free, filled t' },
	{ name => 'filling backend killed', run => sub { filler_ends(\&kill_9) },
		expected => '55P03 free, filled t' },
	{ name => 'filling backend with a statement timeout', run => \&timeout,
		expected => '57014, then 55P03 free, filled t' },
	{ name => 'write before the mark', run => sub { write_while_filling('fill-mark') },
		expected => '55P03' },
	{ name => 'lock acquired behind the scan', run => \&acquired_behind_the_scan,
		expected => '55P03, filled t',
		change => 'raise only in a filled gate', broken => 'free, filled t' },
	{ name => 'lock acquired behind the scan, again', run => \&acquired_behind_the_scan,
		expected => '55P03, filled t',
		change => 'summary not raised', broken => 'free, filled t' },
);

done_testing();
