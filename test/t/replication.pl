# Logical replication: the guard of a subscriber does not reject replicated
# writes, and the extension's own tables can be published.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my %logical = (init => { allows_streaming => 'logical' }, conf => [ 'log_statement = none', 'max_connections = 20' ]);
my $publisher = new_node('publisher', %logical);
my $subscriber = new_node('subscriber', %logical);

my $tables = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article ON DELETE CASCADE, body text);
CREATE TABLE part (id integer, kind text, body text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
CREATE TABLE part_b PARTITION OF part FOR VALUES IN ('b');
SQL
my $protect = <<'SQL';
SELECT locking.protect('article');
SELECT locking.protect('line', parent => 'of_article');
SELECT locking.protect('part', required => true);
SQL

sub caught_up
{
	my ($name) = @_;
	return $publisher->wait_for_catchup($name);
}

sub synchronized
{
	return $subscriber->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
}

# ---- both sides protected, each with its own locks ----

sql($_, $tables . $protect) for $publisher, $subscriber;
sql($publisher, <<'SQL', owner => 'ann');
INSERT INTO article SELECT g, 'body ' || g FROM generate_series(1, 5) g;
INSERT INTO line SELECT g, g, 'line ' || g FROM generate_series(1, 5) g;
INSERT INTO part SELECT g, 'a', 'part ' || g FROM generate_series(1, 5) g;
CREATE PUBLICATION three FOR TABLE article, line, part;
SQL
sql($subscriber, "CREATE SUBSCRIPTION three CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION three");
synchronized();
caught_up('three');
is(sql($subscriber, 'SELECT (SELECT count(*) FROM article), (SELECT count(*) FROM line), (SELECT count(*) FROM part)'),
	'5|5|5', "the initial copy passes all guards, including a parent's and that of a required lock");

sql($subscriber, <<'SQL', owner => 'sue');
SELECT locking.acquire('article', g) FROM generate_series(1, 5) g;
SELECT locking.acquire('part', ARRAY[g::text, 'a']) FROM generate_series(1, 5) g;
SQL
refused('the guard of the subscriber stops its own users', $subscriber, '55P03', "UPDATE article SET body = 'x' WHERE id = 1");
sql($publisher, <<'SQL', owner => 'ann');
SELECT locking.acquire('article', g) FROM generate_series(1, 5) g;
SELECT locking.acquire('part', ARRAY[g::text, 'a']) FROM generate_series(1, 5) g;
UPDATE article SET body = 'changed' WHERE id = 1;
UPDATE article SET id = 20 WHERE id = 2 AND NOT EXISTS (SELECT FROM line WHERE article = 2);
DELETE FROM article WHERE id = 3;
UPDATE line SET body = 'changed' WHERE id = 1;
INSERT INTO line VALUES (10, 1, 'new');
UPDATE part SET kind = 'b', body = 'moved' WHERE id = 4;
DELETE FROM part WHERE id = 5;
SQL
caught_up('three');
my $state = "SELECT (SELECT string_agg(a::text, ' ' ORDER BY id) FROM article a) || (SELECT string_agg(l::text, ' ' ORDER BY id) FROM line l)"
  . " || (SELECT string_agg(p::text, ' ' ORDER BY id) FROM part p)";
is(sql($subscriber, $state), sql($publisher, $state), 'changes of locked rows are applied');
is(sql($subscriber, "SELECT count(*) FROM locking.locks WHERE owner = 'sue'"), 10, "the subscriber's locks are as they were");
sql($publisher, 'SELECT locking.release_all(); TRUNCATE line', owner => 'ann');
caught_up('three');
is(sql($subscriber, 'SELECT count(*) FROM line'), 0, 'TRUNCATE is applied');
is(in_log($subscriber, qr/is locked by/), 1, 'no lock stopped the apply worker');

# The guard can be enabled for the worker, which then fails until the lock has
# ended.
sql($subscriber, 'ALTER TABLE article ENABLE ALWAYS TRIGGER "~locking_guard"');
sql($publisher, "UPDATE article SET body = 'later' WHERE id = 1");
ok($subscriber->poll_query_until('postgres', 'SELECT count(*) = 1 FROM locking.locks WHERE relation = \'article\'::regclass AND key = \'1\'')
	  && wait_for_log($subscriber, qr/ERROR:  row "1" of table "article" is locked by sue/), 'ENABLE ALWAYS: the guard stops the worker');
sql($subscriber, 'SELECT locking.release_all()', owner => 'sue');
caught_up('three');
is(sql($subscriber, 'SELECT body FROM article WHERE id = 1'), 'later', 'ENABLE ALWAYS: the change is applied once the lock has ended');
sql($publisher, "BEGIN; UPDATE article SET body = 'much later'; UPDATE article SET body = body || '!'; DELETE FROM article WHERE id = 3; COMMIT");
caught_up('three');
is(in_log($subscriber, qr/leak|not owned/), 0, 'what the guard keeps open for a statement is closed in a worker, too');

sub wait_for_log
{
	my ($node, $pattern) = @_;
	for (1 .. 600)
	{
		return 1 if in_log($node, $pattern);
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

# ---- all tables published, including the extension's ----

# Without protect() on the subscriber: settings and locks are replicated.
sql($_, "CREATE DATABASE whole;\n\\c whole\n$tables") for $publisher, $subscriber;
my %whole = (db => 'whole');
sql($publisher, $protect, %whole);
sql($publisher, <<'SQL', %whole, owner => 'ann');
INSERT INTO article SELECT g, 'body ' || g FROM generate_series(1, 5) g;
SELECT locking.acquire('article', 1);
CREATE PUBLICATION whole FOR ALL TABLES;
SQL
sql($subscriber, "CREATE SUBSCRIPTION whole CONNECTION '" . $publisher->connstr . " dbname=whole' PUBLICATION whole", %whole);
$subscriber->poll_query_until('whole', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
caught_up('whole');

my $token = sql($publisher, "SELECT locking.acquire('article', 2)", %whole, owner => 'ann');
accepted('every kind of change of records can be published', $publisher, <<"SQL", %whole, owner => 'ann');
SELECT locking.renew($token, draft => '{"a": 1}');
SELECT locking.renew($token, draft => '{"a": 2}');
BEGIN;
SELECT locking.confirm($token);
UPDATE article SET body = 'saved', id = 22 WHERE id = 2;
COMMIT;
SELECT locking.acquire('article', 3);
SELECT locking.release(locking.acquire('article', 4));
SELECT locking.take_over('article', 3, 'again');
SET locking.owner = 'bob';
SELECT locking.request('article', 3);
SELECT locking.take_over('article', 3, 'mine');
SELECT locking.break_lock('article', 22, 'gone');
SELECT locking.purge_history('1 hour');
SELECT locking.discard_draft('article', 1);
SELECT locking.protect('part');
ALTER TABLE article RENAME body TO text;
SQL
sql($subscriber, 'ALTER TABLE article RENAME body TO text', %whole);
caught_up('whole');
for my $table (qw(lock protected event draft request_queue))
{
	my $rows = "SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM locking.$table t";
	if ($table eq 'protected')
	{
		$rows = 'SELECT relation, hard, required, columns, parent, key FROM locking.protected ORDER BY relation::text';
	}
	my ($there, $here) = map { sql($_, $rows, %whole) } $publisher, $subscriber;
	is($here, $there, "locking.$table is replicated");
}
is(sql($subscriber, "SELECT locking.is_locked('article', 1), locking.is_locked('article', 3), locking.is_locked('article', 22)", %whole),
	't|t|f', 'is_locked() works on the subscriber');
is(sql($subscriber, "SELECT relation, guarded FROM locking.protected_tables ORDER BY relation::text", %whole),
	"article|f\nline|f\npart|f", 'locking.protected_tables shows that the tables are not guarded');

# Failover: protect() creates the guards, and the replicated locks are
# enforced.
sql($subscriber, 'DROP SUBSCRIPTION whole', %whole);
accepted('the new primary protects its tables', $subscriber, $protect, %whole);
refused('the new primary enforces replicated locks', $subscriber, '55P03', "UPDATE article SET text = 'x' WHERE id = 1", %whole,
	owner => 'zoe');
accepted('the holder of a replicated lock can write', $subscriber, "UPDATE article SET text = 'x' WHERE id = 1", %whole, owner => 'ann');

is(in_log($_, qr/TRAP:|terminated by signal 11|XX000/), 0, 'no crash or internal error in the log of ' . $_->name) for $publisher, $subscriber;

done_testing();
