# Races of the worker that publishes events: it is held at a point
# (src/inject.h) and then continues or is terminated.
#
# Each race runs again in a build that lacks what it depends on, and must
# have the wrong result then.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingEvents;
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;
use Time::HiRes qw(time);

my $variant = LockingVariant->new;
$variant->build;
my $node = new_node('race', conf => [ 'log_statement = none', 'max_prepared_transactions = 5', 'autovacuum = off',
	"shared_preload_libraries = 'locking'", "inject.fail_at = ''" ]);
sql($node, events_schema());

# ---- holding the worker ----

my $controller;

# From its next start on the worker waits at the point.
sub hold_worker_at
{
	my ($point) = @_;
	$controller = session($node);
	$controller->query('SELECT pg_advisory_lock(1)');
	sql($node, "ALTER DATABASE postgres SET inject.wait_at = '$point'");
	end_worker();
	return;
}

sub end_worker
{
	my $pid = worker_pid($node) or return;
	sql($node, "SELECT pg_terminate_backend($pid)");
	await_end($pid);
	return;
}

sub await_end
{
	my ($pid) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid") or die "the worker does not end\n";
	return;
}

sub await_held
{
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'locking events' AND wait_event = 'advisory'")
	  or die "the worker is not held\n";
	return;
}

sub let_go
{
	sql($node, 'ALTER DATABASE postgres RESET inject.wait_at');
	$controller->quit;
	return;
}

# ---- the races ----

sub change
{
	my ($what, $key) = @_;
	return "SELECT locking.$what('article', $key)";
}

my $pair = 'SELECT locking.release(locking.acquire($$article$$, 1))';

sub names
{
	return join ' ', map { $_->{event} } @_;
}

# The worker is terminated at the point; its successor publishes the rest.
sub terminated_at
{
	my ($point) = @_;
	my $listener = listener($node);
	hold_worker_at($point);
	sql($node, $pair, owner => 'ann');
	await_held();
	end_worker();
	let_go();
	my @events = heard($listener);
	$listener->quit;
	return names(@events);
}

# While the worker publishes, a session sends a later event of the row in its
# transaction.
sub overtaken
{
	my $listener = listener($node);
	my $ann = session($node, owner => 'ann');
	hold_worker_at('publish');
	my $token = $ann->query(change('acquire', 1));
	await_held();
	$ann->send_sql("SET locking.notify = transaction; SELECT locking.release($token)");
	my $waits = $node->poll_query_until('postgres',
		"SELECT wait_event = 'transactionid' OR state = 'idle' FROM pg_stat_activity WHERE pid = $ann->{pid}");
	let_go();
	$ann->finish;
	my @events = heard($listener);
	$_->quit for $ann, $listener;
	return names(@events);
}

# A session sends an event in its transaction while an earlier one of the row
# is in the queue.
sub left_behind
{
	my ($end) = @_;
	my $listener = listener($node);
	my $ann = session($node, owner => 'ann');
	hold_worker_at('take');
	my $token = $ann->query(change('acquire', 1));
	await_held();
	$ann->query("SET locking.notify = transaction; BEGIN; SELECT locking.release($token); $end");
	receive($listener);
	let_go();
	my @events = heard($listener);
	sql($node, 'SELECT locking.release_all()', owner => 'ann');
	heard($listener);
	$_->quit for $ann, $listener;
	return names(@events);
}

# An event that happens when the worker is about to end.
sub retiring
{
	my $listener = listener($node);
	hold_worker_at('retire');
	sql($node, $pair, owner => 'ann');
	await_held();
	sql($node, $pair, owner => 'ann');
	let_go();
	my @events = heard($listener);
	$listener->quit;
	return names(@events);
}

# A transaction commits after the worker has found its first event in
# progress, and before it looks at the second.
sub committed_meanwhile
{
	my $listener = listener($node);
	my $ann = session($node, owner => 'ann');
	hold_worker_at('kept');
	$ann->query("BEGIN; $pair");
	sql($node, change('acquire', 3), owner => 'bob');
	await_held();
	$ann->query('COMMIT');
	let_go();
	my @events = heard($listener);
	sql($node, 'SELECT locking.release_all()', owner => 'bob');
	heard($listener);
	$_->quit for $ann, $listener;
	return join ' ', map { "$_->{event} $_->{key}" } @events;
}

# Requested, withdrawn and requested again in one transaction, while the clock
# stands still.
sub repeated
{
	my $listener = listener($node);
	$controller = session($node);
	$controller->query('SELECT pg_advisory_lock(3)');
	sql($node, 'SET locking.notify = transaction; BEGIN; ' . join('; ', map { change($_, 2) } qw(request withdraw request)) . '; COMMIT', owner => 'bob');
	$controller->quit;
	my @events = heard($listener);
	sql($node, change('withdraw', 2), owner => 'bob');
	heard($listener);
	$listener->quit;
	return names(@events);
}

my $once = 'acquired released';
my @races = (
	{ name => 'terminated before it commits', run => sub { terminated_at('publish') }, expected => $once,
		change => 'events removed when they are taken', broken => '' },
	{ name => 'terminated after it has committed', run => sub { terminated_at('published') }, expected => $once,
		change => 'publisher not noted', broken => "$once $once" },
	{ name => 'a later event while it publishes', run => \&overtaken, expected => $once,
		change => 'publisher not waited for', broken => 'released acquired' },
	{ name => 'a later event before it publishes', run => sub { left_behind('COMMIT') }, expected => $once,
		change => 'earlier events not claimed', broken => 'released acquired' },
	{ name => 'the same, rolled back', run => sub { left_behind('ROLLBACK') }, expected => 'acquired',
		change => 'rolled-back claims kept', broken => '' },
	{ name => 'an event of a worker that is about to end', run => \&retiring, expected => "$once $once",
		change => 'end without looking at the queue', broken => $once },
	{ name => 'a commit while the worker looks', run => \&committed_meanwhile, expected => 'acquired 3 acquired 1 released 1',
		change => 'each event by the present state', broken => 'released 1 acquired 3 acquired 1' },
	{ name => 'equal events', run => \&repeated, expected => 'requested withdrawn requested',
		change => 'events of the same time', broken => 'requested withdrawn' },
);

is($_->{run}->(), $_->{expected}, $_->{name}) for @races;
for my $race (@races)
{
	$node->stop;
	$variant->build(source_change($race->{change}));
	$node->start;
	is($race->{run}->(), $race->{broken}, "$race->{name}; broken: $race->{change}");
}

# ---- workers that fail ----

sub exits
{
	my ($code) = @_;
	return in_log($node, qr/background worker "locking events" .* exited with exit code $code/);
}

# From now on processes fail at the point.
sub fail_at
{
	my ($point) = @_;
	sql($node, "ALTER SYSTEM SET inject.fail_at = '$point'");
	$node->reload;
	return;
}

sub newest_xid { return sql($node, 'SELECT pg_snapshot_xmax(pg_current_snapshot())') }

$node->stop;
$variant->build;
$node->append_conf('postgresql.conf', "log_min_messages = debug1\n");
$node->start;

{
	my $listener = listener($node);
	my $pairs = 1;
	fail_at('serve');
	my $ended = exits(0);
	sql($node, $pair, owner => 'ann');
	until_true('a worker that cannot attach to the queue ends', sub { exits(0) == $ended + 1 });
	fail_at('');
	until_true('a later event starts another', sub { sql($node, $pair, owner => 'ann'); $pairs++; worker_pid($node) });
	is(names(heard($listener)), join(' ', ($once) x $pairs), 'no event is lost, or out of order');

	# As with a queue of notifications that is full.
	fail_at('publish');
	sql($node, $pair, owner => 'ann');
	my ($began, $first) = (time, newest_xid());
	until_true('a worker that cannot send tries again', sub { newest_xid() >= $first + 6 });
	cmp_ok(time - $began, '>=', 2, 'at growing intervals');	# 0.6 s otherwise
	is(in_log($node, qr/ERROR: .*failure at "publish"/), 1, 'which it logs once');
	fail_at('');
	is(names(heard($listener)), $once, 'and sends in the end, once');
	$listener->quit;
}

# ---- a database that is dropped while events are left in it ----

# An interrupted DROP DATABASE leaves an invalid database.
my $invalidate = "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'doomed'";

# A session in a database whose worker it holds, with events left.
sub doomed_session
{
	sql($node, 'CREATE DATABASE doomed');
	sql($node, events_schema() . "ALTER DATABASE doomed SET inject.wait_at = 'take'", db => 'doomed');
	my $doomed = session($node, db => 'doomed', owner => 'ann');
	$doomed->query('SELECT pg_advisory_lock(1); RESET inject.wait_at');
	$doomed->query($pair);
	await_held();
	return $doomed;
}

sub doomed_database
{
	my ($end) = @_;
	my $doomed = doomed_session();
	await_no_worker($node);
	my ($failed, $ended) = (exits(1), exits(0));
	sql($node, $invalidate) if $end eq 'invalid';
	sql($node, 'SELECT pg_terminate_backend(' . worker_pid($node, 'doomed') . ')');
	until_true("$end: the worker is terminated", sub { exits(1) > $failed });
	$doomed->quit;
	sql($node, 'DROP DATABASE doomed') if $end eq 'dropped';
	until_true("$end: its successor removes the events", sub { exits(0) == $ended + 1 });
	is(exits(1), $failed + 1, "$end: and fails not");
	sql($node, 'DROP DATABASE IF EXISTS doomed');
	return;
}

doomed_database('dropped');
sql($node, 'CREATE DATABASE doomed');
sql($node, $invalidate);
my $knows_invalid = !eval { sql($node, 'SELECT 1', db => 'doomed') };
sql($node, 'DROP DATABASE doomed');
SKIP:
{
	skip('this minor version has no invalid databases', 1) unless $knows_invalid;
	doomed_database('invalid');
}

# Up to 15 the server reports the same for a database that was renamed while
# the worker waited for it.
{
	my $doomed = doomed_session();
	fail_at('publish');
	my $pid = worker_pid($node, 'doomed');
	sql($node, "SELECT pg_terminate_backend($pid)");
	await_end($pid);
	$doomed->quit;
	my $renamer = session($node);
	$renamer->query('BEGIN; ALTER DATABASE doomed RENAME TO renamed');
	until_true('its successor waits for the database', sub { sql($node, "SELECT count(*) FROM pg_locks WHERE NOT granted AND classid = 'pg_database'::regclass") });
	$renamer->query('COMMIT');
	my $listener = listener($node, db => 'renamed');
	fail_at('');
	is(names(heard($listener)), $once, 'the events of a database that was renamed are kept');
	$_->quit for $renamer, $listener;
	sql($node, 'DROP DATABASE renamed');
}
is(in_log($node, qr/FATAL: .*(?:does not exist|dropped)/), 0, 'no worker complains');

is(in_log($node, qr/TRAP:|leak|not owned|PANIC/), 0, 'no internal error in the log');
$node->stop;
done_testing();
