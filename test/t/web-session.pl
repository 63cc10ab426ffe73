# The end of a session: by time, by a change of the role, by the number of
# sessions, by its user; and the session of another user than the page's.
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

# ---- time limits ----

{
	my $server = web_server($node, '--session-idle', 2, '--session-absolute', 1000, @kept);
	my ($used, $unused) = ($server->sign_in('anna'), $server->sign_in('bert'));
	# The first session is used until the connections of the unused one are
	# closed.
	my $ended = LockingWeb::in_seconds(60, 'idle limit', sub {
		while (connections($node, 'bert') > 0)
		{
			return 0 if $used->get('/session')->{status} != 200;
			select undef, undef, undef, 0.2;
		}
		return 1;
	});
	ok($ended, 'a used session continues, an unused one ends');
	is_problem($unused->get('/session'), 401, 'unauthenticated', 'the unused session has ended by the idle limit');
	is($used->get('/session')->{json}{idle_timeout}, 2, 'the session shows the limit');
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
	has_no_connections($node, 'anna', 'the connections of an ended session are closed');
	$server->stop_ok;
}

# ---- a role that may no longer sign in ----

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
		'dropped and created again' => "DROP OWNED BY gone; DROP ROLE gone; CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone",
		'renamed, and another role with its name' => "ALTER ROLE gone RENAME TO went; ALTER ROLE went PASSWORD 'gone-pw'; CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone",
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
		is_problem($reply, 401, 'unauthenticated', "$way: ends a session in use");
		ok(defined $stream->read_until(qr/^0\r\n\r\n/m, 30), "$way: ends a stream without other requests");
		is_problem($unused->get($row), 401, 'unauthenticated', "$way: ends the session of the stream");
		ok(!$hers->{closed} && $anna->get($row)->{status} == 200, "$way: does not end sessions of other roles");
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
	like($server->log, qr/locking-web: session of gone ended: /, 'the log has the reason');
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
	is(sql($node, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'anna' AND backend_start < now() - interval '3 s'"), 0, 'a connection in constant use is replaced after a while');
	$server->stop_ok;
}
{
	# A refused connection ends the session, without waiting for the next
	# check.
	my $server = web_server($node, '--reauthenticate', 1000, '--database-idle', 1);
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT SELECT ON article TO gone");
	my $client = $server->sign_in('gone');
	has_no_connections($node, 'gone', 'an unused connection is closed');
	sql($node, 'ALTER ROLE gone NOLOGIN');
	is_problem($client->get($row), 401, 'unauthenticated', 'a refused connection ends the session');
	sql($node, 'ALTER ROLE gone LOGIN');
	is_problem($client->get($row), 401, 'unauthenticated', 'the session stays ended');
	sql($node, 'DROP OWNED BY gone; DROP ROLE gone');
	$server->stop_ok;
}
{
	# Connections of a dropped role are still open: the first request that
	# fails on one ends the session.
	my $server = web_server($node, @kept);
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; GRANT ALL ON article TO gone");
	my @clients = map { $server->sign_in('gone') } 1 .. 4;
	select undef, undef, undef, 1.5;
	sql($node, 'DROP OWNED BY gone; DROP ROLE gone');
	is_problem($clients[0]->post("$row/lock"), 401, 'unauthenticated', 'locking as a role that was dropped');
	is_problem($clients[1]->get('/session'), 401, 'unauthenticated', 'reading the session as a dropped role');
	is_problem($clients[2]->put($row, { values => { title => 'x' } }), 401, 'unauthenticated', 'saving as a dropped role') for 1 .. 2;
	is_problem($clients[3]->put('/tables/article/protection', {}), 401, 'unauthenticated', 'protecting as a dropped role');
	is_problem($server->client->sign_in('gone', 'gone-pw'), 401, 'sign-in-failed', 'signing in as a dropped role');
	sql($node, "CREATE ROLE gone LOGIN PASSWORD 'gone-pw'; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC; GRANT CONNECT ON DATABASE postgres TO locking_web");
	my $reply = is_problem($server->client->sign_in('gone', 'gone-pw'), 401, 'sign-in-failed', 'a role that may not connect, with the right password');
	is($reply->{content}, $server->client->sign_in('gone', 'wrong')->{content}, 'a role that may not connect gets the same reply as with a wrong password');
	sql($node, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC; DROP ROLE gone');
	$server->stop_ok;
}

# ---- number of sessions ----

{
	my $server = web_server($node, '--sessions-per-role', 2, '--max-sessions', 3);
	my @annas = map { $server->sign_in('anna') } 1, 2;
	my $stream = $server->wire->send_request($annas[0], 'GET', '/events');
	$stream->read_until(qr/^id: /m);
	push @annas, $server->sign_in('anna');
	is_problem($annas[0]->get($row), 401, 'unauthenticated', 'a third session of a role ends the oldest');
	ok(defined $stream->read_until(qr/^0\r\n\r\n/m, 30), 'and its stream');
	is($_->get($row)->{status}, 200, 'the others continue') for @annas[ 1, 2 ];
	my $bert = $server->sign_in('bert');
	my $reply = is_problem($server->client->sign_in('boss', 'boss-pw'), 429, 'too-many', 'a fourth session in total');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
	is($reply->{headers}{'set-cookie'}, undef, 'a refused sign-in sets no cookie');
	is(connections($node, 'boss'), 0, 'a refused role has no connection');
	is($server->client->sign_in('anna', 'anna-pw')->{status}, 201, 'the role of an existing session can sign in again');
	$bert->delete('/session');
	is($server->client->sign_in('boss', 'boss-pw')->{status}, 201, 'a session is possible again after signing out');
	$server->stop_ok;
}

# ---- the list of one's own sessions ----

{
	my $server = web_server($node);
	my %agent = (headers => { 'User-Agent' => 'Browser ' . 'x' x 300 });
	my ($desk, $phone, $bert) = ($server->sign_in('anna', %agent), $server->sign_in('anna', headers => { 'User-Agent' => undef }), $server->sign_in('bert'));
	my $list = $desk->get('/sessions')->{json}{sessions};
	is(scalar @$list, 2, "a user's own sessions are listed");
	is_deeply([ map { !!$_->{is_current} } @$list ], [ !!1, !!0 ], 'oldest first, with this one marked');
	is($list->[0]{user_agent}, substr('Browser ' . 'x' x 300, 0, 255), 'the browser, cut off');
	like($list->[1]{user_agent}, qr{^HTTP-Tiny/}, "of a program, its own name");
	is($list->[0]{address}, '127.0.0.1', 'the address');
	ok($list->[0]{started_at} le $list->[0]{used_at} && $list->[0]{used_at} =~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'when it began and was used last');
	unlike($desk->get('/sessions')->{content}, qr/$desk->{cookie}|$phone->{cookie}|$phone->{csrf}/, 'no secrets');
	is_problem($bert->delete("/sessions/$list->[1]{id}"), 404, 'not-found', "another user's session");
	is_problem($desk->delete("/sessions/$list->[1]{id}", undef, 'X-CSRF-Token' => undef), 403, 'csrf', 'ending one without the CSRF token');
	is($phone->get($row)->{status}, 200, 'the session is still open');
	is($desk->delete("/sessions/$list->[1]{id}")->{status}, 204, 'ended from elsewhere');
	is_problem($phone->get($row), 401, 'unauthenticated', 'the session has ended');
	is_problem($desk->delete("/sessions/$list->[1]{id}"), 404, 'not-found', 'it cannot be ended twice');
	is(scalar @{ $desk->get('/sessions')->{json}{sessions} }, 1, 'and is not listed');
	is($desk->delete("/sessions/$list->[0]{id}")->{status}, 204, "one's own session");
	is_problem($desk->get('/sessions'), 401, 'unauthenticated', 'is ended, too');
	$server->stop_ok;
}

# ---- a page of another user ----

{
	my $server = web_server($node);
	sql($node, q(CREATE ROLE "j\303\266 (d)" LOGIN PASSWORD 'odd'; GRANT SELECT ON article TO "j\303\266 (d)") =~ s/\\(\d+)/chr oct $1/ger);
	my $anna = $server->sign_in('anna');
	my %as_bert = ('X-Session-Owner' => 'bert');
	my $problem = is_problem($anna->get($row, undef, %as_bert), 403, 'other-user', 'reading by a page of another user');
	is($problem->{json}{owner}, 'anna', 'the reply names the user who is signed in');
	is_problem($anna->put($row, { values => { body => 'x' } }, %as_bert), 403, 'other-user', 'writing by a page of another user');
	is(sql($node, 'SELECT body FROM article WHERE id = 1'), 'body', 'nothing is written');
	is($anna->get($row, undef, 'X-Session-Owner' => 'anna')->{status}, 200, "the user's own page");
	is($anna->get('/session', undef, %as_bert)->{status}, 200, 'any page can ask who is signed in');
	my $odd = $server->client;
	is($odd->sign_in("j\x{f6} (d)", 'odd')->{status}, 201, 'a name with other characters');
	is($odd->get($row, undef, 'X-Session-Owner' => 'j%C3%B6%20%28d%29')->{status}, 200, 'is compared percent-encoded');
	$server->stop_ok;
}

done_testing();
