# Signing in and out: cookies, refusals, planted cookies, and what a refusal
# must not disclose.
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

# For tests in which unused connections must stay open.
my @kept = ('--database-idle', 3600);

# ---- signing in ----

{
	my $server = web_server($node, @kept);
	my $anna = $server->client;
	my $reply = $anna->sign_in('anna', 'anna-pw');
	is($reply->{status}, 201, 'signed in');
	is("$reply->{json}{role} $reply->{json}{owner} $reply->{json}{owner_name}", 'anna anna Anna Albers', "the owner is the role, with the role's comment as display name");
	like($reply->{headers}{'set-cookie'}, qr/^locking_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/, 'the cookie');
	is($reply->{headers}{'cache-control'} // '', 'no-store', 'the reply must not be cached');
	is($anna->get('/session')->{json}{csrf}, $anna->{csrf}, 'the session has its CSRF token');
	isnt($anna->{csrf}, $anna->{cookie}, 'the CSRF token differs from the cookie');

	my $first = $anna->{cookie};
	$anna->sign_in('anna', 'anna-pw');
	isnt($anna->{cookie}, $first, 'signing in again gives another cookie');
	is_problem($server->client(headers => { Cookie => "locking_session=$first" })->get('/session'), 401, 'unauthenticated', 'signing in again ends the former session');

	is_problem($server->client(headers => { Cookie => "locking_session=$_" })->get('/tables'), 401, 'unauthenticated', "an invented cookie: $_")
	  for 'x', '', $anna->{csrf}, 'a' x 64, 'a' x 3000;

	cmp_ok(connections($node, 'anna'), '>', 0, 'the role has connections');
	my $stream = $server->wire->send_request($anna, 'GET', '/events');
	$stream->read_until(qr/^id: /m);
	is($anna->delete('/session')->{status}, 204, 'signed out');
	is_problem($anna->get($row), 401, 'unauthenticated', 'the session has ended');
	is_problem($anna->delete('/session'), 401, 'unauthenticated', 'an ended session cannot be ended again');
	ok(defined $stream->read_until(qr/^0\r\n\r\n/m), 'the stream of the session has ended');
	has_no_connections($node, 'anna', 'the connections of the session to the database are closed');

	$reply = $server->sign_in('bert')->delete('/session');
	like($reply->{headers}{'set-cookie'}, qr/^locking_session=;.* Max-Age=0$/, 'signing out deletes the cookie');
	$server->stop_ok;
}

# ---- no way in ----

{
	# Session fixation: a cookie that the client sends never becomes that of a
	# session.
	my $server = web_server($node);
	my $planted = 'a' x 64;
	my $victim = $server->client(headers => { Cookie => "locking_session=$planted" });
	my $reply = $victim->sign_in('anna', 'anna-pw');
	is($reply->{status}, 201, 'signed in with a planted cookie');
	unlike($reply->{headers}{'set-cookie'}, qr/$planted/, 'the session has another cookie');
	is_problem($server->client(headers => { Cookie => "locking_session=$planted" })->get('/session'), 401, 'unauthenticated', 'a planted cookie is not valid');
	my $mine = $server->sign_in('bert');
	$victim = $server->client(headers => { Cookie => "locking_session=$mine->{cookie}" });
	$victim->sign_in('anna', 'anna-pw');
	is_problem($mine->get('/session'), 401, 'unauthenticated', 'a planted session ends and does not become that of the victim');

	# Mass assignment: members that a body may not have change nothing.
	my $anna = $server->sign_in('anna');
	my $lock = $anna->post('/tables/article/rows/5/lock', { owner => 'bert', owner_name => 'Bert', token => 7, is_mine => JSON::PP::false, acquired_at => '2000-01-01', expires_at => '2999-01-01T00:00:00Z', key => '6', table => 'x', note => 'mine' })->{json}{lock};
	is("$lock->{owner} $lock->{owner_name} $lock->{key} $lock->{note}", 'anna Anna Albers 5 mine', 'owner and key of a lock do not come from the body');
	cmp_ok($lock->{seconds_left}, '<', 3600, 'the expiry of a lock does not come from the body');
	isnt($lock->{token}, 7, 'the token of a lock does not come from the body');
	$reply = $anna->put('/tables/article/rows/5', { token => $lock->{token}, values => { title => 'new', owner => 'bert' } });
	is_problem($reply, 422, 'invalid', 'a value for a column that does not exist');
	$reply = $server->client->post('/session', { role => 'anna', password => 'anna-pw', owner => 'boss', csrf => 'x' x 64, may => { break_locks => JSON::PP::true }, proxy => JSON::PP::true });
	is("$reply->{json}{owner} " . ($reply->{json}{csrf} =~ /^x+$/ ? 1 : 0) . ($reply->{json}{may}{break_locks} ? 1 : 0), 'anna 00', 'owner, CSRF token and privileges of a session do not come from the body');
	sql($node, 'DELETE FROM locking.lock');

	# The time of a refusal does not disclose whether a role exists, since
	# PostgreSQL, which sees to that, checks the password of any role.
	my $checked = sub { return in_log($node, qr/FATAL: .*password authentication failed for user "$_[0]"/) };
	for my $role ('anna', 'nobody')
	{
		my $already = $checked->($role);
		is_problem($server->client->sign_in($role, 'wrong'), 401, 'sign-in-failed', "refused: $role");
		is($checked->($role), $already + 1, 'its password was checked by PostgreSQL, once');
	}
	$server->stop_ok;
}

# ---- refused ----

{
	my $server = web_server($node);
	# the server has a password of locking_web's
	my @refusals = map { $server->client->sign_in(@$_) } [ 'anna', 'wrong' ], [ 'nobody', 'wrong' ], [ 'anna', '' ], [ 'locking_web', '' ];
	is_problem($_, 401, 'sign-in-failed', 'refused') for @refusals;
	is($_->{content}, $refusals[0]{content}, 'all refusals have the same body') for @refusals;
	is($_->{headers}{'set-cookie'}, undef, 'a refusal sets no cookie') for @refusals;
	is(connections($node, 'anna'), 0, 'no connection is left');
	$server->stop_ok;
}
{
	# A role that the database accepts without a password is not
	# authenticated.
	my $superuser = getpwuid $>;
	my $server = web_server($node);
	is_problem($server->client->sign_in($superuser, 'any'), 403, 'sign-in-refused', 'a role with trust authentication');
	is_problem($server->client->post('/session', $_->[1]), 422, 'invalid', $_->[0])
	  for [ 'no role' => { password => 'x' } ], [ 'no password' => { role => 'anna' } ], [ 'an empty role' => { role => '', password => 'x' } ],
	  [ 'a role that is a number' => { role => 1, password => 'x' } ], [ 'a role that is too long' => { role => 'x' x 64, password => 'x' } ],
	  [ 'a password that is too long' => { role => 'anna', password => 'x' x 1024 } ], [ 'an array' => [] ], [ 'a text' => 'anna' ],
	  [ 'no JSON' => \'role=anna' ], [ 'a member twice' => \'{"role": "bert", "role": "anna", "password": "anna-pw"}' ],
	  [ 'connection parameters' => \'{"role": "anna\u0000", "password": "x"}' ];
	is_problem($server->client->sign_in("anna' host=/tmp", 'x'), 401, 'sign-in-failed', 'a role name is not a connection string');
	is_problem($server->client->sign_in('dbname=template1 user=anna', 'anna-pw'), 401, 'sign-in-failed', 'a role name is not a connection string of several parameters');
	$server->stop_ok;
}

done_testing();
