# The event stream after an interruption: events that were missed, and the
# reset that replaces them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node();

# ---- missed events ----

{
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	sql($node, 'DELETE FROM locking.lock');
	my $stream = stream($server, $anna);
	my $wire = $stream->{wire};
	$bert->post("/tables/article/rows/$_/lock") for 10 .. 12;
	hears($stream, 'live', map { "acquired public.article $_ bert" } 10 .. 12);
	my $seen = $stream->{last}{id};
	$wire->close;
	$bert->post("/tables/article/rows/$_/lock") for 13, 14;
	$stream = stream($server, $anna, 'Last-Event-ID' => $seen);
	$bert->post('/tables/article/rows/15/lock');
	hears($stream, 'a reconnected client gets each missed event once', map { "acquired public.article $_ bert" } 13 .. 15);
	my $again = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($again, 'a client that names a position gets the events after it', map { "acquired public.article $_ bert" } 13 .. 15);
	for my $strange ('x', '-', "$seen-1", $seen =~ s/\d+$/99999999/r, $seen =~ s/\d+$/18446744073709551616/r, $seen =~ s/\d+$/-1/r, 'abc-1', '9' x 500)
	{
		my $other = stream($server, $anna, 'Last-Event-ID' => $strange);
		is(heard($other), 'reset', 'an invalid position gets a reset: ' . substr $strange, 0, 30);
		$other->{wire}->close;
	}

	# The listening connection is lost, and events may be lost with it.
	my @open = map { stream($server, $_) } $anna, $bert;
	$seen = $open[0]{id};
	is(sql($node, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_start = (SELECT min(backend_start) FROM pg_stat_activity WHERE usename = 'locking_web')"), 1, 'a single connection listens for all streams');
	hears($_, 'all streams are reset', 'reset') for @open;
	$bert->post('/tables/article/rows/17/lock');
	hears($_, 'all streams continue after the reset', 'acquired public.article 17 bert') for @open;
	my $late = stream($server, $anna, 'Last-Event-ID' => $seen);
	hears($late, 'a client that was disconnected meanwhile gets a reset, too', 'reset');
	$server->stop_ok;
}

{
	# An operator in the first schema of anna's search_path equates the table
	# that she may not read with one that she may.
	sql($node, <<'SQL');
DELETE FROM locking.lock;
CREATE SCHEMA hers;
GRANT USAGE ON SCHEMA hers TO anna;
CREATE FUNCTION hers.same(name, text) RETURNS boolean LANGUAGE sql AS $$SELECT $1::text OPERATOR(pg_catalog.=) pg_catalog.replace($2, 'private', 'article')$$;
CREATE OPERATOR hers.= (LEFTARG = name, RIGHTARG = text, FUNCTION = hers.same);
ALTER ROLE anna SET search_path = hers, pg_catalog, public;
SQL
	my $server = listening_server();
	my ($anna, $boss) = map { $server->sign_in($_) } qw(anna boss);
	my ($stream, $bosses) = map { stream($server, $_) } $anna, $boss;
	$stream->{wire}->close;
	$boss->post("/tables/$_/lock") for 'private/rows/1', 'article/rows/16';
	hears($bosses, 'while a client is disconnected', 'acquired public.private 1 boss', 'acquired public.article 16 boss');
	$stream = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($stream, 'an operator of the reader\'s gives no missed events of an unreadable table', 'acquired public.article 16 boss');
	sql($node, 'ALTER ROLE anna RESET search_path; DROP SCHEMA hers CASCADE');
	$server->stop_ok;
}

{
	my $server = listening_server('--lock-timeout', 1);
	my $stream = stream($server, $server->sign_in('anna'));
	my $published = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_events_total (\d+)$/m)[0] };
	my $before = $published->();
	notify('public.' . 'x' x 7000);
	notify('public.article');
	hears($stream, 'an event after one with an impossible table name', 'acquired public.article sign -');
	is($published->() - $before, 1, 'an event with an impossible table name is not passed on, since the server would keep the name');

	my ($locker, $teller) = map { session($node) } 1, 2;
	$locker->query('BEGIN; LOCK pg_catalog.pg_namespace IN ACCESS EXCLUSIVE MODE');
	$teller->query(q(NOTIFY locking, '{"event": "acquired", "table": "public.mine", "key": "1"}'));
	for my $waiting (1, 0)
	{
		LockingWeb::in_seconds($LockingWeb::PATIENCE, 'lock timeout', sub {
			select undef, undef, undef, 0.05
			  until $locker->query("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND usename = 'locking_web'") == $waiting;
		});
	}
	$locker->query('COMMIT');
	notify('public.article');
	is(heard($stream), 'reset', 'a reset for an event whose readers could not be looked up in time');
	is(heard($stream), 'acquired public.article sign -', 'the stream continues after the reset');
	$_->quit for $locker, $teller;
	$server->stop_ok;
}

{
	# Streams opened before the server listens for the first time.
	sql($node, 'ALTER ROLE locking_web NOLOGIN');
	my $server = web_server($node);
	my $stream = stream($server, $server->sign_in('anna'));
	sql($node, 'ALTER ROLE locking_web LOGIN');
	hears($stream, 'a stream from before the first listening connection is reset', 'reset');
	$server->stop_ok;
}

done_testing();
