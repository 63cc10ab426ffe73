# The end of the web server: running requests, streams, open connections.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node();

for my $how (qw(TERM INT))
{
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $wire = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	my $idle = $server->wire;
	my $half = $server->wire->send("GET /healthz HTTP/1.1\r\nHo");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	kill $how, $server->{pid};
	# The documented limit is 5 s; the rest is a margin for a busy machine.
	is(eval { $server->await_end(20) } // $@, 0, "SIG$how: ends while a request waits for a lock, with a stream and idle clients");
	is($wire->read_reply->{status}, 503, 'the request is answered');
	ends($stream, 'the stream ends');
	ok(defined $_->read_to_end(5), 'connections are closed') for $idle, $half;
	unlike($server->log, qr/Sanitizer|runtime error/, 'no sanitizer complains');
	$session->query('COMMIT');
	$session->quit;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('anna', 'locking_web')"), 'no connection is left');
}
{
	# Streams end as soon as no new requests are accepted.
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $before = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	my $late = $server->wire;
	my $ask = sub { return ($late->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply // {})->{status} };
	is($ask->(), 200, 'another request is answered');
	$server->terminate;
	ends($stream, 'SIGTERM ends the stream');
	is($ask->(), 503, 'a later request is refused');
	# The library's way to stop listening may abort() the server.
	is((eval { $server->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply } // {})->{status}, 503, 'a request on a new connection is refused');
	$session->query('COMMIT');
	is(($before->read_reply // {})->{status}, 200, 'an earlier request is answered');
	is(eval { $server->await_end(20) } // $@, 0, 'the server ends after the earlier request');
	$session->quit;
}
{
	# The running statement is to be cancelled, but the connection of the
	# cancel request is not accepted.
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $wire = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	kill 'STOP', $node->{_pid};
	$server->terminate;
	my $status = eval { $server->await_end(20) } // $@;
	kill 'CONT', $node->{_pid};
	is($status, 0, 'SIGTERM: ends although the database does not respond');
	like($server->log, qr/stopped, with requests cut off/, 'SIGTERM: logs that requests were cut off');
	unlike($server->log, qr/Sanitizer|runtime error/, 'no sanitizer complains');
	is($wire->read_reply, undef, 'the request gets no reply');
	$session->query('COMMIT');
	$session->quit;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('anna', 'locking_web')"), 'no connection is left');
}

done_testing();
