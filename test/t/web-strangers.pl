# Tables of an unrelated role: no request runs their code or waits for them
# unless it names them.  Tables that change while a request reads them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
sql($node, <<'SQL');
CREATE ROLE mallory LOGIN PASSWORD 'mallory-pw';
CREATE SCHEMA m AUTHORIZATION mallory;
GRANT REFERENCES ON article TO mallory;
SET SESSION AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA m TO PUBLIC;
CREATE FUNCTION m.spy() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'SPIED ON %', current_user; RETURN true; END$$;
CREATE TABLE m.trap (id integer PRIMARY KEY, note text);
CREATE TABLE m.child (id integer PRIMARY KEY, article integer REFERENCES public.article);
CREATE INDEX ON m.child (article);
INSERT INTO m.trap VALUES (1, 'x');
INSERT INTO m.child VALUES (1, 1);
SELECT locking.protect(t) FROM unnest('{m.trap,m.child}'::regclass[]) t;
SELECT locking.acquire('m.trap', '1'), locking.acquire('m.child', '1'), locking.request('m.trap', '1', 'x');
ALTER TABLE m.trap ENABLE ROW LEVEL SECURITY;
ALTER TABLE m.child ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON m.trap USING (m.spy());
CREATE POLICY p ON m.child USING (m.spy());
CREATE TABLE m.leaf (id integer PRIMARY KEY, trap integer REFERENCES m.trap);
CREATE INDEX ON m.leaf (trap);
INSERT INTO m.leaf VALUES (1, 1);
GRANT SELECT ON m.trap, m.child, m.leaf TO PUBLIC;
GRANT REFERENCES ON m.trap TO PUBLIC;
RESET SESSION AUTHORIZATION;
CREATE TABLE points (id integer PRIMARY KEY, trap integer, article integer REFERENCES article);
INSERT INTO points VALUES (1, 1, 2);
ALTER TABLE points ADD FOREIGN KEY (trap) REFERENCES m.trap NOT VALID;
SELECT locking.protect('points');
GRANT ALL ON points TO anna, boss;
GRANT USAGE, CREATE ON SCHEMA public TO anna;
CREATE TABLE annas (id integer PRIMARY KEY, article integer REFERENCES article);
CREATE INDEX ON annas (article);
INSERT INTO annas VALUES (1, 1);
ALTER TABLE annas OWNER TO anna;
GRANT SELECT ON annas TO boss;
CREATE TABLE notice (id integer PRIMARY KEY, article integer REFERENCES article);
CREATE INDEX ON notice (article);
INSERT INTO notice VALUES (1, 1), (2, 1);
SELECT locking.protect('notice');
GRANT ALL ON notice TO anna, boss;
SQL

# A superuser with a password, since the test's own superuser has none.
sql($node, "CREATE ROLE root SUPERUSER LOGIN PASSWORD 'root-pw'");
my $server = web_server($node, '--lock-timeout', 2);
my %client = map { $_ => $server->sign_in($_) } qw(anna boss root);
my $anna = $client{anna};
my $token = $anna->post('/tables/article/rows/1/lock')->{json}{lock}{token};

sub spied
{
	my ($code) = @_;
	my $before = length server_log($node);
	my $reply = $code->();
	my @spied = substr(server_log($node), $before) =~ /(SPIED ON \w+)/g;
	return ($reply, scalar @spied);
}

# ---- requests that do not name the tables ----

my @paths = ('/locks', '/locks?q=x', '/locks?mine=true', '/locks?table=article', '/history', '/history?limit=1000', '/history?table=article', '/history?table=article&key=1', '/history?owner=mallory',
	'/tables', '/tables/article', '/tables/article/rows', '/tables/article/rows?locked=true', '/tables/article/rows?q=title', '/tables/article/rows/1', '/tables/article/rows/1/lock', '/tables/article/rows/1/request',
	'/tables/article/rows/1/draft', '/tables/article/draft', '/drafts', '/tables/points', '/tables/points/rows', '/tables/points/rows/1', '/tables/notice', '/tables/notice/rows', '/tables/notice/rows/1', '/tables/notice/choices?column=article', '/session');
for my $role (sort keys %client)
{
	for my $path (@paths)
	{
		my ($reply, $spied) = spied(sub { $client{$role}->get($path) });
		is("$reply->{status} $spied", '200 0', "$role: $path runs no code of mallory's");
		ok(!(grep { ($_->{table} // '') =~ /^m\./ } map { ref eq 'ARRAY' ? @$_ : () } @{ $reply->{json} }{qw(locks events)}), "$role: $path shows nothing that such code would have to allow") if $role ne 'root';
	}
}
{
	my ($reply, $spied) = spied(sub { $anna->put('/tables/article/rows/1', { token => $token, values => { body => 'z' }, keep => JSON::PP::true }) });
	is("$reply->{status} $spied", '200 0', 'a save runs no code of mallory\'s');
}
{
	my $row = $anna->get('/tables/article/rows/1')->{json};
	my %count = map { $_->{table} => $_->{count} } @{ $row->{children} };
	is_deeply(\%count, { 'm.child' => undef, 'public.notice' => 2, 'public.points' => 0, 'public.annas' => 1 }, 'referencing rows are counted, but not in a table of mallory\'s');
	for my $role (qw(boss root))
	{
		my ($annas) = grep { $_->{table} eq 'public.annas' } @{ $client{$role}->get('/tables/article/rows/1')->{json}{children} };
		is($annas->{count}, undef, "$role: referencing rows are not counted in a table of anna's");
	}
	is_deeply([ sort keys %{ $anna->get('/tables/points/rows/1')->{json}{references} } ], ['article'], 'referenced rows are shown, but not of a table of mallory\'s');
}

# ---- tables locked by mallory ----

{
	my $locker = session($node);
	$locker->query('BEGIN; LOCK TABLE m.trap, m.child IN ACCESS EXCLUSIVE MODE');
	for my $role (sort keys %client)
	{
		for my $path (@paths)
		{
			is($client{$role}->get($path)->{status}, 200, "$role: $path does not wait for a table of mallory's");
		}
	}
	# A request waits for the table that it names for at most --lock-timeout.
	for my $path ('/tables/m.trap/rows', '/tables/m.trap/rows/1', '/tables/m.trap/rows/1/lock', '/history?table=m.trap&key=1')
	{
		my $reply = $anna->get($path);
		is("$reply->{status} " . ($reply->{json}{type} // ''), '503 urn:locking:problem:busy', "$path: waits for the table that it names");
	}
	is($anna->get('/locks?table=m.trap')->{status}, 200, 'a list omits a locked table, even if it is named');
	$locker->query('ROLLBACK');
	$locker->quit;
}

# ---- requests that name the tables ----

for my $path ('/locks?table=m.trap', '/history?table=m.trap', '/history?table=m.trap&key=1', '/tables/m.trap/rows', '/tables/m.trap/rows/1', '/tables/m.trap/rows/1/lock', '/tables/m.trap/rows/1/request')
{
	my ($reply, $spied) = spied(sub { $anna->get($path) });
	is($reply->{status}, 200, $path) or diag($reply->{content});
	cmp_ok($spied, '>', 0, 'policies run if the request names the table');
	my ($list) = grep { ref $_ eq 'ARRAY' } @{ $reply->{json} }{qw(locks events rows requests)};
	is(scalar @{$list // [$reply->{json}{lock} // ()]}, 1, 'policies decide which rows are shown');
}
is($anna->get('/tables/m.trap')->{json}{locks}, 1, 'the locks of a named table are counted');
is_deeply({ map { $_->{table} => $_->{count} } @{ $anna->get('/tables/m.trap/rows/1')->{json}{children} } }, { 'm.leaf' => 1, 'public.points' => 1 }, 'referencing rows are counted in tables of its owner and of superusers');

# ---- tables that change during a request ----

{
	sql($node, <<'SQL');
CREATE TABLE part (id integer PRIMARY KEY, t text) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (1) TO (10);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part VALUES (1, 'a'), (11, 'b');
SELECT locking.protect('part');
GRANT ALL ON part, part1, part2 TO anna;
SQL
	my $pid = sql($node, 'SELECT pg_postmaster_start_time()');
	my $reader = session($node);
	$reader->query('BEGIN; SELECT count(*) FROM part');
	my $detacher = session($node);
	$detacher->send_sql('ALTER TABLE part DETACH PARTITION part1 CONCURRENTLY');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_inherits WHERE inhdetachpending"), 'a partition is being detached');
	for my $path (map { my $table = $_; map { "/tables/$table$_" } '', '/rows', '/rows?locked=true', '/rows/1', '/rows/1/lock', '/rows/1/request', '/rows/1/draft' } qw(part part1 part2))
	{
		my $reply = $anna->get($path);
		like("$reply->{status} " . ($reply->{json}{type} // ''), qr/^(200 |404 |409 |403 |503 urn:locking:problem:timeout)/, "$path during the detachment") or diag($reply->{content});
	}
	my $reply = $anna->post('/tables/part1/rows/1/lock');
	like($reply->{status}, qr/^(201|404|409|503)$/, 'locking a row of the partition') or diag($reply->{content});
	$reader->query('ROLLBACK');
	$detacher->finish;
	$detacher->quit;
	is($anna->get('/tables/part/rows')->{status}, 200, 'afterwards: the former root');
	is($anna->get('/tables/part1/rows')->{status}, 200, 'afterwards: the former partition');
	is(sql($node, 'SELECT pg_postmaster_start_time()'), $pid, 'PostgreSQL still works');
	unlike(server_log($node), qr/terminated by signal|PANIC/, 'no backend crashed');
	$reader->quit;
}
{
	# A table that is dropped while a request waits for it.
	sql($node, 'CREATE TABLE brief (id integer PRIMARY KEY); INSERT INTO brief VALUES (1); SELECT locking.protect(\'brief\'); GRANT ALL ON brief TO anna');
	my $dropper = session($node);
	$dropper->query('BEGIN; DROP TABLE brief');
	my @wires = map { $server->wire->send_request($anna, 'GET', "/tables/brief$_") } '/rows', '/rows/1', '/rows/1/lock';
	ok($node->poll_query_until('postgres', "SELECT count(*) = 3 FROM pg_stat_activity WHERE usename = 'anna' AND wait_event_type = 'Lock'"), 'requests wait for a table that is being dropped');
	$dropper->query('COMMIT');
	my @replies = map { $_->read_reply } @wires;
	is_deeply([ map { $_->{status} } @replies ], [ 404, 404, 404 ], 'requests for a dropped table get 404') or diag(map { $_->{content} } @replies);
	$dropper->quit;
}

unlike($server->log, qr/XX\d\d\d|42601/, 'PostgreSQL reported no internal error and no syntax error');
$server->stop_ok;
done_testing();
