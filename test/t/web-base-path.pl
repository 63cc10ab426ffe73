# Below a path: --base-path, and X-Forwarded-Prefix of a trusted proxy, which
# removes the path or leaves it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');

# All addresses that a page has of its own site.
sub addresses { return $_[0] =~ m{(?:src|href)="(/[^"]*)"}g }

sub page_is_below
{
	my ($client, $base, $path, %headers) = @_;
	my $status = delete $headers{status} || 200;
	my $page = $client->get("/$path", undef, %headers);
	my @addresses = addresses($page->{content});
	my @outside = grep { !m{^\Q$base\E/static/} } @addresses;
	is("$page->{status}, @outside", "$status, ", "$path: all addresses are below '$base'");
	cmp_ok(scalar @addresses, '>', 3, "$path: it has addresses");
	return $page;
}

{
	my $server = web_server($node, '--base-path', '/office/locks');
	my $client = $server->client;
	page_is_below($client, '/office/locks', $_) for '/office/locks', '/office/locks/', '/office/locks/tables/article/1', '/tables/article';
	is($client->get("//office/locks/static/js/app.js")->{status}, 200, 'a script');
	is($client->get('//office/locks/healthz')->{status}, 200, 'for operators');
	is($client->get("/$_")->{status}, 404, $_) for '/office', '/office/lockstables', '/office/lock/tables', '/x/office/locks/tables';
	page_is_below($client, '/office/locks', '/office/locks/nowhere', Accept => 'text/html,*/*', status => 404);
	is($client->get('//office/locks/nowhere', undef, @$_)->{headers}{'content-type'}, 'application/problem+json', 'a script gets a problem')
	  for [], [ Accept => '*/*' ], [ Accept => 'text/html, */*', 'X-Requested-With' => 'XMLHttpRequest' ];
	is($client->get('//office/locks/api/v1/locks/break', undef, Accept => 'text/html')->{status}, 405, 'a wrong method');
	my $reply = $client->request('POST', '//office/locks/api/v1/session', { role => 'anna', password => 'anna-pw' });
	is($reply->{status}, 201, 'signed in');
	like($reply->{headers}{'set-cookie'}, qr{; Path=/office/locks/;}, 'the cookie is for the base path');
	like($reply->{cookies}[1], qr{; Path=/office/locks/api/v1/session;}, 'so is the one of the device');
	$client->enter($reply);
	$reply = $client->request('POST', '//office/locks/api/v1/tables/article/rows', { values => { id => '50', title => 'x' } });
	is("$reply->{status} $reply->{headers}{location}", '201 /office/locks/api/v1/tables/article/rows/50', 'a new row: its address');
	is($client->get('//office/locks/admin/ajax/a/b/1/lock/', undef, 'X-Requested-With' => 'XMLHttpRequest')->{status}, 404, 'interface of django-locking: no such table');
	like($client->get('//office/locks/admin/ajax/variables.js')->{content}, qr{"base_url": "/office/locks/admin/ajax"}, 'its script has the base path');
	is($client->get('//office/locks/tables', undef, 'X-Forwarded-Prefix' => '/other')->{content} =~ m{/other}, '', 'a client cannot choose the base path');
	$server->stop_ok;
}

{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.1');
	my $client = $server->client(headers => { 'X-Forwarded-Prefix' => '/desk' });
	page_is_below($client, '/desk', '/tables');
	page_is_below($client, '/desk', '/desk/tables');
	page_is_below($client, '', '/tables', 'X-Forwarded-Prefix' => undef);
	my $reply = $client->sign_in('anna', 'anna-pw');
	like($reply->{headers}{'set-cookie'}, qr{; Path=/desk/;}, 'the cookie');
	page_is_below($client, '', '/tables', 'X-Forwarded-Prefix' => $_)
	  for '"><script>', '/a"b', '/a b', '/..', '/a/../b', '/a//b', '/a/', 'a', '//evil.example', '/a, /b', '/a;b', '/%2e';
	$server->stop_ok;
}

for my $bad ('locks', '/locks/', '/', '/a//b', '/a b', '/./a', '/a?b', '/a%20b')
{
	my ($status, undef, $errors) = run_web({}, '--base-path', $bad);
	is("$status $errors", qq(2 locking-web: base-path: "$bad" is not a path such as /locks, without trailing slash\nTry "locking-web --help".\n), "refused: $bad");
}
done_testing();
