# Bad input: any bytes lead to a 4xx, as a problem document where the request
# could be parsed, or to a closed connection; never to a crash, a hang, a
# leaked connection, or a 5xx other than 503.  Hostile clients: slow ones,
# many at once, and clients that disconnect.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
sql($node, 'CREATE TABLE several (a integer, b text, PRIMARY KEY (a, b)); SELECT locking.protect(\'several\'); GRANT ALL ON several TO anna');
my $server = web_server($node, '--request-timeout', 3, '--max-body', 20000, '--ping', 1, '--database-idle', 3600);
my $anna = $server->sign_in('anna');
my $bert = $server->sign_in('bert');
my $signed_in = "Host: a\r\nCookie: locking_session=$anna->{cookie}\r\nX-CSRF-Token: $anna->{csrf}\r\n";
my $before = sql($node, 'SELECT md5(string_agg(a::text, \',\' ORDER BY id)) FROM article a');

# One test for many items: passes if none has a fault.
sub none_is_at_fault
{
	my ($name, @faults) = @_;
	return ok(!@faults, $name) || diag(join "\n", @faults > 10 ? (@faults[ 0 .. 9 ], '...') : @faults);
}

sub statuses_in { return $_[0] =~ m{HTTP/1\.[01] (\d{3}) }g }

sub metric_becomes
{
	my ($metric, $value, $name) = @_;
	my $last = '';
	my $is = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, $metric, sub {
		until ($last =~ /^locking_web_$metric $value$/m)
		{
			select undef, undef, undef, 0.05;
			$last = $server->client->get('//metrics')->{content};
		}
		return 1;
	}) };
	return ok($is, $name) || diag($last);
}

# Sockets of a port that its server has not closed: established, or closed by
# the client only.
sub sockets_of
{
	my ($port) = @_;
	my $address = sprintf ':%04X', $port;
	open my $table, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!\n";
	return scalar grep { my (undef, $local, undef, $state) = split; $local =~ /$address$/ && $state =~ /^0[18]$/ } <$table>;
}

# ---- bytes ----

# All replies until the connection is closed, as it must be in the end.
sub fault_of_answer
{
	my ($name, $wire) = @_;
	my $answer = $wire->read_to_end(30);
	$wire->close;
	return "$name: neither answered nor closed" unless defined $answer;
	# 505: the HTTP library's reply to other versions
	my @wrong = grep { !/^(4\d\d|505)$/ } statuses_in($answer);
	return @wrong ? "$name: " . substr($answer, 0, 500) : ();
}

my $head = "${signed_in}Connection: close\r\n";
my $put = "PUT /api/v1/tables/article/rows/1 HTTP/1.1\r\n${head}Content-Type: application/json\r\n";
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
	'CONNECT' => "CONNECT 127.0.0.1:5432 HTTP/1.1\r\n$head\r\n",
	'absolute address' => "GET http://example.com/api/v1/tables HTTP/1.1\r\n$head\r\n",
	'long method' => 'A' x 20000 . " / HTTP/1.1\r\n$head\r\n",
	'long path' => 'GET /' . 'a' x 20000 . " HTTP/1.1\r\n$head\r\n",
	'many segments' => 'GET /' . 'a/' x 4000 . " HTTP/1.1\r\n$head\r\n",
	'many arguments' => 'GET /api/v1/tables/nix?' . 'a&' x 3000 . " HTTP/1.1\r\n$head\r\n",
	'long header' => "GET /api/v1/tables HTTP/1.1\r\n${head}X: " . 'a' x 50000 . "\r\n\r\n",
	'many headers' => "GET /api/v1/tables HTTP/1.1\r\n$head" . join('', map { "X-$_: $_\r\n" } 1 .. 5000) . "\r\n",
	'long cookie' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: locking_session=" . 'a' x 5000 . "\r\n\r\n",
	'bad cookie' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: locking_session=\xff\x01; ;;=;locking_session\r\n\r\n",
	'two cookies' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: locking_session=x; locking_session=$anna->{csrf}\r\n\r\n",
	'header without colon' => "GET /api/v1/nix HTTP/1.1\r\n${head}nothing\r\n\r\n",
	'header without name' => "GET /api/v1/nix HTTP/1.1\r\n${head}: x\r\n\r\n",
	'folded header' => "GET /api/v1/nix HTTP/1.1\r\n${head}X: a\r\n b\r\n\r\n",
	'bare line feeds' => "GET /api/v1/nix HTTP/1.1\nHost: a\nConnection: close\n\n",
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
	'bad chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
	'huge chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n",
	'negative chunk size' => "${put}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
	'chunks too many' => "${put}Transfer-Encoding: chunked\r\n\r\n" . "1\r\nx\r\n" x 30000 . "0\r\n\r\n",
	'chunks without end' => "${put}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
	'body cut off' => "${put}Content-Length: 100\r\n\r\n{\"values\"",
	'body too long' => "${put}Content-Length: 30000\r\n\r\n" . 'x' x 30000,
	'body too long without a session' => "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 18000\r\n\r\n" . 'x' x 18000,
	'body behind the body' => "${put}Content-Length: 2\r\n\r\n{}GARBAGE / HTTP/1.1\r\n\r\n",
	'body of a GET' => "GET /api/v1/nix HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nhello",
	'Expect' => "${put}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
	'Upgrade' => "GET /api/v1/nix HTTP/1.1\r\n${signed_in}Connection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
);
none_is_at_fault("bytes: $_", fault_of_answer($_, $server->wire->send($bytes{$_})->finish_sending)) for sort keys %bytes;
my $refused = $server->wire->send($bytes{'body too long'})->read_reply;
is($refused->{json}{type}, 'urn:locking:problem:too-large', 'a body that is too long gets 413');

my $endless = $server->wire->send("${put}Transfer-Encoding: chunked\r\n\r\n" . ("10000\r\n" . 'x' x 65536 . "\r\n") x 272 . "0\r\n\r\n");
is($endless->read_reply, undef, 'an endless body is not read to its end');

# ---- many arguments, headers, cookies ----

# Any number of them is answered or refused without delay, which is measured
# request by request.
{
	my %many = (
		arguments => sub { 'GET /api/v1/tables/nix?' . join('&', map { "a$_=1" } 1 .. $_[0]) . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		'arguments without values' => sub { 'GET /api/v1/tables/nix?' . 'a&' x $_[0] . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		'arguments of one name' => sub { 'GET /api/v1/tables/nix?' . 'limit=1&' x $_[0] . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		'empty arguments' => sub { 'GET /api/v1/tables/nix?' . '&' x (5 * $_[0]) . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		'one long argument' => sub { 'GET /api/v1/tables/nix?a=' . 'a' x (20 * $_[0]) . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		'a long path' => sub { 'GET /api/v1/tables/' . 'a' x (20 * $_[0]) . " HTTP/1.1\r\nHost: a\r\n\r\n" },
		headers => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\n" . join('', map { "X$_: 1\r\n" } 1 .. $_[0]) . "\r\n" },
		'headers of one name' => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\n" . "X: 1\r\n" x $_[0] . "\r\n" },
		'empty headers' => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\n" . "X:\r\n" x $_[0] . "\r\n" },
		'one long header' => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\nX: " . 'a' x (20 * $_[0]) . "\r\n\r\n" },
		cookies => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\nCookie: " . join('; ', map { "a$_=1" } 1 .. $_[0]) . "\r\n\r\n" },
		'one long cookie' => sub { "GET /api/v1/tables/nix HTTP/1.1\r\nHost: a\r\nCookie: a=" . 'a' x (20 * $_[0]) . "\r\n\r\n" },
		'headers and arguments' => sub { 'GET /api/v1/tables/nix?' . join('&', map { "a$_=1" } 1 .. $_[0] / 2) . " HTTP/1.1\r\nHost: a\r\n" . join('', map { "X$_: 1\r\n" } 1 .. $_[0] / 2) . "\r\n" },
	);
	for my $what (sort keys %many)
	{
		my (%answers, @silent);
		for my $n (1, 10, 60, 64, 65, 100, 130 .. 200, map { 10 * $_ } 21 .. 70)
		{
			my $wire = $server->wire->send($many{$what}->($n));
			# --request-timeout is 3
			my $reply = eval { LockingWeb::in_seconds(2, 'answer', sub { $wire->read_reply || { status => 'closed' } }) };
			$wire->close;
			push @silent, $n unless $reply;
			$answers{ $reply->{status} }++ if $reply;
		}
		is("@silent", '', "$what: any number is answered without delay") || diag(join ' ', %answers);
		is((grep { !/^(400|401|414|431|closed)$/ } keys %answers) + 0, 0, "$what: too many are refused") || diag(join ' ', %answers);
		is(!!$answers{401}, 1, "$what: few are served");
	}
	my $reply = $server->wire->send($many{arguments}->(65))->read_reply;
	is("$reply->{status} $reply->{json}{type}", '400 urn:locking:problem:bad-request', 'a query of too many arguments');
	is($server->wire->send($many{arguments}->(64))->read_reply->{status}, 401, 'a query of 64 arguments is served');
	$reply = $server->wire->send($many{headers}->(150))->read_reply;
	is("$reply->{status} $reply->{json}{type}", '431 urn:locking:problem:head-too-large', 'a head that is too large');
	$reply = $server->wire->send("GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nCookie: a=" . 'x' x 5400 . "\r\n\r\n")->read_reply // {};
	is($reply->{status}, 431, 'cookies count twice, as the library copies them');
	$reply = $anna->get('/tables/article/rows?limit=5&limit=2&q=title+1&q=');
	is(scalar @{ $reply->{json}{rows} }, 2, 'of several arguments with one name the last is used');
	is(scalar @{ $anna->get('/tables/article/rows?q=title+2')->{json}{rows} }, 2, '"+" is a space');
}

# ---- ambiguous framing ----

# What follows would be a second request for a parser that sees another end:
# one reply comes, and then the end of the connection.
{
	my $hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
	my $post = "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
	my $chunks = "2\r\n{}\r\n0\r\n\r\n$hidden";
	my %unclear = (
		'two lengths' => "${post}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}$hidden",
		'two lengths that are the same' => "${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}$hidden",
		'a list of lengths' => "${post}Content-Length: 2, 2\r\n\r\n{}$hidden",
		'length and chunks' => "${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n$chunks",
		'chunks and length' => "${post}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n$chunks",
		'chunked twice' => "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n$chunks",
		'chunked and not' => "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n$chunks",
		'another encoding' => "${post}Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}$hidden",
		'two encodings' => "${post}Transfer-Encoding: gzip, chunked\r\n\r\n$chunks",
		'not quite chunked' => "${post}Transfer-Encoding: xchunked\r\n\r\n$chunks",
		'a space before the colon' => "${post}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}$hidden",
		'a folded encoding' => "${post}Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n{}$hidden",
		'an encoding in a folded line' => "${post}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}$hidden",
		'a space before the colon of the length' => "${post}Content-Length : 2\r\n\r\n{}$hidden",
		'a bare carriage return' => "${post}Content-Length: 2\rX: y\r\n\r\n{}$hidden",
		'two hosts' => "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n$hidden",
	);
	for my $name (sort keys %unclear)
	{
		my $answer = $server->wire->send($unclear{$name})->read_to_end(30) // 'not closed';
		# The library repeats the head of its refusals.
		like($answer, qr{\A(HTTP/1\.1 400 [^\n]*\r\n([^\r\n]+\r\n)+\r\n)+[<\{][^\r\n]+\z}, "unclear end: $name");
	}
	my $wire = $server->wire->send("${post}Transfer-Encoding:\tchunked\r\n\r\n$chunks");
	is_deeply([ map { $wire->read_reply->{status} } 1 .. 2 ], [ 422, 200 ], 'a clear end: what follows is the next request');
}

# ---- pipelined requests, and rare methods ----

{
	my $wire = $server->wire;
	$wire->send(join '', map { ("GET /api/v1/tables/article/rows/$_ HTTP/1.1\r\n$signed_in\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") } 1 .. 5);
	is_deeply([ map { ($wire->read_reply->{json}{key}, $wire->read_reply->{content}) } 1 .. 5 ], [ map { ($_, "ok\n") } 1 .. 5 ],
		'pipelined requests are answered in order');

	# A second request follows, whose reply would be misplaced if the first
	# had a body.
	my @paths = map { s/\{table\}/article/r =~ s/\{key\}/1/r } do { my %seen; grep { !$seen{$_}++ } map { "/api/v1$_->[1]" } openapi()->outcomes };
	for my $path (@paths, '/', '/healthz', '/readyz', '/metrics', '/static/js/app.js', '/admin/ajax/a/b/1/is_locked/')
	{
		my $send = sub { return $server->wire->send("$_[0] $path HTTP/1.1\r\n$signed_in\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")->read_to_end(30) // 'not closed' };
		like($send->('HEAD'), qr{\AHTTP/1\.1 [245]\d\d .*?\r\n\r\nHTTP/1\.1 200 OK.*ok\n\z}s, "HEAD $path");
		like($send->('OPTIONS'), qr{\AHTTP/1\.1 204 .*?^Allow: [A-Z, ]+\r\n.*?\r\n\r\nHTTP/1\.1 200 OK.*ok\n\z}ms, "OPTIONS $path");
		my $traced = $send->('TRACE');
		ok($traced =~ m{\AHTTP/1\.1 405 } && index($traced, $anna->{cookie}) < 0, "TRACE $path") || diag($traced);
	}

	my $expecting = sub { return $server->wire->send("PUT /api/v1/tables/nix/rows/1 HTTP/1.1\r\n${signed_in}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: $_[0]\r\n\r\n") };
	my $small = $expecting->(2);
	is($small->read_reply->{status}, 100, 'Expect: 100-continue gets 100');
	is($small->send('{}')->read_reply->{status}, 404, 'the body after 100-continue gets a reply');
	is_deeply([ statuses_in($expecting->(30000)->read_to_end(30) // 'not closed') ], [413], 'Expect: 100-continue with a body that is too large gets 413');
}

# ---- input that is sent back in headers ----

{
	my $reply = $anna->post('/tables/several/rows', { values => { a => '1', b => "x\r\nSet-Cookie: a=b" } });
	is($reply->{status}, 201, 'a key that contains a line end') || diag($reply->{content});
	unlike($reply->{headers}{location}, qr/[\r\n]/, 'Location encodes the line end');
	ok(!exists $reply->{headers}{'set-cookie'}, 'the line end adds no header');
	is($anna->get($reply->{headers}{location} =~ s{^.*/api/v1}{}r)->{status}, 200, 'Location leads to the row');
}

# ---- hostile clients ----

# A slow client is disconnected after --request-timeout and does not delay
# others.
{
	my %slow = ('nothing' => '', 'half a line' => 'GET /api', 'half the headers' => "GET /api/v1/tables HTTP/1.1\r\nHost: a\r\nX: ",
		'half a body' => "${put}Content-Length: 100\r\n\r\n{", 'half a chunk' => "${put}Transfer-Encoding: chunked\r\n\r\n10\r\n{");
	my %wires = map { ($_ => $server->wire->send($slow{$_})) } keys %slow;
	my @crowd = map { $server->wire->send("GET /api/v1/tables HTTP/1.1\r\nX: ") } 1 .. 300;
	is($server->client->get('//healthz')->{status}, 200, 'other clients are answered while hundreds are slow');
	none_is_at_fault("slow: $_", fault_of_answer($_, $wires{$_})) for sort keys %wires;
	none_is_at_fault('slow: hundreds', map { fault_of_answer('one of them', $_) } @crowd);

	my $wire = $server->wire->send("GET /api/v1/nix HTTP/1.1\r\nHost: a\r\n");
	my $cut = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'slow writer', sub {
		until ($wire->{closed})
		{
			$wire->send("X: y\r\n");
			$wire->read_some(0.3);
		}
		return 1;
	}) };
	ok($cut, 'slow: a header line now and then does not keep a connection open');
}

# A body that takes longer than --request-timeout, but arrives steadily, is
# read to its end.
{
	my $begun = time;
	my $wire = $server->wire->send("${put}Transfer-Encoding: chunked\r\n\r\n");
	while (time - $begun < 6)
	{
		$wire->send("7d00\r\n" . 'x' x 32000 . "\r\n");
		select undef, undef, undef, 0.2;
	}
	is(($wire->send("0\r\n\r\n")->read_reply // {})->{status}, 413, 'slow: a long body that arrives steadily is not cut off');
}

# A client that disconnects during its request leaves nothing behind.
{
	my $locker = session($node);
	$locker->query('BEGIN; LOCK TABLE article IN ACCESS EXCLUSIVE MODE');
	my @wires = map { $server->wire->send_request($anna, 'GET', '/tables/article/rows') } 1 .. 10;
	metric_becomes('requests_running', 4, 'requests wait for the database');
	$_->close for splice @wires, 0, 5;
	$locker->query('ROLLBACK');
	is_deeply([ map { $_->read_reply->{status} } @wires ], [ (200) x 5 ], 'a remaining client is answered');
	metric_becomes("requests_$_", 0, "no request is left $_") for qw(running waiting);
	$locker->quit;
}

# A stream whose client is gone or has closed its side.
{
	my @wires = map { $server->wire->send_request($_, 'GET', '/events') } $anna, $anna, $bert;
	$_->read_until(qr/\r\n\r\n.*\n\n/s) for @wires;
	$wires[0]->close;
	$_->finish_sending for @wires[ 1, 2 ];
	metric_becomes('streams', 0, 'no stream is left open');
}

# The allowed number of connections of an address, and no more, until some are
# closed.
{
	my $strict = web_server($node, '--connections-per-address', 50);
	my @wires = map { $strict->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") } 1 .. 200;
	my $answered = grep { defined $_->read_reply } @wires;
	is($answered, 50, 'the allowed number of connections of an address is answered');
	$_->close for @wires;
	my $again = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'room', sub {
		my $reply;
		$reply = eval { $strict->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply } until $reply;
		return $reply->{status};
	}) };
	is($again, 200, 'others are accepted after they are closed');
	$strict->stop_ok('the server ends without errors');
}

is($anna->get('/session')->{status}, 200, 'server and session still work');

# ---- well-formed requests with odd values ----

# A problem document with 4xx, or harmless.
sub fault_of_reply
{
	my ($reply, $name) = @_;
	return () if $reply->{status} =~ /^2/;
	return () if $reply->{status} =~ /^4\d\d$/ && ($reply->{headers}{'content-type'} // '') =~ m{^application/problem\+json};
	return "$name: $reply->{status} $reply->{content}";
}

my %json = (
	'nothing' => ' ', 'half' => '{"token": ', 'deep arrays' => '[' x 9000 . ']' x 9000, 'deep objects' => '{"a":' x 3000 . '1' . '}' x 3000, 'deep and open' => '[' x 15000,
	'a number' => '5', 'a text' => '"x"', 'an array' => '[]', 'null' => 'null', 'two' => '{} {}', 'a comma' => '{"token": 1,}', 'NaN' => '{"token": NaN}', 'single quotes' => "{'token': 1}",
	'not UTF-8' => "{\"note\": \"\xff\"}", 'a NUL' => "{\"note\": \"a\0b\"}",
	'an escaped NUL' => '{"token": 1, "note": "\u0000", "values": {"body": "\u0000"}, "draft": "\u0000", "data": "\u0000", "message": "\u0000", "reason": "\u0000", "locks": "\u0000", "role": "\u0000", "hard": "\u0000"}',
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
);
my @operations = do { my %seen; grep { !$seen{"$_->[0] $_->[1]"}++ } openapi()->outcomes };
for my $operation (@operations)
{
	my ($method, $template) = @$operation;
	next if $method eq 'GET' || "$method $template" eq 'DELETE /session';
	my $path = $template =~ s/\{table\}/article/r =~ s/\{key\}/1/r;
	none_is_at_fault("JSON: $method $template", map { fault_of_reply($anna->request($method, $path, \$json{$_}), $_) } sort keys %json);
}

my @injections = ("'", '"', "';DROP TABLE article;--", '"; DROP TABLE article; --', "' OR '1'='1", '$$;DROP TABLE article;$$', '\\', '%s%n%1$s', '$1', '{}', '{"a":1}', '[1]', '}{', '1)', "1\x{1}",
	'1; SELECT pg_sleep(10)', '1e9', 'NaN', 'null', '-1', "\x{202e}", "a\nb", 'a' x 2500, '../..', 'pg_catalog.pg_authid', 'locking.lock', 'a.b.c.d', '""', '".', '.', '..', '~', '', 'article; x', '"article"', ' article');

sub parameters_of
{
	my ($method, $template) = @_;
	my $described = (openapi()->operation($method, $template =~ s/\{\w+\}/x/gr))[1]{parameters} || [];
	return grep { $template !~ /\{$_\}/ } map { $_->{name} // () } map { openapi()->resolve($_) } @$described;
}

for my $operation (@operations)
{
	my ($method, $template) = @$operation;
	next if $template eq '/events' || "$method $template" =~ m{^(DELETE|POST) /session$|protection$};
	my $body = $method eq 'GET' || $method eq 'DELETE' ? undef : { token => 1, values => { body => 'x' }, data => 1, locks => [ { table => 'x', key => 'y' } ] };
	my $article = $template =~ s/\{table\}/article/r;
	my @places = (($template =~ /\{table\}/ ? [ table => $template =~ s/\{key\}/1/r, '{table}' ] : ()),
		($template =~ /\{key\}/ ? ([ key => $article, '{key}' ], [ 'key of two' => $template =~ s/\{table\}/several/r, '{key}' ]) : ()),
		($method eq 'GET' ? map { [ $_ => ($article =~ s/\{key\}/1/r) . "?$_={value}", '{value}' ] } parameters_of($method, $template) : ()));
	for my $place (@places)
	{
		my ($what, $path, $hole) = @$place;
		none_is_at_fault("injection: $method $template, $what",
			map { fault_of_reply($anna->request($method, $path =~ s/\Q$hole\E/segment($_)/er, $body), segment($_)) } @injections);
	}
}
none_is_at_fault('injection: column', map { fault_of_reply($anna->put('/tables/article/rows/1', { values => { $_ => 'x' } }), $_) } @injections);
none_is_at_fault('injection: locks/break', map { fault_of_reply($anna->post('/locks/break', { locks => [ { table => $_, key => $_ } ], reason => $_ }), $_) } @injections);
none_is_at_fault('injection: filter', map { fault_of_reply($anna->get('/tables/article/rows?filter=' . segment(json_of({ $_ => $_ }))), $_) } @injections);
none_is_at_fault('injection: cookie', map { fault_of_reply($server->client(headers => { Cookie => 'locking_session=' . segment($_) })->get('/locks'), $_) } @injections);

# ---- afterwards ----

is(sql($node, 'SELECT md5(string_agg(a::text, \',\' ORDER BY id)) FROM article a'), $before, 'no row has changed');
is($anna->get('/tables/article/rows/1')->{status}, 200, 'the server still works');
unlike($server->log, qr/XX\d\d\d|42601/, 'PostgreSQL reported no internal error and no syntax error');
is(sql($node, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"), 0, 'no transaction is left open');
is($_->delete('/session')->{status}, 204, 'sign-out still works') for $anna, $bert;
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('anna', 'bert')"), 'no connection to the database is left');
undef $_ for $anna, $bert;
my $left;
my $quiet = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'closed sockets', sub {
	select undef, undef, undef, 0.1 while $left = sockets_of($server->{port});
	return 1;
}) };
ok($quiet, 'no connection of a client is left') || diag("$left sockets");
$server->stop_ok;
done_testing();
