# Bad input: any bytes get a 4xx, as a problem document where the request could be read at all, or a closed connection; never a
# crash, a hang, a connection that is left over, or a 5xx but 503.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
sql($node, 'CREATE TABLE several (a integer, b text, PRIMARY KEY (a, b)); SELECT locking.protect(\'several\'); GRANT ALL ON several TO anna');
my $server = web_server($node, '--request-timeout', 3, '--max-body', 20000);
my $anna = $server->sign_in('anna');
my $cookie = "Cookie: locking_session=$anna->{cookie}\r\nX-CSRF-Token: $anna->{csrf}\r\n";
my $before = sql($node, 'SELECT md5(string_agg(a::text, \',\' ORDER BY id)) FROM article a');

# ---- bytes ----

# What comes back to these bytes, with the end of what the client sends, or the client still there.
sub answer_to
{
	my ($bytes, $stays) = @_;
	my $wire = $server->wire->send($bytes);
	$wire->finish_sending unless $stays;
	my $answer = $wire->read_to_end(30);
	$wire->close;
	return $answer;
}

# Each answer is a 4xx, or there is none.
sub is_refused
{
	my ($name, $bytes, %options) = @_;
	my $answer = answer_to($bytes, $options{stays});
	return fail("$name: neither answered nor closed") unless defined $answer;
	my @statuses = $answer =~ m{^HTTP/1\.[01] (\d{3}) }mg;
	my $right = !grep { !/^(4\d\d|505)$/ } @statuses;	# 505: what the HTTP library says of other versions
	return ok($right, "$name: " . (@statuses ? "@statuses" : 'closed')) || diag(substr $answer, 0, 1000);
}

my $head = "Host: a\r\n$cookie";
my $json = "Content-Type: application/json\r\n";
my $put = "PUT /api/v1/tables/article/rows/1 HTTP/1.1\r\n$head$json";
my %bytes = (
	'nothing' => '',
	'noise' => join('', map { chr($_ * 7919 % 256) } 1 .. 5000),
	'NULs' => "\0" x 1000,
	'line ends' => "\r\n" x 3000,
	'TLS' => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 100,
	'HTTP/2' => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	'HTTP/0.9' => "GET /api/v1/session\r\n",
	'HTTP/9.9' => "GET /api/v1/tables HTTP/9.9\r\n\r\n",
	'no host' => "GET /api/v1/tables HTTP/1.1\r\n\r\n",
	'no version' => "GET /api/v1/tables \r\n\r\n",
	'unknown method' => "BREW /api/v1/tables HTTP/1.1\r\n$head\r\n",
	'method in lower case' => "get /api/v1/tables HTTP/1.1\r\n$head\r\n",
	'TRACE' => "TRACE /api/v1/tables HTTP/1.1\r\n$head\r\n",
	'CONNECT' => "CONNECT 127.0.0.1:5432 HTTP/1.1\r\n$head\r\n",
	'absolute address' => "GET http://example.com/api/v1/tables HTTP/1.1\r\n$head\r\n",
	'long method' => 'A' x 20000 . " / HTTP/1.1\r\n$head\r\n",
	'long path' => 'GET /' . 'a' x 20000 . " HTTP/1.1\r\n$head\r\n",
	'many segments' => 'GET /' . 'a/' x 4000 . " HTTP/1.1\r\n$head\r\n",
	'many arguments' => 'GET /api/v1/tables/nix?' . 'a&' x 3000 . " HTTP/1.1\r\n$head\r\n",
	'long header' => "GET /api/v1/tables HTTP/1.1\r\n${head}X: " . 'a' x 50000 . "\r\n\r\n",
	'many headers' => "GET /api/v1/tables HTTP/1.1\r\n$head" . join('', map { "X-$_: $_\r\n" } 1 .. 5000) . "\r\n",
	'long cookie' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nCookie: locking_session=" . 'a' x 5000 . "\r\n\r\n",
	'bad cookie' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nCookie: locking_session=\xff\x01; ;;=;locking_session\r\n\r\n",
	'two cookies' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nCookie: locking_session=x; locking_session=$anna->{csrf}\r\n\r\n",
	'header without colon' => "GET /api/v1/nix HTTP/1.1\r\n${head}nothing\r\n\r\n",
	'header without name' => "GET /api/v1/nix HTTP/1.1\r\n${head}: x\r\n\r\n",
	'folded header' => "GET /api/v1/nix HTTP/1.1\r\n${head}X: a\r\n b\r\n\r\n",
	'bare line feeds' => "GET /api/v1/nix HTTP/1.1\nHost: a\n\n",
	'bytes in path' => "GET /api/v1/tables/\xff\xfe HTTP/1.1\r\n$head\r\n",
	'NUL in path' => "GET /api/v1/tables/a\0b HTTP/1.1\r\n$head\r\n",
	'NUL in header' => "GET /api/v1/nix HTTP/1.1\r\n${head}X: a\0b\r\n\r\n",
	(map { ("encoded $_" => "GET /api/v1/tables/$_ HTTP/1.1\r\n$head\r\n") } '%00', '%ff', '%c0%80', '%ed%a0%80', '%f4%90%80%80', '%', '%4', '%zz', '%25', '%2e%2e%2f', '..', '%0d%0aX:%20y', '%5c', '%u0041'),
	(map { ("path $_" => "GET $_ HTTP/1.1\r\n$head\r\n") } '/static/../src/main.c', '/static/%2e%2e/%2e%2e/etc/passwd', '/static//etc/passwd', '//', '/api/v1', '/api/v1/', '/api/v1//tables', '/api/v1/tables/', '*', '?',
		'/static/%2fetc%2fpasswd', '/admin/ajax/', '/admin/ajax/a/b/1', '/admin/ajax/a/b/x/lock/', '/admin/ajax/../ajax/a/b/1/lock/'),
	'length that is no number' => "${put}Content-Length: x\r\n\r\n{}",
	'negative length' => "${put}Content-Length: -1\r\n\r\n{}",
	'length with a sign' => "${put}Content-Length: +2\r\n\r\n{}",
	'length over all bounds' => "${put}Content-Length: 99999999999999999999\r\n\r\n{}",
	'length of a terabyte' => "${put}Content-Length: 1099511627776\r\n\r\n{}",
	'two lengths' => "${put}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
	'length and chunks' => "${put}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/nix HTTP/1.1\r\nHost: a\r\n\r\n",
	'chunks and length' => "${put}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	'chunked twice' => "${put}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	'another encoding' => "${put}Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
	'encoding with a space before the colon' => "${put}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}",
	'encoding with a tab' => "${put}Transfer-Encoding:\tchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	'encoding that is not quite chunked' => "${put}Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	'bad chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
	'huge chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n",
	'negative chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
	'chunks too many' => "${put}Transfer-Encoding: chunked\r\n\r\n" . "1\r\nx\r\n" x 30000 . "0\r\n\r\n",
	'chunks without end' => "${put}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
	'body cut off' => "${put}Content-Length: 100\r\n\r\n{\"values\"",
	'body too long' => "${put}Content-Length: 30000\r\n\r\n" . 'x' x 30000,
	'body behind the body' => "${put}Content-Length: 2\r\n\r\n{}GARBAGE / HTTP/1.1\r\n\r\n",
	'body of a GET' => "GET /api/v1/nix HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nhello",
	'Expect' => "${put}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
	'Upgrade' => "GET /api/v1/nix HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	'pipelined' => "GET /api/v1/nix HTTP/1.1\r\n$head\r\n" x 50,
);
is_refused($_, $bytes{$_}) for sort keys %bytes;

# Who is slow, and stays: cut off after --request-timeout.
is_refused("slow: $_->[0]", $_->[1], stays => 1)
  for [ 'nothing' => '' ], [ 'half a line' => 'GET /api' ], [ 'half the headers' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nX: " ], [ 'half a body' => "${put}Content-Length: 100\r\n\r\n{" ],
  [ 'half a chunk' => "${put}Transfer-Encoding: chunked\r\n\r\n10\r\n{" ];
{
	# A byte now and then keeps nobody in.
	my $wire = $server->wire->send("GET /api/v1/nix HTTP/1.1\r\nHost: a\r\n");
	my $cut = LockingWeb::in_seconds(60, 'slow writer', sub {
		until ($wire->{closed})
		{
			$wire->send("X: y\r\n");
			$wire->read_some(0.5);
		}
		return 1;
	});
	ok($cut, 'slow: a header line now and then');
}
is($anna->get('/session')->{status}, 200, 'the server lives, and the session');

# ---- what can be read, but not meant ----

sub is_problem
{
	my ($reply, $name) = @_;
	my $right = $reply->{status} =~ /^4\d\d$/ && ($reply->{headers}{'content-type'} // '') =~ m{^application/problem\+json};
	return ok($right, "$name: $reply->{status}") || diag($reply->{content});
}
# Or it is harmless.
sub is_no_fault
{
	my ($reply, $name) = @_;
	return $reply->{status} =~ /^2/ ? pass("$name: $reply->{status}") : is_problem($reply, $name);
}

my $deep = 9000;
my %json = (
	'nothing' => ' ', 'half' => '{"token": ', 'deep arrays' => '[' x $deep . ']' x $deep, 'deep objects' => '{"a":' x 3000 . '1' . '}' x 3000, 'deep and open' => '[' x 15000,
	'a number' => '5', 'a text' => '"x"', 'an array' => '[]', 'null' => 'null', 'two' => '{} {}', 'a comma' => '{"token": 1,}', 'comment' => '{/**/}', 'NaN' => '{"token": NaN}', 'single quotes' => "{'token': 1}",
	'no text' => "{\"note\": \"\xff\"}", 'a NUL' => "{\"note\": \"a\0b\"}", 'an escaped NUL' => '{"token": 1, "note": "\u0000", "values": {"body": "\u0000"}, "draft": "\u0000", "data": "\u0000", "message": "\u0000", "reason": "\u0000", "locks": "\u0000", "role": "\u0000", "hard": "\u0000"}',
	'half a surrogate' => '{"token": 1, "note": "\ud800", "values": {"body": "\ud800"}, "draft": "\ud800", "data": "\ud800", "message": "\ud800", "reason": "\ud800", "locks": [{"table": "\ud800"}], "columns": "\ud800"}',
	'wrong types' => '{"token": "x", "values": [], "keep": {}, "ttl": "x", "hard": 7, "client": {}, "note": [], "wait": [], "locks": {}, "reason": [1], "message": {}, "columns": 5, "role": [], "password": {}, "csrf": 1}',
	'numbers out of range' => '{"token": 99999999999999999999, "ttl": 1e308, "wait": 1e308, "values": {"id": 1e400}, "locks": 1, "warning": 1e308, "columns": 1}',
	'negative numbers' => '{"token": -1, "ttl": -1, "wait": -1, "locks": [], "values": 0, "warning": -5}',
	'infinite' => '{"token": 1, "ttl": "Infinity", "wait": "NaN", "values": 1, "warning": "-Infinity", "locks": [null]}',
	'nulls' => '{"token": null, "values": null, "locks": null, "role": null, "password": null, "data": null}',
	'many members' => '{' . join(',', map { "\"m$_\": 1" } 1 .. 1000) . '}',
	'a long name' => '{"' . 'n' x 15000 . '": 1, "values": {"' . 'n' x 4000 . '": "x"}}',
	'a long number' => '{"token": ' . '1' x 15000 . '}',
	'a member twice' => '{"token": 1, "token": 2, "values": {"body": "a"}, "values": 5}',
	'prototype' => '{"__proto__": {"token": 1}, "constructor": {"prototype": {}}, "values": {"__proto__": "x"}}',
);
my @operations = do { my %seen; grep { !$seen{"$_->[0] $_->[1]"}++ } openapi()->outcomes };
for my $operation (@operations)
{
	my ($method, $template) = @$operation;
	next if $method eq 'GET' || "$method $template" eq 'DELETE /session';
	my $path = $template =~ s/\{table\}/article/r =~ s/\{key\}/1/r;
	is_no_fault($anna->request($method, $path, \$json{$_}), "$method $template, JSON: $_") for sort keys %json;
}

my @injections = ("'", '"', "';DROP TABLE article;--", '"; DROP TABLE article; --', "' OR '1'='1", '$$;DROP TABLE article;$$', '\\', '%', '_', '%s%n%1$s', '$1', '{', '{}', '{"a":1}', '[1]', '}{', '(', ')', '1)', "1\x{1}",
	'1; SELECT pg_sleep(10)', '0x1', '1e9', 'NaN', 'null', '-1', '9' x 30, "\x{202e}", "\x{feff}", "a\nb", 'a' x 2500, '../..', 'pg_class', 'pg_catalog.pg_authid', 'locking.lock', 'information_schema.tables', 'a.b.c.d', '"', '""', '".', '.', '..', '~',
	'article; x', 'ARTICLE', '"article"', ' article', "article'", 'article%00'  x 0, 'several');
for my $operation (@operations)
{
	my ($method, $template, undef) = @$operation;
	next if $template eq '/events' || "$method $template" =~ m{^(DELETE|POST) /session$|protection$};
	my $body = $method eq 'GET' || $method eq 'DELETE' ? undef : { token => 1, values => { body => 'x' }, data => 1, locks => [ { table => 'x', key => 'y' } ] };
	for my $injection (@injections)
	{
		my $name = "$method $template: " . segment(substr $injection, 0, 20);
		is_no_fault($anna->request($method, $template =~ s/\{table\}/segment($injection)/er =~ s/\{key\}/1/r, $body), "table, $name") if $template =~ /\{table\}/;
		is_no_fault($anna->request($method, $template =~ s/\{table\}/article/r =~ s/\{key\}/segment($injection)/er, $body), "key, $name") if $template =~ /\{key\}/ && $injection !~ /^9+$/;
		is_no_fault($anna->request($method, $template =~ s/\{table\}/several/r =~ s/\{key\}/segment($injection)/er, $body), "key of two, $name") if $template =~ /\{key\}/;
		next if $method ne 'GET';
		my @parameters = map { $_->{name} // () } map { openapi()->resolve($_) } @{ (openapi()->operation($method, $template =~ s/\{\w+\}/x/gr))[1]{parameters} || [] };
		for my $parameter (grep { !/^(table|key)$/ || $template !~ /\{$_\}/ } @parameters)
		{
			is_no_fault($anna->get(($template =~ s/\{table\}/article/r =~ s/\{key\}/1/r) . "?$parameter=" . segment($injection)), "$parameter, $name");
		}
	}
}
for my $injection (@injections)
{
	my $name = segment(substr $injection, 0, 20);
	is_no_fault($anna->put('/tables/article/rows/1', { values => { $injection => 'x' } }), "column, $name");
	is_no_fault($anna->post('/locks/break', { locks => [ { table => $injection, key => $injection } ], reason => $injection }), "locks/break, $name");
	is_no_fault($anna->get('/tables/article/rows?filter=' . segment(json_of({ $injection => $injection }))), "filter, $name");
	my $sent = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nCookie: locking_session=" . segment($injection) . "\r\n\r\n")->read_reply;
	is_problem($sent, "cookie, $name");
}

# ---- and afterwards ----

is(sql($node, 'SELECT md5(string_agg(a::text, \',\' ORDER BY id)) FROM article a'), $before, 'no row has changed');
is($anna->get('/tables/article/rows/1')->{status}, 200, 'the server lives');
unlike($server->log, qr/XX\d\d\d|42601/, 'PostgreSQL met no broken SQL');
is(sql($node, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"), 0, 'no transaction is left open');
is($anna->delete('/session')->{status}, 204, 'signed out');
ok($node->poll_query_until('postgres', "SELECT count(*) <= 1 FROM pg_stat_activity WHERE usename IN ('anna', 'locking_web')"), 'no connection to the database is left');
my $descriptors = sub { return scalar(() = glob "/proc/$server->{pid}/fd/*") };
my $quiet = LockingWeb::in_seconds(60, 'closed sockets', sub {
	select undef, undef, undef, 0.2 while $descriptors->() > 20;
	return 1;
});
ok($quiet, 'nor of clients');
$server->stop_ok;
done_testing();
