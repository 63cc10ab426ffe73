# Sequences that are behind the stored numbers advance by themselves: after a
# switchover by logical replication, a restore, or being set back.  No token
# is issued twice (S4).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my %logical = (init => { allows_streaming => 'logical' }, conf => [ 'max_connections = 30' ]);
my $node = new_node('primary', %logical);

my $schema = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT n, 'body' FROM generate_series(1, 200) n;
SELECT locking.protect('article');
SQL
sql($node, $schema);

sub set_back { return sql($node, "SELECT setval('locking.token_seq', 1, false), setval('locking.event_id_seq', 1, false)") }
sub token { my ($row, %options) = @_; return sql($options{node} || $node, "SELECT locking.acquire('article', $row)", owner => $options{owner} || 'ann') }
sub highest { return sql($_[0] || $node, 'SELECT max(token) FROM (SELECT token FROM locking.lock UNION ALL SELECT token FROM locking.event UNION ALL SELECT token FROM locking.draft) t') }
sub in_order { return is(sql($_[0] || $node, 'SELECT count(*) - count(DISTINCT id) FROM locking.event'), 0, 'ids of events are unique') }

subtest 'set back, a new session' => sub {
	token($_) for 1 .. 5;
	my $before = highest();
	set_back();
	cmp_ok(token(6), '>', $before, 'with live locks');
	is(in_log($node, qr/LOG:  .*sequence "locking.token_seq" was behind/), 1, 'logged once');
	is(in_log($node, qr/LOG:  .*sequence "locking.event_id_seq" was behind/), 1, 'and for the ids of events');
	$before = highest();
	sql($node, 'SELECT locking.release_all(); VACUUM locking.lock', owner => 'ann');
	set_back();
	cmp_ok(token(7), '>', $before, 'with history only');
	$before = highest();
	sql($node, 'SELECT locking.release_all(); VACUUM locking.lock', owner => 'ann');
	sql($node, "INSERT INTO locking.draft (relation, key, owner, token, data) VALUES ('article', '1', 'ann', " . ($before + 70000) . ", '{}')");
	set_back();
	cmp_ok(token(8), '>', $before + 70000, 'a draft counts');
	in_order();
};

subtest 'set back while sessions are in use' => sub {
	my $session = session($node, owner => 'bob');
	my $before = $session->query("SELECT locking.acquire('article', 10)");
	set_back();
	cmp_ok($session->query("SELECT locking.acquire('article', 11)"), '>', $before, 'the session knows its last token');
	my $replaced = token(12);
	sql($node, 'UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = ' . $replaced);
	$before = highest();
	sql($node, "SELECT setval('locking.token_seq', " . ($session->query('SELECT max(token) FROM locking.lock WHERE owner = $$bob$$') + 1) . ')');
	cmp_ok($session->query("SELECT locking.acquire('article', 12)"), '>', $replaced, 'the token of the lock that is replaced');
	$session->quit;
	in_order();
};

# Neither the session's last number nor the lock that it replaces tells; the
# highest number in shared memory does, or each number is looked up.
my $preloaded = new_node('preloaded', conf => ["shared_preload_libraries = 'locking'"]);
sql($preloaded, $schema);
for my $server ($node, $preloaded)
{
	for my $sequence ('token_seq', 'event_id_seq')
	{
		subtest "$sequence set back behind the numbers of other sessions, " . $server->name => sub {
			my ($first, $second) = map { session($server, owner => $_) } qw(first second);
			$first->query("SELECT locking.acquire('article', 15)");
			my $last = $first->query("SELECT last_value FROM locking.$sequence");
			$second->query("SELECT locking.acquire('article', g) FROM generate_series(101, 150) g");
			my $before = highest($server);
			sql($server, "SELECT setval('locking.$sequence', $last)");
			cmp_ok($first->query("SELECT locking.acquire('article', 16)"), '>', $before, 'a session in use');
			is($first->state_of("SELECT locking.acquire('article', 17)"), '', 'and again');
			$_->query('SELECT locking.release_all()') for $first, $second;
			$_->quit for $first, $second;
			is(sql($server, 'SELECT count(*) - count(DISTINCT token) FROM locking.event WHERE event = $$acquired$$'), 0, 'no token was issued twice');
		};
	}
}
for my $server ($node, $preloaded)
{
	subtest 'set back to just before an event that has arrived, ' . $server->name => sub {
		my $session = session($server, owner => 'cid');
		$session->query("SELECT locking.acquire('article', 18)");
		my $arrived = sql($server, "SELECT max(id) + 3000 FROM locking.event");
		sql($server, "INSERT INTO locking.event (id, event, relation, key, token, owner, session_role) VALUES ($arrived, 'acquired', 'article'::regclass, '1', 1, 'old', 'old')");
		sql($server, "SELECT setval('locking.event_id_seq', $arrived - 1)");
		is($session->state_of("SELECT locking.acquire('article', 19)"), '', 'a session in use');
		$session->query('SELECT locking.release_all()');
		$session->quit;
		in_order($server);
	};
}

# With shared memory, which outlives the records and the history of a lock.
subtest 'set back behind the token of a lock that has ended' => sub {
	my ($old, $new) = map { session($preloaded, owner => 'ann') } 1, 2;
	my $last = $old->query("SELECT locking.acquire('article', 21)");
	my $ended = $new->query("SELECT locking.acquire('article', 22)");
	$new->query("SELECT locking.release($ended)");
	sql($preloaded, "DELETE FROM locking.event WHERE token = $ended; SELECT setval('locking.token_seq', $last)");
	my $token = $old->query("SELECT locking.acquire('article', 23)");
	cmp_ok($token, '>', $ended, 'another token');
	is($new->state_of("SELECT locking.confirm($ended)"), 'LK001', 'the ended one is refused');
	sql($preloaded, "ALTER SEQUENCE locking.token_seq RESTART WITH 1");
	sql($preloaded, 'SELECT locking.release_all(); DELETE FROM locking.event', owner => 'ann');
	is($old->query("SELECT locking.acquire('article', 23)"), 1, 'RESTART begins again, since it is no accident');
	$_->quit for $old, $new;
};

subtest 'sequences with a cache' => sub {
	sql($preloaded, 'ALTER SEQUENCE locking.token_seq CACHE 20');
	my ($ann, $bob) = map { session($preloaded, owner => $_) } qw(ann bob);
	my @tokens = map { my $row = $_; map { $_->query("SELECT locking.acquire('article', $row)") =~ s/.*\n//rs } $row % 2 ? $ann : $bob } 30 .. 45;
	is_deeply(\@tokens, [ sort { $a <=> $b } @tokens ], 'tokens rise across sessions');
	$_->quit for $ann, $bob;
	sql($preloaded, 'ALTER SEQUENCE locking.token_seq CACHE 1');
};

subtest 'sequences that cycle' => sub {
	for my $sequence ('token_seq', 'event_id_seq')
	{
		sql($preloaded, "ALTER SEQUENCE locking.$sequence CYCLE");
		refused($sequence, $preloaded, '55000', "SELECT locking.acquire('article', 50)", message => qr/sequence "locking.$sequence" must not cycle/);
		sql($preloaded, "ALTER SEQUENCE locking.$sequence NO CYCLE");
	}
};
$preloaded->stop;

subtest 'events arrive while sessions are in use' => sub {
	my $session = session($node, owner => 'cid');
	my ($id, $token) = split /\|/, $session->query("SELECT locking.acquire('article', 13); SELECT max(id), max(token) FROM locking.event") =~ s/.*\n//rs;
	sql($node, <<"SQL");
SET session_replication_role = replica;
INSERT INTO locking.event (id, event, relation, key, token, owner, session_role)
	SELECT $id + g, 'acquired', 'article'::regclass, '1', $token + g, 'old', 'old' FROM generate_series(1, 40) g;
SQL
	cmp_ok($session->query("SELECT locking.acquire('article', 14)"), '>', $token + 40, 'a token beyond theirs');
	$session->quit;
	in_order();
};

subtest 'set back by much' => sub {
	sql($node, "INSERT INTO locking.lock (relation, key, token, owner, expires_at) VALUES ('article', '20', 1000000000, 'zoe', 'infinity')");
	cmp_ok(token(21), '>', 1000000000, 'a record that was inserted has advanced it already');
	sql($node, 'SELECT setval($$locking.token_seq$$, 5)');
	cmp_ok(token(22), '>', 1000000000, 'set back');
	cmp_ok(token(23), '<', 1003000000, 'advanced once, not each time');
};

subtest 'the greatest number arrives' => sub {
	my $greatest = '9223372036854775807';
	is(sql($node, "BEGIN; INSERT INTO locking.lock (relation, key, token, owner, expires_at) VALUES ('article', '24', $greatest, 'zoe', 'infinity'); SELECT last_value FROM locking.token_seq; ROLLBACK"),
		$greatest, 'the sequence is at its end');
	sql($node, 'SELECT setval($$locking.token_seq$$, 2000000000)');
};

subtest 'many sessions at once' => sub {
	sql($node, 'SELECT locking.release_all()', owner => 'ann');
	my $before = highest();
	my @sessions = map { session($node, owner => "user $_") } 1 .. 8;
	set_back();
	for my $n (0 .. $#sessions)
	{
		$sessions[$n]->send_sql("SELECT locking.acquire('article', g) FROM generate_series(100 + $n, 190, 8) g");
	}
	my @tokens = map { split /\n/, $_->finish } @sessions;
	my %distinct = map { $_ => 1 } @tokens;
	is(scalar(keys %distinct), 91, 'all tokens are distinct');
	is(scalar(grep { $_ <= $before } @tokens), 0, 'and greater than those before');
	$_->quit for @sessions;
	in_order();
};

subtest 'the extension created again' => sub {
	my $session = session($node, owner => 'ann');
	$session->query("SELECT locking.acquire('article', 50)");
	$session->query("DROP EXTENSION locking CASCADE; CREATE EXTENSION locking; SELECT locking.protect('article')");
	is($session->query("SELECT locking.acquire('article', 50)"), 1, 'begins at 1');
	$session->quit;
};

# Two servers, a publication of all tables, and a switchover.
subtest 'switchover by logical replication' => sub {
	my $new = new_node('new', %logical);
	sql($new, 'CREATE EXTENSION locking; CREATE TABLE article (id integer PRIMARY KEY, body text)');
	token($_) for 60 .. 65;
	sql($node, 'SELECT locking.release_all()', owner => 'ann');
	sql($node, 'CREATE PUBLICATION everything FOR ALL TABLES');
	sql($new, "CREATE SUBSCRIPTION everything CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION everything");
	$new->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
	my $open = session($new, owner => 'eve');
	$open->query('SELECT locking.owner()');
	token($_) for 70 .. 75;
	sql($node, 'SELECT locking.request($$article$$, 70)', owner => $_) for qw(first second);
	$node->wait_for_catchup('everything');
	is(highest($new), highest(), 'records and history are replicated');
	$node->stop;
	sql($new, 'ALTER SUBSCRIPTION everything DISABLE; ALTER SUBSCRIPTION everything SET (slot_name = NONE); DROP SUBSCRIPTION everything');
	sql($new, "SELECT locking.protect('article')");
	my $before = highest($new);
	refused('a replicated lock holds off other owners', $new, '55P03', 'UPDATE article SET body = $$x$$ WHERE id = 70', owner => 'eve');
	cmp_ok(sql($new, "SELECT locking.acquire('article', 70)", owner => 'ann'), '>', $before, 'its owner, whose row versions differ here, gets a new token');
	cmp_ok($open->query("SELECT locking.acquire('article', 80)"), '>', $before, 'a session from before');
	cmp_ok(token(81, node => $new), '>', $before, 'a new session');
	sql($new, 'SELECT locking.request($$article$$, 70)', owner => 'third');
	is(sql($new, 'SELECT string_agg(owner, $$ $$ ORDER BY place) FROM locking.requests WHERE key = $$70$$'), 'first second third', 'requests stay in order');
	$open->quit;
};

done_testing();
