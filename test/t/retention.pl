# What is removed in passing: old events, and drafts and requests of rows that
# are gone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'autovacuum = off', 'locking.notify = off' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 2000) g;
SELECT locking.protect('article');
CREATE ROLE anna LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON article TO anna;
COMMENT ON ROLE anna IS 'Anna Albers';
-- pairs, each call a transaction of its own
CREATE PROCEDURE pairs(n integer) LANGUAGE plpgsql AS $$
DECLARE
	token bigint;
BEGIN
	FOR i IN 1 .. n LOOP
		token := locking.acquire('article', 1000 + i % 900);
		COMMIT;
		PERFORM locking.release(token);
		COMMIT;
	END LOOP;
END $$;
CREATE FUNCTION old_events(from_id bigint, to_id bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO locking.event (id, at, event, relation, key, token, owner, session_role)
	SELECT g, now() - interval '100 days', 'acquired', 'article'::regclass, '1', g, 'old', 'old' FROM generate_series(from_id, to_id) g $$;
SQL

# A sweep of everything is due after that many acquisitions.
my $DUE = 64;
# The number of events that a sweep then examines.
my $SIZE = 512;

sub old_left { return sql($node, "SELECT count(*) FROM locking.event WHERE owner = 'old'") }

# ---- the history ----

is(sql($node, "SELECT locking.gate(); SHOW locking.keep_history") =~ s/.*\n//rs, '90d', 'events are kept for 90 days');
sql($node, "SELECT old_events(1, 2000); SELECT setval('locking.event_id_seq', 100000)");
sql($node, "CALL pairs($DUE)");
is(old_left(), 2000 - $SIZE, 'a sweep removes some old events');
sql($node, "CALL pairs(4 * $DUE)");
is(old_left(), 0, 'later ones the others');
is(sql($node, "SELECT count(*) FROM locking.event WHERE owner <> 'old'"), 10 * $DUE, 'all events that are not old are kept');

sql($node, "SELECT old_events(1, 100); ALTER DATABASE postgres SET locking.keep_history = -1");
sql($node, "CALL pairs(2 * $DUE)");
is(old_left(), 100, '-1 keeps all events');
sql($node, "ALTER DATABASE postgres SET locking.keep_history = '101d'");
sql($node, "CALL pairs(2 * $DUE)");
is(old_left(), 100, 'events that are not older than the setting are kept');
refused('only superusers set it', $node, '42501', "SELECT locking.gate(); SET locking.keep_history = 0", user => 'anna');

# It keeps up: more is removed than is added.
sql($node, "ALTER DATABASE postgres SET locking.keep_history = 0");
sql($node, "CALL pairs(20 * $DUE)");
cmp_ok(sql($node, 'SELECT count(*) FROM locking.event'), '<=', 4 * $DUE, 'the history does not grow');

sub script
{
	my ($sql) = @_;
	my $file = tmp_folder() . '/script.sql';
	open my $out, '>', $file or die "$file: $!\n";
	print $out $sql;
	close $out;
	return $file;
}

sql($node, 'TRUNCATE locking.event; SELECT old_events(1, 100)');
run_ok('sessions of three acquisitions', $node, 'pgbench', '-n', '-C', '-t', 300, '-f', script("CALL pairs(3);\n"), 'postgres');
is(old_left(), 0, 'sessions of few acquisitions sweep in their turn');
run_ok('many sessions at a time', $node, 'pgbench', '-n', '-c', 8, '-t', $DUE * 4, '-f', script(<<'SQL'), 'postgres');
\set i random(1, 900)
SELECT token FROM locking.try_acquire('article', :i) \gset
SELECT locking.release(:token);
SQL
sql($node, "CALL pairs(8 * $DUE)");
cmp_ok(sql($node, 'SELECT count(*) FROM locking.event'), '<=', 4 * $DUE, 'nor does it with many sessions');
sql($node, "ALTER DATABASE postgres RESET locking.keep_history");
sql($node, 'TRUNCATE locking.event');

# Removed events that vacuum cannot remove, while a transaction is old, are
# not stepped over one by one.
sql($node, 'SELECT old_events(1, 30000)');
my $old = session($node);
$old->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM locking.event');
sql($node, 'DELETE FROM locking.event WHERE id <= 25000');
for my $ids ([ 24990, 25010 ], [ 27000, 27000 ])
{
	sql($node, "DELETE FROM locking.event WHERE id BETWEEN $ids->[0] AND $ids->[1]");
}
my $left = old_left();
sql($node, "CALL pairs($DUE)");
cmp_ok(old_left(), '<=', $left - $SIZE + 20, 'a new session finds the oldest event behind removed ones');
sql($node, "CALL pairs($DUE)") for 1 .. 12;
is(old_left(), 0, 'and so do later ones, until all are removed');
$old->query('COMMIT');
$old->quit;

# ids are not in the order of time: the clock was ahead, a row is locked
sql($node, 'TRUNCATE locking.event; SELECT old_events(1, 100)');
sql($node, "UPDATE locking.event SET at = now() + interval '1 day' WHERE id IN (1, 50)");
my $holder = session($node);
$holder->query('BEGIN; SELECT FROM locking.event WHERE id = 60 FOR UPDATE');
sql($node, "CALL pairs($DUE)");
is(sql($node, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM locking.event WHERE owner = 'old'"), '1 50 60',
	'an event of the future is passed over, and one that is locked is not waited for');
$holder->query('COMMIT');
sql($node, "CALL pairs($DUE)");
is(sql($node, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM locking.event WHERE owner = 'old'"), '1 50', 'the next sweep removes it');

# nor were events that were copied from elsewhere
sql($node, 'TRUNCATE locking.event; SELECT old_events(1, 100); UPDATE locking.event SET at = now() WHERE id <= 40');
sql($node, "CALL pairs($DUE)");
is(old_left(), 40, 'old events behind some that are kept are removed');

# nor are those of a transaction in progress in the way
sql($node, 'TRUNCATE locking.event; SELECT old_events(11, 100)');
my $copier = session($node);
$copier->query('BEGIN; SELECT old_events(1, 10)');
sql($node, "CALL pairs($DUE)");
is(old_left(), 0, 'old events behind some that are being inserted are removed');
$copier->query('ROLLBACK');
$copier->quit;

# ---- one commit may acquire any number of locks ----

{
	my $rows = 1000;
	sql($node, "INSERT INTO article SELECT generate_series(2001, 9 * $rows)");
	sql($node, "ALTER DATABASE postgres SET locking.keep_history = 0; DELETE FROM locking.lock; TRUNCATE locking.event; VACUUM locking.lock");
	my $bulk = session($node, owner => 'ann');
	for my $round (0 .. 8)
	{
		my $first = $rows * $round + 1;
		$bulk->query("SELECT count(*) FROM locking.acquire_all('article', (SELECT array_agg(g) FROM generate_series($first, $first + $rows - 1) g))");
		sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '2 hours'");
		sql($node, 'VACUUM locking.lock, locking.event');
	}
	cmp_ok(sql($node, 'SELECT count(*) FROM locking.lock'), '<', 2 * $rows, 'lapsed locks of large transactions are removed, too');
	cmp_ok(sql($node, 'SELECT count(*) FROM locking.event'), '<', 4 * $rows, 'and so are their events');
	$bulk->quit;
	sql($node, "ALTER DATABASE postgres RESET locking.keep_history; TRUNCATE locking.event; DELETE FROM locking.lock; DELETE FROM article WHERE id > 2000");
}

# ---- the sweep of lapsed locks ends its cycle while tokens are added ----

sql($node, 'DELETE FROM locking.lock; VACUUM locking.lock');
$old = session($node);
my $ann = session($node, owner => 'ann');
sql($node, "SELECT locking.acquire('article', 5)", owner => 'bob');
$old->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM locking.lock');
# Entries of removed records, as other sessions leave them.
sub add_tokens
{
	my ($n) = @_;
	sql($node, <<"SQL");
INSERT INTO locking.lock (relation, key, owner, expires_at)
	SELECT 'article'::regclass, 'x' || g, 'cid', clock_timestamp() FROM generate_series(1, $n) g;
DELETE FROM locking.lock WHERE owner = 'cid';
SQL
	return;
}

# a cycle begins, passes the record, and has not come to the end
add_tokens(2000);
$ann->query('CALL pairs(32)');
sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '2 hours' WHERE owner = 'bob'");
for (1 .. 80)
{
	add_tokens(64);
	$ann->query('CALL pairs(16)');
}
is(sql($node, "SELECT count(*) FROM locking.lock WHERE owner = 'bob'"), 0, 'a cycle of the sweep ends while others add tokens faster than it examines them');
$_->quit for $old, $ann;

# ---- requests of rows that are gone ----

sql($node, <<'SQL');
CREATE TABLE parted (id integer PRIMARY KEY, body text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
SELECT locking.protect('parted');
CREATE TABLE owned (id integer PRIMARY KEY, article integer REFERENCES article ON DELETE CASCADE ON UPDATE CASCADE);
SELECT locking.protect('owned');
CREATE TABLE named (first text, last text, PRIMARY KEY (first, last));
SELECT locking.protect('named');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON parted, parted_2, owned, named TO anna;
SQL

my @requested = (
	"'article', 1", "'article', 2", "'article', 3", "'owned', 1", "'owned', 2", "'parted', 1", "'parted', 2", "'parted', 120",
	"'named', ARRAY['Ann', 'Ames']", "'named', ARRAY['Bob', 'O''Brian, \"B\"']");

# Rows anew, each with requests of two owners; row 1 stays.
sub begin_rows
{
	sql($node, <<'SQL');
SET locking.enforce = off;
DELETE FROM locking.lock; DELETE FROM locking.request_queue; DELETE FROM locking.draft;
DELETE FROM owned; DELETE FROM article WHERE id < 1000; DELETE FROM parted; DELETE FROM named;
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 9) g;
INSERT INTO owned VALUES (1, 1), (2, 2);
INSERT INTO parted SELECT g, 'body' FROM generate_series(1, 150) g;
INSERT INTO named VALUES ('Ann', 'Ames'), ('Bob', 'O''Brian, "B"');
SQL
	for my $owner (qw(cid dan))
	{
		sql($node, join(' ', map { "SELECT locking.request($_);" } @requested), owner => $owner);
	}
	return;
}

sub requested
{
	return sql($node, "SELECT string_agg(DISTINCT relation || ' ' || key, ', ' ORDER BY relation || ' ' || key) FROM locking.request_queue WHERE key NOT LIKE '%Ames%' AND key NOT IN ('1')");
}
my $all = 'article 2, article 3, named {Bob,"O\'Brian, \"B\""}, owned 2, parted 120, parted 2';

sub gone
{
	my ($how, $sql, $gone, %options) = @_;
	begin_rows();
	is(requested(), $all, "$how: before") if $options{check_before};
	sql($node, "SELECT locking.acquire('article', 2)", owner => 'anna') if $options{lock};
	accepted($how, $node, $sql, user => 'anna', %{ $options{as} || {} });
	my $expected = join(', ', grep { my $row = $_; !grep { $row eq $_ } @$gone } split /(?<=[\d}]), /, $all);
	is(requested(), $expected, "$how: the requests of " . (@$gone ? "@$gone are removed at once" : 'no row are removed'));
	is(sql($node, "SELECT count(*) FROM locking.request_queue WHERE key = '1'"), $options{ones} // 6, "$how: other requests stay");
	return;
}

gone('DELETE by the holder of the lock', 'DELETE FROM article WHERE id = 2', [ 'article 2', 'owned 2' ], lock => 1, check_before => 1);
gone('DELETE of an unlocked row', 'DELETE FROM article WHERE id = 2', [ 'article 2', 'owned 2' ]);
gone('DELETE of many rows', 'DELETE FROM article WHERE id > 1 AND id < 1500', [ 'article 2', 'article 3', 'owned 2' ]);
sql($node, "INSERT INTO article SELECT g, 'body' FROM generate_series(1000, 1500) g ON CONFLICT DO NOTHING");
gone('DELETE and INSERT', "BEGIN; DELETE FROM article WHERE id = 2; INSERT INTO article VALUES (2, 'anew'); COMMIT", ['owned 2']);
gone('DELETE that is rolled back', 'BEGIN; DELETE FROM article WHERE id = 2; ROLLBACK', []);
gone('DELETE in a savepoint that is rolled back', 'BEGIN; SAVEPOINT s; DELETE FROM article WHERE id = 2; ROLLBACK TO s; COMMIT', []);
gone('DELETE in a savepoint', 'BEGIN; SAVEPOINT s; DELETE FROM article WHERE id = 2; RELEASE s; COMMIT', [ 'article 2', 'owned 2' ]);
gone('DELETE under REPEATABLE READ', 'BEGIN ISOLATION LEVEL REPEATABLE READ; DELETE FROM article WHERE id = 2; COMMIT', [ 'article 2', 'owned 2' ]);
gone('another key of an unlocked row', 'UPDATE article SET id = 20 WHERE id = 3', ['article 3']);
gone('another key of several tables', 'BEGIN; UPDATE article SET id = 20 WHERE id = 3; DELETE FROM parted WHERE id = 2; DELETE FROM named WHERE first = \'Bob\'; COMMIT',
	[ 'article 3', 'parted 2', 'named {Bob,"O\'Brian, \"B\""}' ]);
gone('a row that moves to another partition', 'UPDATE parted SET id = 199 WHERE id = 2', ['parted 2']);
gone('DELETE of a partition\'s row', 'DELETE FROM parted_2 WHERE id = 120', ['parted 120']);
gone('TRUNCATE of a partition', 'TRUNCATE parted_2', ['parted 120']);
gone('TRUNCATE', 'TRUNCATE named', ['named {Bob,"O\'Brian, \"B\""}']);
gone('unprotect', "SELECT locking.unprotect('named')", ['named {Bob,"O\'Brian, \"B\""}'], as => { user => 'postgres' });
sql($node, "SELECT locking.protect('named')");

# the owner's change of the key moves them
begin_rows();
sql($node, "SELECT locking.acquire('article', 2); UPDATE article SET id = 20 WHERE id = 2", user => 'anna');
like(requested(), qr/^article 20, article 3, /, 'the change of the key of a locked row moves the requests');

# a lapsed lock, and a lock of another owner on another row
gone('DELETE after the lock has lapsed', 'DELETE FROM article WHERE id = 2', [ 'article 2', 'owned 2' ]);
begin_rows();
sql($node, "SELECT locking.acquire('article', 2)", owner => 'bob');
sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 s'; DELETE FROM article WHERE id = 2", owner => 'eve');
unlike(requested(), qr/article 2\b/, 'DELETE by another owner after the lock has lapsed');

# what the guard does not see is found by the sweep
for my $way ([ 'a DELETE of replication', "SET session_replication_role = replica; DELETE FROM parted WHERE id = 2", qr/parted 2\b/ ],
	[ 'locking.enforce', "SET locking.enforce = off; DELETE FROM named WHERE first = 'Bob'", qr/named/ ],
	[ 'a partition that is detached', 'ALTER TABLE parted DETACH PARTITION parted_2', qr/parted 120/ ],
	[ 'a partition that is dropped', 'DROP TABLE parted_1', qr/parted 2\b/ ],
	[ 'a table that is truncated without its trigger', 'ALTER TABLE article DISABLE TRIGGER USER; SET session_replication_role = replica; DELETE FROM article WHERE id < 10; ALTER TABLE article ENABLE TRIGGER USER', qr/article [23]\b/ ])
{
	my ($name, $sql, $pattern) = @$way;
	begin_rows();
	like(requested(), $pattern, "$name: before");
	sql($node, $sql);
	sql($node, 'CALL pairs(160)');
	unlike(requested() || 'none', $pattern, "$name: the sweep removes the requests");
	like(requested(), qr/article 3/, "$name: and no others") unless $sql =~ /article/;
	sql($node, 'DROP TABLE parted_2; CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200)') if $sql =~ /DETACH/;
	sql($node, 'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (100)') if $sql =~ /DROP TABLE/;
}

# A table that another session has locked is not waited for, nor a request
# that it is changing, and nothing is removed in a serializable transaction.
begin_rows();
my $locker = session($node);
my $deleter = session($node, user => 'anna');
$deleter->query("SET lock_timeout = '60s'; BEGIN; DELETE FROM article WHERE id = 3");
$locker->query('BEGIN; LOCK TABLE locking.request_queue IN ACCESS EXCLUSIVE MODE');
is($deleter->state_of('COMMIT'), '', 'a locked queue is not waited for');
$locker->query('ROLLBACK');
like(requested(), qr/article 3/, 'so the requests stay');
$locker->query("BEGIN; UPDATE locking.request_queue SET message = 'changed' WHERE key = '2'");
is($deleter->state_of('DELETE FROM article WHERE id = 2'), '', 'requests that are being changed are not waited for');
$locker->query('ROLLBACK');
is($deleter->state_of('BEGIN ISOLATION LEVEL SERIALIZABLE; DELETE FROM parted WHERE id = 2; COMMIT'), '', 'a serializable DELETE');
like(requested(), qr/article 2.*parted 2/, 'leaves them to the sweep');
$locker->query('BEGIN; LOCK TABLE parted_1 IN ACCESS EXCLUSIVE MODE');
sql($node, "SET lock_timeout = '60s'; CALL pairs(160)");
like(requested(), qr/^(?!.*article [23]\b).*parted 2/, 'a partition that is locked is not waited for: its requests stay, others are removed');
$locker->query('ROLLBACK');
sql($node, 'CALL pairs(160)');
unlike(requested(), qr/parted 2\b/, 'until it is free');
$_->quit for $locker, $deleter;

# ---- drafts of rows that are gone ----

begin_rows();
for my $n (1 .. 3)
{
	sql($node, "SET locking.hand_over_time = 0; SELECT locking.save_draft(locking.acquire('article', $n), '{\"text\": $n}'); SELECT locking.release_all()", owner => 'cid');
}
sql($node, 'DELETE FROM article WHERE id IN (2, 3)');
sql($node, "UPDATE locking.draft SET saved_at = now() - interval '91 days' WHERE key IN ('1', '2')");
sql($node, 'CALL pairs(160)');
is(sql($node, "SELECT string_agg(key, ' ' ORDER BY key) FROM locking.draft"), '1 3', 'an old draft of a row that is gone is removed; others are kept');
sql($node, "ALTER DATABASE postgres SET locking.keep_history = -1; UPDATE locking.draft SET saved_at = now() - interval '9 years'");
sql($node, 'CALL pairs(160)');
is(sql($node, "SELECT string_agg(key, ' ' ORDER BY key) FROM locking.draft"), '1 3', '-1 keeps all drafts');
sql($node, 'ALTER DATABASE postgres RESET locking.keep_history');
sql($node, 'CALL pairs(160)');
is(sql($node, "SELECT string_agg(key, ' ' ORDER BY key) FROM locking.draft"), '1', 'a draft of a row that exists is kept however old it is');

# ---- who did it ----

sql($node, "SELECT locking.acquire('article', 5)", user => 'anna');
sql($node, "SELECT locking.set_owner('bert', 'Bert Brandt', false); SELECT locking.take_over('article', 5, 'urgent'); SELECT locking.release_all()");
is(sql($node, "SELECT string_agg(event || ' by ' || actor || '/' || actor_name, ', ' ORDER BY id) FROM locking.history_of('article', '5')"),
	'acquired by anna/Anna Albers, taken_over by bert/Bert Brandt, acquired by bert/Bert Brandt, released by bert/Bert Brandt',
	'the history has the name that the actor had');
is(in_log($node, 'PANIC|was terminated by signal|TRAP'), 0, 'no crash in the log');

# ---- ids of executed requests ----

sub ids { return sql($node, "SELECT count(*) FROM locking.done WHERE owner LIKE '$_[0]'") }

sql($node, <<'SQL');
INSERT INTO locking.done (owner, id, done_at) SELECT 'old', g, now() - interval '8 days' FROM generate_series(1, 100) g;
INSERT INTO locking.done (owner, id, done_at) SELECT 'new', g, now() - interval '6 days' FROM generate_series(1, 100) g;
SQL
sql($node, "SET ROLE anna; SELECT locking.once('an id')");
is(ids('old'), 36, 'a call of once() removes some ids that are older than a week');
sql($node, "SET ROLE anna; SELECT locking.once('id ' || g) FROM generate_series(1, 20) g");
is(ids('old'), 0, 'later ones the others');
is(ids('new'), 100, 'newer ones are kept');
sql($node, "LOAD 'locking'; SET locking.max_locks_per_owner = 10; SET ROLE anna; SELECT locking.once('more ' || g) FROM generate_series(1, 50) g");
cmp_ok(ids('anna'), '<', 10 + 17, 'of one owner, only the latest ids are kept');
is(sql($node, "SELECT bool_and(id LIKE 'more%') FROM locking.done WHERE owner = 'anna'"), 't', 'the oldest are removed first');

done_testing();
