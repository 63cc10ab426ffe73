# Housekeeping never makes a commit fail: the sweep before an acquirer's
# commit is skipped silently where it cannot run.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'max_prepared_transactions = 5' ]);

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 20) g;
SELECT locking.protect('article');
CREATE TABLE done (id serial, how text);
SQL

# A record that the next sweep of a new session removes: the first by token,
# as a sweep reads 16 record versions, including dead ones.
sub leave_lapsed
{
	sql($node, <<'SQL', owner => 'bob');
DELETE FROM locking.lock WHERE key = '20';
SELECT locking.acquire('article', 20);
UPDATE locking.lock SET expires_at = clock_timestamp() - interval '2 hours' WHERE key = '20';
VACUUM locking.lock;
SQL
	return;
}

sub lapsed_left { return sql($node, "SELECT count(*) FROM locking.lock WHERE key = '20'") }

# Enough renewals to make a sweep due; without history, so without a lock on
# its sequence.
my $make_due = "DO \$\$ BEGIN FOR i IN 1 .. 17 LOOP PERFORM locking.acquire('public.article', 1); END LOOP; END \$\$";

# A new session makes a sweep due, runs these statements and commits.
sub commits
{
	my ($name, $then, %options) = @_;
	my $ann = session($node, owner => 'ann');
	my $before = $options{before};
	$ann->query($before) if $before;
	$ann->query("SELECT locking.acquire('article', 1)");
	leave_lapsed();				# only now, as this commit may have swept
	my $last = sql($node, 'SELECT count(*) FROM done');
	is($ann->state_of("BEGIN; INSERT INTO done (how) VALUES ('$name'); $make_due; $then; COMMIT"), '', "$name: committed");
	is(sql($node, 'SELECT count(*) FROM done') - $last, 1, "$name: the write is committed");
	is(lapsed_left(), $options{left}, "$name: " . ($options{left} ? 'not swept' : 'swept')) if defined $options{left};
	$ann->quit;
	return;
}

commits('nothing in the way', '', left => 0);
commits('read-only', 'SET transaction_read_only = on', left => 1);
commits('a savepoint that was rolled back', "SAVEPOINT a; $make_due; ROLLBACK TO a", left => 0);
commits('serializable', '', before => 'SET default_transaction_isolation = serializable', left => 0);
commits('an index dropped', 'ALTER TABLE locking.lock DROP CONSTRAINT lock_token_key', left => 1);
sql($node, 'ALTER TABLE locking.lock ADD CONSTRAINT lock_token_key UNIQUE (token)');

# ---- outside of a block, and in a procedure that commits ----

leave_lapsed();
my $ann = session($node, owner => 'ann');
$ann->query("SELECT locking.acquire('article', 1)") for 1 .. 17;
is(lapsed_left(), 0, 'without a block: swept');
leave_lapsed();
$ann->quit;
$ann = session($node, owner => 'ann');
$ann->query(<<'SQL');
DO $$ BEGIN
	FOR i IN 1 .. 17 LOOP
		PERFORM locking.acquire('public.article', 1);
		COMMIT;
	END LOOP;
END $$
SQL
is(lapsed_left(), 0, 'COMMIT in PL/pgSQL: swept');

# ---- two-phase commit ----

leave_lapsed();
is($ann->state_of("SET locking.notify = off; BEGIN; $make_due; PREPARE TRANSACTION 'p'"), '', 'prepared');
is($ann->state_of("COMMIT PREPARED 'p'; RESET locking.notify"), '', 'the prepared transaction is committed');

# ---- locks and cancel requests: it neither waits for a table nor fails ----

my $admin = session($node);
$admin->query("BEGIN; LOCK TABLE locking.lock IN ACCESS EXCLUSIVE MODE");
is($ann->state_of("SET lock_timeout = '10s'; BEGIN; INSERT INTO done (how) VALUES ('locked'); COMMIT"), '', 'no sweep is due: a locked table does not matter');
$admin->query('ROLLBACK');

# a table that another session locks after the savepoint with the acquisition
# was rolled back
leave_lapsed();
my $locker = session($node);
$ann->query("BEGIN; INSERT INTO done (how) VALUES ('table locked'); SAVEPOINT a; $make_due; ROLLBACK TO a");
$locker->query('BEGIN; LOCK TABLE locking.lock IN ACCESS EXCLUSIVE MODE');
is($ann->state_of('COMMIT'), '', 'the table is locked: committed without waiting');
$locker->query('ROLLBACK');
is(lapsed_left(), 1, 'the table is locked: not swept');

# the history's sequence, altered by another session
my $waiter = session($node, owner => 'ann');
$waiter->query("SELECT locking.acquire('article', 1)");
leave_lapsed();				# only now, as this commit may have swept
$waiter->query("BEGIN; INSERT INTO done (how) VALUES ('sequence locked'); SAVEPOINT a; $make_due; ROLLBACK TO a");
$locker->query('BEGIN; ALTER SEQUENCE locking.event_id_seq CACHE 1');
is($waiter->state_of('COMMIT'), '', 'the sequence is locked: committed without waiting');
$locker->query('ROLLBACK');
is(sql($node, "SELECT count(*) FROM done WHERE how = 'sequence locked'"), 1, 'the sequence is locked: the write is committed');
is(lapsed_left(), 1, 'the sequence is locked: not swept');
is($waiter->state_of('SELECT 1'), '', 'the session still works');
$waiter->quit;

commits('statement_timeout', "SET LOCAL statement_timeout = '1ms'");

# ---- the extension has been dropped ----

$_->quit for $ann, $admin, $locker;
sql($node, "SELECT locking.release_all()", owner => 'ann');
commits('DROP EXTENSION', 'SET client_min_messages = warning; DROP EXTENSION locking CASCADE');
is(in_log($node, 'PANIC|was terminated by signal|TRAP'), 0, 'no crash in the log');

done_testing();
