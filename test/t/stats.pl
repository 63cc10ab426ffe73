# locking.stats: what is counted, for whom, and how long it is kept.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my @columns = qw(acquisitions refused_acquisitions refused_writes takeovers breaks expiries resumptions lost);

my $schema = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT line_article REFERENCES article);
CREATE TABLE part (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE strict (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT n, 'body' FROM generate_series(1, 20) n;
INSERT INTO line VALUES (1, 1);
INSERT INTO part VALUES (1);
INSERT INTO strict VALUES (1);
SELECT locking.protect('article'), locking.protect('line', parent => 'line_article'), locking.protect('part'), locking.protect('strict', required => true);
SQL

my $node = new_node('counted', conf => ["shared_preload_libraries = 'locking'", 'max_prepared_transactions = 2']);
sql($node, $schema);

# The counters of a table, those that are not 0, as "acquisitions 1, lost 2".
sub counts
{
	my ($table, %options) = @_;
	my @values = split /\|/, sql($options{node} || $node, 'SELECT ' . join(', ', @columns) . " FROM locking.stats WHERE table_name = '$table'", %options), -1;
	return join ', ', map { $values[$_] eq '0' ? () : "$columns[$_] $values[$_]" } 0 .. $#columns;
}

# What a piece of code adds to the counters of a table.
sub counted
{
	my ($name, $table, $expected, @steps) = @_;
	sql($node, 'SELECT locking.reset_stats()');
	$_->() for @steps;
	return is(counts($table), $expected, $name);
}

sub does { my ($sql, $owner) = @_; return sub { sql($node, $sql, owner => $owner) } }
sub fails
{
	my ($state, $sql, $owner) = @_;
	return sub { refused($sql, $node, $state, $sql, owner => $owner) };
}
sub lapse { return does('UPDATE locking.lock SET expires_at = clock_timestamp()', 'ann') }
sub clean { return does('SET session_replication_role = replica; DELETE FROM locking.lock', 'ann')->() }

subtest 'what is counted' => sub {
	my $get = "SELECT locking.acquire('article', 1)";
	counted('an acquisition', 'article', 'acquisitions 1', does($get, 'ann'));
	counted('a renewal is no acquisition', 'article', '', does($get, 'ann'));
	counted('refused acquisitions', 'article', 'refused_acquisitions 4',
		fails('55P03', $get, 'bob'), fails('55P03', "SELECT locking.acquire('article', 1, wait => '30 ms')", 'bob'),
		does("SELECT locking.try_acquire('article', 1)", 'bob'), fails('55P03', "SELECT locking.acquire_all('article', ARRAY[1, 2])", 'bob'));
	counted('refused writes', 'article', 'refused_writes 3',
		fails('55P03', 'UPDATE article SET body = $$x$$ WHERE id = 1', 'bob'), fails('55P03', 'DELETE FROM article WHERE id = 1', 'bob'),
		fails('55P03', 'TRUNCATE article CASCADE', 'bob'));
	counted('a refused write of a child counts for the child', 'line', 'refused_writes 2',
		fails('55P03', 'UPDATE line SET id = 2', 'bob'), fails('55P03', 'TRUNCATE line', 'bob'));
	counted('not for the parent', 'article', '', fails('55P03', 'UPDATE line SET id = 2', 'bob'));
	counted('skipped rows and writes that pass are not counted', 'article', '',
		does('SET locking.on_locked = skip; UPDATE article SET body = $$y$$', 'bob'), does('UPDATE article SET body = $$z$$', 'ann'));
	counted('a table that requires locks', 'strict', 'refused_writes 2', fails('LK002', 'UPDATE strict SET body = $$x$$', 'ann'), fails('LK002', 'TRUNCATE strict', 'ann'));
	my $unnamed = 'SET locking.require_owner = on; ';
	counted('writes while no owner is named', 'article', 'refused_writes 2',
		fails('42501', $unnamed . 'UPDATE article SET body = $$x$$ WHERE id = 1'), fails('42501', $unnamed . 'TRUNCATE article CASCADE'));
	counted('of a table that requires locks', 'strict', 'refused_writes 1', fails('42501', $unnamed . 'UPDATE strict SET body = $$x$$'));
	counted('of a row with a soft lock', 'part', 'acquisitions 1, refused_writes 2', does("SELECT locking.acquire('part', 1, hard => false)", 'ann'),
		fails('42501', $unnamed . 'UPDATE part SET id = 1'), fails('42501', $unnamed . 'TRUNCATE part'));
	does('SELECT locking.release_all(); ' . $get, 'ann')->();
	my $token = sql($node, $get, owner => 'ann');
	counted('a takeover is an acquisition, too', 'article', 'acquisitions 1, takeovers 1, lost 2', does("SELECT locking.take_over('article', 1, 'x')", 'bob'),
		fails('LK001', "SELECT locking.confirm($token)", 'ann'), fails('LK001', "SELECT locking.renew($token)", 'ann'));
	counted('a break', 'article', 'breaks 1', does("SELECT locking.break_lock('article', 1, 'x')", 'ann'));
	counted('a token that was never issued is no lost lock', 'article', '', fails('LK001', 'SELECT locking.confirm(-1)', 'ann'));
	counted('a resumption', 'article', 'acquisitions 1, resumptions 1', does($get, 'ann'), lapse(), does($get, 'ann'));
	counted('an expiry', 'article', 'acquisitions 1, expiries 1', lapse(), does($get, 'bob'));
	counted('a lock that lapsed and was overwritten', 'article', 'lost 1', lapse(), does('UPDATE article SET body = $$w$$ WHERE id = 1', 'ann'), sub {
			my $lost = sql($node, 'SELECT token FROM locking.lock');
			fails('LK001', "SELECT locking.renew($lost)", 'bob')->();
		});
	counted('a partition counts for its root', 'part', 'acquisitions 1, refused_writes 1', does("SELECT locking.acquire('part_1', 1)", 'ann'),
		fails('55P03', 'DELETE FROM part_1', 'bob'));
	counted('what is rolled back was counted', 'article', 'acquisitions 1', does("BEGIN; SELECT locking.acquire('article', 5); ROLLBACK", 'ann'));
	clean();
};

subtest 'concurrent' => sub {
	sql($node, 'SELECT locking.reset_stats()');
	my @sessions = map { session($node, owner => "user $_") } 1 .. 4;
	$_->send_sql('DO $$BEGIN FOR i IN 1..500 LOOP PERFORM locking.acquire($q$part$q$, 1); PERFORM locking.release_all(); END LOOP; END$$') for $sessions[0];
	for my $n (1 .. 3)
	{
		my $row = $n + 10;
		$sessions[$n]->send_sql("DO \$\$BEGIN FOR i IN 1..500 LOOP PERFORM locking.acquire('article', $row); PERFORM locking.release_all(); END LOOP; END\$\$");
	}
	$_->finish for @sessions;
	is(counts('article'), 'acquisitions 1500', 'no count is lost');
	is(counts('part'), 'acquisitions 500', 'nor in another table');
	$_->quit for @sessions;
};

subtest 'live locks' => sub {
	is(sql($node, "SELECT live_locks, longest_held FROM locking.stats WHERE table_name = 'article'"), '0|', 'none');
	sql($node, "SELECT locking.acquire('article', 1), locking.acquire('article', 2), locking.acquire('article', 3); UPDATE locking.lock SET acquired_at = acquired_at - interval '1 hour' WHERE key = '2'; UPDATE locking.lock SET expires_at = clock_timestamp() WHERE key = '3'", owner => 'ann');
	is(sql($node, "SELECT live_locks, longest_held BETWEEN '1 h' AND '1 h 10 min' FROM locking.stats WHERE table_name = 'article'"), '2|t', 'two, one of them for an hour');
	sql($node, 'UPDATE locking.lock SET lost = true WHERE key = $$2$$');
	is(sql($node, "SELECT live_locks, longest_held < '1 h' FROM locking.stats WHERE table_name = 'article'"), '1|t', 'a lost one is not live');
	clean();
};

subtest 'privileges' => sub {
	sql($node, 'CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher; CREATE ROLE other LOGIN');
	is(sql($node, 'SELECT count(*) FROM locking.stats', user => 'watcher'), 4, 'pg_monitor sees all tables, without a privilege on them');
	refused('others', $node, '42501', 'SELECT * FROM locking.stats', user => 'other');
	refused('the function below it', $node, '42501', "SELECT locking.counters('article')", user => 'other');
	refused('pg_monitor cannot reset', $node, '42501', 'SELECT locking.reset_stats()', user => 'watcher');
	sql($node, 'GRANT EXECUTE ON FUNCTION locking.reset_stats(regclass) TO watcher');
	accepted('EXECUTE is the right to reset', $node, "SELECT locking.reset_stats('article')", user => 'watcher');
};

subtest 'since' => sub {
	my $since = sub { return sql($node, "SELECT since FROM locking.stats WHERE table_name = '$_[0]'") };
	sql($node, "SELECT locking.acquire('article', 1), locking.acquire('part', 1)", owner => 'ann');
	my ($article, $part) = ($since->('article'), $since->('part'));
	sql($node, "SELECT locking.reset_stats('part_1')");
	is(counts('part'), '', 'reset, by a partition');
	isnt($since->('part'), $part, 'since the reset');
	is(counts('article'), 'acquisitions 1', 'another table is not reset');
	is($since->('article'), $article, 'nor is its time');
	sql($node, "SELECT locking.protect('article', ttl => '3 min')");
	is(counts('article'), 'acquisitions 1', 'other settings keep the counters');
	sql($node, "SELECT locking.unprotect('article'), locking.protect('article')");
	is(counts('article'), '', 'protecting again starts anew');
	clean();
};

subtest 'databases' => sub {
	sql($node, 'CREATE DATABASE second');
	sql($node, $schema, db => 'second');
	sql($node, "SELECT locking.reset_stats()");
	sql($node, "SELECT locking.acquire('article', 1)", db => 'second', owner => 'ann');
	is(counts('article', db => 'second'), 'acquisitions 1', 'counted there');
	is(counts('article'), '', 'not here');
	sql($node, 'SELECT locking.reset_stats()');
	is(counts('article', db => 'second'), 'acquisitions 1', 'a reset here does not matter there');
	sql($node, 'DROP EXTENSION locking CASCADE; CREATE EXTENSION locking', db => 'second');
	my $before = sql($node, 'SELECT clock_timestamp()');
	sql($node, "SELECT locking.protect('article')", db => 'second');
	is(counts('article', db => 'second'), '', 'protecting starts anew, whatever was counted before');
	is(sql($node, "SELECT since > '$before' FROM locking.stats", db => 'second'), 't', 'since then');
};

subtest 'restart' => sub {
	sql($node, "SELECT locking.acquire('article', 1)", owner => 'ann');
	my $start = sql($node, 'SELECT clock_timestamp()');
	$node->restart;
	is(counts('article'), '', 'a restart resets them');
	is(sql($node, "SELECT bool_and(since > '$start' AND since < clock_timestamp()) FROM locking.stats"), 't', 'since the start');
	clean();
};

# More tables than there is room for: 4,096. Settings are written directly.
subtest 'full' => sub {
	sql($node, 'DROP DATABASE second; CREATE DATABASE full_one');
	sql($node, 'CREATE EXTENSION locking; CREATE TABLE last (id integer PRIMARY KEY); INSERT INTO last VALUES (1)', db => 'full_one');
	my $fill = sub {
		my ($db, $first, $n) = @_;
		sql($node, "INSERT INTO locking.protected (relation, key) SELECT g, '{id}' FROM generate_series($first, $first + $n - 1) g", db => $db);
	};
	$fill->('full_one', 1000000, 4090);
	sql($node, "SELECT locking.protect('last'); SELECT locking.acquire('last', 1)", db => 'full_one', owner => 'ann');
	is(counts('last', db => 'full_one'), 'acquisitions 1', 'still room');
	$fill->('full_one', 2000000, 100);
	sql($node, "CREATE TABLE beyond (id integer PRIMARY KEY); INSERT INTO beyond VALUES (1); SELECT locking.protect('beyond'); SELECT locking.acquire('beyond', 1)", owner => 'ann');
	is(sql($node, "SELECT live_locks, acquisitions, since FROM locking.stats WHERE table_name = 'beyond'"), '1||', 'no room: null, live locks are known');
	is(counts('last', db => 'full_one'), 'acquisitions 1', 'the others are counted on');
	sql($node, 'DELETE FROM locking.protected WHERE relation >= 2000000', db => 'full_one');
	sql($node, "SELECT locking.release_all(); SELECT locking.acquire('beyond', 1)", owner => 'ann');
	is(counts('beyond'), 'acquisitions 1', 'room again');
	$fill->('full_one', 2000000, 100);
	sql($node, 'DROP DATABASE full_one; CREATE TABLE again (id integer PRIMARY KEY); INSERT INTO again VALUES (1)');
	sql($node, 'SELECT locking.unprotect($$beyond$$)');
	sql($node, 'CREATE DATABASE full_two');
	sql($node, 'CREATE EXTENSION locking', db => 'full_two');
	$fill->('full_two', 1000000, 4000);
	sql($node, "SELECT locking.protect('again'); SELECT locking.acquire('again', 1)", owner => 'ann');
	is(counts('again'), 'acquisitions 1', 'entries of a dropped database make room');
};

subtest 'without shared memory' => sub {
	my $plain = new_node('plain');
	sql($plain, $schema);
	sql($plain, "SELECT locking.acquire('article', 1)", owner => 'ann');
	refused('refused', $plain, '55P03', 'DELETE FROM article WHERE id = 1', owner => 'bob');
	if (major_version($plain) >= 17)
	{
		is(counts('article', node => $plain), 'acquisitions 1, refused_writes 1', 'from 17 on it is created when needed');
		return;
	}
	is(sql($plain, "SELECT live_locks, longest_held < '1 min', acquisitions, refused_writes, lost, since FROM locking.stats WHERE table_name = 'article'"), '1|t||||',
		'before 17: live locks only');
	accepted('nothing to reset', $plain, 'SELECT locking.reset_stats()');
};

done_testing();
