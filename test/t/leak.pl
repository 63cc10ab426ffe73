# The memory of a long session does not grow: after many thousands of guarded
# writes and locks it is the same as after the first few.
#
# LOCKING_SOAK=1 runs ten times as many: a million writes and a hundred
# thousand cycles of acquire() and release().
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $part = $ENV{LOCKING_SOAK} ? 1 : 10;
my $rows = 100_000 / $part;
my $cycles = 100_000 / $part;
my $allowed = 1024 * 1024;

my $node = new_node('main', conf => [ 'log_statement = none', 'shared_buffers = 128MB', 'max_wal_size = 2GB',
	'synchronous_commit = off', 'log_min_messages = warning', 'max_connections = 20' ]);
plan skip_all => 'PostgreSQL shows the memory of a session from version 14 on' if major_version($node) < 14;

sql($node, <<"SQL");
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0, body text) WITH (fillfactor = 50);
INSERT INTO article (id, body) SELECT g, 'body ' || g FROM generate_series(1, $rows) g;
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article, n integer NOT NULL DEFAULT 0) WITH (fillfactor = 50);
INSERT INTO line SELECT g, g FROM generate_series(1, $rows / 10) g;
CREATE TABLE part (id integer, kind text, n integer NOT NULL DEFAULT 0, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
CREATE TABLE part_b PARTITION OF part FOR VALUES IN ('b');
INSERT INTO part SELECT g, CASE WHEN g % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, $rows / 10) g;
SELECT locking.protect('article', columns => '{n}');
SELECT locking.protect('line', parent => 'of_article');
SELECT locking.protect('part');
VACUUM ANALYZE;
SQL

my $session;

sub memory
{
	return $session->query('SELECT sum(total_bytes) FROM pg_backend_memory_contexts');
}

# Once to fill caches, then the given number of times.
sub steady
{
	my ($name, $warm_up, $times, $sql) = @_;
	$session->query($sql) for 1 .. $warm_up;
	my $before = memory();
	my $start = time;
	$session->query($sql) for 1 .. $times;
	my $growth = memory() - $before;
	note(sprintf('%s: %d bytes more than %d, after %d s', $name, $growth, $before, time - $start));
	cmp_ok($growth, '<=', $allowed, "$name: the session does not grow")
	  or diag($session->query('SELECT name, ident, parent, total_bytes FROM pg_backend_memory_contexts ORDER BY total_bytes DESC LIMIT 10'));
	return;
}

for my $events ('off', 'on')
{
	# with events a tenth of the repetitions
	my $fraction = $events eq 'off' ? 1 : 10;

	$session = session($node, owner => 'ann', timeout => 3600);
	my $other = session($node, owner => 'bob');
	$session->query("SET locking.notify = $events");
	$session->query("SET locking.history = $events");
	$other->query("SELECT locking.acquire('article', g, hard => false) FROM generate_series(1, 50) g");
	$session->query("SELECT locking.acquire('article', g) FROM generate_series(51, 100) g");
	$session->query("SELECT locking.acquire('article', g, ttl => '1 ms') FROM generate_series(101, 150) g");
	$session->query("SET client_min_messages = error");

	# a million writes in one transaction, and single transactions
	steady("bulk UPDATE, events $events", 1, int(10 / $fraction + 0.9), 'UPDATE article SET n = n + 1');
	$other->query("SELECT locking.acquire('article', g) FROM generate_series(1, 50) g");
	$session->query("SET locking.on_locked = skip");
	steady("bulk UPDATE that skips, events $events", 1, 2, 'UPDATE article SET n = n + 1');
	$session->query("SET locking.on_locked = error");

	my $n = $cycles / 10 / $fraction;
	steady("single UPDATEs, events $events", 1, 2, <<"SQL");
DO \$\$ BEGIN
	FOR i IN 1 .. $n LOOP
		UPDATE article SET n = n + 1 WHERE id = 1000 + i % 1000;
		IF i % 1000 = 0 THEN COMMIT; END IF;
	END LOOP;
END \$\$
SQL
	steady("acquire() and release(), events $events", 1, 9, <<"SQL");
DO \$\$ DECLARE token bigint; BEGIN
	FOR i IN 1 .. $n LOOP
		token := locking.acquire('article', 1 + 200 + i % 1000);
		PERFORM locking.release(token);
		IF i % 1000 = 0 THEN COMMIT; END IF;
	END LOOP;
END \$\$
SQL
	my $few = $n / 10;
	steady("a whole edit, events $events", 1, 3, <<"SQL");
DO \$\$ DECLARE t bigint; BEGIN
	FOR i IN 1 .. $few LOOP
		t := locking.acquire('article', 200 + i % 500, client => 'tab', note => 'note', ttl => '1 hour');
		PERFORM * FROM locking.try_acquire('article', 200 + i % 500);
		COMMIT;
		PERFORM locking.renew(t, draft => '{"a": 1}');
		PERFORM locking.is_locked('article', i), count(*) FROM locking.locks;
		COMMIT;
		PERFORM locking.set_owner('ann');
		PERFORM locking.confirm(t);
		UPDATE article SET n = n + 1 WHERE id = 200 + i % 500;
		UPDATE line SET n = n + 1 WHERE id = 200 + i % 500;
		PERFORM locking.discard_draft('article', 200 + i % 500);
		PERFORM locking.release(t);
		COMMIT;
		PERFORM locking.release_all('no such client'), locking.take_over('part', ARRAY[(2 * (1 + i % 50))::text, 'a'], 'x');
		UPDATE part SET kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END WHERE id = 500 + i % 100;
		COMMIT;
	END LOOP;
	PERFORM locking.release_all() FROM article WHERE id = 1;
END \$\$
SQL
	steady("refusals, events $events", 1, 3, <<"SQL");
DO \$\$ BEGIN
	FOR i IN 1 .. $few LOOP
		BEGIN UPDATE article SET n = n + 1 WHERE id = 1; EXCEPTION WHEN lock_not_available THEN NULL; END;
		BEGIN UPDATE line SET n = n + 1 WHERE id = 1; EXCEPTION WHEN lock_not_available THEN NULL; END;
		BEGIN PERFORM locking.acquire('article', 2); EXCEPTION WHEN lock_not_available THEN NULL; END;
		BEGIN PERFORM locking.confirm(0); EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN PERFORM locking.acquire('article', -1); EXCEPTION WHEN no_data_found THEN NULL; END;
		BEGIN PERFORM locking.acquire('article', 'x'); EXCEPTION WHEN OTHERS THEN NULL; END;
	END LOOP;
END \$\$
SQL
	# cached settings are discarded and built again
	steady("settings that change, events $events", 1, 3, <<"SQL");
DO \$\$ BEGIN
	FOR i IN 1 .. 30 LOOP
		PERFORM locking.protect('article', columns => '{n}', ttl => '1 minute');
		PERFORM locking.protect('part');
		COMMIT;
		UPDATE article SET n = n + 1 WHERE id = 1000;
		UPDATE part SET n = n + 1 WHERE id = 1000;
		UPDATE line SET n = n + 1 WHERE id = 1000;
		PERFORM locking.release(locking.acquire('article', 1001));
		COMMIT;
	END LOOP;
END \$\$
SQL
	$session->query('VACUUM article, line, part');
	$_->query('SELECT locking.release_all()') for $session, $other;
	$_->quit for $session, $other;
}

# ---- within one statement ----

# A statement's memory is freed at its end, so it is measured while it runs,
# at an early row and at the last.  An UPDATE with any BEFORE trigger keeps
# some bytes for each row (in 15); the test is about what the guard adds.
$session = session($node, owner => 'ann', timeout => 3600);
$session->query("SET locking.$_ = off") for 'notify', 'history';
$session->query(<<"SQL");
CREATE TABLE bulk (id integer PRIMARY KEY, body text, m bigint);
INSERT INTO bulk SELECT g, 'body' FROM generate_series(1, $rows) g;
CREATE TABLE bulk_line (id integer PRIMARY KEY, bulk integer CONSTRAINT of_bulk REFERENCES bulk, m bigint);
INSERT INTO bulk_line SELECT g, g FROM generate_series(1, $rows) g;
CREATE FUNCTION memory() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
SELECT locking.protect('bulk');
SELECT locking.protect('bulk_line', parent => 'of_bulk')
SQL
my $measure = "CASE WHEN %1\$s IN (1000, $rows) THEN memory() END";

my $usual = 0;

sub grew
{
	my ($name, $growth, $without) = @_;
	note("$name: $growth bytes, without the guard $without");
	cmp_ok($growth - $without, '<=', $allowed, "$name: does not grow from row to row");
	return;
}

sub steady_within
{
	my ($name, $statement, $result) = @_;
	my $growth = $session->query($statement);
	$growth = $session->query($result) if $result;
	grew($name, $growth, $result ? $usual : 0);
	return;
}
$session->query(<<"SQL");
CREATE TABLE plain (LIKE bulk INCLUDING ALL);
INSERT INTO plain SELECT * FROM bulk;
CREATE TRIGGER x BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
SQL
$session->query(sprintf("UPDATE plain SET m = COALESCE($measure, 0)", 'id'));
$usual = $session->query('SELECT max(m) - min(m) FROM plain WHERE m > 0');
my $of_bulk = 'SELECT max(m) - min(m) FROM bulk';
steady_within('UPDATE of free rows', sprintf("UPDATE bulk SET m = $measure", 'id'), $of_bulk);
$session->query('UPDATE bulk SET m = NULL');
$session->query('VACUUM FULL bulk');
steady_within('acquire() of many rows', sprintf(
	"SELECT max(m) - min(m) FROM (SELECT locking.acquire('bulk', g), $measure AS m FROM generate_series(1, $rows) g OFFSET 0) x", 'g'));
steady_within('UPDATE of rows that the session holds', sprintf("UPDATE bulk SET m = $measure", 'id'), $of_bulk);
$session->query('UPDATE bulk SET m = NULL');
$session->query('VACUUM FULL bulk');
steady_within('UPDATE of child rows', sprintf("UPDATE bulk_line SET m = $measure", 'id'), 'SELECT max(m) - min(m) FROM bulk_line');
{
	my $other = session($node, owner => 'bob', timeout => 3600);
	$other->query("SET locking.on_locked = skip");
	$other->query("SET client_min_messages = error");
	$other->query("CREATE TABLE seen (m bigint)");
	$other->query("CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id IN (1000, $rows) THEN"
		  . " INSERT INTO seen SELECT memory(); END IF; RETURN NEW; END'");
	$other->query('CREATE TRIGGER a_see BEFORE UPDATE ON bulk FOR EACH ROW EXECUTE FUNCTION see()');
	$other->query('UPDATE bulk SET body = 1');
	my $growth = $other->query('SELECT max(m) - min(m) FROM seen');
	grew('UPDATE that skips locked rows', $growth, $usual);
	$other->query('DROP TRIGGER a_see ON bulk');
	$other->quit;
}
steady_within('renew() of many', sprintf(
	"SELECT max(m) - min(m) FROM (SELECT locking.renew(token), $measure AS m FROM (SELECT token, key::int AS g FROM locking.lock WHERE relation = 'bulk'::regclass) l OFFSET 0) x", 'g'));
steady_within('release() of many', sprintf(
	"SELECT max(m) - min(m) FROM (SELECT locking.release(token), $measure AS m FROM (SELECT token, key::int AS g FROM locking.lock WHERE relation = 'bulk'::regclass) l OFFSET 0) x", 'g'));

# Tables that come and go: what the session knows of them is released.
$session->query("CREATE TABLE gone (id integer PRIMARY KEY); INSERT INTO gone VALUES (1);"
	  . " SELECT locking.protect('gone'); SELECT locking.acquire('gone', 1); DROP TABLE gone") for 1 .. 300;
cmp_ok($session->query("SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'locking table'"), '<=', 150, 'dropped tables are forgotten');
$session->quit;

is(sql($node, "SELECT count(*) FROM locking.locks"), 0, 'all locks were released');
is(in_log($node, qr/leak|still referenced|not closed|terminated by signal|TRAP:|XX000/), 0, 'no leak in the log');

done_testing();
