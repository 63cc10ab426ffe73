# Limits of what a client may try and send: failed sign-ins by address, role
# and device, and the size of a body.
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
	is_problem($reply, 429, 'too-many', 'wrong passwords again and again');
	cmp_ok(scalar(@before), '>=', 6, 'a few are free');
	like($reply->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'Retry-After says how long to wait');
	is_problem($server->client->sign_in('anna', 'anna-pw'), 429, 'too-many', 'so has the right one to');
	is_problem($server->client->sign_in('bert', 'bert-pw'), 429, 'too-many', 'for any role from that address');
	$server->stop_ok;
}
{
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/8');
	my $from = sub { my ($address) = @_; return $server->client(headers => { 'X-Forwarded-For' => $address }) };
	my ($reply, @before) = guess_until_throttled('anna', map { $from->("198.51.100.$_") } 1 .. 200);
	cmp_ok(scalar(@before), '>=', 11, 'a role may be guessed at from more addresses');
	is_problem($from->('198.51.100.201')->sign_in('anna', 'anna-pw'), 429, 'too-many', 'but not from any number');
	is($from->('198.51.100.202')->sign_in('bert', 'bert-pw')->{status}, 201, 'another role is free');
	guess_until_throttled('reader', $from->('203.0.113.1'));
	is_problem($from->('192.0.2.1, 203.0.113.1')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'what stands before the proxy\'s own word does not count');
	guess_until_throttled('boss', $from->('2001:db8::1'));
	is_problem($from->('2001:db8::2')->sign_in('bert', 'bert-pw'), 429, 'too-many', 'the other addresses of a network neither');
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
	is_problem($attempt->('198.51.100.201', 'anna', 'anna-pw'), 429, 'too-many', 'strangers lock a role out from an address where it never was');
	is($attempt->('198.51.100.202', 'anna', 'anna-pw', $device)->{status}, 201, 'not with a device that is known');
	is($attempt->('192.0.2.1', 'anna', 'anna-pw')->{status}, 201, 'nor from an address that is');
	is_problem($attempt->('198.51.100.203', 'anna', 'anna-pw', $_->[1]), 429, 'too-many', "$_->[0] is good for nothing")
	  for [ 'another role\'s device' => $berts ], [ 'a forged one' => 'f' x 64 ], [ 'one that is cut off' => substr $device, 0, 63 ], [ 'the CSRF token' => $first->{json}{csrf} ], [ 'a planted one' => 'e' x 64 ];
	is_problem($server->client(headers => { Cookie => "locking_device=$device" })->get('/session'), 401, 'unauthenticated', 'a device is no session');
	is_problem($server->client(headers => { Cookie => "locking_session=$device" })->get('/session'), 401, 'unauthenticated', 'by no name');

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
	is_problem($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[0]), 429, 'too-many', 'of more than 20 devices of a role, the oldest is forgotten');
	is($attempt->('198.51.100.204', 'reader', 'reader-pw', $readers[-1])->{status}, 201, 'the others are not, and signing out changes nothing');
	is($attempt->('198.51.100.205', 'reader', 'reader-pw', $readers[1])->{status}, 201, 'the oldest is that which was not used for longest');
	$flood->('bert');
	is($attempt->('198.51.100.204', 'bert', 'bert-pw', $berts)->{status}, 201, 'nor are those of others');
	$server->stop_ok;
}

# ---- how much one may send ----

{
	my $server = web_server($node, '--max-body', 50_000);
	my $anna = $server->sign_in('anna');
	my $nobody = $server->client;
	$server->sign_in('bert')->post("$row/lock");
	my $values = sub { return { values => { title => 'x' x $_[0] } } };
	is_problem($nobody->put($row, $values->(100)), 401, 'unauthenticated', 'a small body of nobody');
	is_problem($nobody->put($row, $values->(20_000)), 401, 'unauthenticated', 'a large one');
	is_problem($nobody->post('/session', { role => 'anna', password => 'x' x 20_000 }), 413, 'too-large', 'more than signing in takes');
	is_problem($anna->put($row, $values->(49_000)), 423, 'locked', 'who is signed in may send as much as --max-body says');
	is_problem($anna->put($row, $values->(50_001)), 413, 'too-large', 'and no more');
	$server->stop_ok;
}

done_testing();
