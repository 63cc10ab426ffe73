# A proxy that authenticates users: headers, names, and requests that do not
# come from it.
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
# From 1.0 on, libmicrohttpd parses headers as strictly as it is told to.
my $is_strict = system('pkg-config', '--atleast-version=1.0', 'libmicrohttpd') == 0;

sql($node, 'GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web; GRANT SELECT, UPDATE ON article TO locking_web;'
	  . ' ALTER ROLE locking_web SET locking.require_owner = on');
my @proxy = ('--user-header', 'X-Remote-User', '--name-header', 'X-Remote-Name');
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my %ann = ('X-Remote-User' => 'ann@example.org', 'X-Remote-Name' => 'Ann Berg');
	my $ann = $server->client(headers => \%ann);
	my $reply = $ann->get('/session');
	is("$reply->{status} $reply->{json}{owner} $reply->{json}{role}", '200 ann@example.org locking_web', 'signed in by the proxy');
	is($reply->{json}{owner_name}, 'Ann Berg', 'the session has the display name');
	$ann->enter($reply);
	is($ann->post("$row/lock")->{status}, 201, 'the user locks a row');
	my $bob = $server->client(headers => { 'X-Remote-User' => 'bob' });
	$bob->enter($bob->post('/session', {}));
	$reply = is_problem($bob->post("$row/lock"), 423, 'locked', 'another user is refused');
	is("$reply->{json}{lock}{owner}, $reply->{json}{lock}{owner_name}", 'ann@example.org, Ann Berg', 'the refusal has the holder');
	is($reply->{json}{lock}{token}, undef, 'the refusal does not have the token');

	my $thief = $server->client(headers => { 'X-Remote-User' => 'bob', Cookie => "locking_session=$ann->{cookie}", 'X-CSRF-Token' => $ann->{csrf} });
	is_problem($thief->get($row), 401, 'unauthenticated', 'a cookie is not valid for another user');
	is_problem($ann->get($row, undef, 'X-Remote-User' => undef), 401, 'unauthenticated', 'a cookie is not valid without a user');
	my $wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: ann\@example.org\r\nX-Remote-User: root\r\n\r\n");
	is($wire->read_reply->{status}, 401, 'two user headers are refused');
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: \xff\xfe\r\n\r\n");
	is($wire->read_reply->{status}, 403, 'a name that is not UTF-8 is refused');
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: \xc3\x85sa\r\n\r\n");
	is($wire->read_reply->{json}{owner}, "\x{c5}sa", 'a name may be in any script');
	is($server->client(headers => { 'X-Remote-User' => q(x'; DROP TABLE article; --) })->get('/session')->{json}{owner}, q(x'; DROP TABLE article; --), 'a name is not SQL');

	# Two owners must not look the same, and a name must not end a line or
	# fill a page.
	my $named = sub { return $server->wire->send("$_[0] HTTP/1.1\r\nHost: a\r\nCookie: locking_session=$ann->{cookie}\r\n$_[1]\r\n\r\n")->read_reply };
	my %bad = ('a blank at the end' => 'ann@example.org ', 'blanks at the end' => 'ann@example.org   ', 'a tab at the end' => "ann\@example.org\t", 'a tab' => "ann\t\@example.org",
		'a no-break space at the end' => "ann\@example.org\xc2\xa0", 'a no-break space at the beginning' => "\xc2\xa0ann\@example.org", 'an ideographic space' => "ann\xe3\x80\x80", 'a space without width' => "ann\xe2\x80\x8b",
		'a control character' => "ann\x01", 'an escape' => "ann\e[31m", 'DEL' => "ann\x7f", 'another control character' => "ann\xc2\x85x", 'a byte that is not UTF-8' => "ann\xff", 'overlong UTF-8' => "a\xc1\xa1", 'half a character' => "ann\xc3",
		'256 bytes' => 'a' x 256, '8000 bytes' => 'a' x 8000, 'nothing but no-break spaces' => "\xc2\xa0\xc2\xa0");
	if ($is_strict)
	{
		# In HTTP they are no part of the value: this library omits them.
		my @blanks = grep { /^(a blank|blanks|a tab) at the end$/ } keys %bad;
		is($named->('GET /api/v1/session', "X-Remote-User: $_")->{json}{owner}, 'ann@example.org', 'blanks around a value') for map { "  $_" } delete @bad{@blanks};
	}
	for my $what (sort keys %bad)
	{
		for my $ask ([ 'GET /api/v1/session', "X-Remote-User: $bad{$what}" ], [ 'GET /api/v1/tables', "X-Remote-User: $bad{$what}" ], [ 'GET /api/v1/session', "X-Remote-User: ann\@example.org\r\nX-Remote-Name: $bad{$what}" ])
		{
			is_problem($named->(@$ask), 403, 'forbidden', "a name with $what: $ask->[0] " . ($ask->[1] =~ /Name/ ? 'display name' : ''));
		}
	}
	like($server->log, qr/locking-web: the authenticating proxy sent an invalid name: "ann\\x1b\[31m"/, 'a refused name is logged');
	is(sql($node, "SELECT count(*) FROM locking.lock WHERE owner <> 'ann\@example.org'"), 0, 'no lock has another owner');

	# Lines that a proxy may take for another header, so that it neither
	# removes nor replaces them.
	my %passed = (
		'a space before the colon' => '%s%s : root', 'a tab before the colon' => "%s%s\t: root", 'a space in the name' => '%s %s: root',
		'a NUL before the colon' => "%s%s\0: root", 'no colon' => '%s%s root', 'a folded line' => "X: y\r\n %s%s: root", 'a folded value' => "%s%s:\r\n root",
		'a name of two lines' => "%s: root\r\n %s", 'a name of two lines, with a tab' => "%s:root\r\n\t%s", 'a name of three lines' => "%s: root\r\n %s\r\n ",
	);
	for my $what (sort keys %passed)
	{
		for my $name ([ 'X-Remote', '-User' ], [ 'X-Remote-', 'Name' ])
		{
			my $line = sprintf $passed{$what}, @$name;
			my $got = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\n$line\r\n" . ($name->[1] eq 'Name' ? "X-Remote-User: bob\r\n" : '') . "\r\n")->read_reply;
			is($got->{status}, 400, "not a header of the proxy: $what, @$name");
		}
	}
	# Before 1.0, the library accepts these. They are no such headers, either.
	for my $line ("X: y\rX-Remote-Name: root", "X: y\0X-Remote-Name: root")
	{
		my $got = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\n$line\r\nX-Remote-User: bob\r\n\r\n")->read_reply;
		like(($got->{json}{owner} // $got->{status}) . ($got->{json}{owner_name} // ''), $is_strict ? qr/^400$/ : qr/^bob$/, 'no line ends there: ' . $line =~ s/([\r\0])/sprintf '%02x', ord $1/er);
	}
	$wire = $server->wire->send("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-Remote-User: " . "\xc3\x85" x 127 . "\r\n\r\n");
	is($wire->read_reply->{json}{owner}, "\x{c5}" x 127, 'a name of 254 bytes');
	is($named->('GET /api/v1/session', 'X-Remote-User: Ann Berg')->{json}{owner}, 'Ann Berg', 'a name with a blank in it');

	$reply = $server->client(headers => { %ann, 'X-Forwarded-Proto' => 'https' })->get('/session');
	like($reply->{headers}{'set-cookie'}, qr/; Secure$/, 'behind TLS the cookie is Secure');
	ok($reply->{headers}{'strict-transport-security'}, 'with Strict-Transport-Security');
	$server->stop_ok;
}
{
	# django-locking's pages cannot begin a session. All requests of a user
	# share one, or a page with many rows would use up the user's sessions.
	sql($node, 'CREATE TABLE news_story (id integer PRIMARY KEY); INSERT INTO news_story VALUES (1), (2);'
		  . " SELECT locking.protect('news_story', ttl => '1 min', warning => '50 s'); GRANT SELECT, UPDATE ON news_story TO locking_web");
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1', '--sessions-per-role', 2);
	my $ask = sub
	{
		my ($path, %headers) = @_;
		my %script = ('X-Requested-With' => 'XMLHttpRequest', 'X-Remote-User' => 'ann@example.org', 'X-Remote-Name' => 'Ann Berg');
		return $server->client->get("//admin/ajax/$path", undef, %script, %headers);
	};
	my @foreign = ([ 'Sec-Fetch-Site' => 'cross-site' ], [ Origin => 'https://example.com' ], [ Referer => 'https://example.com/' ]);
	is($ask->('news/story/1/is_locked/', @$_)->{status}, 403, "a page of another site begins no session: @$_") for @foreign;
	is($ask->('news/story/1/is_locked/', 'X-Remote-User' => undef)->{status}, 401, 'no user');
	is($server->client->get('//metrics')->{content} =~ /^locking_web_sessions (\d+)/m && $1, 0, 'no session has begun');
	is($ask->('news/story/1/is_locked/')->{status}, 200, 'the first request of a page');
	is($ask->("news/story/$_/lock/")->{status}, 200, "row $_ is locked") for 1, 2;
	is(sql($node, 'SELECT DISTINCT owner, owner_name FROM locking.lock'), 'ann@example.org|Ann Berg', 'by the user of the proxy');
	my $bob = $ask->('news/story/1/is_locked/', 'X-Remote-User' => 'bob', 'X-Remote-Name' => undef);
	is($bob->{content} =~ s/ //gr, '{"is_active":true,"for_user":"ann@example.org","applies":true}', 'another user sees that');
	is($ask->('news/story/1/lock/', 'X-Remote-User' => 'bob')->{status}, 403, 'and cannot lock the row');
	is($ask->('news/story/1/unlock/')->{status}, 200, 'unlocked');
	is($ask->('news/story/1/is_locked/')->{status}, 200, 'one of many requests') for 1 .. 10;
	is($server->client->get('//metrics')->{content} =~ /^locking_web_sessions (\d+)/m && $1, 3, 'a session for each user and name');
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	is($ann->get('/session')->{status}, 200, 'the user still has room for a session');
	like($ask->('variables.js')->{content}, qr/"time_until_expiration": 60, "time_until_warning": 50/, 'the times are those of the tables');
	sql($node, 'SELECT locking.break_lock(relation, key, NULL) FROM locking.locks; DROP TABLE news_story');
	$server->stop_ok;
}
{
	# Only members of some groups end others' locks; releasing one's own, and
	# all else, is for everyone.
	my $server = web_server($node, @proxy, '--group-header', 'X-Remote-Groups', '--trusted-proxy', '127.0.0.1', map { ('--take-over-group', $_) } 'chief-editors', 'admins', '"night desk"');
	my $enter = sub
	{
		my ($user, @groups) = @_;
		my $client = $server->client(headers => { 'X-Remote-User' => $user, @groups ? ('X-Remote-Groups' => $groups[0]) : () });
		$client->enter(my $reply = $client->get('/session'));
		return ($client, $reply->{json}{may});
	};
	sql($node, 'GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, text, text), locking.take_over(regclass, text, text, interval, boolean, text, text) TO locking_web');
	sql($node, "CREATE TABLE news_story (id integer PRIMARY KEY); INSERT INTO news_story VALUES (1); SELECT locking.protect('news_story'); GRANT SELECT, UPDATE ON news_story TO locking_web");
	my $held = sub { return sql($node, "SELECT string_agg(owner, ',') FROM locking.locks WHERE relation = 'article'::regclass") };
	my ($ann) = $enter->('ann@example.org');
	is($ann->post("$_/lock")->{status}, 201, "a user holds a row: $_") for $row, '/tables/news_story/rows/1';
	my @others = (undef, '', ' , ', 'editors', 'Admins', 'admin', 'admins2', 'chief', 'chief editors', 'editors;admins', 'night', 'desk', 'night, desk', '"night desk"');
	for my $groups (@others)
	{
		my $what = defined $groups ? "groups '$groups'" : 'no groups';
		my ($bob, $may) = $enter->('bob', grep { defined } $groups);
		ok(!$may->{take_over} && !$may->{break_locks}, "$what: the session says so");
		my $of_table = $bob->get('/tables/article')->{json}{may};
		ok(!$of_table->{take_over} && !$of_table->{break_locks}, "$what: the table says so");
		is_problem($bob->post("$row/lock/$_", { reason => 'x' }), 403, 'forbidden', "$what: $_") for 'takeover', 'break';
		is_problem($bob->post('/locks/break', { locks => [ { table => 'article', key => '1' } ] }), 403, 'forbidden', "$what: /locks/break");
		is($bob->get('//admin/ajax/news/story/1/unlock/', undef, 'X-Requested-With' => 'XMLHttpRequest')->{status}, 403, "$what: unlock");
		is($held->() . sql($node, 'SELECT count(*) FROM locking.locks'), 'ann@example.org2', "$what: the locks are still there");
	}
	my ($bob) = $enter->('bob', 'editors');
	my $own = $bob->post('/tables/article/rows/2/lock');
	is($own->{status}, 201, 'who may not end the locks of others has own ones');
	is($bob->delete("/tables/article/rows/2/lock?token=$own->{json}{lock}{token}")->{status}, 204, 'and ends them');
	for my $groups ('admins', 'editors, chief-editors', "editors,\tadmins , x", 'chief-editors,', 'editors, night desk')
	{
		my ($chief, $may) = $enter->('carla', $groups);
		ok($may->{take_over} && $may->{break_locks}, "groups '$groups': the session says so");
		is($chief->post("$row/lock/takeover", { reason => 'x' })->{status}, 200, "groups '$groups': takes over");
		is($held->(), 'carla', 'the lock is the other one\'s');
		is($chief->post("$row/lock/break", { reason => 'x' })->{status}, 200, "groups '$groups': removes");
		is($held->(), '', 'the lock is gone');
		is($ann->post("$row/lock")->{status}, 201, 'locked again');
	}
	my $cookie = ($enter->('carla', 'admins'))[0];
	my $wire = $server->wire->send("POST /api/v1$row/lock/break HTTP/1.1\r\nHost: a\r\nX-Remote-User: carla\r\nX-Remote-Groups: admins\r\nX-Remote-Groups: x\r\nCookie: locking_session=$cookie->{cookie}\r\nX-CSRF-Token: $cookie->{csrf}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	is($wire->read_reply->{status}, 403, 'a repeated header names no group');
	is($held->(), 'ann@example.org', 'the lock is still there');
	sql($node, 'SELECT locking.break_lock(relation, key, NULL) FROM locking.locks; DROP TABLE news_story;'
		  . ' REVOKE EXECUTE ON FUNCTION locking.break_lock(regclass, text, text), locking.take_over(regclass, text, text, interval, boolean, text, text) FROM locking_web');
	$server->stop_ok;
}
{
	# A name that the database refuses although the server accepts it.
	my $function = sql($node, "SELECT pg_get_functiondef('locking.set_owner(text, text, boolean)'::regprocedure)");
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	$ann->enter($ann->get('/session'));
	sql($node, $function =~ s/ LANGUAGE c\b.*//sr . " LANGUAGE plpgsql AS \$\$BEGIN RAISE 'owner names have no such characters' USING ERRCODE = '22023'; END\$\$");
	for my $path ($row, '/tables')
	{
		my $reply = is_problem($ann->get($path), 403, 'forbidden', "a name that the database refuses: $path");
		is($reply->{json}{detail}, 'owner names have no such characters', 'the reply has the message of the database');
	}
	is_problem($server->client(headers => { 'X-Remote-User' => 'bob' })->get('/session'), 403, 'forbidden', 'a name that the database refuses begins no session');
	sql($node, $function);
	is($ann->get($row)->{status}, 200, 'a name that is accepted works again');
	$server->stop_ok;
}
{
	# The user may have two sessions: if these requests began sessions, the
	# user's own would be refused.
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1', '--sessions-per-role', 2);
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	my @foreign = ([ 'Sec-Fetch-Site' => 'cross-site' ], [ 'Sec-Fetch-Site' => 'same-site' ], [ Origin => 'https://example.com' ], [ Referer => 'https://example.com/' ]);
	is_problem($ann->get('/session', undef, @$_), 403, 'csrf', "a page of another site begins no session: @$_") for @foreign;
	is($ann->get('/session', undef, 'Sec-Fetch-Site' => 'same-origin')->{status}, 200, 'a page of another site uses up no session of the user');
	$server->stop_ok;
}
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '127.0.0.1');
	my $ann = $server->client(headers => { 'X-Remote-User' => 'ann@example.org' });
	$ann->enter($ann->get('/session'));
	sql($node, "ALTER ROLE locking_web PASSWORD 'other'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locking_web'");
	has_no_connections($node, 'locking_web', 'the server cannot connect: its password is wrong');
	is_problem($ann->get($_), 503, 'unavailable', "503 instead of 401: $_") for $row, '/tables', '/session';
	sql($node, "ALTER ROLE locking_web PASSWORD 'locking_web-pw'");
	is($ann->get($row)->{status}, 200, 'the session continues after the outage');
	$server->stop_ok;
}
{
	my $server = web_server($node, @proxy, '--trusted-proxy', '192.0.2.0/24,127.0.0.2/31,::1');
	my %spoofed = ('X-Remote-User' => 'ann@example.org', 'X-Forwarded-For' => '192.0.2.1');
	my $ask = sub { return $server->wire->send_request(undef, @_[ 0 .. 2 ], %spoofed)->read_reply };
	is_problem($ask->('GET', '/session'), 403, 'forbidden', 'the header from another address is refused');
	is_problem($ask->('POST', '/session', { role => 'anna', password => 'anna-pw' }), 403, 'forbidden', 'a password from another address is refused');
	is_problem($ask->('GET', $_), 403, 'forbidden', "from another address: $_") for $row, '/tables', '/events', '/locks';
	is($server->client->get('//healthz')->{status}, 200, 'except /healthz');
	$server->stop_ok;
}
{
	my $server = web_server($node);
	my $spoofed = $server->client(headers => { 'X-Remote-User' => 'anna', 'X-Forwarded-Proto' => 'https', 'X-Forwarded-For' => '203.0.113.9', 'X-Forwarded-Host' => 'example.com' });
	is_problem($spoofed->get('/session'), 401, 'unauthenticated', 'without a proxy the user header is ignored');
	my $reply = $spoofed->sign_in('anna', 'anna-pw');
	unlike($server->log, qr/203\.0\.113\.9/, 'X-Forwarded-For is ignored');
	unlike($reply->{headers}{'set-cookie'}, qr/Secure/, 'X-Forwarded-Proto is ignored');
	is($reply->{headers}{'strict-transport-security'}, undef, 'no Strict-Transport-Security');
	is_problem($spoofed->post("$row/lock", {}, Origin => 'https://example.com'), 403, 'csrf', 'X-Forwarded-Host is ignored');
	$server->stop_ok;
}

{
	# The proxy adds a header after those of the client.  On one connection,
	# so that the log has the requests in order.
	my $server = web_server($node, '--trusted-proxy', '127.0.0.0/31');
	my $wire = $server->wire;
	$wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 198.51.100.8, 203.0.113.7\r\n\r\n")->read_reply;
	$wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: nobody\r\n\r\n")->read_reply;
	$server->stop_ok;
	is_deeply([ $server->log =~ m{^\S+ (\S+) - GET /healthz}mg ], [ '203.0.113.7', '127.0.0.1' ], 'the peer is the last address of the last header, if it is valid');
}

done_testing();
