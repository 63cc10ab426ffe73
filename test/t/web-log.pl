# The log: what it contains, and what it must not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');

{
	my $server = web_server($node);
	my $anna = $server->sign_in('anna');
	my $row = '/tables/article/rows/2';
	my $token = $anna->post("$row/lock", { note => 'n0te-secret' })->{json}{lock}{token};
	$anna->put("$row/lock", { token => $token, draft => { body => 'dr4ft-secret' } });
	$anna->put($row, { token => $token, values => { body => 'v4lue-secret' } });
	$server->client->sign_in('anna', 'wr0ng-secret');
	$server->client->sign_in("ev\nil\e[31m \xff", 'x');
	$anna->get('/tables?q=qu3ry-secret');
	$server->wire->send("GET /tables/%0a\e[31m\xff HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply;
	$server->wire->send('M' x 600 . " /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply;
	$server->stop_ok;
	my $log = $server->log;
	unlike($log, qr/\Q$_\E/, 'the log does not contain secrets or bodies') for 'anna-pw', 'locking_web-pw', $anna->{cookie}, $anna->{csrf}, qw(n0te dr4ft v4lue wr0ng qu3ry);
	unlike($log, qr/[^\x20-\x7e\n]/, 'the log does not contain control characters');
	my $time = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;
	is_deeply([ grep { !/^$time (locking-web: .+|127\.0\.0\.1 \S+ [A-Z]+ \S+ \d{3} [\d.]+ \d+)$/ } split /\n/, $log ], [], 'each line has the documented form');
	like($log, qr{^$time 127\.0\.0\.1 anna POST /api/v1/tables/article/rows/2/lock 201 }m, 'a line has role, method, path and status');
}

done_testing();
