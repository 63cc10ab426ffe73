# The web server without a database, and behind a lock that is held for long.
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

# ---- without a database ----

{
	my $server = listening_server();
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	is($server->client->get('//readyz')->{status}, 200, 'ready');
	$node->stop('immediate');
	for my $path ($row, '/session', '/tables', "$row/lock")
	{
		my $reply = $anna->get($path);
		is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:unavailable', "$path without database");
		like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
		unlike($reply->{content}, qr/socket|host|No such file/i, 'the reply has no details of the connection');
	}
	is($server->client->get('//readyz')->{status}, 503, 'not ready');
	is($server->client->get('//healthz')->{status}, 200, 'alive');
	# more than the throttle lets a role fail
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 503, 'sign-in fails with 503') for 1 .. 20;
	start_again($node);
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 201, 'failures without a database do not count as attempts');
	is($anna->get($row)->{status}, 200, 'with the database the session works again');
	is($server->client->get('//readyz')->{status}, 200, 'ready again');
	hears($stream, 'the stream is reset after the outage', 'reset');
	my $token = $anna->get("$row/lock")->{json}{lock};
	$anna->post('/tables/article/rows/18/lock');
	hears($stream, 'the stream continues after the reset', 'acquired public.article 18 anna');

	# A connection that is lost during a save.
	my $session = session($node);
	$session->query('BEGIN; SELECT FROM article WHERE id = 18 FOR UPDATE');
	$token = $anna->get('/tables/article/rows/18/lock')->{json}{lock}{token};
	my $wire = $server->wire->send_request($anna, 'PUT', '/tables/article/rows/18', { token => $token, values => { body => 'lost' } });
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a save waits');
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'");
	is($wire->read_reply->{status}, 503, 'its connection is terminated: 503');
	$session->query('COMMIT');
	$session->quit;
	is(sql($node, 'SELECT body FROM article WHERE id = 18'), 'body', 'nothing was saved');
	is($anna->put('/tables/article/rows/18', { token => $token, values => { body => 'saved' } })->{status}, 200, 'the next attempt succeeds');
	$server->stop_ok;
}

# ---- --lock-timeout ----

{
	my $server = web_server($node, '--lock-timeout', 1);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $reply = $anna->get($row);
	is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:busy', 'waiting too long for a transaction');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
	$session->query('COMMIT');
	is($anna->get($row)->{status}, 200, 'the session works after a timeout');
	$session->quit;
	$server->stop_ok;
}

done_testing();
