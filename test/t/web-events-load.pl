# The event stream under load: a flood of notifications, many streams, slow
# readers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node();

{
	# Any role may notify: a flood is dropped by sender, notifications of
	# other senders are passed on, and in the end all streams reload.
	sql($node, "DELETE FROM locking.lock; CREATE ROLE mallory LOGIN PASSWORD 'mallory-pw'");
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $annas = stream($server, $anna);
	my $metric = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_$_[0] (\d+)$/m)[0] };
	my $before = $metric->('events_total');
	my $resets = $metric->('stream_resets_total');
	my $began = time;
	sql($node, q(SET SESSION AUTHORIZATION mallory; SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table',
		CASE WHEN g % 2 = 0 THEN 'public.private' ELSE 'public.t' || g END, 'key', 'secret', 'owner', g::text)::text)) FROM generate_series(1, 30000) g));
	$bert->post('/tables/article/rows/20/lock');
	my $first = heard($annas);
	like($first, qr/^(acquired public\.article 20 bert|reset)$/, 'a real event behind a flood of forged ones');
	is($first eq 'reset' ? 'reset' : heard($annas), 'reset', 'streams are reset, since dropped events may have been real');
	$bert->post('/tables/article/rows/19/lock');
	my $heard = '';
	$heard = heard($annas) until $heard =~ /^(acquired public\.article 19 bert|nothing|end)$/;
	is($heard, 'acquired public.article 19 bert', 'the stream continues after the reset');
	# The flood has been read by now.  How much of it a sender may have passed
	# on depends on how many seconds that took.
	my $seconds = time - $began + 2;
	cmp_ok($metric->('events_total') - $before, '<=', 500 * $seconds + 10, 'a single sender has only a share of the events that are passed on');
	cmp_ok($metric->('events_dropped_total'), '>=', 30_000 - 500 * $seconds, 'the rest of the flood is dropped');
	cmp_ok($metric->('stream_resets_total') - $resets, '<=', 1 + $seconds / 10, 'a flood costs each stream one reset in ten seconds at most');
	unlike($annas->{wire}{input} . ($annas->{text} // ''), qr/private|secret/, 'nothing of a forged event is shown to a role that may not read the table');

	# Many concurrent senders.
	my @senders = map { session($node) } 1 .. 12;
	$_->query(q(SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.t' || g, 'key', pg_backend_pid())::text)) FROM generate_series(1, 499) g)) for @senders;
	$bert->post('/tables/article/rows/18/lock');
	like(heard($annas), qr/^(acquired public\.article 18 bert|reset)$/, 'a real event behind the events of many senders');
	$_->quit for @senders;
	$server->stop_ok;
	sql($node, 'DROP ROLE mallory; DELETE FROM locking.lock');
}

# ---- number and speed of streams ----

{
	my $server = web_server($node, '--streams-per-session', 2, '--max-streams', 3);
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my @streams = map { stream($server, $anna) } 1 .. 3;
	ends($streams[0], 'the oldest of too many streams of a session ends');
	my $other = stream($server, $bert);
	my $reply = $server->wire->send_request($bert, 'GET', '/events')->read_reply;
	is($reply->{status}, 429, 'too many streams in total');
	ok($reply->{headers}{'retry-after'}, 'with Retry-After');
	$server->stop_ok;
}
{
	# A client that only listens is not a slow client.
	my $server = web_server($node, '--request-timeout', 1, '--ping', 1);
	my $stream = stream($server, $server->sign_in('anna'));
	my $signs = 0;
	for (1 .. 20)
	{
		my $part = part($stream);
		$signs++ if $part && defined $part->{comment};
		last if $signs == 4;
	}
	is($signs, 4, 'a stream may last longer than --request-timeout');
	$server->stop_ok;
}
{
	# Events for a client that does not read fill its socket, until the ring
	# overwrites its position.
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $slow = $server->wire->send_request($anna, 'GET', '/events');
	my $quick = stream($server, $bert)->{wire};
	# 24 MB; the ring holds 6, the sockets at most 10
	for my $count (1 .. 10)
	{
		sql($node, "SELECT pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.article', 'owner', repeat('o', 6000),"
			  . " 'key', '$count.' || g)::text) FROM generate_series(1, 400) g");
		$quick->read_until(qr/"key":"$count\.400"/) or last;
	}
	ok(!$quick->{closed}, 'a reading client gets all events while another does not read');
	my $rest = $slow->read_until(qr/\r\n0\r\n\r\n/);
	like($rest, qr/event: reset\ndata: \{\}\n\n\r\n0\r\n\r\n\z/, 'a client that has missed events gets a reset and is disconnected');
	like($server->client->get('//metrics')->{content}, qr/^locking_web_streams_dropped_total 1$/m, 'the metrics count disconnected streams');
	$server->stop_ok;
}

done_testing();
