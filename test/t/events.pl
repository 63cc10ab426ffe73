# Events after the commit: the queue in shared memory and the background
# worker that publishes it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingEvents;
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'max_prepared_transactions = 5', 'max_worker_processes = 3',
	'max_parallel_workers = 0', 'restart_after_crash = on', "shared_preload_libraries = 'locking'", 'locking.event_queue_size = 64kB' ]);
sql($node, events_schema() . 'CREATE ROLE reader LOGIN;');
my $listener = listener($node);

sub acquire_and_release
{
	my ($key, %options) = @_;
	return sql($node, "SELECT locking.release(locking.acquire('article', $key))", owner => 'ann', %options);
}

# ---- the worker ----

acquire_and_release(1);
await_worker($node);
my $worker = worker_pid($node);
like($worker, qr/^\d+$/, 'the first event starts a worker');
my @events = heard($listener);
is(join(' ', map { $_->{event} } @events), 'acquired released', 'its events arrive');
is($events[0]{sender}, $worker, 'the worker is the sender');
is(sql($node, "SELECT application_name, state FROM pg_stat_activity WHERE pid = $worker"), 'locking events|idle', 'it is idle');
is(sql($node, 'SELECT locking.event_worker()', user => 'reader'), $worker, 'locking.event_worker()');
acquire_and_release(1);
is(worker_pid($node), $worker, 'it publishes later events, too');
heard($listener);

# ---- transactions ----

sql($node, "BEGIN; SELECT locking.acquire('article', 2); ROLLBACK", owner => 'ann');
heard_exactly('rolled back', $listener);
sql($node, <<'SQL', owner => 'ann');
BEGIN;
SELECT locking.acquire('article', 2);
SAVEPOINT a;
SELECT locking.acquire('article', 3);
ROLLBACK TO a;
SELECT locking.acquire('article', 4);
SAVEPOINT b;
SELECT locking.acquire('article', 5);
RELEASE b;
SAVEPOINT c;
SELECT locking.acquire('article', 6);
SAVEPOINT d;
SELECT locking.acquire('article', 7);
RELEASE d;
ROLLBACK TO c;
SELECT locking.release_all();
COMMIT;
SQL
heard_exactly('savepoints', $listener, 'acquired 2', 'acquired 4', 'acquired 5', 'released 2', 'released 4', 'released 5');
{
	my $open = session($node, owner => 'ann');
	$open->query("BEGIN; SELECT locking.acquire('article', 2)");
	acquire_and_release(3, owner => 'bob');
	heard_exactly('an open transaction does not hold up others', $listener, 'acquired 3', 'released 3');
	$open->query('COMMIT');
	heard_exactly('its event follows', $listener, 'acquired 2');
	$open->query("SELECT locking.release_all()");
	$open->query("BEGIN; SELECT locking.acquire('article', 2)");
	sql($node, "SELECT pg_terminate_backend($open->{pid})");
	$open->abandon;
	heard_exactly('a session that is terminated', $listener, 'released 2');
}
sql($node, "SELECT locking.request('article', 9); SELECT locking.withdraw('article', 9)", owner => 'bob') for 1 .. 3;
is(join(' ', map { $_->{event} } heard($listener)), 'requested withdrawn ' x 2 . 'requested withdrawn', 'equal events are all sent');

# ---- two-phase commit ----

sql($node, "BEGIN; SELECT locking.acquire('article', 10); PREPARE TRANSACTION 'p'; BEGIN; SELECT locking.acquire('article', 11); PREPARE TRANSACTION 'q'",
	owner => 'ann');
heard_exactly('prepared', $listener);
sql($node, "SELECT pg_terminate_backend(" . worker_pid($node) . ')');
sql($node, "ROLLBACK PREPARED 'q'; COMMIT PREPARED 'p'", owner => 'zoe');
heard_exactly('committed and rolled back', $listener, 'acquired 10');
sql($node, 'SELECT locking.release_all()', owner => 'ann');
heard_exactly('released', $listener, 'released 10');

# ---- settings ----

for my $value (qw(on true yes 1))
{
	is(sql($node, "SET locking.notify = $value; SHOW locking.notify"), 'on', "locking.notify = $value");
}
for my $value (qw(off false no 0))
{
	is(sql($node, "SET locking.notify = $value; SHOW locking.notify"), 'off', "locking.notify = $value");
}
refused('no other value', $node, '22023', "SET locking.notify = 'perhaps'");
acquire_and_release(1);
sql($node, "SET locking.notify = off; SELECT locking.release(locking.acquire('article', 2))", owner => 'ann');
heard_exactly('off', $listener, 'acquired 1', 'released 1');
sql($node, "SET locking.notify = transaction; SELECT locking.release(locking.acquire('article', 1))", owner => 'ann');
@events = heard($listener);
is(join(' ', map { $_->{event} } @events), 'acquired released', 'transaction');
isnt($events[0]{sender}, worker_pid($node), 'the session is the sender');
refused('then PostgreSQL cannot prepare', $node, '0A000', <<'SQL', owner => 'ann');
SET locking.notify = transaction;
BEGIN;
SELECT locking.acquire('article', 1);
PREPARE TRANSACTION 'p';
SQL

# ---- a queue that is full: 64 kB ----

{
	my $open = session($node, owner => 'ann');
	$open->query("BEGIN; SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(101, 500) g))");
	ok(in_log($node, qr/LOG: .*lock events are sent within their transactions/) == 1, 'the log says once that the queue is full');
	acquire_and_release(3, owner => 'bob') for 1 .. 3;
	my @sent = heard($listener);
	is(scalar(@sent), 6, 'events that do not fit are sent within their transactions');
	is(scalar(grep { $_->{sender} == worker_pid($node) } @sent), 0, 'not by the worker');
	my $late = session($node, owner => 'bob');
	$late->query("BEGIN; SELECT locking.acquire('article', 4)");
	$open->query('ROLLBACK');
	$late->query("SELECT locking.acquire('article', 5); COMMIT");
	@sent = heard($listener);
	is(join(' ', map { $_->{key} } @sent), '4 5', 'the events of a transaction for which the queue was full at first');
	is(scalar(grep { $_->{sender} != $late->{pid} } @sent), 0, 'are all sent by itself');
	$late->query('SELECT locking.release_all()');
	heard_exactly('the next transaction adds to the queue', $listener, 'released 4', 'released 5');
	$late->quit;
	acquire_and_release(3, owner => 'bob');
	heard_exactly('none of what was rolled back', $listener, 'acquired 3', 'released 3');
	$open->query("SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(101, 500) g))");
	is(join(' ', sort map { $_->{key} } heard($listener)), "@{[ 101 .. 500 ]}", 'each event of more than fit is sent once');
	$open->query('SELECT locking.release_all()');
	is(scalar(heard($listener)), 400, 'and released');
	$open->query("BEGIN");
	$open->query("SAVEPOINT s; SELECT locking.acquire('article', $_); ROLLBACK TO s") for 1 .. 400;
	$open->query("SELECT locking.acquire('article', 1); PREPARE TRANSACTION 'p'");
	pass('what was rolled back in savepoints makes room');
	$open->query("ROLLBACK PREPARED 'p'");
	$open->quit;
}
{
	my $long = 'repeat($$x$$, 254)';
	sql($node, <<"SQL");
CREATE TABLE wide (id text PRIMARY KEY);
SELECT locking.protect('wide');
INSERT INTO wide SELECT repeat('w', g) FROM generate_series(1, 2500, 7) g;
SQL
	sql($node, "BEGIN; SELECT FROM locking.set_owner($long, $long); SELECT locking.release(locking.acquire('wide', repeat('w', $_))); COMMIT") for map { 1 + 7 * $_ } 0 .. 350;
	my @lengths = map { length $_->{key} } heard($listener);
	is("@lengths", join(' ', map { (1 + 7 * $_, 1 + 7 * $_) } 0 .. 350), 'payloads of all lengths arrive as they were');
}

# ---- no worker ----

await_no_worker($node);
is(sql($node, 'SELECT locking.event_worker()'), '', 'locking.event_worker() without a worker');
sql($node, 'CREATE DATABASE other; CREATE DATABASE third; CREATE DATABASE fourth');
for my $database (qw(other third fourth))
{
	sql($node, events_schema(), db => $database);
}
# max_worker_processes = 3: the launcher of logical replication has one
acquire_and_release(1, db => 'other');
acquire_and_release(1, db => 'third');
sql($node, "SELECT locking.acquire('article', 1)", db => 'fourth', owner => 'ann');
{
	my $fourth = listener($node, db => 'fourth');
	is(worker_pid($node, 'fourth'), '', 'no slot for a worker');
	acquire_and_release(2, db => 'fourth');
	my @sent = heard($fourth);
	is(join(' ', map { "$_->{event} $_->{key}" } @sent), 'acquired 2 released 2', 'events are sent within their transactions');
	await_no_worker($node, 'other');
	acquire_and_release(2, db => 'fourth');
	@sent = heard($fourth);
	is($sent[0]{sender}, worker_pid($node, 'fourth'), 'a worker starts when there is a slot');
	$fourth->quit;
}

# ---- a listener that reads slowly ----

{
	my $slow = listener($node);
	$slow->query('BEGIN');
	acquire_and_release($_) for 1 .. 50;
	is(scalar(heard($listener)), 100, 'a listener in a transaction holds up nobody');
	receive($slow, 'COMMIT');
	is(scalar(heard($slow)), 100, 'and gets every event afterwards');
	heard($listener);
	$slow->quit;
}

# ---- a worker that is terminated ----

for (1 .. 2)
{
	acquire_and_release(1);
	await_worker($node);
	my $open = session($node, owner => 'ann');
	$open->query("BEGIN; SELECT locking.acquire('article', 20)");
	my $old = worker_pid($node);
	sql($node, "SELECT pg_terminate_backend($old)");
	until_true('the terminated worker ends', sub { worker_pid($node) ne $old });
	$open->query('COMMIT');
	$open->query('SELECT locking.release_all()');
	heard_exactly('its successor publishes what was left', $listener, 'acquired 1', 'released 1', 'acquired 20', 'released 20');
	$open->quit;
}
{
	await_worker($node);
	my $old = worker_pid($node);
	sql($node, "SELECT pg_terminate_backend($old)");
	until_true('an idle worker that is terminated ends', sub { worker_pid($node) ne $old });
	acquire_and_release(1);
	heard_exactly('the next event starts another', $listener, 'acquired 1', 'released 1');
}

# ---- commands that wait until a database has no sessions ----

for my $command ('CREATE DATABASE copy TEMPLATE other', 'ALTER DATABASE other RENAME TO renamed', 'ALTER DATABASE renamed RENAME TO other',
	'DROP DATABASE copy', 'DROP DATABASE other')
{
	my $database = $command =~ /copy$/ && $command =~ /^DROP/ ? 'copy' : $command =~ /renamed RENAME/ ? 'renamed' : 'other';
	await_worker($node, $database, sub { acquire_and_release(1, db => $database) });
	accepted($command, $node, $command);
}
sql($node, 'CREATE ROLE cleo LOGIN; ALTER DATABASE third OWNER TO cleo');
await_worker($node, 'third', sub { acquire_and_release(1, db => 'third') });
accepted('the owner drops a database with force', $node, 'DROP DATABASE third WITH (FORCE)', user => 'cleo');
is(in_log($node, qr/FATAL: .*database .* does not exist/), 0, 'no worker complains of a database that is gone');
acquire_and_release(1);
heard_exactly('the others go on', $listener, 'acquired 1', 'released 1');

# ---- crash ----

{
	acquire_and_release(1);
	await_worker($node);
	my $victim = worker_pid($node);
	kill 'KILL', $victim;
	until_true('the server restarts', sub { eval { sql($node, 'SELECT 1') } && worker_pid($node) ne $victim });
	$listener->abandon;
	$listener = listener($node);
	acquire_and_release(2);
	heard_exactly('events are sent again', $listener, 'acquired 2', 'released 2');
}

is(in_log($node, qr/TRAP:|XX000|leak|not owned|terminated by signal (?!9)|PANIC/), 0, 'no internal error in the log');
$listener->quit;
done_testing();
