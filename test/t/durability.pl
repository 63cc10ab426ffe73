# Promise S6: a committed lock survives a crash and a failover to a
# synchronous standby, and is enforced from the first write on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $primary = new_node('primary',
	init => { allows_streaming => 1 },
	conf => [ 'max_prepared_transactions = 10', 'max_connections = 20', 'synchronous_commit = on',
		'log_statement = none' ]);

sql($primary, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body ' || g FROM generate_series(1, 20) g;
SELECT locking.protect('article', ttl => '1 hour');
CREATE ROLE reader LOGIN;
GRANT SELECT ON article TO reader;
CREATE TABLE private (id integer PRIMARY KEY, who name, body text);
INSERT INTO private VALUES (1, 'reader', 'seen'), (2, 'somebody', 'not seen');
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON private USING (who = current_user);
GRANT SELECT ON private TO reader;
SELECT locking.protect('private', ttl => '1 hour');
SQL

# ---- crashes ----

my %crash = (
	'kill -9 of the postmaster' => sub { $primary->kill9 },
	'an immediate stop' => sub { $primary->stop('immediate') },
);
my $last_token = 0;

for my $how (sort keys %crash)
{
	my $token = sql($primary, "SELECT locking.acquire('article', 1, client => 'tab 1', note => 'at it')",
		owner => 'ann');
	cmp_ok($token, '>', $last_token, "before $how: the token is greater than the last one");
	sql($primary, "SELECT locking.renew($token, draft => '{\"body\": \"half a sente\"}')", owner => 'ann');

	my $open = session($primary, owner => 'bob');
	$open->query('BEGIN');
	my $uncommitted = $open->query("SELECT locking.acquire('article', 2)");
	my $saving = session($primary, owner => 'ann');
	$saving->query('BEGIN');
	$saving->query("SELECT locking.confirm($token)");
	$saving->query("UPDATE article SET body = 'not committed' WHERE id = 1");

	$crash{$how}->();
	$_->abandon for $open, $saving;
	start_again($primary);

	refused("after $how the first write meets the lock", $primary, '55P03',
		"UPDATE article SET body = 'zoe' WHERE id = 1", owner => 'zoe', message => qr/locked by ann/);
	is(sql($primary, 'SELECT key, token, owner, client, note FROM locking.locks'),
		"1|$token|ann|tab 1|at it", "after $how there is only this lock, unchanged");
	is(sql($primary, 'SELECT data FROM locking.drafts', owner => 'ann'),
		'{"body": "half a sente"}', "the draft survives $how (S7)");
	is(sql($primary, 'SELECT body FROM article WHERE id = 1'), 'body 1', "the unfinished save does not survive $how");

	accepted("an acquire() that had not committed has left nothing after $how", $primary,
		"UPDATE article SET body = 'zoe' WHERE id = 2", owner => 'zoe');
	refused("the token of an uncommitted lock, after $how", $primary, 'LK001', "SELECT locking.confirm($uncommitted)", owner => 'bob');

	$last_token = sql($primary, "SELECT locking.acquire('article', 3)", owner => 'ann');
	cmp_ok($last_token, '>', $uncommitted, "after $how no token is issued twice");
	accepted("the holder saves after $how", $primary, <<"SQL", owner => 'ann');
BEGIN;
SELECT locking.confirm($token);
UPDATE article SET body = 'body 1' WHERE id = 1;
SELECT locking.release($token);
COMMIT;
SQL
	sql($primary, "SELECT locking.release($last_token)", owner => 'ann');
	is(sql($primary, 'SELECT count(*) FROM locking.lock'), 0, 'no lock record is left');
}

# A backend is killed, and the server restarts.
{
	$primary->append_conf('postgresql.conf', 'restart_after_crash = on');
	$primary->reload;
	my $token = sql($primary, "SELECT locking.acquire('article', 1)", owner => 'ann');
	my $victim = session($primary, owner => 'bob');
	$victim->query('BEGIN');
	$victim->query("SELECT locking.acquire('article', 2)");
	kill 'KILL', $victim->{pid};
	$victim->abandon;
	$primary->poll_query_until('postgres', 'SELECT true');
	refused("after a backend's death the lock is enforced", $primary, '55P03',
		'DELETE FROM article WHERE id = 1', owner => 'zoe', message => qr/locked by ann/);
	accepted("after a backend's death its own uncommitted lock is gone", $primary,
		"UPDATE article SET body = 'zoe' WHERE id = 2", owner => 'zoe');
	sql($primary, "SELECT locking.release($token)", owner => 'ann');
}

# ---- prepared transactions ----

refused('a transaction that sends its own events cannot be prepared', $primary, '0A000', <<'SQL', owner => 'ann',
SET locking.notify = transaction;
BEGIN;
SELECT locking.acquire('article', 4);
PREPARE TRANSACTION 'noisy';
SQL
	message => qr/cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/);
is(sql($primary, "SELECT locking.is_locked('article', 4)"), 'f', 'a transaction that cannot be prepared leaves no lock');

{
	my $token = sql($primary, <<'SQL', owner => 'ann');
SET locking.notify = off;
BEGIN;
SELECT locking.acquire('article', 5);
PREPARE TRANSACTION 'acquired';
SQL
	my $saved = sql($primary, "SELECT locking.acquire('article', 6)", owner => 'ann');
	sql($primary, <<"SQL", owner => 'ann');
SET locking.notify = off;
BEGIN;
SELECT locking.confirm($saved);
UPDATE article SET body = 'saved in two phases' WHERE id = 6;
PREPARE TRANSACTION 'saved';
BEGIN;
SELECT locking.acquire('article', 7);
PREPARE TRANSACTION 'thought better of it';
SQL

	$primary->kill9;
	start_again($primary);

	for my $row (5, 6)
	{
		refused("a write waits for the prepared transaction on row $row", $primary, '55P03', <<"SQL",
SET lock_timeout = '300ms';
UPDATE article SET body = 'zoe' WHERE id = $row;
SQL
			owner => 'zoe', message => qr/lock timeout/);
		refused("an acquire() waits for the prepared transaction on row $row", $primary, '55P03', <<"SQL", owner => 'zoe',
SET lock_timeout = '300ms';
SELECT locking.take_over('article', $row, 'impatience');
SQL
			message => qr/lock timeout/);
	}
	my $writer = session($primary, owner => 'zoe');
	$writer->send_sql("UPDATE article SET body = 'zoe' WHERE id = 5");
	ok($writer->await_block, 'a writer waits');
	sql($primary, "COMMIT PREPARED 'acquired'");
	$writer->finish;
	is($writer->last_state, '55P03', 'the writer is refused once the acquire() from before the crash has committed');
	like($writer->{err}, qr/locked by ann/, "the writer's error names the holder");
	$writer->quit;
	accepted('a save with the token of the prepared acquire()', $primary, <<"SQL", owner => 'ann');
BEGIN;
SELECT locking.confirm($token);
UPDATE article SET body = 'ann' WHERE id = 5;
SELECT locking.release($token);
COMMIT;
SQL

	sql($primary, "COMMIT PREPARED 'saved'");
	is(sql($primary, 'SELECT body FROM article WHERE id = 6'), 'saved in two phases', 'the prepared save is committed');
	refused('the lock of the prepared save is still enforced', $primary, '55P03', 'DELETE FROM article WHERE id = 6', owner => 'zoe',
		message => qr/locked by ann/);
	sql($primary, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE key = '6'");
	accepted("the lock resumes after it has lapsed, since the prepared save was its owner's", $primary,
		"SELECT locking.renew($saved)", owner => 'ann');
	sql($primary, "SELECT locking.release($saved)", owner => 'ann');

	sql($primary, "ROLLBACK PREPARED 'thought better of it'");
	accepted('a prepared acquire() that is rolled back leaves the row free', $primary,
		"UPDATE article SET body = 'zoe' WHERE id = 7", owner => 'zoe');
}

# ---- a hot standby ----

$primary->backup('base');
my $standby = copy_of_node('standby', $primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "primary_conninfo = '" . $primary->connstr . " application_name=standby'\n");
$standby->start;
$primary->append_conf('postgresql.conf', "synchronous_standby_names = 'standby'\nsynchronous_commit = remote_apply");
$primary->reload;
$primary->poll_query_until('postgres', "SELECT sync_state = 'sync' FROM pg_stat_replication");

my $token = sql($primary, "SELECT locking.acquire('article', 10)", owner => 'ann');
my $lapsing = sql($primary, "SELECT locking.acquire('article', 11)", owner => 'ann');
sql($primary, "SELECT locking.save_draft($token, '{\"body\": \"unsaved\"}')", owner => 'ann');
sql($primary, "SELECT locking.request('article', 10, 'please')", owner => 'bob');
sql($primary, "SELECT locking.acquire('private', g) FROM generate_series(1, 2) g", owner => 'ann');
sql($primary, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE key = '11'");

my %question = (
	"SELECT locking.is_locked('article', 10)" => 't',
	"SELECT locking.is_locked('article', '10')" => 't',
	"SELECT locking.is_locked('article', 11)" => 'f',
	"SELECT locking.is_locked('article', 12)" => 'f',
	"SELECT locking.lock_applies('article', 10)" => 't',
	"SELECT locking.lock_seconds_remaining('article', 10) > 3000" => 't',
	"SELECT locking.lock_seconds_remaining('article', 11)" => '0',
	'SELECT locking.row_key(a) FROM article a WHERE id = 10' => '10',
	"SELECT key, token, owner, is_mine FROM locking.locks WHERE relation = 'article'::regclass" => "10|$token|ann|f",
	"SELECT relation, hard, required, ttl, key, guarded FROM locking.protected_tables WHERE relation = 'article'::regclass" =>
	  'article|t|f|01:00:00|{id}|t',
	"SELECT event, key, token, owner FROM locking.history WHERE token = $token" => "acquired|10|$token|ann",
	'SELECT key, owner, message, place FROM locking.requests' => '10|bob|please|1',
);
for my $user ('postgres', 'reader')
{
	for my $sql (sort keys %question)
	{
		my $got = eval { sql($standby, $sql, user => $user) };
		is(defined $got ? $got : $@, $question{$sql}, "on a hot standby, $user: $sql");
	}
}
is(sql($standby, "SELECT key FROM locking.locks WHERE relation = 'private'::regclass", user => 'reader'),
	'1', 'on a hot standby row security applies to the views');
is(sql($standby, "SELECT locking.is_locked('private', 2), locking.is_locked('private', 1)", user => 'reader'),
	'f|t', 'on a hot standby row security applies to the functions');
is(sql($standby, "SELECT locking.lock_applies('article', 10)", owner => 'ann'), 'f', 'the lock does not apply to the holder');
is(sql($standby, "SELECT data FROM locking.drafts WHERE key = '10'", owner => 'ann'), '{"body": "unsaved"}', 'the holder can read the draft');
is(sql($standby, "BEGIN; SELECT locking.set_owner('ann'); SELECT locking.owner() || is_mine FROM locking.locks WHERE key = '10'; COMMIT"),
	"\nanntrue", 'on a hot standby set_owner() works');

my %write = (
	"locking.acquire('article', 12)" => '25006',
	"locking.acquire('article', 12, wait => '100 ms')" => '25006',
	"locking.acquire('article', 11)" => '25006',
	"locking.acquire('article', 10)" => '25006',
	"locking.try_acquire('article', 12)" => '25006',
	"locking.acquire_all('article', ARRAY['12', '13'])" => '25006',
	"locking.take_over('article', 10, 'why not')" => '25006',
	"locking.break_lock('article', 10, 'why not')" => '25006',
	"locking.renew($token)" => '25006',
	"locking.renew($lapsing)" => '25006',
	"locking.confirm($token)" => '25006',
	"locking.confirm($lapsing)" => '25006',
	"locking.release($token)" => '25006',
	'locking.release_all()' => '25006',
	"locking.save_draft($token, '{}')" => '25006',
	"locking.discard_draft('article', 10)" => '25006',
	"locking.request('article', 10)" => '25006',
	"locking.withdraw('article', 10)" => '25006',
	"locking.purge_history('1 hour')" => '25006',
	"locking.purge_drafts('1 hour')" => '25006',
	"locking.protect('article')" => '25006',
	"locking.unprotect('article')" => '25006',
);
for my $call (sort keys %write)
{
	refused("a hot standby refuses $call", $standby, $write{$call}, "SELECT $call", owner => 'ann');
	# the same in a read-only transaction
	refused("a read-only transaction refuses $call", $primary, $write{$call},
		"SET locking.history = off; SET locking.notify = off; BEGIN READ ONLY; SELECT $call; ROLLBACK", owner => 'ann');
}
sql($primary, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 year' WHERE key = '11'");
refused('a hot standby refuses reap()', $standby, '25006', 'SELECT locking.reap()');
refused('a read-only transaction refuses reap()', $primary, '25006', 'SET locking.history = off; SET locking.notify = off; BEGIN READ ONLY; SELECT locking.reap(); ROLLBACK');
is(sql($primary, "SELECT key, token FROM locking.lock WHERE relation = 'article'::regclass ORDER BY key"),
	"10|$token\n11|$lapsing", 'no refused call had an effect');
refused('a hot standby refuses an UPDATE', $standby, '25006', "UPDATE article SET body = 'x' WHERE id = 10");

# ---- failover ----

my $open = session($primary, owner => 'bob');
$open->query('BEGIN');
my $uncommitted = $open->query("SELECT locking.acquire('article', 14)");
my $newest = sql($primary, "SELECT locking.acquire('article', 13)", owner => 'ann');
$primary->kill9;
$open->abandon;
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');

refused('after the failover the first write meets the newest lock', $standby, '55P03',
	"UPDATE article SET body = 'zoe' WHERE id = 13", owner => 'zoe', message => qr/locked by ann/);
refused('after the failover a write meets an older lock', $standby, '55P03', 'DELETE FROM article WHERE id = 10', owner => 'zoe',
	message => qr/locked by ann/);
accepted('an uncommitted acquire() has no effect', $standby,
	"UPDATE article SET body = 'zoe' WHERE id = 14", owner => 'zoe');
my $next = sql($standby, "SELECT locking.acquire('article', 14)", owner => 'zoe');
cmp_ok($next, '>', $newest, 'tokens after the promotion are greater than those before');
cmp_ok($next, '>', $uncommitted, 'tokens after the promotion are greater than uncommitted ones');
accepted('the holder saves with the old token', $standby, <<"SQL", owner => 'ann');
BEGIN;
SELECT locking.confirm($newest);
UPDATE article SET body = 'ann' WHERE id = 13;
SELECT locking.release($newest);
COMMIT;
SQL
is(sql($standby, "SELECT data FROM locking.drafts WHERE key = '10'", owner => 'ann'), '{"body": "unsaved"}', 'the draft survives (S7)');

$standby->stop;
is(in_log($_, qr/TRAP:|terminated by signal 11|leak/), 0, 'no crash or leak in the log of ' . $_->name)
  for $primary, $standby;

done_testing();
