# Options: by flag, environment and file, their precedence, refusal of invalid
# values, and what each option does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use LockingTest;
use LockingWeb;
use Test::More;

my $folder = tmp_folder();
sub write_file
{
	my ($text) = @_;
	open my $file, '>', "$folder/conf" or die "conf: $!\n";
	print $file $text;
	close $file;
	return "$folder/conf";
}

# Runs a program that is expected to end.
sub ends_as
{
	my ($expected, $says, $name, $environment, @arguments) = @_;
	my ($status, $out, $err) = run_web($environment, @arguments);
	return is($status, $expected, $name) && like($expected == 0 ? $out : $err, $says, "$name: message") || diag($out, $err);
}

# ---- help ----

ends_as(0, qr/\Alocking-web \d+\.\d+\n\z/, '--version', {}, '--version');
my ($status, $help, $complaint) = run_web({}, '--help');
is("$status $complaint", '0 ', '--help');
my %option = map { /^  --([a-z-]+) (\S+) +(.*)$/ && $1 ne 'help' ? ($1 => $3) : () } split /\n/, $help;
delete $option{config};

# contrib_web/README.md has a table of the options with their defaults.
{
	open my $readme, '<', "$FindBin::RealBin/../../contrib_web/README.md" or die "README.md: $!\n";
	my %told;
	while (<$readme>)
	{
		my ($names, $default) = /^\| (`[a-z-]+`(?:, `[a-z-]+`)*)[ *]*\|([^|]*)\|/ or next;
		my @names = $names =~ /`([a-z-]+)`/g;
		my @defaults = split /,/, $default =~ s/[` ]+//gr;
		$told{ $names[$_] } = $defaults[$_] // '' for 0 .. $#names;
	}
	is_deeply([ sort keys %told ], [ sort keys %option ], 'README.md lists all options');
	my %default = map { ($_ => $option{$_} =~ / \(([^()]*)\)$/ ? $1 : '') } keys %option;
	is_deeply(\%told, \%default, 'README.md lists the defaults');
}

# ---- each option from each source; invalid values ----

my %wrong = ((map { ($_ => 'x') } keys %option),
	dsn => 'x', 'tls-cert' => '/x', 'tls-key' => '/x', 'user-header' => 'X-User', 'name-header' => 'X-Name', 'group-header' => 'X-Groups', 'password-file' => '/x', 'allow-origin' => 'https://app.example.org/');
# detected when the server starts
my %at_start = (listen => [ 1, qr/x: not ADDRESS:PORT/ ], 'password-file' => [ 1, qr{/x: No such file} ]);
for my $name (sort keys %option)
{
	my $variable = 'LOCKING_WEB_' . uc $name =~ s/-/_/gr;
	my ($status, $says) = @{ $at_start{$name} || [ 2, qr/$name/ ] };
	ends_as($status, $says, "--$name $wrong{$name}", {}, "--$name", $wrong{$name});
	ends_as($status, $says, "$variable=$wrong{$name}", { $variable => $wrong{$name} });
	ends_as($status, $says, "$name = $wrong{$name}", {}, '--config', write_file("# first\n$name = $wrong{$name}\n"));
}
ends_as(2, qr/\Q$folder\E\/conf:3: /, "a wrong line of the file is named: $_", {}, '--config', write_file("# a comment\n\n$_\nping = 5\n"))
  for 'workers', 'no-such-option = 1', 'Workers = 1', '= 1', 'workers = x', 'workers = 0', 'access-log = yes', 'config = /x', '[section]';
for my $bad ([ 'ping' => 0 ], [ 'ping' => 3601 ], [ 'ping' => '' ], [ 'ping' => '5s' ], [ 'ping' => '99999999999999999999' ], [ 'workers' => '-1' ], [ 'access-log' => 'ON' ], [ 'ajax-base' => '/x' ],
	[ 'ajax-base' => '' ], [ 'trusted-proxy' => '10.0.0.0/33' ], [ 'trusted-proxy' => '10.0.0' ],
	(map { [ 'ajax-table' => $_ ] } 'news=a', 'news/story', 'news/story=', '/story=a', 'news/=a', 'a=b/c', 'news/story=a, news/b'),
	map { [ 'allow-origin' => $_ ] } 'app.example.org', 'https://', 'https://a/path', 'null', '*')
{
	ends_as(2, qr/$bad->[0]/, "--$bad->[0] '$bad->[1]'", {}, "--$bad->[0]", $bad->[1]);
}
ends_as(1, qr/^locking-web: \Q$_\E: /, "--listen $_", {}, '--listen', $_) for '127.0.0.1', ':x', '127.0.0.1:x', '192.0.2.1:0', '[::1:0', '127.0.0.1:65536', '127.0.0.1:99999';
ends_as(2, qr/--help/, "arguments that do not exist: @$_", {}, @$_) for ['--no-such-option'], ['-x'], ['file'], ['--listen'], [ '--help=x' ];
ends_as(2, qr/No such file/, 'a file that is not there', {}, '--config', "$folder/none");
ends_as(2, qr/No such file/, 'a file that is not there, named in the environment', { LOCKING_WEB_CONFIG => "$folder/none" });
ends_as(1, qr/No such file/, 'a certificate that is not there', {}, '--listen', '127.0.0.1:0', '--tls-cert', "$folder/none", '--tls-key', "$folder/none");

# ---- precedence ----

my $node = new_web_node('main');
sub idle_timeout
{
	my ($server) = @_;
	my $timeout = $server->sign_in('anna')->get('/session')->{json}{idle_timeout};
	$server->stop_ok;
	return $timeout;
}
{
	my $conf = write_file("  session-idle=101\t\n\n\t# session-idle = 999\n");
	is(idle_timeout(web_server($node)), 3600, 'the default');
	is(idle_timeout(web_server($node, '--config', $conf)), 101, 'the file');
	local $ENV{LOCKING_WEB_CONFIG} = $conf;
	is(idle_timeout(web_server($node)), 101, 'the file named in the environment');
	is(idle_timeout(web_server($node, '--config', '/dev/null')), 3600, 'a flag for the file takes precedence');
	local $ENV{LOCKING_WEB_SESSION_IDLE} = 102;
	is(idle_timeout(web_server($node)), 102, 'the environment takes precedence over the file');
	is(idle_timeout(web_server($node, '--session-idle', 103)), 103, 'a flag takes precedence over both');
	is(idle_timeout(web_server($node, '--session-idle', 103, '--session-idle=104')), 104, 'the last of several flags');
}
{
	my $origin = sub {
		my $server = web_server($node, @_);
		my @may = grep { $server->client->get('//healthz', undef, Origin => "https://$_")->{headers}{'access-control-allow-origin'} } qw(a.example b.example c.example);
		$server->stop_ok;
		return "@may";
	};
	is($origin->('--allow-origin', 'https://a.example', '--allow-origin', 'https://b.example'), 'a.example b.example', 'a list by several flags');
	local $ENV{LOCKING_WEB_ALLOW_ORIGIN} = 'https://b.example, https://c.example';
	is($origin->(), 'b.example c.example', 'a list with commas in the environment');
	is($origin->('--allow-origin', 'https://a.example'), 'a.example', 'a list from a single source');
	delete $ENV{LOCKING_WEB_ALLOW_ORIGIN};
	is($origin->('--config', write_file("allow-origin = https://a.example\nallow-origin = https://c.example\n")), 'a.example c.example', 'a list by several lines');
}

# ---- effects that no other test shows ----

{
	my $server = web_server($node, '--access-log', 'off');
	$server->client->get('//healthz');
	$server->stop_ok;
	unlike($server->log, qr/GET/, 'access-log off: no line for a request');
}

sub connections
{
	my ($condition) = @_;
	return "SELECT count(*) FROM pg_stat_activity WHERE usename IN ('anna', 'bert', 'boss') AND $condition";
}
{
	my $server = web_server($node, '--database-idle', 1);
	my $anna = $server->sign_in('anna');
	ok($node->poll_query_until('postgres', connections('true') =~ s/count\(\*\)/count(*) = 0/r), 'database-idle: unused connections are closed');
	is($anna->get('/tables')->{status}, 200, 'the session continues with a new connection');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--database-connections', 2, '--workers', 2);
	my @clients = map { $server->sign_in($_) } qw(anna bert boss anna);
	is($_->get('/tables')->{status}, 200, 'database-connections: all requests are answered') for @clients, reverse @clients;
	cmp_ok(sql($node, connections('true')), '<=', 2, 'database-connections: no more connections than allowed');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--requests-per-session', 1, '--workers', 4);
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my @wires = map { $server->wire->send_request($anna, 'GET', '/tables/article/rows') } 1 .. 3;
	ok($node->poll_query_until('postgres', connections("wait_event_type = 'Lock'") =~ s/count\(\*\)/count(*) = 1/r), 'requests-per-session: one runs');
	is($bert->get('/tables')->{status}, 200, 'requests-per-session: another session does not wait');
	is(sql($node, connections("usename = 'anna'")), 1, 'requests-per-session: the other requests wait, without connections');
	$session->query('COMMIT');
	is($_->read_reply->{status}, 200, 'and are answered') for @wires;
	$session->quit;
	$server->stop_ok;
}
{
	my $server = web_server($node, '--workers', 1, '--requests-per-session', 1, '--queue', 4);
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my @wires;
	my $ask = sub { my ($client) = @_; return $server->wire->send_request($client, 'GET', '/tables/article/rows') };
	my $waiting = sub {
		my ($client, $n) = @_;
		push @wires, $ask->($client);
		return LockingWeb::in_seconds($LockingWeb::PATIENCE, "$n requests", sub {
			select undef, undef, undef, 0.05 until $server->client->get('//metrics')->{content} =~ /^locking_web_requests_waiting $n$/m;
			return 1;
		});
	};
	push @wires, $ask->($anna);
	ok($node->poll_query_until('postgres', connections("wait_event_type = 'Lock'") =~ s/count\(\*\)/count(*) = 1/r), 'queue: one runs');
	ok($waiting->(@$_), "$_->[1] wait") for [ $anna, 1 ], [ $anna, 2 ];
	my $refused = $ask->($anna)->read_reply;
	is("$refused->{status} $refused->{json}{type}", '429 urn:locking:problem:too-many', 'a role has only a share of the queue');
	like($refused->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'with Retry-After');
	ok($waiting->(@$_), "$_->[1] wait") for [ $bert, 3 ], [ $bert, 4 ];
	is($ask->($bert)->read_reply->{status}, 503, 'queue: full for all roles');
	$session->query('COMMIT');
	is($_->read_reply->{status}, 200, 'and are answered') for @wires;
	$session->quit;
	$server->stop_ok;
}
{
	# A role with all its sessions, whose requests all take long, does not
	# delay other roles or sign-ins.
	my $server = web_server($node, '--lock-timeout', 600, '--statement-timeout', 600);
	my @annas = map { $server->sign_in('anna') } 1 .. 20;
	my $bert = $server->sign_in('bert');
	my $session = session($node);
	my $ask = sub { my ($client, $path) = @_; return $server->wire->send_request($client, 'GET', $path) };
	$session->query('BEGIN; LOCK TABLE article');
	my @wires = map { my $client = $_; map { $ask->($client, '/tables/article/rows') } 1 .. 9 } @annas;
	ok($node->poll_query_until('postgres', connections("usename = 'anna' AND wait_event_type = 'Lock'") =~ s/count\(\*\)/count(*) = 8/r), 'fairness: a role has half of the workers');
	for my $asked ([ $bert, '/tables', 200 ], [ $bert, '/session', 200 ], [ $bert, '/locks', 200 ])
	{
		my ($client, $path, $status) = @$asked;
		my $reply = eval { LockingWeb::in_seconds(5, 'answer', sub { $ask->($client, $path)->read_reply }) } || { status => 'none' };
		is($reply->{status}, $status, "another role is answered meanwhile: $path");
	}
	is((eval { LockingWeb::in_seconds(5, 'sign-in', sub { $server->client->sign_in('boss', 'boss-pw') }) } || { status => 'none' })->{status}, 201, 'a sign-in is answered meanwhile');
	$session->query('COMMIT');
	is_deeply([ grep { $_ != 200 } map { $_->read_reply->{status} } @wires ], [], 'the waiting requests are answered');

	# Short requests, so that workers become free all the time; they do not
	# run in the order of arrival.
	$session->query('BEGIN; LOCK TABLE article');
	@wires = map { my $client = $_; map { $ask->($client, '/tables/article/rows?limit=20') } 1 .. 9 } @annas;
	LockingWeb::in_seconds($LockingWeb::PATIENCE, 'a queue', sub { select undef, undef, undef, 0.05 until $server->client->get('//metrics')->{content} =~ /^locking_web_requests_waiting 172$/m });
	my $his = $ask->($bert, '/tables/article/rows');
	LockingWeb::in_seconds($LockingWeb::PATIENCE, 'his', sub { select undef, undef, undef, 0.05 until sql($node, connections("usename = 'bert' AND wait_event_type = 'Lock'")) });
	pass('a request of another role runs before those that have waited longer');
	$session->query('COMMIT');
	is($_->read_reply->{status}, 200, 'the request of another role is answered') for $his;
	$_->read_reply for @wires;
	$session->quit;
	$server->stop_ok;
}
{
	# Clients without a session take turns by address and do not delay those
	# with one, also on public routes.
	my $server = web_server($node, '--trusted-proxy', '127.0.0.1', '--statement-timeout', 600, '--lock-timeout', 600);
	my $bert = $server->sign_in('bert');
	my $session = session($node);
	my $ask = sub { return $server->wire->send("GET /readyz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: $_[0]\r\n\r\n") };
	my $waiting = sub { my ($n) = @_; return LockingWeb::in_seconds($LockingWeb::PATIENCE, 'a queue', sub { select undef, undef, undef, 0.05 until $server->client->get('//metrics')->{content} =~ /^locking_web_requests_waiting $n$/m }) };
	my $locked = "FROM pg_stat_activity WHERE usename = 'locking_web' AND wait_event_type = 'Lock'";
	my $cancel = sub { return sql($node, "SELECT count(pg_cancel_backend(pid)) FROM (SELECT pid $locked LIMIT $_[0]) w") };
	$session->query('BEGIN; LOCK pg_catalog.pg_extension');
	my @wires = map { $ask->('198.51.100.1') } 1 .. 40;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 4 $locked"), 'clients without a session have a limited number of workers');
	$waiting->(36);
	my $other = $ask->('198.51.100.2');
	$waiting->(37);
	is((eval { LockingWeb::in_seconds(5, 'answer', sub { $server->wire->send_request($bert, 'GET', '/session')->read_reply }) } || { status => 'none' })->{status}, 200, 'a session is served while clients without one wait');
	for my $left (36, 35)
	{
		$cancel->(1);
		$waiting->($left);
		$node->poll_query_until('postgres', "SELECT count(*) = 4 $locked");
	}
	$cancel->(4);
	isnt((eval { LockingWeb::in_seconds(10, 'answer', sub { $other->read_reply }) } || { status => 'none' })->{status}, 'none', 'another address does not wait for all requests of the first');
	$session->query('COMMIT');
	is(scalar(grep { $_->read_reply->{status} != 200 } @wires), 5, 'the first address is answered, except for cancelled requests');
	$session->quit;
	$server->stop_ok;
}
{
	# Two roles have all workers and more requests waiting: a third role's
	# turn comes after one request of each.
	my $server = web_server($node, '--workers', 4, '--statement-timeout', 600, '--lock-timeout', 600);
	my %client = map { $_ => $server->sign_in($_) } qw(anna boss bert);
	my $session = session($node);
	my $ask = sub { return $server->wire->send_request($client{ $_[0] }, 'GET', '/tables/article/rows') };
	my $waiting = sub { my ($n) = @_; return LockingWeb::in_seconds($LockingWeb::PATIENCE, 'a queue', sub { select undef, undef, undef, 0.05 until $server->client->get('//metrics')->{content} =~ /^locking_web_requests_waiting $n$/m }) };
	$session->query('BEGIN; LOCK TABLE article');
	my @wires = map { my $role = $_; map { $ask->($role) } 1 .. 4 } qw(anna boss);
	ok($node->poll_query_until('postgres', "SELECT count(*) = 4 FROM pg_stat_activity WHERE usename IN ('anna', 'boss') AND wait_event_type = 'Lock'"), 'two roles have all workers');
	$waiting->(4);
	my $his = $ask->('bert');
	$waiting->(5);
	for my $left (4, 3)
	{
		sql($node, "SELECT pg_cancel_backend(min(pid)) FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'");
		$waiting->($left);
		$node->poll_query_until('postgres', "SELECT count(*) = 4 FROM pg_stat_activity WHERE usename IN ('anna', 'boss', 'bert') AND wait_event_type = 'Lock'");
	}
	is(sql($node, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bert' AND wait_event_type = 'Lock'"), 1, 'another request of anna, then the third role runs');
	$session->query('COMMIT');
	is($his->read_reply->{status}, 200, 'the third role is answered');
	is(scalar(grep { $_->read_reply->{status} != 200 } @wires), 2, 'the two roles are answered, except for cancelled requests');
	$session->quit;
	$server->stop_ok;
}
{
	my $server = web_server($node, '--statement-timeout', 1, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $reply = $anna->get('/tables/article/rows');
	is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:timeout', 'statement-timeout');
	$session->query('COMMIT');
	$session->quit;
	$server->stop_ok;
}
{
	my $server = web_server($node, '--connections-per-address', 2);
	my @wires = map { $server->wire } 1, 2;
	is($_->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply->{status}, 200, 'connections-per-address: the allowed number') for @wires;
	is($server->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply, undef, 'connections-per-address: another connection is closed');
	$_->close for @wires;
	my $again = LockingWeb::in_seconds(60, 'a free place', sub {
		my $reply;
		select undef, undef, undef, 0.1 until $reply = $server->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply;
		return $reply->{status};
	});
	is($again, 200, 'connections-per-address: another is accepted after one is closed');
	$server->stop_ok;
}

# ---- TLS ----

{
	my ($cert, $key) = ("$folder/cert.pem", "$folder/key.pem");
	my $output = '';
	IPC::Run::run([ qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout), $key, '-out', $cert ], '>&', \$output) or die "openssl: $output\n";
	my $server = web_server($node, '--tls-cert', $cert, '--tls-key', $key);
	like($server->{url}, qr/^https:/, 'tls-cert, tls-key: HTTPS');
	my $body = json_of({ role => 'anna', password => 'anna-pw' });
	my $ask = "POST /api/v1/session HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	my $tls = sub {
		my ($text, @arguments) = @_;
		# A client that is refused ends before it has read its input, so this
		# must not be a pipe.
		IPC::Run::run([ qw(openssl s_client -quiet -verify_quiet -ign_eof -connect), "127.0.0.1:$server->{port}", '-CAfile', $cert, @arguments ], '<', write_file($text), '>', \my $reply, '2>', \my $error);
		return $reply;
	};
	my $reply = $tls->($ask);
	like($reply, qr{^HTTP/1\.[01] 201 }, 'signed in over TLS');
	like($reply, qr/^Set-Cookie: locking_session=[^\r]*; Secure\r$/m, 'the cookie is Secure');
	like($reply, qr/^Strict-Transport-Security: /m, 'with Strict-Transport-Security');
	unlike($tls->("GET /healthz HTTP/1.0\r\n\r\n", @$_), qr/^HTTP/, "no older protocol: @$_") for [ '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0' ];
	is($server->wire->send("GET /healthz HTTP/1.0\r\n\r\n")->read_reply, undef, 'no plain HTTP');
	$server->stop_ok;
}

done_testing();
