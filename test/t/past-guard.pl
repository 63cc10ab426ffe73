# Ways past the guard (src/README.md) that lie outside of SQL: programs that
# write pages, a library that is missing, other access methods, crashes and
# failovers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $schema = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 50) g;
SELECT locking.protect('article', ttl => '1 hour');
SQL
my $node = new_node('main', init => { allows_streaming => 1 }, conf => [ "shared_preload_libraries = 'locking'", 'autovacuum = off' ]);
sql($node, $schema);

sub write_of { my ($key) = @_; return "UPDATE article SET body = 'zoe' WHERE id = $key" }
sub acquire { my ($key) = @_; return sql($node, "SELECT locking.acquire('article', $key)", owner => 'ann') }
sub is_locked { my ($key, %options) = @_; return sql($options{node} || $node, "SELECT locking.is_locked('article', $key)") }

# A write in progress that began when the lock had lapsed is not waited for,
# as the gate let it pass. After VACUUM and a restart the gate does not have
# what the record said before.
subtest 'a superuser extends a lapsed lock by UPDATE' => sub {
	my $token = acquire(1);
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '2 hours'");
	sql($node, 'VACUUM locking.lock');
	$node->restart;
	my $zoe = session($node, owner => 'zoe');
	$zoe->query(write_of(2));
	is(sql($node, 'SELECT filled FROM locking.gate()'), 't', 'the gate proves the row unlocked');
	$zoe->query('BEGIN; ' . write_of(1));
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() + interval '1 hour'");
	is(is_locked(1), 't', 'locked');
	is($zoe->state_of('COMMIT'), '', 'the write commits');
	refused('the holder cannot save', $node, 'LK001', "SELECT locking.confirm($token)", owner => 'ann');
	refused('a write that begins later', $node, '55P03', write_of(1), owner => 'zoe');
	$zoe->quit;
};

subtest 'pages written by pg_surgery' => sub {
	plan skip_all => 'no pg_surgery' if sql($node, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_surgery'") eq '0';
	my $token = acquire(3);
	my $place = sql($node, 'SELECT ctid FROM article WHERE id = 3');
	sql($node, "CREATE EXTENSION pg_surgery; SELECT heap_force_kill('article', ARRAY['$place'::tid])");
	is(is_locked(3), 't', 'locked');
	is(sql($node, 'SELECT count(*) FROM article WHERE id = 3'), '0', 'the row is gone');
	refused('the holder cannot save', $node, 'LK001', "SELECT locking.confirm($token)", owner => 'ann');
};

subtest 'the library is missing' => sub {
	acquire(4);
	my $set = sub { sql($node, "UPDATE pg_proc SET probin = '$_[0]' WHERE oid = 'locking.guard'::regproc") };
	$set->('$libdir/missing');
	refused('every write fails', $node, '58P01', write_of(4), owner => 'zoe');
	refused('also of a row that is not locked', $node, '58P01', write_of(5), owner => 'zoe');
	$set->('$libdir/locking');
	refused('the lock is in force', $node, '55P03', write_of(4), owner => 'zoe');
};

# pg_repack and pg_squeeze copy the rows and exchange the storage.
subtest 'the storage is exchanged for a copy' => sub {
	my $token = acquire(8);
	sql($node, <<'SQL');
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE copy (LIKE article INCLUDING ALL);
INSERT INTO copy SELECT * FROM article;
UPDATE pg_class c SET relfilenode = o.relfilenode FROM pg_class o
WHERE (c.relname, o.relname) IN (('article', 'copy'), ('copy', 'article'), ('article_pkey', 'copy_pkey'), ('copy_pkey', 'article_pkey'));
COMMIT;
DROP TABLE copy;
SQL
	is(is_locked(8), 't', 'locked');
	refused('the lock is in force', $node, '55P03', write_of(8), owner => 'zoe');
	refused('the holder cannot save', $node, 'LK001', "SELECT locking.confirm($token)", owner => 'ann');
	cmp_ok(acquire(8), '>', $token, 'but can acquire the row again');
};

# An access method need not have row locks and xmin as the heap has them. One
# of another name with the heap's own handler does.
subtest 'a table access method other than heap' => sub {
	my $storage = tmp_folder() . '/storage.so';
	# not that of the copied installation, which has no headers
	my $include = qx(bash -c '. $FindBin::RealBin/../lib.sh; find_postgres; \$PG_CONFIG --includedir-server');
	chomp $include;
	system('cc', '-shared', '-fPIC', "-I$include", '-o', $storage, "$FindBin::RealBin/lib/storage.c") == 0 or die "storage.c does not compile\n";
	sql($node, <<"SQL");
CREATE FUNCTION storage_handler(internal) RETURNS table_am_handler LANGUAGE c AS '$storage';
CREATE ACCESS METHOD storage TYPE TABLE HANDLER storage_handler;
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE stored (id integer PRIMARY KEY, body text) USING storage;
CREATE TABLE whole (id integer PRIMARY KEY, body text) PARTITION BY LIST (id);
CREATE TABLE part1 PARTITION OF whole FOR VALUES IN (1) USING storage;
CREATE TABLE part2 PARTITION OF whole FOR VALUES IN (2) USING heap_too;
SQL
	refused('protect', $node, '55000', "SELECT locking.protect('stored')");
	refused('with such a partition', $node, '55000', "SELECT locking.protect('whole')");
	sql($node, "ALTER TABLE whole DETACH PARTITION part1; INSERT INTO whole VALUES (2, 'body'); SELECT locking.protect('whole')");
	sql($node, "SELECT locking.acquire('whole', 2)", owner => 'ann');
	refused('the lock on a row in the heap', $node, '55P03', "UPDATE whole SET body = 'zoe' WHERE id = 2", owner => 'zoe');
	sql($node, "ALTER TABLE whole ATTACH PARTITION part1 FOR VALUES IN (1); INSERT INTO whole VALUES (1, 'body')");
	refused('a partition that is attached later', $node, '55000', "SET enable_indexscan = off; SET enable_bitmapscan = off; UPDATE whole SET body = 'zoe' WHERE id = 1", owner => 'zoe');
	refused('a write to it alone', $node, '55000', "DELETE FROM part1", owner => 'zoe');
	return if major_version($node) < 15;

	# Index scans of this storage fail. ALTER TABLE succeeds with no other
	# scan enabled, so it reads no rows of it to follow a rewrite.
	my $by_index = 'SET enable_seqscan = off; SET enable_bitmapscan = off; ';
	my $token = acquire(6);
	accepted('a session that has the table in its cache', $node, $by_index . write_of(7) . '; ALTER TABLE article SET ACCESS METHOD storage');
	refused('a table that gets another one later', $node, '55000', 'SET enable_indexscan = off; SET enable_bitmapscan = off; ' . write_of(7), owner => 'zoe');
	refused('acquiring', $node, '55000', "SELECT locking.acquire('article', 7)", owner => 'zoe');
	accepted('renewing, without reading the row', $node, "SELECT locking.renew($token)", owner => 'ann');
	accepted('returning to the heap', $node, "${by_index}ALTER TABLE article SET ACCESS METHOD heap");
	accepted('back in the heap', $node, write_of(7), owner => 'zoe');
	refused('the lock is in force', $node, '55P03', write_of(6), owner => 'zoe');
};

subtest 'a crash empties an unlogged table' => sub {
	sql($node, "CREATE UNLOGGED TABLE note (id integer PRIMARY KEY, body text); INSERT INTO note VALUES (1, 'body'); SELECT locking.protect('note', ttl => '1 hour')");
	sql($node, "SELECT locking.acquire('note', 1)", owner => 'ann');
	$node->stop('immediate');
	start_again($node);
	is(sql($node, 'SELECT count(*) FROM note'), '0', 'the row is gone');
	accepted('it is inserted anew', $node, "INSERT INTO note VALUES (1, 'again')", owner => 'zoe');
	refused('the lock is in force', $node, '55P03', "DELETE FROM note WHERE id = 1", owner => 'zoe');
};

# A standby that has not received the last commits. It does not have the
# tokens drawn in them either (S4): it issues them again.
subtest 'the last commits are lost' => sub {
	$node->backup('base');
	my $standby = copy_of_node('standby', $node, 'base', has_streaming => 1);
	$standby->start;
	$node->wait_for_catchup('standby', 'replay', $node->lsn('insert'));
	$standby->stop;
	my @lost = map { acquire($_) } 10 .. 50;
	$node->stop('immediate');
	start_again($standby);
	$standby->promote;
	$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	is(is_locked(10, node => $standby), 'f', 'the lock is lost');
	accepted('the write passes', $standby, write_of(10), owner => 'zoe');
	refused('the lost token', $standby, 'LK001', "SELECT locking.confirm($lost[-1])", owner => 'ann');
	my $token = sql($standby, "SELECT max(locking.acquire('article', g)) FROM generate_series(10, 50) g", owner => 'zoe');
	cmp_ok($token, '>=', $lost[-1], 'lost tokens are issued again');
	refused('but not to their owner', $standby, '42501', "SELECT locking.confirm($lost[-1])", owner => 'ann');
	is(is_locked(4, node => $standby), 't', 'an earlier lock is not lost');
};

done_testing();
