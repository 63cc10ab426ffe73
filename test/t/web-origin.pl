# Pages of other sites, which cannot act for a user, and headers and caching
# of the pages of this one.
use strict;
use warnings;

use Compress::Zlib ();
use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $node = new_web_node('main');
my $row = '/tables/article/rows/1';

# ---- pages of other sites ----

{
	my $server = web_server($node, '--allow-origin', 'https://app.example.org');
	my $anna = $server->sign_in('anna');
	my $bert = $server->sign_in('bert');
	my @changes = ([ 'POST', "$row/lock", {} ], [ 'DELETE', "$row/lock?token=1" ], [ 'PUT', $row, { values => { title => 'x' } } ],
		[ 'POST', "$row/lock/release", { token => 1 } ], [ 'POST', "$row/draft", { data => 1 } ], [ 'POST', '/tables/article/draft', { data => 1 } ], [ 'DELETE', '/session' ], [ 'PUT', '/tables/article/protection', {} ]);
	for my $change (@changes)
	{
		my ($method, $path, $body) = @$change;
		is_problem($anna->request($method, $path, $body, 'X-CSRF-Token' => undef), 403, 'csrf', "$method $path without token");
		is_problem($anna->request($method, $path, $body, 'X-CSRF-Token' => $_), 403, 'csrf', "$method $path with a wrong token")
		  for '', 'x', $bert->{csrf}, $anna->{cookie}, substr($anna->{csrf}, 0, -1), "$anna->{csrf}x";
		is_problem($anna->request($method, $path, $body, Origin => $_), 403, 'csrf', "$method $path from $_")
		  for 'https://example.com', 'null', "http://127.0.0.1:1", 'http://127.0.0.1', 'https://app.example.org.example.com', 'http://app.example.org';
	}
	is_problem($server->client->post('/session', { role => 'anna', password => 'anna-pw' }, Origin => 'https://example.com'), 403, 'csrf', 'signing in from another site');
	is($anna->get('/session')->{status}, 200, 'the session still works');
	is(sql($node, 'SELECT count(*) FROM locking.locks'), 0, 'no lock was acquired');

	is($anna->post("$row/lock", {}, Origin => $_)->{status} =~ /^20[01]$/ ? 1 : 0, 1, "from $_")
	  for $server->{url} =~ s{/$}{}r, 'https://app.example.org';
	my $reply = $anna->get($row, undef, Origin => 'https://app.example.org');
	is($reply->{headers}{'access-control-allow-origin'}, 'https://app.example.org', 'the allowed site may read');
	is($reply->{headers}{'access-control-allow-credentials'}, 'true', 'the allowed site may send cookies');
	like($reply->{headers}{vary}, qr/Origin/, 'with Vary');
	is($anna->get($row, undef, Origin => 'https://example.com')->{headers}{'access-control-allow-origin'}, undef, 'another site may not read');
	$reply = $server->client->request('OPTIONS', "$row/lock", undef, Origin => 'https://app.example.org', 'Access-Control-Request-Method' => 'PUT');
	is($reply->{status}, 204, 'a preflight request');
	like($reply->{headers}{'access-control-allow-methods'}, qr/PUT/, 'a preflight request gets the methods');
	like($reply->{headers}{'access-control-allow-headers'}, qr/X-CSRF-Token/i, 'a preflight request gets the headers');

	my $token = $anna->get("$row/lock")->{json}{lock}{token};
	my $beacon = { token => $token, csrf => $anna->{csrf} };
	my @plain = ('X-CSRF-Token' => undef, 'Content-Type' => 'text/plain;charset=UTF-8');
	is_problem($anna->post("$row/lock/release", { %$beacon, csrf => $bert->{csrf} }, @plain), 403, 'csrf', 'a beacon with the token of another session');
	is_problem($anna->post("$row/lock/release", $beacon, @plain, Origin => 'https://example.com'), 403, 'csrf', 'a beacon from another site');
	is_problem($anna->put("$row/lock", $beacon, 'X-CSRF-Token' => undef), 403, 'csrf', 'another request with its token in the body');
	is_problem($anna->put("$row/lock", $beacon, @plain), 415, 'unsupported-media-type', 'another request as text');
	is($anna->post("$row/draft", { data => 'kept', csrf => $anna->{csrf} }, @plain)->{status}, 204, 'a beacon with a draft');
	is($anna->get("$row/draft")->{json}{drafts}[0]{data}, 'kept', 'a beacon keeps a draft');
	is($anna->post("$row/lock/release", $beacon, @plain)->{status}, 204, 'a beacon with its token in the body');
	is($bert->get("$row/lock")->{json}{lock}, undef, 'a beacon releases the lock');
	$server->stop_ok;
}

# ---- pages of this site ----

{
	open my $routes, '<', "$FindBin::RealBin/../../contrib_web/src/server/routes.c" or die "routes.c: $!\n";
	my @pages = map { m{"(/[^"]*)", get_page,} ? $1 =~ s/\{\w+\}/x/gr : () } <$routes>;
	my $server = web_server($node);
	my $nobody = $server->client;
	for my $path (@pages, '/static/js/app.js', '/static/index.html')
	{
		my $reply = $nobody->get("/$path");
		like("$reply->{status} " . ($reply->{headers}{'content-security-policy'} // ''), qr/^200 (?=.*default-src 'none')(?=.*script-src 'self';)(?=.*frame-ancestors 'none')/,
			"$path runs scripts of this site only, in no other page's frame");
		is($reply->{headers}{$_->[0]}, $_->[1], "$path: $_->[0]") for [ 'x-content-type-options', 'nosniff' ], [ 'referrer-policy', 'same-origin' ];
	}

	my $plain = $nobody->get('//static/js/app.js');
	my $packed = $nobody->get('//static/js/app.js', undef, 'Accept-Encoding' => 'gzip');
	is($packed->{headers}{'content-encoding'}, 'gzip', 'a compressed file for a client that accepts gzip');
	is(Compress::Zlib::memGunzip($packed->{content}), $plain->{content}, 'a compressed file has the same content');
	is($nobody->get('//static/js/app.js', undef, 'Accept-Encoding' => 'gzip;q=0')->{headers}{'content-encoding'}, undef, 'uncompressed for a client that does not');
	isnt($packed->{headers}{etag}, $plain->{headers}{etag}, 'each form has its own ETag');
	for my $ask ([ $plain->{headers}{etag} => 304 ], [ "\"x\", $plain->{headers}{etag}" => 304 ], [ '*' => 304 ], [ '"x"' => 200 ], [ $packed->{headers}{etag} => 200 ])
	{
		my $reply = $nobody->get('//static/js/app.js', undef, 'If-None-Match' => $ask->[0]);
		is("$reply->{status} $reply->{content}", $ask->[1] == 304 ? '304 ' : "200 $plain->{content}", "If-None-Match: $ask->[0]");
	}
	$server->stop_ok;
}

done_testing();
