# The live stream: who hears what, what is missed, slow readers; the database
# going away, and the end of the server.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
my $row = '/tables/article/rows/1';

# ---- streams ----

# A stream that is open, with the id it begins with.
sub stream
{
	my ($server, $client, %headers) = @_;
	my $self = { wire => $server->wire->send_request($client, 'GET', '/events', undef, %headers) };
	my $head = $self->{wire}->read_until(qr/\r\n\r\n/) // '';
	die "no stream: $head\n" unless $head =~ m{^HTTP/1\.1 200 .*text/event-stream}s;
	my $first = part($self);
	$self->{id} = $first->{id};
	return $self;
}

# An event without a lock: anybody may send one.
sub notify
{
	my ($table) = @_;
	sql($node, qq(NOTIFY locking, '{"event": "acquired", "table": "$table", "key": "sign"}'));
	return;
}

# A server that hears what the database tells, so that from now on no stream
# misses anything.
sub listening_server
{
	my (@options) = @_;
	my $server = web_server($node, @options);
	my $witness = stream($server, $server->sign_in('boss'));
	LockingWeb::in_seconds(60, 'the first event', sub {
		until ($witness->{wire}{input} =~ /"sign"/)
		{
			notify('public.article');
			$witness->{wire}->read_some(0.5);
		}
	});
	$witness->{wire}->close;
	return $server;
}

# The next block of a stream: event, data, id, comment; undef at its end.
sub part
{
	my ($stream, $seconds) = @_;
	until (($stream->{text} //= '') =~ /\n\n/)
	{
		my $size = $stream->{wire}->read_until(qr/\A[0-9A-F]+\r\n/, $seconds) // return undef;
		return undef if hex $size == 0;
		$stream->{text} .= substr $stream->{wire}->read_until(qr/\A.{${\ hex $size}}\r\n/s), 0, -2;
	}
	my ($block) = $stream->{text} =~ s/\A(.*?)\n\n//s ? $1 : '';
	my %part = map { /^(\w*): ?(.*)/ ? ($1 || 'comment', $2) : (comment => '') } split /\n/, $block;
	$part{json} = $LockingWeb::json->decode($part{data}) if defined $part{data};
	return \%part;
}

# The next event that is no comment, in words; 'nothing' if there is none for
# long.
sub heard
{
	my ($stream) = @_;
	my $deadline = time + $LockingWeb::PATIENCE;
	while (my $part = part($stream))
	{
		return 'nothing' if time > $deadline;
		next if defined $part->{comment} && !$part->{event};
		$stream->{last} = $part;
		my $data = $part->{json};
		return $part->{event} eq 'reset' ? 'reset' : join ' ', map { defined ? $_ : '-' } @{$data}{qw(event table key owner)};
	}
	return 'end';
}

sub hears
{
	my ($stream, $name, @expected) = @_;
	my @got = map { heard($stream) } @expected;
	return is_deeply(\@got, \@expected, $name);
}

# The stream ends, whatever it still tells before.
sub ends
{
	my ($stream, $name) = @_;
	my $last = heard($stream);
	$last = heard($stream) until $last =~ /^(end|nothing)$/;
	return is($last, 'end', $name);
}

# ---- who hears what ----

sql($node, <<'SQL');
CREATE TABLE private (id integer PRIMARY KEY, v text);
INSERT INTO private VALUES (1, 'v');
SELECT locking.protect('private');
GRANT ALL ON private TO boss;
CREATE TABLE mine (id integer PRIMARY KEY, who text);
INSERT INTO mine VALUES (1, 'anna'), (2, 'bert');
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mine USING (who = current_user);
SELECT locking.protect('mine');
GRANT ALL ON mine TO anna, bert;
SQL
{
	my $server = listening_server('--ping', 1);
	my ($anna, $bert, $boss) = map { $server->sign_in($_) } qw(anna bert boss);
	my ($hers, $his) = (stream($server, $anna), stream($server, $bert));
	my $bosses = stream($server, $boss);

	my $lock = $anna->post("$row/lock")->{json}{lock};
	hears($_, 'an acquisition', 'acquired public.article 1 anna') for $hers, $his;
	my $data = $his->{last}{json};
	is($data->{owner_name}, 'Anna Albers', 'with the name for people');
	is_deeply([ sort keys %$data ], [ sort qw(event table key owner owner_name expires_at) ], 'and no token');
	is(join(';', openapi()->check($data, openapi()->{document}{components}{schemas}{LockEvent})), '', 'as openapi.json says');

	$anna->put("$row/lock", { token => $lock->{token}, draft => { body => 'x' } });
	$bert->post("$row/request", { message => 'please' });
	$bert->delete("$row/request");
	$anna->put($row, { token => $lock->{token}, values => { body => 'y' }, keep => JSON::PP::true });
	$anna->delete("$row/lock?token=$lock->{token}");
	my @told = ('requested public.article 1 bert', 'withdrawn public.article 1 bert', 'released public.article 1 anna');
	hears($_, 'requests and the release, but no renewal', @told) for $hers, $his;

	$anna->post("$row/lock");
	$boss->post("$row/lock/takeover", { reason => 'x' });
	$boss->post("$row/lock/break");
	@told = ('acquired public.article 1 anna', 'taken_over public.article 1 anna', 'acquired public.article 1 boss', 'broken public.article 1 boss');
	hears($_, 'a takeover and a break', @told) for $hers, $his;

	$boss->post('/tables/private/rows/1/lock');
	$bert->post('/tables/mine/rows/2/lock');
	$bert->post('/tables/article/rows/2/lock');
	hears($hers, 'not of a table that one may not read, and of row security only that something changed', 'changed public.mine - -', 'acquired public.article 2 bert');
	hears($his, 'the holder, too', 'changed public.mine - -');
	is($his->{last}{data}, '{"event":"changed","table":"public.mine"}', 'without key or owner');
	hears($his, 'then the next', 'acquired public.article 2 bert');
	$boss->get('/session');
	my @boss = map { heard($bosses) } 1 .. 10;
	is((grep { /private 1 boss/ } @boss) + 0, 1, 'who may read the table hears of it');
	is((grep { /mine/ } @boss) + 0, 0, 'but of none that he may not');

	my $part = part($hers);
	$part = part($hers) until defined $part->{comment};
	ok(!$part->{event}, 'a quiet stream has comments as signs of life');

	# What is notified by others than locking is not trusted.
	sql($node, "NOTIFY locking, '$_'") for 'x', '{}', '{"event": 1, "table": "public.article"}', '{"event": "acquired", "table": ["a"]}', '{"event": "acquired", "table": "no.such"}',
	  '{"event": "acquired", "table": "\"; x"}', '{"event": "acquired", "table": "public.private", "key": "1"}', '[' x 5000, '{"event": "acquired\ndata: forged", "table": "public.article", "key": "2\n\n"}';
	$bert->post('/tables/article/rows/3/lock');
	my $forged = heard($hers);
	like($hers->{last}{data}, qr/acquired\\ndata: forged/, 'no payload breaks the lines of the stream') if $forged ne 'acquired public.article 3 bert';
	hears($hers, 'and what comes next is heard', 'acquired public.article 3 bert') if $forged ne 'acquired public.article 3 bert';

	# A right that is taken away while one listens.
	sql($node, 'REVOKE SELECT ON article FROM anna');
	my $deaf = LockingWeb::in_seconds(60, 'revoked right', sub {
		for (my $n = 4; ; $n = $n == 4 ? 5 : 4)
		{
			my $token = $bert->post("/tables/article/rows/$n/lock")->{json}{lock}{token};
			$bert->delete("/tables/article/rows/$n/lock?token=$token");
			$bert->post('/tables/mine/rows/2/lock');
			my $token_of_his = $bert->get('/tables/mine/rows/2/lock')->{json}{lock}{token};
			$bert->delete("/tables/mine/rows/2/lock?token=$token_of_his");
			return 1 if heard($hers) =~ /mine/ && heard($hers) =~ /mine/ && heard($hers) =~ /mine/;
		}
	});
	ok($deaf, 'a right that was taken away soon counts');
	sql($node, 'GRANT SELECT ON article TO anna');
	$server->stop_ok;
	ends($his, 'the end of the server ends streams');
}

{
	# Each event is followed by a reset, which everybody hears: who hears that
	# at once has not heard the event.
	sql($node, "CREATE ROLE brief LOGIN PASSWORD 'brief-pw'; GRANT SELECT ON article TO brief");
	my $server = listening_server();
	my ($brief, $bert) = map { stream($server, $server->sign_in($_)) } qw(brief bert);
	notify('public.article');
	hears($_, 'a role that may read the table', 'acquired public.article sign -') for $brief, $bert;
	sql($node, 'DROP OWNED BY brief; DROP ROLE brief');
	my $deaf = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'dropped role', sub {
		while (1)
		{
			notify('public.article');
			heard($bert);
			sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locking_web'");
			heard($bert);
			return 1 if heard($brief) eq 'reset';
			heard($brief);
		}
	}) };
	ok($deaf, 'a role that was dropped while it listens soon hears nothing more of the table');
	$server->stop_ok;
}

# ---- what was missed ----

{
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	sql($node, 'DELETE FROM locking.lock');
	my $stream = stream($server, $anna);
	my $wire = $stream->{wire};
	$bert->post("/tables/article/rows/$_/lock") for 10 .. 12;
	hears($stream, 'live', map { "acquired public.article $_ bert" } 10 .. 12);
	my $seen = $stream->{last}{id};
	$wire->close;
	$bert->post("/tables/article/rows/$_/lock") for 13, 14;
	$stream = stream($server, $anna, 'Last-Event-ID' => $seen);
	$bert->post('/tables/article/rows/15/lock');
	hears($stream, 'who comes back hears what was missed, once', map { "acquired public.article $_ bert" } 13 .. 15);
	my $again = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($again, 'from the place that he names', map { "acquired public.article $_ bert" } 13 .. 15);
	for my $strange ('x', '-', "$seen-1", $seen =~ s/\d+$/99999999/r, $seen =~ s/\d+$/18446744073709551616/r, $seen =~ s/\d+$/-1/r, 'abc-1', '9' x 500)
	{
		my $other = stream($server, $anna, 'Last-Event-ID' => $strange);
		is(heard($other), 'reset', 'a place that is none: load anew: ' . substr $strange, 0, 30);
		$other->{wire}->close;
	}

	# The connection for events is lost, and with it perhaps events.
	my @open = map { stream($server, $_) } $anna, $bert;
	$seen = $open[0]{id};
	is(sql($node, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_start = (SELECT min(backend_start) FROM pg_stat_activity WHERE usename = 'locking_web')"), 1, 'one connection listens for all');
	hears($_, 'everybody is told to load anew', 'reset') for @open;
	$bert->post('/tables/article/rows/17/lock');
	hears($_, 'and goes on', 'acquired public.article 17 bert') for @open;
	my $late = stream($server, $anna, 'Last-Event-ID' => $seen);
	hears($late, 'who was away meanwhile, too', 'reset');
	$server->stop_ok;
}

{
	# In the schema that anna's search_path begins with, an operator says that
	# the table she may not read is the one that she may.
	sql($node, <<'SQL');
DELETE FROM locking.lock;
CREATE SCHEMA hers;
GRANT USAGE ON SCHEMA hers TO anna;
CREATE FUNCTION hers.same(name, text) RETURNS boolean LANGUAGE sql AS $$SELECT $1::text OPERATOR(pg_catalog.=) pg_catalog.replace($2, 'private', 'article')$$;
CREATE OPERATOR hers.= (LEFTARG = name, RIGHTARG = text, FUNCTION = hers.same);
ALTER ROLE anna SET search_path = hers, pg_catalog, public;
SQL
	my $server = listening_server();
	my ($anna, $boss) = map { $server->sign_in($_) } qw(anna boss);
	my ($stream, $bosses) = map { stream($server, $_) } $anna, $boss;
	$stream->{wire}->close;
	$boss->post("/tables/$_/lock") for 'private/rows/1', 'article/rows/16';
	hears($bosses, 'while one is away', 'acquired public.private 1 boss', 'acquired public.article 16 boss');
	$stream = stream($server, $anna, 'Last-Event-ID' => $stream->{id});
	hears($stream, 'no operator of the reader\'s own gives him events that he missed of a table he may not read', 'acquired public.article 16 boss');
	sql($node, 'ALTER ROLE anna RESET search_path; DROP SCHEMA hers CASCADE');
	$server->stop_ok;
}

{
	my $server = listening_server('--lock-timeout', 1);
	my $stream = stream($server, $server->sign_in('anna'));
	my $published = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_events_total (\d+)$/m)[0] };
	my $before = $published->();
	notify('public.' . 'x' x 7000);
	notify('public.article');
	hears($stream, 'an event after one of a table whose name none can have', 'acquired public.article sign -');
	is($published->() - $before, 1, 'which is not passed on, as all such names would be kept');

	my ($locker, $teller) = map { session($node) } 1, 2;
	$locker->query('BEGIN; LOCK pg_catalog.pg_namespace IN ACCESS EXCLUSIVE MODE');
	$teller->query(q(NOTIFY locking, '{"event": "acquired", "table": "public.mine", "key": "1"}'));
	for my $waiting (1, 0)
	{
		LockingWeb::in_seconds($LockingWeb::PATIENCE, 'lock timeout', sub {
			select undef, undef, undef, 0.05
			  until $locker->query("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND usename = 'locking_web'") == $waiting;
		});
	}
	$locker->query('COMMIT');
	notify('public.article');
	is(heard($stream), 'reset', 'an event that could not be passed on, as its readers could not be looked up in time: load anew');
	is(heard($stream), 'acquired public.article sign -', 'and it goes on');
	$_->quit for $locker, $teller;
	$server->stop_ok;
}

{
	# Any role may notify: a flood is dropped by sender, what others send at
	# the same time is passed on, and in the end all load anew.
	sql($node, "DELETE FROM locking.lock; CREATE ROLE mallory LOGIN PASSWORD 'mallory-pw'");
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $hers = stream($server, $anna);
	my $metric = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_$_[0] (\d+)$/m)[0] };
	my $before = $metric->('events_total');
	my $resets = $metric->('stream_resets_total');
	sql($node, q(SET SESSION AUTHORIZATION mallory; SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table',
		CASE WHEN g % 2 = 0 THEN 'public.private' ELSE 'public.t' || g END, 'key', 'secret', 'owner', g::text)::text)) FROM generate_series(1, 30000) g));
	$bert->post('/tables/article/rows/20/lock');
	my $began = time;
	my $first = heard($hers);
	my $took = time - $began;
	like($first, qr/^(acquired public\.article 20 bert|reset)$/, 'a real event behind a flood of forged ones');
	cmp_ok($took, '<=', 3, 'comes soon');	# the flood itself takes this server more than 10 s
	is($first eq 'reset' ? 'reset' : heard($hers), 'reset', 'streams load anew, as what was dropped may have been real');
	cmp_ok($metric->('events_dropped_total'), '>=', 28_000, 'most of the flood is dropped');
	cmp_ok($metric->('events_total') - $before, '<=', 1_600, 'a sender has a part of what is passed on');
	is($metric->('stream_resets_total') - $resets, 1, 'which costs each stream one reset');
	$bert->post('/tables/article/rows/19/lock');
	hears($hers, 'and it goes on', 'acquired public.article 19 bert');
	unlike($hers->{wire}{input} . ($hers->{text} // ''), qr/private|secret/, 'nothing of a forged event was shown to who may not read the table');

	# Many senders at the same time.
	my @senders = map { session($node) } 1 .. 12;
	$_->query(q(SELECT count(pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.t' || g, 'key', pg_backend_pid())::text)) FROM generate_series(1, 499) g)) for @senders;
	$bert->post('/tables/article/rows/18/lock');
	my $heard = heard($hers);
	like($heard, qr/^(acquired public\.article 18 bert|reset)$/, 'a real event behind those of many senders');
	$_->quit for @senders;
	$server->stop_ok;
	sql($node, 'DROP ROLE mallory; DELETE FROM locking.lock');
}
{
	# Streams that are opened before the server listens for the first time.
	sql($node, 'ALTER ROLE locking_web NOLOGIN');
	my $server = web_server($node);
	my $stream = stream($server, $server->sign_in('anna'));
	sql($node, 'ALTER ROLE locking_web LOGIN');
	hears($stream, 'who came before the first connection for events is told to load anew', 'reset');
	$server->stop_ok;
}

# ---- how many, how slow ----

{
	my $server = web_server($node, '--streams-per-session', 2, '--max-streams', 3);
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my @streams = map { stream($server, $anna) } 1 .. 3;
	ends($streams[0], 'the oldest of too many ends');
	stream($server, $bert);
	my $reply = $server->wire->send_request($bert, 'GET', '/events')->read_reply;
	is($reply->{status}, 429, 'no more than so many in all');
	ok($reply->{headers}{'retry-after'}, 'with Retry-After');
	$server->stop_ok;
}
{
	# Who only listens is no slow client.
	my $server = web_server($node, '--request-timeout', 1, '--ping', 1);
	my $stream = stream($server, $server->sign_in('anna'));
	my @signs = grep { $_ && defined $_->{comment} } map { part($stream) } 1 .. 5;
	cmp_ok(scalar(@signs), '>=', 4, 'a stream lives for longer than a request may take');
	$server->stop_ok;
}
{
	# Events pile up before one who does not read until his socket and his
	# place in the ring are full.
	my $server = listening_server();
	my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
	my $slow = $server->wire->send_request($anna, 'GET', '/events');
	my $quick = stream($server, $bert)->{wire};
	for my $count (1 .. 10)	# 24 MB; the ring holds 6, the sockets at most 10
	{
		sql($node, "SELECT pg_notify('locking', json_build_object('event', 'acquired', 'table', 'public.article', 'owner', repeat('o', 6000),"
			  . " 'key', '$count.' || g)::text) FROM generate_series(1, 400) g");
		$quick->read_until(qr/"key":"$count\.400"/) or last;
	}
	ok(!$quick->{closed}, 'who reads gets all of it, while another does not read');
	my $rest = $slow->read_until(qr/\r\n0\r\n\r\n/);
	like($rest, qr/event: reset\ndata: \{\}\n\n\r\n0\r\n\r\n\z/, 'who has missed some by then is told to load anew, and cut off');
	like($server->client->get('//metrics')->{content}, qr/^locking_web_streams_dropped_total 1$/m, 'which is counted');
	$server->stop_ok;
}

# ---- the database goes away ----

{
	my $server = listening_server();
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	is($server->client->get('//readyz')->{status}, 200, 'ready');
	$node->stop('immediate');
	for my $path ($row, '/session', '/tables', "$row/lock")
	{
		my $reply = $anna->get($path);
		is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:unavailable', "$path without database");
		like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
		unlike($reply->{content}, qr/socket|host|No such file/i, 'and nothing about where it is');
	}
	is($server->client->get('//readyz')->{status}, 503, 'not ready');
	is($server->client->get('//healthz')->{status}, 200, 'but healthy');
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 503, 'nobody can sign in') for 1 .. 20;	# more than the throttle lets a role fail
	start_again($node);
	is($server->client->sign_in('bert', 'bert-pw')->{status}, 201, 'nor is kept out afterwards for having tried');
	is($anna->get($row)->{status}, 200, 'it works again, with the session as it was');
	is($server->client->get('//readyz')->{status}, 200, 'ready again');
	hears($stream, 'the stream as well', 'reset');
	my $token = $anna->get("$row/lock")->{json}{lock};
	$anna->post('/tables/article/rows/18/lock');
	hears($stream, 'and it goes on', 'acquired public.article 18 anna');

	# A connection that dies in the middle of a save.
	my $session = session($node);
	$session->query('BEGIN; SELECT FROM article WHERE id = 18 FOR UPDATE');
	$token = $anna->get('/tables/article/rows/18/lock')->{json}{lock}{token};
	my $wire = $server->wire->send_request($anna, 'PUT', '/tables/article/rows/18', { token => $token, values => { body => 'lost' } });
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a save waits');
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'");
	is($wire->read_reply->{status}, 503, 'its connection is ended: 503');
	$session->query('COMMIT');
	$session->quit;
	is(sql($node, 'SELECT body FROM article WHERE id = 18'), 'body', 'nothing was saved');
	is($anna->put('/tables/article/rows/18', { token => $token, values => { body => 'saved' } })->{status}, 200, 'the next attempt is');
	$server->stop_ok;
}

# ---- waiting too long ----

{
	my $server = web_server($node, '--lock-timeout', 1);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $reply = $anna->get($row);
	is("$reply->{status} $reply->{json}{type}", '503 urn:locking:problem:timeout', 'who waits too long for somebody\'s transaction');
	like($reply->{headers}{'retry-after'}, qr/^\d+$/, 'may try again');
	$session->query('COMMIT');
	is($anna->get($row)->{status}, 200, 'afterwards it goes');
	$session->quit;
	$server->stop_ok;
}

# ---- the end ----

for my $how (qw(TERM INT))
{
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $wire = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	my $idle = $server->wire;
	my $half = $server->wire->send("GET /healthz HTTP/1.1\r\nHo");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	kill $how, $server->{pid};
	# The promise is 5 s; more than that is what a machine may need that has
	# other things to do.
	is(eval { $server->await_end(20) } // $@, 0, "SIG$how: ends though a request waits for a lock, with a stream and idle clients");
	is($wire->read_reply->{status}, 503, 'the request is answered');
	ends($stream, 'the stream ends');
	ok(defined $_->read_to_end(5), 'connections are closed') for $idle, $half;
	unlike($server->log, qr/Sanitizer|runtime error/, 'no sanitizer complains');
	$session->query('COMMIT');
	$session->quit;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('anna', 'locking_web')"), 'no connection is left');
}
{
	# Streams end as soon as nothing new is taken.
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $stream = stream($server, $anna);
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $before = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	my $late = $server->wire;
	my $ask = sub { return ($late->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply // {})->{status} };
	is($ask->(), 200, 'another is answered');
	$server->terminate;
	ends($stream, 'SIGTERM ends the stream');
	is($ask->(), 503, 'who asks only then is refused');
	# The library's way to stop listening may abort() the server.
	is((eval { $server->wire->send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")->read_reply } // {})->{status}, 503, 'also on a new connection');
	$session->query('COMMIT');
	is(($before->read_reply // {})->{status}, 200, 'who asked before is answered');
	is(eval { $server->await_end(20) } // $@, 0, 'and that is the end');
	$session->quit;
}
{
	# The statement that runs is to be cancelled, but nobody takes the
	# connection by which that is asked.
	my $server = web_server($node, '--statement-timeout', 600, '--lock-timeout', 600);
	my $anna = $server->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $wire = $server->wire->send_request($anna, 'GET', '/tables/article/rows');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'a request runs');
	kill 'STOP', $node->{_pid};
	$server->terminate;
	my $status = eval { $server->await_end(20) } // $@;
	kill 'CONT', $node->{_pid};
	is($status, 0, 'SIGTERM: ends though the database answers nothing any more');
	like($server->log, qr/stopped, with requests cut off/, 'and says what it did not wait for');
	unlike($server->log, qr/Sanitizer|runtime error/, 'no sanitizer complains');
	is($wire->read_reply, undef, 'the request has no answer');
	$session->query('COMMIT');
	$session->quit;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('anna', 'locking_web')"), 'no connection is left');
}

done_testing();
