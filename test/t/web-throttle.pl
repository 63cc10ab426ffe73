# Limits for clients: failed sign-ins by address, role and device, and the
# size of a body.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $node = new_web_node('main');
my $row = '/tables/article/rows/1';

# ---- too many attempts ----

{
	my $server = web_server($node);
	my ($reply, @before) = guess_until_throttled('anna', $server->client);
	is_problem($reply, 429, 'too-many', 'repeated wrong passwords');
	cmp_ok(scalar(@before), '>=', 6, 'the first failures cause no delay');
	like($reply->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'Retry-After says how long to wait');
	is_problem($server->client->sign_in('anna', 'anna-pw'), 429, 'too-many', 'the right password also has to wait');
	is_problem($server->client->sign_in('bert', 'bert-pw'), 429, 'too-many', 'any role from that address has to wait');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $from = sub { my ($address) = @_; return $server->client(headers => { 'X-Forwarded-For' => $address }) };
	my ($reply, @before) = guess_until_throttled('anna', map { $from->("198.51.100.$_") } 1 .. 200);
	cmp_ok(scalar(@before), '>=', 11, 'some failures of a role from several addresses cause no delay');
	is_problem($from->('198.51.100.201')->sign_in('anna', 'anna-pw'), 429, 'too-many', 'failures of a role from several addresses are limited in sum');
	is($from->('198.51.100.202')->sign_in('bert', 'bert-pw')->{status}, 201, 'another role need not wait');
	guess_until_throttled('reader', $from->('203.0.113.1'));
	is_problem($from->('192.0.2.1, 203.0.113.1')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'addresses before that of the proxy are ignored');
	guess_until_throttled('boss', $from->('2001:db8::1'));
	is_problem($from->('2001:db8::2')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'addresses of one IPv6 network count as one');
	is($from->('2001:db8:0:1::1')->sign_in('bert', 'bert-pw')->{status}, 201, 'another network need not wait');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $attempt = sub { my ($address, @as) = @_; return $server->client(headers => { 'X-Forwarded-For' => $address })->sign_in(@as)->{status} };
	my @own = map { $attempt->("198.51.100.$_", 'boss', $_ % 8 ? 'wrong' : 'boss-pw') } 1 .. 32;
	is_deeply([ grep { $_ == 429 } @own ], [], 'a success resets the counter');
	# With one account, known at the address from its first success on, or
	# with several.
	my @guesses = map { ($attempt->('203.0.113.1', "nobody$_", 'wrong'), $attempt->('203.0.113.1', 'bert', 'bert-pw')) } 1 .. 12;
	cmp_ok(scalar(grep { $_ == 429 } @guesses), '>', 0, 'success with one account does not allow more guesses at others');
	@guesses = map { my $own = $_; ((map { $attempt->('203.0.113.2', "nobody$_", 'wrong') } 1 .. 4), $attempt->('203.0.113.2', $own, "$own-pw")) } qw(anna bert reader);
	cmp_ok(scalar(grep { $_ == 429 } @guesses), '>', 0, 'success with several accounts does not allow more guesses at others');
	$server->stop_ok;
}

{
	# Failures from many addresses lock a role out at new addresses, but not
	# where it has signed in before.
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $attempt = sub {
		my ($address, $role, $password, $device) = @_;
		return $server->client(headers => { 'X-Forwarded-For' => $address, $device ? (Cookie => "locking_device=$device") : () })->sign_in($role, $password);
	};
	my $device_of = sub { return map { /^locking_device=(\w+)/ ? $1 : () } @{ $_[0]{cookies} } };
	my $first = $attempt->('192.0.2.1', 'anna', 'anna-pw');
	my ($device) = $device_of->($first);
	like($first->{cookies}[1], qr{^locking_device=[0-9a-f]{64}; Path=/api/v1/session; HttpOnly; SameSite=Strict; Max-Age=\d+$}, 'a sign-in sets a device cookie');
	is_deeply([ $device_of->($attempt->('192.0.2.1', 'anna', 'anna-pw', $device)) ], [$device], 'the next sign-in keeps the device cookie');
	is_deeply([ map { scalar $device_of->($attempt->('192.0.2.1', 'anna', @$_)) } [ 'wrong' ], [ 'wrong', $device ], [ '' ] ], [ 0, 0, 0 ], 'a failure sets no device cookie');
	my ($berts) = $device_of->($attempt->('192.0.2.2', 'bert', 'bert-pw'));
	isnt(($device_of->($attempt->('192.0.2.1', 'bert', 'bert-pw', 'e' x 64)))[0], 'e' x 64, 'a planted device cookie is not accepted');

	my $flood = sub {
		my ($role) = @_;
		guess_until_throttled($role, map { $server->client(headers => { 'X-Forwarded-For' => "198.51.100.$_" }) } 1 .. 200);
	};
	$flood->('anna');
	is_problem($attempt->('198.51.100.201', 'anna', 'anna-pw'), 429, 'too-many', 'failures elsewhere lock a role out at a new address');
	is($attempt->('198.51.100.202', 'anna', 'anna-pw', $device)->{status}, 201, 'a known device is not locked out');
	is($attempt->('192.0.2.1', 'anna', 'anna-pw')->{status}, 201, 'a known address is not locked out');
	is_problem($attempt->('198.51.100.203', 'anna', 'anna-pw', $_->[1]), 429, 'too-many', "not accepted: $_->[0]")
	  for [ 'the device of another role' => $berts ], [ 'a forged device' => 'f' x 64 ], [ 'a truncated device' => substr $device, 0, 63 ], [ 'the CSRF token' => $first->{json}{csrf} ], [ 'a planted device' => 'e' x 64 ];
	is_problem($server->client(headers => { Cookie => "locking_device=$device" })->get('/session'), 401, 'unauthenticated', 'a device cookie is not a session');
	is_problem($server->client(headers => { Cookie => "locking_session=$device" })->get('/session'), 401, 'unauthenticated', 'the value of a device cookie is not valid as a session');

	# A known device or address allows a few more guesses, not unlimited ones.
	my @stolen = map { $attempt->("203.0.113.$_", 'anna', 'wrong', $device)->{status} } 1 .. 30;
	cmp_ok(scalar(grep { $_ == 401 } @stolen), '<=', 12, 'guesses with a stolen device cookie are limited over all addresses') || diag("@stolen");
	is($stolen[-1], 429, 'guesses with a stolen device cookie are refused in the end');
	is($attempt->('192.0.2.1', 'anna', 'anna-pw', $device)->{status}, 201, 'guesses with a stolen device cookie do not lock the role out at a known address');
	my @there = map { $attempt->('192.0.2.1', 'anna', 'wrong')->{status} } 1 .. 30;
	cmp_ok(scalar(grep { $_ == 401 } @there), '<=', 12, 'guesses from a known address are limited') || diag("@there");
	is($there[-1], 429, 'guesses from a known address are refused in the end');
	is($attempt->('192.0.2.1', 'bert', 'bert-pw')->{status}, 201, 'another role known at the address need not wait');

	# Devices of a role only displace devices of the same role.
	my @readers;
	for my $n (10 .. 32)
	{
		my $reply = $attempt->("192.0.2.$n", 'reader', 'reader-pw', $n == 25 ? $readers[1] : undef);
		$server->client(headers => { Cookie => $reply->{headers}{'set-cookie'} =~ s/;.*//r, 'X-CSRF-Token' => $reply->{json}{csrf} })->delete('/session');
		push @readers, $device_of->($reply);
	}
	$flood->('reader');
	is_problem($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[0]), 429, 'too-many', 'of more than 20 devices of a role, the oldest is forgotten');
	is($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[-1])->{status}, 201, 'the newer devices are kept after signing out');
	is($attempt->('198.51.100.205', 'reader', 'reader-pw', $readers[1])->{status}, 201, 'the device forgotten is the least recently used one');
	$flood->('bert');
	is($attempt->('198.51.100.204', 'bert', 'bert-pw', $berts)->{status}, 201, 'devices of other roles are kept');
	$server->stop_ok;
}

# ---- size of a body ----

{
	my $server = web_server($node, '--max-body', 50_000);
	my $anna = $server->sign_in('anna');
	my $nobody = $server->client;
	$server->sign_in('bert')->post("$row/lock");
	my $values = sub { return { values => { title => 'x' x $_[0] } } };
	is_problem($nobody->put($row, $values->(100)), 401, 'unauthenticated', 'a small body without a session');
	is_problem($nobody->put($row, $values->(20_000)), 401, 'unauthenticated', 'a large body without a session');
	is_problem($nobody->post('/session', { role => 'anna', password => 'x' x 20_000 }), 413, 'too-large', 'a body that is too large for signing in');
	is_problem($anna->put($row, $values->(49_000)), 423, 'locked', 'a session may send up to --max-body');
	is_problem($anna->put($row, $values->(50_001)), 413, 'too-large', 'a session may not send more than --max-body');
	$server->stop_ok;
}

done_testing();
