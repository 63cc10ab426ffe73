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

# ---- what was missed ----

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
	hears($stream, 'who comes back hears what was missed, once', map { "acquired public.article $_ bert" } 13 .. 15);
	my $again = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($again, 'from the place that he names', map { "acquired public.article $_ bert" } 13 .. 15);
	for my $strange ('x', '-', "$seen-1", $seen =~ s/\d+$/99999999/r, $seen =~ s/\d+$/18446744073709551616/r, $seen =~ s/\d+$/-1/r, 'abc-1', '9' x 500)
	{
		my $other = stream($server, $anna, 'Last-Event-ID' => $strange);
		is(heard($other), 'reset', 'a place that is none: load anew: ' . substr $strange, 0, 30);
		$other->{wire}->close;
	}

	# The connection for events is lost, and with it perhaps events.
	my @open = map { stream($server, $_) } $anna, $bert;
	$seen = $open[0]{id};
	is(sql($node, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_start = (SELECT min(backend_start) FROM pg_stat_activity WHERE usename = 'locking_web')"), 1, 'one connection listens for all');
	hears($_, 'everybody is told to load anew', 'reset') for @open;
	$bert->post('/tables/article/rows/17/lock');
	hears($_, 'and goes on', 'acquired public.article 17 bert') for @open;
	my $late = stream($server, $anna, 'Last-Event-ID' => $seen);
	hears($late, 'who was away meanwhile, too', 'reset');
	$server->stop_ok;
}

{
	# In the schema that anna's search_path begins with, an operator says that
	# the table she may not read is the one that she may.
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
	hears($bosses, 'while one is away', 'acquired public.private 1 boss', 'acquired public.article 16 boss');
	$stream = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($stream, 'no operator of the reader\'s own gives him events that he missed of a table he may not read', 'acquired public.article 16 boss');
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
	hears($stream, 'an event after one of a table whose name none can have', 'acquired public.article sign -');
	is($published->() - $before, 1, 'which is not passed on, as all such names would be kept');

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
	is(heard($stream), 'reset', 'an event that could not be passed on, as its readers could not be looked up in time: load anew');
	is(heard($stream), 'acquired public.article sign -', 'and it goes on');
	$_->quit for $locker, $teller;
	$server->stop_ok;
}

{
	# Streams that are opened before the server listens for the first time.
	sql($node, 'ALTER ROLE locking_web NOLOGIN');
	my $server = web_server($node);
	my $stream = stream($server, $server->sign_in('anna'));
	sql($node, 'ALTER ROLE locking_web LOGIN');
	hears($stream, 'who came before the first connection for events is told to load anew', 'reset');
	$server->stop_ok;
}

done_testing();
