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
	# Any role may notify: a flood is dropped by sender, what others send at
	# the same time is passed on, and in the end all load anew.
	sql($node, "DELETE FROM locking.lock; CREATE ROLE mallory LOGIN PASSWORD 'mallory-pw'");
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $hers = stream($server, $anna);
	my $metric = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_$_[0] (\d+)$/m)[0] };
	my $before = $metric->('events_total');
	my $resets = $metric->('stream_resets_total');
	sql($node, q(SET SESSION AUTHORIZATION mallory; SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table',
		CASE WHEN g % 2 = 0 THEN 'public.private' ELSE 'public.t' || g END, 'key', 'secret', 'owner', g::text)::text)) FROM generate_series(1, 30000) g));
	$bert->post('/tables/article/rows/20/lock');
	my $began = time;
	my $first = heard($hers);
	my $took = time - $began;
	like($first, qr/^(acquired public\.article 20 bert|reset)$/, 'a real event behind a flood of forged ones');
	cmp_ok($took, '<=', 3, 'comes soon');	# the flood itself takes this server more than 10 s
	is($first eq 'reset' ? 'reset' : heard($hers), 'reset', 'streams load anew, as what was dropped may have been real');
	cmp_ok($metric->('events_dropped_total'), '>=', 28_000, 'most of the flood is dropped');
	cmp_ok($metric->('events_total') - $before, '<=', 1_600, 'a sender has a part of what is passed on');
	is($metric->('stream_resets_total') - $resets, 1, 'which costs each stream one reset');
	$bert->post('/tables/article/rows/19/lock');
	hears($hers, 'and it goes on', 'acquired public.article 19 bert');
	unlike($hers->{wire}{input} . ($hers->{text} // ''), qr/private|secret/, 'nothing of a forged event was shown to who may not read the table');

	# Many senders at the same time.
	my @senders = map { session($node) } 1 .. 12;
	$_->query(q(SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.t' || g, 'key', pg_backend_pid())::text)) FROM generate_series(1, 499) g)) for @senders;
	$bert->post('/tables/article/rows/18/lock');
	my $heard = heard($hers);
	like($heard, qr/^(acquired public\.article 18 bert|reset)$/, 'a real event behind those of many senders');
	$_->quit for @senders;
	$server->stop_ok;
	sql($node, 'DROP ROLE mallory; DELETE FROM locking.lock');
}

# ---- how many, how slow ----

{
	my $server = web_server($node, '--streams-per-session', 2, '--max-streams', 3);
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my @streams = map { stream($server, $anna) } 1 .. 3;
	ends($streams[0], 'the oldest of too many ends');
	stream($server, $bert);
	my $reply = $server->wire->send_request($bert, 'GET', '/events')->read_reply;
	is($reply->{status}, 429, 'no more than so many in all');
	ok($reply->{headers}{'retry-after'}, 'with Retry-After');
	$server->stop_ok;
}
{
	# Who only listens is no slow client.
	my $server = web_server($node, '--request-timeout', 1, '--ping', 1);
	my $stream = stream($server, $server->sign_in('anna'));
	my @signs = grep { $_ && defined $_->{comment} } map { part($stream) } 1 .. 5;
	cmp_ok(scalar(@signs), '>=', 4, 'a stream lives for longer than a request may take');
	$server->stop_ok;
}
{
	# Events pile up before one who does not read until his socket and his
	# place in the ring are full.
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $slow = $server->wire->send_request($anna, 'GET', '/events');
	my $quick = stream($server, $bert)->{wire};
	for my $count (1 .. 10)	# 24 MB; the ring holds 6, the sockets at most 10
	{
		sql($node, "SELECT pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.article', 'owner', repeat('o', 6000),"
			  . " 'key', '$count.' || g)::text) FROM generate_series(1, 400) g");
		$quick->read_until(qr/"key":"$count\.400"/) or last;
	}
	ok(!$quick->{closed}, 'who reads gets all of it, while another does not read');
	my $rest = $slow->read_until(qr/\r\n0\r\n\r\n/);
	like($rest, qr/event: reset\ndata: \{\}\n\n\r\n0\r\n\r\n\z/, 'who has missed some by then is told to load anew, and cut off');
	like($server->client->get('//metrics')->{content}, qr/^locking_web_streams_dropped_total 1$/m, 'which is counted');
	$server->stop_ok;
}

done_testing();
