# Who one is: signing in and out, sessions and their limits, and what keeps
# other sites' pages out.
use strict;
use warnings;

use Compress::Zlib ();
use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use Time::HiRes ();

my $node = new_web_node('main');
my $row = '/tables/article/rows/1';

sub answers
{
	my ($reply, $status, $kind, $name) = @_;
	is("$reply->{status} " . ($reply->{json}{type} // ''), "$status urn:locking:problem:$kind", $name) or diag($reply->{content});
	return $reply;
}

# Connections of a role to the database.
sub connections
{
	my ($role) = @_;
	return sql($node, "SELECT count(*) FROM pg_stat_activity WHERE usename = '$role'");
}
sub has_no_connections
{
	my ($role, $name) = @_;
	return ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = '$role'"), $name);
}

# Of those below that see connections end, none ends for having been unused.
my @kept = ('--database-idle', 3600);

# ---- signing in ----

{
	my $server = web_server($node, @kept);
	my $anna = $server->client;
	my $reply = $anna->sign_in('anna', 'anna-pw');
	is($reply->{status}, 201, 'signed in');
	is("$reply->{json}{role} $reply->{json}{owner} $reply->{json}{owner_name}", 'anna anna Anna Albers', 'as the role, whose comment is her name');
	like($reply->{headers}{'set-cookie'}, qr/^locking_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/, 'the cookie');
	is($reply->{headers}{'cache-control'} // '', 'no-store', 'nobody keeps the answer');
	is($anna->get('/session')->{json}{csrf}, $anna->{csrf}, 'the session tells its CSRF token');
	isnt($anna->{csrf}, $anna->{cookie}, 'which is not the cookie');

	my $first = $anna->{cookie};
	$anna->sign_in('anna', 'anna-pw');
	isnt($anna->{cookie}, $first, 'signing in again gives another cookie');
	answers($server->client(headers => { Cookie => "locking_session=$first" })->get('/session'), 401, 'unauthenticated', 'and ends the session before');

	answers($server->client(headers => { Cookie => "locking_session=$_" })->get('/tables'), 401, 'unauthenticated', "a made up cookie: $_")
	  for 'x', '', $anna->{csrf}, 'a' x 64, 'a' x 3000;

	cmp_ok(connections('anna'), '>', 0, 'she has connections');
	my $stream = $server->wire->send_request($anna, 'GET', '/events');
	$stream->read_until(qr/^id: /m);
	is($anna->delete('/session')->{status}, 204, 'signed out');
	answers($anna->get($row), 401, 'unauthenticated', 'the session has ended');
	answers($anna->delete('/session'), 401, 'unauthenticated', 'and cannot be ended again');
	ok(defined $stream->read_until(qr/^0\r\n\r\n/m), 'so has its stream');
	has_no_connections('anna', 'and its connections to the database');

	$reply = $server->sign_in('bert')->delete('/session');
	like($reply->{headers}{'set-cookie'}, qr/^locking_session=;.* Max-Age=0$/, 'the browser is told to forget the cookie');
	$server->stop_ok;
}

# ---- what is no way in ----

{
	# Fixation: a cookie that the client brings along never becomes a
	# session's.
	my $server = web_server($node);
	my $planted = 'a' x 64;
	my $victim = $server->client(headers => { Cookie => "locking_session=$planted" });
	my $reply = $victim->sign_in('anna', 'anna-pw');
	is($reply->{status}, 201, 'signed in with a cookie that somebody planted');
	unlike($reply->{headers}{'set-cookie'}, qr/$planted/, 'the session has another');
	answers($server->client(headers => { Cookie => "locking_session=$planted" })->get('/session'), 401, 'unauthenticated', 'and the planted one is none');
	my $mine = $server->sign_in('bert');
	$victim = $server->client(headers => { Cookie => "locking_session=$mine->{cookie}" });
	$victim->sign_in('anna', 'anna-pw');
	answers($mine->get('/session'), 401, 'unauthenticated', 'a session that was planted ends, rather than becoming the victim\'s');

	# Mass assignment: members that a body has no business to have change
	# nothing.
	my $anna = $server->sign_in('anna');
	my $lock = $anna->post('/tables/article/rows/5/lock', { owner => 'bert', owner_name => 'Bert', token => 7, is_mine => JSON::PP::false, acquired_at => '2000-01-01', expires_at => '2999-01-01T00:00:00Z', key => '6', table => 'x', note => 'mine' })->{json}{lock};
	is("$lock->{owner} $lock->{owner_name} $lock->{key} $lock->{note}", 'anna Anna Albers 5 mine', 'a lock is its owner\'s, whatever the body says');
	cmp_ok($lock->{seconds_left}, '<', 3600, 'for as long as is usual');
	isnt($lock->{token}, 7, 'with a token of its own');
	$reply = $anna->put('/tables/article/rows/5', { token => $lock->{token}, values => { title => 'new', owner => 'bert' } });
	answers($reply, 422, 'invalid', 'a value of no column');
	$reply = $server->client->post('/session', { role => 'anna', password => 'anna-pw', owner => 'boss', csrf => 'x' x 64, may => { break_locks => JSON::PP::true }, proxy => JSON::PP::true });
	is("$reply->{json}{owner} " . ($reply->{json}{csrf} =~ /^x+$/ ? 1 : 0) . ($reply->{json}{may}{break_locks} ? 1 : 0), 'anna 00', 'signing in gives what the role has');
	sql($node, 'DELETE FROM locking.lock');

	# How long a refusal takes does not tell whether there is such a role:
	# medians, with room for a machine that has other things to do.
	my $proxied = web_server($node, '--trusted-proxy', '127.0.0.1');
	my %took = (anna => [], nobody => []);
	for my $n (1 .. 10)	# as many as a role may fail without waiting
	{
		for my $role (sort keys %took)
		{
			my $client = $proxied->client(headers => { 'X-Forwarded-For' => "198.51.100.$n" });
			$client->get('//healthz');	# the connection is there
			my $began = Time::HiRes::time();
			answers($client->sign_in($role, 'wrong'), 401, 'sign-in-failed', "refused: $role");
			push @{ $took{$role} }, Time::HiRes::time() - $began;
		}
	}
	$proxied->stop_ok;
	my %median = map { $_ => (sort { $a <=> $b } @{ $took{$_} })[5] } keys %took;
	my ($less, $more) = sort { $a <=> $b } values %median;
	cmp_ok($more, '<', 1.5 * $less + 0.005, 'a wrong password takes as long as a role that is none') || diag("$median{anna} $median{nobody}");
	$server->stop_ok;
}

# ---- refused ----

{
	my $server = web_server($node);
	my @refusals = map { $server->client->sign_in(@$_) } [ 'anna', 'wrong' ], [ 'nobody', 'wrong' ], [ 'anna', '' ], [ 'locking_web', '' ], [ 'postgres', 'x' ];	# the server has a password of locking_web's
	answers($_, 401, 'sign-in-failed', 'refused') for @refusals;
	is($_->{content}, $refusals[0]{content}, 'in the same words') for @refusals;
	is($_->{headers}{'set-cookie'}, undef, 'without a cookie') for @refusals;
	is(connections('anna'), 0, 'no connection is left');
	$server->stop_ok;
}
{
	# Whom the database lets in without a password has not shown who he is.
	my $superuser = getpwuid $>;
	my $server = web_server($node);
	answers($server->client->sign_in($superuser, 'any'), 401, 'sign-in-failed', 'who is trusted by the database');
	answers($server->client->post('/session', $_->[1]), 422, 'invalid', $_->[0])
	  for [ 'no role' => { password => 'x' } ], [ 'no password' => { role => 'anna' } ], [ 'an empty role' => { role => '', password => 'x' } ],
	  [ 'a role that is a number' => { role => 1, password => 'x' } ], [ 'a role that is too long' => { role => 'x' x 64, password => 'x' } ],
	  [ 'a password that is too long' => { role => 'anna', password => 'x' x 1024 } ], [ 'an array' => [] ], [ 'a text' => 'anna' ],
	  [ 'no JSON' => \'role=anna' ], [ 'a member twice' => \'{"role": "bert", "role": "anna", "password": "anna-pw"}' ],
	  [ 'connection parameters' => \'{"role": "anna\u0000", "password": "x"}' ];
	answers($server->client->sign_in("anna' host=/tmp", 'x'), 401, 'sign-in-failed', 'a role is a role, not a connection string');
	answers($server->client->sign_in('dbname=template1 user=anna', 'anna-pw'), 401, 'sign-in-failed', 'of whatever form');
	$server->stop_ok;
}

# ---- too many attempts ----

{
	my $server = web_server($node);
	my ($reply, @before) = guess_until_throttled('anna', $server->client);
	answers($reply, 429, 'too-many', 'wrong passwords again and again');
	cmp_ok(scalar(@before), '>=', 6, 'a few are free');
	like($reply->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'Retry-After says how long to wait');
	answers($server->client->sign_in('anna', 'anna-pw'), 429, 'too-many', 'so has the right one to');
	answers($server->client->sign_in('bert', 'bert-pw'), 429, 'too-many', 'for any role from that address');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $from = sub { my ($address) = @_; return $server->client(headers => { 'X-Forwarded-For' => $address }) };
	my ($reply, @before) = guess_until_throttled('anna', map { $from->("198.51.100.$_") } 1 .. 200);
	cmp_ok(scalar(@before), '>=', 11, 'a role may be guessed at from more addresses');
	answers($from->('198.51.100.201')->sign_in('anna', 'anna-pw'), 429, 'too-many', 'but not from any number');
	is($from->('198.51.100.202')->sign_in('bert', 'bert-pw')->{status}, 201, 'another role is free');
	guess_until_throttled('reader', $from->('203.0.113.1'));
	answers($from->('192.0.2.1, 203.0.113.1')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'what stands before the proxy\'s own word does not count');
	guess_until_throttled('boss', $from->('2001:db8::1'));
	answers($from->('2001:db8::2')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'the other addresses of a network neither');
	is($from->('2001:db8:0:1::1')->sign_in('bert', 'bert-pw')->{status}, 201, 'another network is free');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $attempt = sub { my ($address, @as) = @_; return $server->client(headers => { 'X-Forwarded-For' => $address })->sign_in(@as)->{status} };
	my @own = map { $attempt->("198.51.100.$_", 'boss', $_ % 8 ? 'wrong' : 'boss-pw') } 1 .. 32;
	is_deeply([ grep { $_ == 429 } @own ], [], 'who gets in at last has a fresh start');
	# By one account that is known there from its first success on, or by ever
	# new ones.
	my @guesses = map { ($attempt->('203.0.113.1', "nobody$_", 'wrong'), $attempt->('203.0.113.1', 'bert', 'bert-pw')) } 1 .. 12;
	cmp_ok(scalar(grep { $_ == 429 } @guesses), '>', 0, 'but an account of one\'s own buys no guesses at others');
	@guesses = map { my $own = $_; ((map { $attempt->('203.0.113.2', "nobody$_", 'wrong') } 1 .. 4), $attempt->('203.0.113.2', $own, "$own-pw")) } qw(anna bert reader);
	cmp_ok(scalar(grep { $_ == 429 } @guesses), '>', 0, 'nor do several of them');
	$server->stop_ok;
}

{
	# Strangers at ever new addresses keep a role out where it never was, but
	# not where it has been before.
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $attempt = sub {
		my ($address, $role, $password, $device) = @_;
		return $server->client(headers => { 'X-Forwarded-For' => $address, $device ? (Cookie => "locking_device=$device") : () })->sign_in($role, $password);
	};
	my $device_of = sub { return map { /^locking_device=(\w+)/ ? $1 : () } @{ $_[0]{cookies} } };
	my $first = $attempt->('192.0.2.1', 'anna', 'anna-pw');
	my ($device) = $device_of->($first);
	like($first->{cookies}[1], qr{^locking_device=[0-9a-f]{64}; Path=/api/v1/session; HttpOnly; SameSite=Strict; Max-Age=\d+$}, 'a device that signed in is known by a cookie');
	is_deeply([ $device_of->($attempt->('192.0.2.1', 'anna', 'anna-pw', $device)) ], [$device], 'which it keeps');
	is_deeply([ map { scalar $device_of->($attempt->('192.0.2.1', 'anna', @$_)) } [ 'wrong' ], [ 'wrong', $device ], [ '' ] ], [ 0, 0, 0 ], 'a failure gives none');
	my ($berts) = $device_of->($attempt->('192.0.2.2', 'bert', 'bert-pw'));
	isnt(($device_of->($attempt->('192.0.2.1', 'bert', 'bert-pw', 'e' x 64)))[0], 'e' x 64, 'a planted cookie becomes no device');

	my $flood = sub {
		my ($role) = @_;
		guess_until_throttled($role, map { $server->client(headers => { 'X-Forwarded-For' => "198.51.100.$_" }) } 1 .. 200);
	};
	$flood->('anna');
	answers($attempt->('198.51.100.201', 'anna', 'anna-pw'), 429, 'too-many', 'strangers lock a role out from an address where it never was');
	is($attempt->('198.51.100.202', 'anna', 'anna-pw', $device)->{status}, 201, 'not with a device that is known');
	is($attempt->('192.0.2.1', 'anna', 'anna-pw')->{status}, 201, 'nor from an address that is');
	answers($attempt->('198.51.100.203', 'anna', 'anna-pw', $_->[1]), 429, 'too-many', "$_->[0] is good for nothing")
	  for [ 'another role\'s device' => $berts ], [ 'a forged one' => 'f' x 64 ], [ 'one that is cut off' => substr $device, 0, 63 ], [ 'the CSRF token' => $first->{json}{csrf} ], [ 'a planted one' => 'e' x 64 ];
	answers($server->client(headers => { Cookie => "locking_device=$device" })->get('/session'), 401, 'unauthenticated', 'a device is no session');
	answers($server->client(headers => { Cookie => "locking_session=$device" })->get('/session'), 401, 'unauthenticated', 'by no name');

	# Who has a device's cookie, or is at the address, may guess a little
	# more, and not for ever.
	my @stolen = map { $attempt->("203.0.113.$_", 'anna', 'wrong', $device)->{status} } 1 .. 30;
	cmp_ok(scalar(grep { $_ == 401 } @stolen), '<=', 12, 'guesses with a stolen cookie are limited, from wherever they come') || diag("@stolen");
	is($stolen[-1], 429, 'in the end there are none');
	is($attempt->('192.0.2.1', 'anna', 'anna-pw', $device)->{status}, 201, 'which does not lock out the role from an address that is known');
	my @there = map { $attempt->('192.0.2.1', 'anna', 'wrong')->{status} } 1 .. 30;
	cmp_ok(scalar(grep { $_ == 401 } @there), '<=', 12, 'guesses from a known address are limited, too') || diag("@there");
	is($there[-1], 429, 'in the end there are none');
	is($attempt->('192.0.2.1', 'bert', 'bert-pw')->{status}, 201, 'another role that is known there is free');

	# A role's own devices push out only its own.
	my @readers;
	for my $n (10 .. 32)
	{
		my $reply = $attempt->("192.0.2.$n", 'reader', 'reader-pw', $n == 25 ? $readers[1] : undef);
		$server->client(headers => { Cookie => $reply->{headers}{'set-cookie'} =~ s/;.*//r, 'X-CSRF-Token' => $reply->{json}{csrf} })->delete('/session');
		push @readers, $device_of->($reply);
	}
	$flood->('reader');
	answers($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[0]), 429, 'too-many', 'of more than 20 devices of a role, the oldest is forgotten');
	is($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[-1])->{status}, 201, 'the others are not, and signing out changes nothing');
	is($attempt->('198.51.100.205', 'reader', 'reader-pw', $readers[1])->{status}, 201, 'the oldest is that which was not used for longest');
	$flood->('bert');
	is($attempt->('198.51.100.204', 'bert', 'bert-pw', $berts)->{status}, 201, 'nor are those of others');
	$server->stop_ok;
}

# ---- time limits ----

{
	my $server = web_server($node, '--session-idle', 2, '--session-absolute', 1000, @kept);
	my ($used, $unused) = ($server->sign_in('anna'), $server->sign_in('bert'));
	# Used all the time until the other one's connections are gone, since it
	# was not.
	my $ended = LockingWeb::in_seconds(60, 'idle limit', sub {
		while (connections('bert') > 0)
		{
			return 0 if $used->get('/session')->{status} != 200;
			select undef, undef, undef, 0.2;
		}
		return 1;
	});
	ok($ended, 'a session that is used stays, one that is not ends');
	answers($unused->get('/session'), 401, 'unauthenticated', 'by the idle limit');
	is($used->get('/session')->{json}{idle_timeout}, 2, 'the session tells the limit');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--session-idle', 1000, '--session-absolute', 2, @kept);
	my $anna = $server->sign_in('anna');
	my $status = LockingWeb::in_seconds(60, 'absolute limit', sub {
		my $status;
		select undef, undef, undef, 0.2 while ($status = $anna->get('/session')->{status}) == 200;
		return $status;
	});
	is($status, 401, 'a session ends by the absolute limit, however much it is used');
	has_no_connections('anna', 'its connections, too');
	$server->stop_ok;
}

# ---- a role that may not sign in any more ----

{
	my $server = web_server($node, '--reauthenticate', 2, @kept);
	my $stream_of = sub {
		my ($client) = @_;
		my $stream = $server->wire->send_request($client, 'GET', '/events');
		$stream->read_until(qr/^id: /m);
		return $stream;
	};
	my %ways = (
		NOLOGIN => 'ALTER ROLE gone NOLOGIN',
		'a new password' => "ALTER ROLE gone PASSWORD 'new'",
		'no password' => 'ALTER ROLE gone PASSWORD NULL',
		'VALID UNTIL' => "ALTER ROLE gone VALID UNTIL '2000-01-01'",
		'no right to connect' => 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC, gone',
		'dropped' => 'DROP OWNED BY gone; DROP ROLE gone',
		'dropped and made anew' => "DROP OWNED BY gone; DROP ROLE gone; CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone",
		'another one of its name' => "ALTER ROLE gone RENAME TO went; ALTER ROLE went PASSWORD 'gone-pw'; CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone",
		'pg_hba.conf' => undef,
	);
	for my $way (sort keys %ways)
	{
		sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone; GRANT CONNECT ON DATABASE postgres TO gone, anna, locking_web");
		my ($used, $unused, $anna) = map { $server->sign_in($_) } qw(gone gone anna);
		my ($stream, $hers) = map { $stream_of->($_) } $unused, $anna;
		my $hba = $node->data_dir . '/pg_hba.conf';
		my $before = do { open my $file, '<', $hba or die; local $/; <$file> };
		if ($ways{$way}) { sql($node, $ways{$way}) }
		else
		{
			open my $file, '>', $hba or die;
			print $file "local all gone reject\n$before";
			close $file;
			$node->reload;
		}
		my $reply = LockingWeb::in_seconds(30, $way, sub {
			my $reply;
			select undef, undef, undef, 0.2 while ($reply = $used->get($row))->{status} =~ /^(200|403|404)$/;
			return $reply;
		});
		answers($reply, 401, 'unauthenticated', "$way ends a session that is used");
		ok(defined $stream->read_until(qr/^0\r\n\r\n/m, 30), "$way: and a stream that is only listened to");
		answers($unused->get($row), 401, 'unauthenticated', "$way: and its session");
		ok(!$hers->{closed} && $anna->get($row)->{status} == 200, "$way: of nobody else");
		$_->close for $stream, $hers;
		$anna->delete('/session');
		sql($node, "REVOKE CONNECT ON DATABASE postgres FROM gone") if $way =~ /connect/;
		sql($node, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC');
		sql($node, "DO \$\$ DECLARE r name; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('gone', 'went') LOOP EXECUTE format('DROP OWNED BY %I; DROP ROLE %1\$I', r); END LOOP; END \$\$");
		next if $ways{$way};
		open my $file, '>', $hba or die;
		print $file $before;
		close $file;
		$node->reload;
	}
	like($server->log, qr/locking-web: session of gone ended: /, 'the log tells');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--reauthenticate', 1, @kept);
	my $anna = $server->sign_in('anna');
	for (1 .. 20)
	{
		$anna->get($row);
		select undef, undef, undef, 0.2;
	}
	is(sql($node, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'anna' AND backend_start < now() - interval '3 s'"), 0, 'a connection that is used all the time is not used for long');
	$server->stop_ok;
}
{
	# A refused connection ends the session, without waiting for the next
	# check.
	my $server = web_server($node, '--reauthenticate', 1000, '--database-idle', 1);
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone");
	my $client = $server->sign_in('gone');
	has_no_connections('gone', 'an unused connection is closed');
	sql($node, 'ALTER ROLE gone NOLOGIN');
	answers($client->get($row), 401, 'unauthenticated', 'the next one is refused');
	sql($node, 'ALTER ROLE gone LOGIN');
	answers($client->get($row), 401, 'unauthenticated', 'which has ended the session');
	sql($node, 'DROP OWNED BY gone; DROP ROLE gone');
	$server->stop_ok;
}
{
	# Of a role that was dropped, connections are still open: the first
	# request on one that fails for that tells it.
	my $server = web_server($node, @kept);
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT ALL ON article TO gone");
	my @clients = map { $server->sign_in('gone') } 1 .. 4;
	select undef, undef, undef, 1.5;
	sql($node, 'DROP OWNED BY gone; DROP ROLE gone');
	answers($clients[0]->post("$row/lock"), 401, 'unauthenticated', 'locking as a role that was dropped');
	answers($clients[1]->get('/session'), 401, 'unauthenticated', 'asking who one is');
	answers($clients[2]->put($row, { values => { title => 'x' } }), 401, 'unauthenticated', 'saving') for 1 .. 2;
	answers($clients[3]->put('/tables/article/protection', {}), 401, 'unauthenticated', 'protecting');
	answers($server->client->sign_in('gone', 'gone-pw'), 401, 'sign-in-failed', 'signing in');
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC; GRANT CONNECT ON DATABASE postgres TO locking_web");
	my $reply = answers($server->client->sign_in('gone', 'gone-pw'), 401, 'sign-in-failed', 'a role that may not connect, though the password is right');
	is($reply->{content}, $server->client->sign_in('gone', 'wrong')->{content}, 'is told what one is told whose password is wrong');
	sql($node, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC; DROP ROLE gone');
	$server->stop_ok;
}

# ---- how many ----

{
	my $server = web_server($node, '--sessions-per-role', 2, '--max-sessions', 3);
	my @annas = map { $server->sign_in('anna') } 1, 2;
	my $reply = answers($server->client->sign_in('anna', 'anna-pw'), 429, 'too-many', 'a third session of a role');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
	is($reply->{headers}{'set-cookie'}, undef, 'without a cookie');
	my $bert = $server->sign_in('bert');
	answers($server->client->sign_in('boss', 'boss-pw'), 429, 'too-many', 'a fourth in all');
	is(connections('boss'), 0, 'who was refused has no connection');
	$annas[0]->delete('/session');
	is($server->client->sign_in('boss', 'boss-pw')->{status}, 201, 'there is room again after signing out');
	is($annas[1]->get($row)->{status}, 200, 'the others were left alone');
	$server->stop_ok;
}

# ---- pages of other sites ----

{
	my $server = web_server($node, '--allow-origin', 'https://app.example.org');
	my $anna = $server->sign_in('anna');
	my $bert = $server->sign_in('bert');
	my @changes = ([ 'POST', "$row/lock", {} ], [ 'DELETE', "$row/lock?token=1" ], [ 'PUT', $row, { values => { title => 'x' } } ],
		[ 'POST', "$row/lock/release", { token => 1 } ], [ 'DELETE', '/session' ], [ 'PUT', '/tables/article/protection', {} ]);
	for my $change (@changes)
	{
		my ($method, $path, $body) = @$change;
		answers($anna->request($method, $path, $body, 'X-CSRF-Token' => undef), 403, 'csrf', "$method $path without token");
		answers($anna->request($method, $path, $body, 'X-CSRF-Token' => $_), 403, 'csrf', "$method $path with a wrong one")
		  for '', 'x', $bert->{csrf}, $anna->{cookie}, substr($anna->{csrf}, 0, -1), "$anna->{csrf}x";
		answers($anna->request($method, $path, $body, Origin => $_), 403, 'csrf', "$method $path from $_")
		  for 'https://example.com', 'null', "http://127.0.0.1:1", 'http://127.0.0.1', 'https://app.example.org.example.com', 'http://app.example.org';
	}
	answers($server->client->post('/session', { role => 'anna', password => 'anna-pw' }, Origin => 'https://example.com'), 403, 'csrf', 'signing in from another site');
	is($anna->get('/session')->{status}, 200, 'none of them did anything');
	is(sql($node, 'SELECT count(*) FROM locking.locks'), 0, 'nothing at all');

	is($anna->post("$row/lock", {}, Origin => $_)->{status} =~ /^20[01]$/ ? 1 : 0, 1, "from $_")
	  for $server->{url} =~ s{/$}{}r, 'https://app.example.org';
	my $reply = $anna->get($row, undef, Origin => 'https://app.example.org');
	is($reply->{headers}{'access-control-allow-origin'}, 'https://app.example.org', 'the allowed site may read');
	is($reply->{headers}{'access-control-allow-credentials'}, 'true', 'with cookies');
	like($reply->{headers}{vary}, qr/Origin/, 'caches know that');
	is($anna->get($row, undef, Origin => 'https://example.com')->{headers}{'access-control-allow-origin'}, undef, 'another may not');
	$reply = $server->client->request('OPTIONS', "$row/lock", undef, Origin => 'https://app.example.org', 'Access-Control-Request-Method' => 'PUT');
	is($reply->{status}, 204, 'it may ask before');
	like($reply->{headers}{'access-control-allow-methods'}, qr/PUT/, 'for methods');
	like($reply->{headers}{'access-control-allow-headers'}, qr/X-CSRF-Token/i, 'and headers');

	my $token = $anna->get("$row/lock")->{json}{lock}{token};
	my $beacon = { token => $token, csrf => $anna->{csrf} };
	my @plain = ('X-CSRF-Token' => undef, 'Content-Type' => 'text/plain;charset=UTF-8');
	answers($anna->post("$row/lock/release", { %$beacon, csrf => $bert->{csrf} }, @plain), 403, 'csrf', 'a beacon with another\'s token');
	answers($anna->post("$row/lock/release", $beacon, @plain, Origin => 'https://example.com'), 403, 'csrf', 'a beacon from another site');
	answers($anna->put("$row/lock", $beacon, 'X-CSRF-Token' => undef), 403, 'csrf', 'what is no beacon with its token in the body');
	answers($anna->put("$row/lock", $beacon, @plain), 415, 'unsupported-media-type', 'what is no beacon as text');
	is($anna->post("$row/lock/release", $beacon, @plain)->{status}, 204, 'a beacon with its token in the body');
	is($bert->get("$row/lock")->{json}{lock}, undef, 'has released');
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
	is($packed->{headers}{'content-encoding'}, 'gzip', 'a file, packed for who takes that');
	is(Compress::Zlib::memGunzip($packed->{content}), $plain->{content}, 'is the same');
	is($nobody->get('//static/js/app.js', undef, 'Accept-Encoding' => 'gzip;q=0')->{headers}{'content-encoding'}, undef, 'and not for who does not');
	isnt($packed->{headers}{etag}, $plain->{headers}{etag}, 'each form has an ETag of its own');
	for my $ask ([ $plain->{headers}{etag} => 304 ], [ "\"x\", $plain->{headers}{etag}" => 304 ], [ '*' => 304 ], [ '"x"' => 200 ], [ $packed->{headers}{etag} => 200 ])
	{
		my $reply = $nobody->get('//static/js/app.js', undef, 'If-None-Match' => $ask->[0]);
		is("$reply->{status} $reply->{content}", $ask->[1] == 304 ? '304 ' : "200 $plain->{content}", "If-None-Match: $ask->[0]");
	}
	$server->stop_ok;
}

# ---- a proxy that signs people in ----

sql($node, 'GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web; GRANT SELECT, UPDATE ON article TO locking_web');
my @proxy = ('--user-header', 'X-Remote-User', '--name-header', 'X-Remote-Name');
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my %ann = ('X-Remote-User' => 'ann@example.org', 'X-Remote-Name' => 'Ann Berg');
	my $ann = $server->client(headers => \%ann);
	my $reply = $ann->get('/session');
	is("$reply->{status} $reply->{json}{owner} $reply->{json}{role}", '200 ann@example.org locking_web', 'signed in by the proxy');
	is($reply->{json}{owner_name}, 'Ann Berg', 'with the name for people');
	$ann->enter($reply);
	is($ann->post("$row/lock")->{status}, 201, 'she locks a row');
	my $bob = $server->client(headers => { 'X-Remote-User' => 'bob' });
	$bob->enter($bob->post('/session', {}));
	$reply = answers($bob->post("$row/lock"), 423, 'locked', 'another does not get it');
	is("$reply->{json}{lock}{owner}, $reply->{json}{lock}{owner_name}", 'ann@example.org, Ann Berg', 'and learns who has it');
	is($reply->{json}{lock}{token}, undef, 'not the token');

	my $thief = $server->client(headers => { 'X-Remote-User' => 'bob', Cookie => "locking_session=$ann->{cookie}", 'X-CSRF-Token' => $ann->{csrf} });
	answers($thief->get($row), 401, 'unauthenticated', 'her cookie is no good for another user');
	answers($ann->get($row, undef, 'X-Remote-User' => undef), 401, 'unauthenticated', 'nor for nobody');
	my $wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: ann\@example.org\r\nX-Remote-User: root\r\n\r\n");
	is($wire->read_reply->{status}, 401, 'two of the header name nobody');
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: \xff\xfe\r\n\r\n");
	is($wire->read_reply->{status}, 403, 'what is no text is refused');
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: \xc3\x85sa\r\n\r\n");
	is($wire->read_reply->{json}{owner}, "\x{c5}sa", 'a name in any script is one');
	is($server->client(headers => { 'X-Remote-User' => q(x'; DROP TABLE article; --) })->get('/session')->{json}{owner}, q(x'; DROP TABLE article; --), 'a name is a name');

	# Owners that look the same must not be two, nor may a name end a line or
	# fill a page.
	my $named = sub { return $server->wire->send("$_[0] HTTP/1.1\r\nHost: a\r\nCookie: locking_session=$ann->{cookie}\r\n$_[1]\r\n\r\n")->read_reply };
	my %bad = ('a blank at the end' => 'ann@example.org ', 'blanks at the end' => 'ann@example.org   ', 'a tab at the end' => "ann\@example.org\t", 'a tab' => "ann\t\@example.org",
		'a no-break space at the end' => "ann\@example.org\xc2\xa0", 'one at the beginning' => "\xc2\xa0ann\@example.org", 'an ideographic space' => "ann\xe3\x80\x80", 'a space without width' => "ann\xe2\x80\x8b",
		'a control character' => "ann\x01", 'an escape' => "ann\e[31m", 'DEL' => "ann\x7f", 'one of the others' => "ann\xc2\x85x", 'no UTF-8' => "ann\xff", 'overlong UTF-8' => "a\xc1\xa1", 'half a character' => "ann\xc3",
		'256 bytes' => 'a' x 256, '8000 bytes' => 'a' x 8000, 'nothing but no-break spaces' => "\xc2\xa0\xc2\xa0");
	for my $what (sort keys %bad)
	{
		for my $ask ([ 'GET /api/v1/session', "X-Remote-User: $bad{$what}" ], [ 'GET /api/v1/tables', "X-Remote-User: $bad{$what}" ], [ 'GET /api/v1/session', "X-Remote-User: ann\@example.org\r\nX-Remote-Name: $bad{$what}" ])
		{
			answers($named->(@$ask), 403, 'forbidden', "a name with $what: $ask->[0] " . ($ask->[1] =~ /Name/ ? 'for people' : ''));
		}
	}
	like($server->log, qr/locking-web: the authenticating proxy sent an invalid name: "ann\\x1b\[31m"/, 'which the log tells');
	is(sql($node, "SELECT count(*) FROM locking.lock WHERE owner <> 'ann\@example.org'"), 0, 'no other owner came of it');
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: " . "\xc3\x85" x 127 . "\r\n\r\n");
	is($wire->read_reply->{json}{owner}, "\x{c5}" x 127, '254 bytes are a name');
	is($named->('GET /api/v1/session', 'X-Remote-User: Ann Berg')->{json}{owner}, 'Ann Berg', 'so is one with a blank in it');

	$reply = $server->client(headers => { %ann, 'X-Forwarded-Proto' => 'https' })->get('/session');
	like($reply->{headers}{'set-cookie'}, qr/; Secure$/, 'behind TLS the cookie is Secure');
	ok($reply->{headers}{'strict-transport-security'}, 'and the site TLS only');
	$server->stop_ok;
}
{
	# What the database refuses as an owner's name, though it passed here.
	my $function = sql($node, "SELECT pg_get_functiondef('locking.set_owner(text, text, boolean)'::regprocedure)");
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	$ann->enter($ann->get('/session'));
	sql($node, $function =~ s/ LANGUAGE c\b.*//sr . " LANGUAGE plpgsql AS \$\$BEGIN RAISE 'owner names have no such characters' USING ERRCODE = '22023'; END\$\$");
	for my $path ($row, '/tables')
	{
		my $reply = answers($ann->get($path), 403, 'forbidden', "a name that the database refuses: $path");
		is($reply->{json}{detail}, 'owner names have no such characters', 'in its words');
	}
	answers($server->client(headers => { 'X-Remote-User' => 'bob' })->get('/session'), 403, 'forbidden', 'it begins no session either');
	sql($node, $function);
	is($ann->get($row)->{status}, 200, 'others go on');
	$server->stop_ok;
}
{
	# There may be two sessions of hers: a third attempt would be refused for
	# that, and her own.
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1', '--sessions-per-role', 2);
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	my @foreign = ([ 'Sec-Fetch-Site' => 'cross-site' ], [ 'Sec-Fetch-Site' => 'same-site' ], [ Origin => 'https://example.com' ], [ Referer => 'https://example.com/' ]);
	answers($ann->get('/session', undef, @$_), 403, 'csrf', "a page of another site begins no session: @$_") for @foreign;
	is($ann->get('/session', undef, 'Sec-Fetch-Site' => 'same-origin')->{status}, 200, 'nor uses up those that the user may have');
	$server->stop_ok;
}
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	$ann->enter($ann->get('/session'));
	sql($node, "ALTER ROLE locking_web PASSWORD 'other'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locking_web'");
	has_no_connections('locking_web', 'the server gets in no more: its own password is wrong');
	answers($ann->get($_), 503, 'unavailable', "which is nobody else's fault: $_") for $row, '/tables', '/session';
	sql($node, "ALTER ROLE locking_web PASSWORD 'locking_web-pw'");
	is($ann->get($row)->{status}, 200, 'and ends no session');
	$server->stop_ok;
}
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '192.0.2.0/24,127.0.0.2/31,::1');
	my %spoofed = ('X-Remote-User' => 'ann@example.org', 'X-Forwarded-For' => '192.0.2.1');
	my $ask = sub { return $server->wire->send_request(undef, @_[ 0 .. 2 ], %spoofed)->read_reply };
	answers($ask->('GET', '/session'), 403, 'forbidden', 'the header from elsewhere is good for nothing');
	answers($ask->('POST', '/session', { role => 'anna', password => 'anna-pw' }), 403, 'forbidden', 'nor is a password');
	answers($ask->('GET', $_), 403, 'forbidden', "nor is anything: $_") for $row, '/tables', '/events', '/locks';
	is($server->client->get('//healthz')->{status}, 200, 'but whether it lives');
	$server->stop_ok;
}
{
	my $server = web_server($node);
	my $spoofed = $server->client(headers => { 'X-Remote-User' => 'anna', 'X-Forwarded-Proto' => 'https', 'X-Forwarded-For' => '203.0.113.9', 'X-Forwarded-Host' => 'example.com' });
	answers($spoofed->get('/session'), 401, 'unauthenticated', 'without a proxy the header means nothing');
	my $reply = $spoofed->sign_in('anna', 'anna-pw');
	unlike($server->log, qr/203\.0\.113\.9/, 'nor what it says of the peer');
	unlike($reply->{headers}{'set-cookie'}, qr/Secure/, 'nor of TLS');
	is($reply->{headers}{'strict-transport-security'}, undef, 'which nobody is told to use');
	answers($spoofed->post("$row/lock", {}, Origin => 'https://example.com'), 403, 'csrf', 'nor of the host');
	$server->stop_ok;
}

{
	# The proxy adds a header behind those that the client has made up. On one
	# connection: the log has the requests in order.
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/31');
	my $wire = $server->wire;
	$wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 198.51.100.8, 203.0.113.7\r\n\r\n")->read_reply;
	$wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: nobody\r\n\r\n")->read_reply;
	$server->stop_ok;
	is_deeply([ $server->log =~ m{^\S+ (\S+) - GET /healthz}mg ], [ '203.0.113.7', '127.0.0.1' ], 'the peer is the last of the last header, if it is an address');
}

# ---- how much one may send ----

{
	my $server = web_server($node, '--max-body', 50_000);
	my $anna = $server->sign_in('anna');
	my $nobody = $server->client;
	my $values = sub { return { values => { title => 'x' x $_[0] } } };
	answers($nobody->put($row, $values->(100)), 401, 'unauthenticated', 'a small body of nobody');
	answers($nobody->put($row, $values->(20_000)), 401, 'unauthenticated', 'a large one');
	answers($nobody->post('/session', { role => 'anna', password => 'x' x 20_000 }), 413, 'too-large', 'more than signing in takes');
	answers($anna->put($row, $values->(49_000)), 423, 'locked', 'who is signed in may send as much as --max-body says');
	answers($anna->put($row, $values->(50_001)), 413, 'too-large', 'and no more');
	$server->stop_ok;
}

# ---- what the log tells ----

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
	unlike($log, qr/\Q$_\E/, 'the log has nothing of that') for 'anna-pw', 'locking_web-pw', $anna->{cookie}, $anna->{csrf}, qw(n0te dr4ft v4lue wr0ng qu3ry);
	unlike($log, qr/[^\x20-\x7e\n]/, 'and nothing that a terminal would obey');
	my $time = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;
	is_deeply([ grep { !/^$time (locking-web: .+|127\.0\.0\.1 \S+ [A-Z]+ \S+ \d{3} [\d.]+ \d+)$/ } split /\n/, $log ], [], 'each line is of the one form');
	like($log, qr{^$time 127\.0\.0\.1 anna POST /api/v1/tables/article/rows/2/lock 201 }m, 'it has who did what');
}

done_testing();
