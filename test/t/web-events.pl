# The event stream: who receives which events.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node();
my $row = '/tables/article/rows/1';

# ---- recipients ----

{
	my $server = listening_server('--ping', 1);
	my ($anna, $bert, $boss) = map { $server->sign_in($_) } qw(anna bert boss);
	my ($annas, $berts) = (stream($server, $anna), stream($server, $bert));
	my $bosses = stream($server, $boss);

	my $lock = $anna->post("$row/lock")->{json}{lock};
	hears($_, 'an acquisition', 'acquired public.article 1 anna') for $annas, $berts;
	my $data = $berts->{last}{json};
	is($data->{owner_name}, 'Anna Albers', 'the event has the display name');
	is_deeply([ sort keys %$data ], [ sort qw(event table key owner owner_name expires_at at) ], 'the event has no token');
	is(join(';', openapi()->check($data, openapi()->{document}{components}{schemas}{LockEvent})), '', 'the event matches its schema in openapi.json');

	$anna->put("$row/lock", { token => $lock->{token}, draft => { body => 'x' } });
	$bert->post("$row/request", { message => 'please' });
	$bert->delete("$row/request");
	$anna->put($row, { token => $lock->{token}, values => { body => 'y' }, keep => JSON::PP::true });
	$anna->delete("$row/lock?token=$lock->{token}");
	my @told = ('requested public.article 1 bert', 'withdrawn public.article 1 bert', 'released public.article 1 anna');
	hears($_, 'requests and the release, but no renewal', @told) for $annas, $berts;

	$anna->post("$row/lock");
	$boss->post("$row/lock/takeover", { reason => 'x' });
	$boss->post("$row/lock/break");
	@told = ('acquired public.article 1 anna', 'taken_over public.article 1 anna', 'acquired public.article 1 boss', 'broken public.article 1 boss');
	hears($_, 'a takeover and a break', @told) for $annas, $berts;

	$boss->post('/tables/private/rows/1/lock');
	$bert->post('/tables/mine/rows/2/lock');
	$bert->post('/tables/article/rows/2/lock');
	hears($annas, 'no event of an unreadable table, and of a table with row security only that it changed', 'changed public.mine - -', 'acquired public.article 2 bert');
	hears($berts, 'the holder gets the same event', 'changed public.mine - -');
	is($berts->{last}{data}, '{"event":"changed","table":"public.mine"}', 'the event has neither key nor owner');
	hears($berts, 'the next event', 'acquired public.article 2 bert');

	my $mine = $anna->post('/tables/mine/rows/1/lock')->{json}{lock};
	sql($node, "SET locking.owner = 'bert'; SELECT locking.request('mine', '1', 'please')");
	$anna->post('/tables/mine/rows/1/request/decline', { owner => 'bert', message => 'at noon' });
	hears($berts, 'a request with row security', 'changed public.mine - -', 'changed public.mine - -', 'declined public.mine 1 bert');
	is($berts->{last}{json}{message}, 'at noon', 'the requester gets the words of the holder');
	hears($annas, 'nobody else gets them', 'changed public.mine - -', 'changed public.mine - -', 'changed public.mine - -');
	$anna->delete("/tables/mine/rows/1/lock?token=$mine->{token}");
	hears($_, 'the release', 'changed public.mine - -') for $annas, $berts;
	$boss->get('/session');
	my @boss = map { heard($bosses) } 1 .. 10;
	is((grep { /private 1 boss/ } @boss) + 0, 1, 'a role that may read the table gets the event');
	is((grep { /mine/ } @boss) + 0, 0, 'a role gets no event of an unreadable table');

	my $part = part($annas);
	$part = part($annas) until defined $part->{comment};
	ok(!$part->{event}, 'a quiet stream sends comments as a heartbeat');

	# Notifications may be forged and are not trusted.
	sql($node, "NOTIFY locking, '$_'") for 'x', '{}', '{"event": 1, "table": "public.article"}', '{"event": "acquired", "table": ["a"]}', '{"event": "acquired", "table": "no.such"}',
	  '{"event": "acquired", "table": "\"; x"}', '{"event": "acquired", "table": "public.private", "key": "1"}', '[' x 5000, '{"event": "acquired\ndata: forged", "table": "public.article", "key": "2\n\n"}';
	$bert->post('/tables/article/rows/3/lock');
	my $forged = heard($annas);
	like($annas->{last}{data}, qr/acquired\\ndata: forged/, 'no payload breaks the lines of the stream') if $forged ne 'acquired public.article 3 bert';
	hears($annas, 'the next event arrives', 'acquired public.article 3 bert') if $forged ne 'acquired public.article 3 bert';

	# A privilege revoked during a stream.
	sql($node, 'REVOKE SELECT ON article FROM anna');
	my $deaf = LockingWeb::in_seconds(60, 'revoked right', sub {
		for (my $n = 4; ; $n = $n == 4 ? 5 : 4)
		{
			my $token = $bert->post("/tables/article/rows/$n/lock")->{json}{lock}{token};
			$bert->delete("/tables/article/rows/$n/lock?token=$token");
			$bert->post('/tables/mine/rows/2/lock');
			my $token_of_his = $bert->get('/tables/mine/rows/2/lock')->{json}{lock}{token};
			$bert->delete("/tables/mine/rows/2/lock?token=$token_of_his");
			return 1 if heard($annas) =~ /mine/ && heard($annas) =~ /mine/ && heard($annas) =~ /mine/;
		}
	});
	ok($deaf, 'a revoked privilege soon takes effect');
	sql($node, 'GRANT SELECT ON article TO anna');
	$server->stop_ok;
	ends($berts, 'the end of the server ends the stream');
}

{
	# Each event is followed by a reset for all streams: a stream that gets
	# the reset first has not got the event.
	sql($node, "CREATE ROLE brief LOGIN PASSWORD 'brief-pw'; GRANT SELECT ON article TO brief");
	my $server = listening_server();
	my ($brief, $bert) = map { stream($server, $server->sign_in($_)) } qw(brief bert);
	notify('public.article');
	hears($_, 'a role that may read the table', 'acquired public.article sign -') for $brief, $bert;
	sql($node, 'DROP OWNED BY brief; DROP ROLE brief');
	my $deaf = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'dropped role', sub {
		while (1)
		{
			notify('public.article');
			heard($bert);
			sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locking_web'");
			heard($bert);
			return 1 if heard($brief) eq 'reset';
			heard($brief);
		}
	}) };
	ok($deaf, 'a role that is dropped during a stream soon gets no more events of the table');
	$server->stop_ok;
}

done_testing();
