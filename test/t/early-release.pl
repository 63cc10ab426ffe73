# Releases that waiting sessions see before they are on disk
# (early_release.c): what must not be seen, or heard of, before that.
#
# Nobody flushes such a release here: not the session that releases, by a
# change of the source, nor the session that waits and the WAL writer, which
# are stopped.  So after a crash the lock has ended only if something else has
# flushed the release.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingEvents;
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;

my $variant = LockingVariant->new;
my @unflushed = source_change('early releases that are not flushed');
$variant->build(@unflushed);

my $node = new_node('early', conf => [ "shared_preload_libraries = 'locking'", 'autovacuum = off' ]);
sql($node, events_schema());

my $row = 0;

# Bob waits for a row of ann's, ann releases it, and the server crashes before
# bob goes on.  Returns the holder after the crash.
sub after_crash
{
	my (%options) = @_;
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	my $token = $ann->query('SELECT locking.acquire(\'article\', ' . ++$row . ", ttl => '1 hour')");
	$ann->query("SET locking.notify = $options{notify}");
	$bob->query("SELECT locking.request('article', $row)") if $options{requested};
	my $listener = $options{heard} && listener($node);
	$bob->send_sql("SELECT locking.acquire('article', $row, wait => '10 min')");
	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $bob->{pid}") or die "bob does not wait\n";
	my @stopped = ($bob->{pid}, sql($node, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"));
	kill 'STOP', @stopped;
	$ann->query("SELECT locking.release($token)");
	until_true('a listener hears of it', sub { grep { $_->{event} eq 'released' } @{ receive($listener) } }) if $listener;
	$node->kill9;
	kill 'KILL', @stopped;
	$_->abandon for grep { $_ } $ann, $bob, $listener;
	start_again($node);
	return sql($node, "SELECT coalesce(max(owner), 'none') FROM locking.lock WHERE key = '$row'");
}

is(after_crash(notify => 'off'), 'ann', 'a release that is not flushed is undone, as if it had come too late');
is(after_crash(notify => 'on', heard => 1), 'none', 'one that a listener has heard of is not');
is(after_crash(notify => 'transaction'), 'none', 'nor one that sends its events itself');
is(after_crash(notify => 'off', requested => 1), 'bob', 'nor one that hands the row over');

$node->stop;
$variant->build(@unflushed, source_change('all releases may be early'));
$node->start;
is(after_crash(notify => 'transaction'), 'ann', 'a release that sends its events itself; broken: it may be early');
is(after_crash(notify => 'off', requested => 1), 'ann', 'a release that hands the row over; broken: it may be early');

$node->stop;
$variant->build(@unflushed, source_change('events before their commit is on disk'));
$node->start;
is(after_crash(notify => 'on', heard => 1), 'ann', 'a release that a listener has heard of; broken: it is not flushed before');

$node->stop;
done_testing();
