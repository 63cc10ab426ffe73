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

# ---- the database goes away ----

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
		unlike($reply->{content}, qr/socket|host|No such file/i, 'and nothing about where it is');
	}
	is($server->client->get('//readyz')->{status}, 503, 'not ready');
	is($server->client->get('//healthz')->{status}, 200, 'but healthy');
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 503, 'nobody can sign in') for 1 .. 20;	# more than the throttle lets a role fail
	start_again($node);
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 201, 'nor is kept out afterwards for having tried');
	is($anna->get($row)->{status}, 200, 'it works again, with the session as it was');
	is($server->client->get('//readyz')->{status}, 200, 'ready again');
	hears($stream, 'the stream as well', 'reset');
	my $token = $anna->get("$row/lock")->{json}{lock};
	$anna->post('/tables/article/rows/18/lock');
	hears($stream, 'and it goes on', 'acquired public.article 18 anna');

	# A connection that dies in the middle of a save.
	my $session = session($node);
	$session->query('BEGIN; SELECT FROM article WHERE id = 18 FOR UPDATE');
	$token = $anna->get('/tables/article/rows/18/lock')->{json}{lock}{token};
	my $wire = $server->wire->send_request($anna, 'PUT', '/tables/article/rows/18', { token => $token, values => { body => 'lost' } });
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a save waits');
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'");
	is($wire->read_reply->{status}, 503, 'its connection is ended: 503');
	$session->query('COMMIT');
	$session->quit;
	is(sql($node, 'SELECT body FROM article WHERE id = 18'), 'body', 'nothing was saved');
	is($anna->put('/tables/article/rows/18', { token => $token, values => { body => 'saved' } })->{status}, 200, 'the next attempt is');
	$server->stop_ok;
}

# ---- waiting too long ----

{
	my $server = web_server($node, '--lock-timeout', 1);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $reply = $anna->get($row);
	is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:timeout', 'who waits too long for somebody\'s transaction');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'may try again');
	$session->query('COMMIT');
	is($anna->get($row)->{status}, 200, 'afterwards it goes');
	$session->quit;
	$server->stop_ok;
}

done_testing();
