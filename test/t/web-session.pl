# The end of a session: by time, by a change of the role, by the number of
# sessions.
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
	my $reply = is_problem($server->client->sign_in('anna', 'anna-pw'), 429, 'too-many', 'a third session of a role');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
	is($reply->{headers}{'set-cookie'}, undef, 'a refused sign-in sets no cookie');
	my $bert = $server->sign_in('bert');
	is_problem($server->client->sign_in('boss', 'boss-pw'), 429, 'too-many', 'a fourth session in total');
	is(connections($node, 'boss'), 0, 'a refused role has no connection');
	$annas[0]->delete('/session');
	is($server->client->sign_in('boss', 'boss-pw')->{status}, 201, 'a session is possible again after signing out');
	is($annas[1]->get($row)->{status}, 200, 'the other sessions continue');
	$server->stop_ok;
}

done_testing();
