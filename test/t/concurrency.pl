# Clients that use all functions on locks concurrently on a few rows, with
# leases of milliseconds; their record is then checked against the promises S1
# to S4.  The worker that publishes the events is terminated again and again.
# In the second phase rows have children, and are requested and handed over.
#
# Each client has a number of transactions; LOCKING_SOAK=1 makes it ten times
# as many.  LOCKING_SEED repeats a run's choices.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use IPC::Run ();
use Test::More;

my $clients = 8;
my $rows = 5;
my $transactions = $ENV{LOCKING_SOAK} ? 4000 : 400;
my $ttl = 25;					# milliseconds
my $seed = $ENV{LOCKING_SEED} || time;
note("LOCKING_SEED=$seed");
srand($seed);

my $node = new_node('main', conf => [ 'log_statement = none', 'max_connections = 30', 'deadlock_timeout = 200ms',
	'locking.keep_lapsed = 0', 'autovacuum_naptime = 1s', "log_min_messages = warning",
	"shared_preload_libraries = 'locking'", 'locking.hand_over_time = 1' ]);

# version counts the writes of a row and thus orders them, as writers of a row
# wait for each other.  Each writer sets app.token to the token of a confirmed
# save, otherwise to 0.  An acquirer records what it read; a client that
# receives an expiry records that.
sub set_up
{
	my ($db) = @_;
	sql($node, "CREATE DATABASE $db");
	sql($node, <<"SQL", db => $db);
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, version integer NOT NULL DEFAULT 0, body text);
INSERT INTO article (id) SELECT g FROM generate_series(1, $rows) g;
CREATE TABLE line (id integer PRIMARY KEY, article integer NOT NULL CONSTRAINT of_article REFERENCES article, body text);
INSERT INTO line SELECT g, g FROM generate_series(1, $rows) g;
SELECT locking.protect('article', ttl => '$ttl ms');
SELECT locking.protect('line', parent => 'of_article');

CREATE TABLE written (row integer, version integer, owner text, token bigint, guard_after timestamptz, guard_before timestamptz, child boolean);
CREATE TABLE granted (token bigint, row integer, owner text, version integer);
CREATE TABLE lease (token bigint, row integer, owner text, told_at timestamptz, until timestamptz);

CREATE FUNCTION clock() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM set_config('app.clock', clock_timestamp()::text, true);
	IF TG_TABLE_NAME = 'article' THEN NEW.version := OLD.version + 1; END IF;
	RETURN NEW;
END \$\$;
CREATE TRIGGER a_clock BEFORE UPDATE ON article FOR EACH ROW EXECUTE FUNCTION clock();
CREATE TRIGGER a_clock BEFORE UPDATE ON line FOR EACH ROW EXECUTE FUNCTION clock();
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	INSERT INTO written VALUES (NEW.id, NULLIF(to_jsonb(NEW)->>'version', '')::int, locking.owner(),
		COALESCE(NULLIF(current_setting('app.token', true), '')::bigint, 0),
		current_setting('app.clock')::timestamptz, clock_timestamp(), TG_TABLE_NAME = 'line');
	RETURN NULL;
END \$\$;
CREATE TRIGGER written AFTER UPDATE ON article FOR EACH ROW EXECUTE FUNCTION write_down();
CREATE TRIGGER written AFTER UPDATE ON line FOR EACH ROW EXECUTE FUNCTION write_down();

-- acquire and take over: what the owner reads next, in the same transaction (S3)
CREATE FUNCTION note_grant(t bigint, r integer) RETURNS bigint LANGUAGE sql VOLATILE AS \$\$
	INSERT INTO granted SELECT t, r, locking.owner(), version FROM article WHERE id = r;
	INSERT INTO lease SELECT t, r, locking.owner(), clock_timestamp(), expires_at FROM locking.lock WHERE token = t;
	SELECT t;
\$\$;
CREATE FUNCTION note_lease(t bigint, u timestamptz) RETURNS void LANGUAGE sql VOLATILE AS \$\$
	INSERT INTO lease SELECT t, key::int, owner, clock_timestamp(), u FROM locking.lock WHERE token = t;
\$\$;
SQL
	return;
}

# ---- actions of the clients ----

my $isolation = sub { return (('') x 6, 'ISOLATION LEVEL REPEATABLE READ', 'ISOLATION LEVEL SERIALIZABLE')[ rand 8 ] };
my $pause = sub { return sprintf('SELECT pg_sleep(%.4f);', rand() * $ttl * shift() / 1000) };

# A client has a token of each row in a variable; its lock may have ended.
my @kinds = (
	[ 14, sub { my ($r) = @_; return "SELECT note_grant(locking.acquire('article', $r), $r) AS t$r \\gset" } ],
	[ 3, sub { my ($r) = @_; return "SELECT note_grant(locking.acquire('article', $r, wait => '20 ms'), $r) AS t$r \\gset" } ],
	[ 4, sub { my ($r) = @_; return "SELECT note_grant(token, $r) AS t$r FROM locking.try_acquire('article', $r) WHERE granted \\gset" } ],
	[ 3, sub { my ($r) = @_; return "SELECT note_grant(locking.take_over('article', $r, 'in need'), $r) AS t$r \\gset" } ],
	[ 2, sub { return "SELECT note_grant(token, key::int) FROM locking.acquire_all('article', ARRAY['" . (1 + int rand $rows) . "', '" . (1 + int rand $rows) . "']);" } ],
	[ 12, sub { my ($r) = @_; return "SELECT note_lease(:t$r, locking.renew(:t$r));" } ],
	[ 5, sub { my ($r) = @_; return "SELECT locking.release(:t$r);" } ],
	[ 1, sub { return 'SELECT locking.release_all();' } ],
	[ 1, sub { my ($r) = @_; return "SELECT locking.break_lock('article', $r, 'in the way');" } ],
	[ 1, sub { return 'SELECT locking.reap(3);' } ],
	[ 14, sub { my ($r) = @_; return save($r, '') } ],
	[ 4, sub { my ($r) = @_; return save($r, "SAVEPOINT s;\n") } ],
	[ 6, sub { my ($r) = @_; return save($r, '', 1) } ],
	[ 12, sub { my ($r) = @_; return edit($r) } ],
	[ 10, sub { my ($r) = @_; return slow_renewal($r) } ],
	[ 10, sub { my ($r) = @_; return "BEGIN " . $isolation->() . ";\nUPDATE article SET body = 'foreign' WHERE id = $r;\n" . (rand() < 0.2 ? 'ROLLBACK;' : 'COMMIT;') } ],
	[ 2, sub { return "SET locking.on_locked = 'skip';\nUPDATE article SET body = 'bulk' WHERE id = ANY (ARRAY(SELECT id FROM article ORDER BY id FOR UPDATE));\nRESET locking.on_locked;" } ],
	[ 6, sub { return $pause->(2) } ],
);
my @with_children = (@kinds,
	[ 10, sub { my ($r) = @_; return "UPDATE line SET body = 'foreign' WHERE article = $r;" } ],
	[ 3, sub { my ($r) = @_; return "UPDATE line SET article = article WHERE id = $r;" } ],
	[ 2, sub { my ($r) = @_; return "SELECT locking.request('article', $r);" } ],
	[ 1, sub { my ($r) = @_; return "SELECT locking.withdraw('article', $r);" } ],
	[ 3, sub { my ($r) = @_; return "SELECT locking.hand_over(:t$r);" } ],
	[ 1, sub { my ($r) = @_; return "SELECT locking.hand_over(:t$r, '" . (qw(ann bob cid dan eve fay))[ rand 6 ] . "');" } ],
);
my $children;

# The usual sequence.
sub edit
{
	my ($row) = @_;
	return join("\n", "SELECT note_grant(locking.acquire('article', $row), $row) AS t$row \\gset", $pause->(1), save($row, ''));
}

sub save
{
	my ($row, $savepoint, $renewing) = @_;
	my @steps = (
		'BEGIN ' . $isolation->() . ';',
		"SELECT note_lease(:t$row, locking.confirm(:t$row));",
		"SET LOCAL app.token = :t$row;",
		rand() < 0.3 ? $pause->(3) : (),
		$savepoint . "UPDATE article SET body = 'saved' WHERE id = $row;",
		$children && rand() < 0.5 ? "UPDATE line SET body = 'saved' WHERE article = $row;" : (),
		$savepoint && rand() < 0.5 ? "ROLLBACK TO s;\nUPDATE article SET body = 'saved again' WHERE id = $row;" : (),
		$renewing ? "SELECT note_lease(:t$row, locking.renew(:t$row));" : (),
		rand() < 0.4 ? "SELECT locking.release(:t$row);" : (),
		rand() < 0.9 ? 'COMMIT;' : 'ROLLBACK;');
	return join("\n", @steps);
}

# The old expiry passes before the renewal commits.
sub slow_renewal
{
	my ($row) = @_;
	return join("\n", "SELECT note_grant(locking.acquire('article', $row), $row) AS t$row \\gset", $pause->(1),
		'BEGIN;', "SELECT note_lease(:t$row, locking.renew(:t$row));", $pause->(1.5), 'COMMIT;');
}

sub script_of
{
	my ($owner) = @_;
	my @choice = map { ($_) x $_->[0] } $children ? @with_children : @kinds;
	my @lines = ("SET locking.owner = '$owner';", map { "\\set t$_ 0" } 1 .. $rows);
	for (1 .. $transactions)
	{
		push @lines, $choice[ rand @choice ]->[1]->(1 + int rand $rows);
	}
	return join("\n", @lines, '');
}

# Two of the owners have two clients each, which share the locks' tokens.
my @owners = qw(ann bob cid dan eve fay ann bob);
my $folder = tmp_folder();
my $db;

sub none
{
	my ($name, $sql) = @_;
	my $found = sql($node, $sql, db => $db);
	is($found, '', $name);
	return;
}

# What a run has to contain.  Rounds of clients follow each other until it
# does, so that nothing depends on how fast the machine is.
sub wanted
{
	my %wanted = (saves => $transactions / 20, 'other writes' => $transactions / 20, 'expired locks' => 6);
	@wanted{ 'locks handed over', 'taken locks' } = (3, 1) if $children;
	return %wanted;
}

sub missing
{
	my %wanted = wanted();
	my %count;
	@count{ 'saves', 'other writes', 'expired locks', 'locks', 'resumed locks', 'locks handed over', 'taken locks' } = split /\|/, sql($node, <<'SQL', db => $db);
SELECT (SELECT count(*) FROM written WHERE token > 0), (SELECT count(*) FROM written WHERE token = 0),
	(SELECT count(*) FROM locking.event WHERE event = 'expired'),
	(SELECT count(*) FROM locking.event WHERE event = 'acquired'), (SELECT count(*) FROM locking.event WHERE event = 'resumed'),
	(SELECT count(*) FROM locking.event WHERE event = 'handed_over'),
	(SELECT count(*) FROM locking.event h JOIN locking.event a USING (token) WHERE h.event = 'handed_over' AND a.event = 'acquired')
SQL
	note(join ', ', map { "$_: $count{$_}" } sort keys %count);
	return grep { $count{$_} < $wanted{$_} } sort keys %wanted;
}

# Terminates the worker that publishes the events until the clients are done.
sub terminate_workers_while
{
	my (@running) = @_;
	while (grep { $_->{run}->pumpable && ($_->{run}->pump_nb, 1) } @running)
	{
		sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'locking events'");
		select(undef, undef, undef, 0.2);
	}
	return;
}

# Returns the files with the clients' error messages.
sub run_round
{
	my ($round) = @_;
	my @running;
	for my $client (0 .. $clients - 1)
	{
		my $file = "$folder/$db$round-$client";
		open my $script, '>', "$file.sql" or die "$file: $!\n";
		print $script script_of($owners[$client]);
		close $script;
		push @running, { err => "$file.err" };
		$running[-1]{run} = IPC::Run::start([ 'psql', '-XqAt', '-v', 'VERBOSITY=verbose', '-h', $node->host, '-p', $node->port,
			'-d', $db, '-f', "$file.sql" ], '<', \undef, '>', "$file.out", '2>', "$file.err");
	}
	terminate_workers_while(@running);
	for my $client (@running)
	{
		ok($client->{run}->finish, 'a client has run its script') or diag(`tail -n 3 $client->{err}`);
	}
	return map { $_->{err} } @running;
}

sub run_phase
{
	my $rounds = 0;
	my (@errors, @missing);
	do
	{
		push @errors, run_round(++$rounds);
		@missing = missing();
	} while (@missing && $rounds < 100);
	is("@missing", '', "after $rounds rounds enough has happened");

	# ---- errors ----

	my %states;
	for my $errors (@errors)
	{
		open my $file, '<', $errors or die "$errors: $!\n";
		while (<$file>)
		{
			$states{$1}++ if /(?:ERROR|FATAL):  (\w{5}):/;
		}
	}
	# 25P02: the rest of a rejected save; 3B001: its savepoint does not exist;
	# 40001: the higher isolation levels; 42501: a token of another owner.
	# With children, 40P01: a save has the parent row and waits for the
	# child's, a write of the child has that and waits for the parent's.
	my %expected = map { $_ => 1 } qw(55P03 LK001 25P02 3B001 40001 42501), $children ? '40P01' : ();
	note(join ', ', map { "$_: $states{$_}" } sort keys %states);
	is(join(' ', grep { !$expected{$_} } sort keys %states), '', 'only expected errors' . ($children ? '' : ': no deadlock'));
	is(in_log($node, qr/TRAP:|terminated by signal|XX00\d|leak/), 0, 'no crash or internal error in the log');

	# ---- S4: fencing ----

	is(sql($node, 'SELECT sum(version) FROM article', db => $db), sql($node, 'SELECT count(*) FROM written WHERE NOT child', db => $db),
		'every write is recorded');
	none('tokens of confirmed saves of a row never decrease', <<'SQL');
SELECT * FROM (SELECT row, version, owner, token, max(token) OVER (PARTITION BY row ORDER BY version) AS latest
		FROM written WHERE token > 0 AND NOT child) w
WHERE token < latest
SQL
	none('a save is by the owner that acquired', <<'SQL');
SELECT w.* FROM written w WHERE w.token > 0 AND NOT EXISTS (SELECT FROM granted g WHERE g.token = w.token AND g.row = w.row AND g.owner = w.owner)
SQL
	# Lost locks are not resumed: between acquiring and a confirmed save all
	# writes are the holder's, which overwrites what it has read (S3).
	none('no write of another owner between acquiring and saving', <<'SQL');
SELECT s.row, s.token, s.owner, s.version AS saved, w.version, w.owner AS by
FROM written s JOIN (SELECT token, min(version) AS version FROM granted GROUP BY token) g ON g.token = s.token
JOIN written w ON w.row = s.row AND NOT w.child AND w.version > g.version AND w.version < s.version AND w.owner <> s.owner
WHERE s.token > 0 AND NOT s.child
SQL
	none('no write with an older token of the same owner between acquiring and saving', <<'SQL');
SELECT s.row, s.token, s.version, w.token, w.version
FROM written s JOIN granted g ON g.token = s.token
JOIN written w ON w.row = s.row AND NOT w.child AND w.version > g.version AND w.token > 0 AND w.token < s.token
WHERE s.token > 0 AND NOT s.child
SQL

	# ---- S2: enforcement ----

	# A lease whose expiry the holder had received before a writer's guard
	# ran, and that neither expired nor ended otherwise before the guard was
	# done.
	sql($node, 'CREATE INDEX ON lease (row, told_at); ANALYZE', db => $db);
	none('no write of another owner while a lease lasted', <<'SQL');
SELECT w.row, w.version, w.child, w.owner, w.guard_after, l.token, l.owner AS holder, l.told_at, l.until
FROM written w JOIN lease l ON l.row = w.row AND l.owner <> w.owner AND l.told_at < w.guard_after AND l.until > w.guard_before
WHERE NOT EXISTS (SELECT FROM locking.event e WHERE e.token = l.token AND e.at <= w.guard_before
	AND e.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL

	# ---- S1: exclusion ----

	none('no two leases of a row at the same time', <<'SQL');
SELECT a.row, a.token, a.owner, a.told_at, a.until, b.token, b.owner, b.told_at
FROM lease a JOIN lease b ON b.row = a.row AND b.token > a.token AND b.told_at < a.until AND b.told_at > a.told_at
WHERE NOT EXISTS (SELECT FROM locking.event e WHERE e.token = a.token AND e.at <= b.told_at
	AND e.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL
	none('an older token is not renewed after a newer one was granted', <<'SQL');
SELECT a.row, a.token, a.told_at, b.token, b.told_at
FROM lease a JOIN lease b ON b.row = a.row AND b.token > a.token AND b.told_at < a.told_at
SQL

	# ---- history ----

	none('each token was issued once', "SELECT token FROM locking.event WHERE event = 'acquired' GROUP BY token HAVING count(*) <> 1");
	none('each token belongs to one row and owner', 'SELECT token FROM locking.event GROUP BY token HAVING count(DISTINCT (relation, key, owner)) <> 1');
	none('each token ended at most once', <<'SQL');
SELECT token, array_agg(event ORDER BY id) FROM locking.event WHERE event IN ('released', 'broken', 'taken_over', 'expired')
GROUP BY token HAVING count(*) > 1
SQL
	none('no token ended or was resumed without being acquired or handed over before', <<'SQL');
SELECT * FROM locking.event e WHERE event NOT IN ('acquired', 'handed_over')
	AND NOT EXISTS (SELECT FROM locking.event a WHERE a.token = e.token AND a.event IN ('acquired', 'handed_over') AND a.id < e.id)
SQL
	none('no event of a token after its end', <<'SQL');
SELECT * FROM locking.event e WHERE EXISTS (SELECT FROM locking.event o WHERE o.token = e.token AND o.id < e.id
	AND o.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL
	none('a lock ends before the next one of the row is acquired', <<'SQL');
SELECT * FROM (SELECT key, token, min(id) AS id, lead(min(id)) OVER w AS next_id FROM locking.event WHERE event IN ('acquired', 'handed_over')
	GROUP BY key, token WINDOW w AS (PARTITION BY key ORDER BY token)) a
WHERE next_id IS NOT NULL AND NOT EXISTS (SELECT FROM locking.event e WHERE e.token = a.token AND e.id > a.id AND e.id < a.next_id
	AND e.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL
	none('records belong to locks that have not ended', <<'SQL');
SELECT l.key, l.token FROM locking.lock l WHERE EXISTS (SELECT FROM locking.event e WHERE e.token = l.token
	AND e.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL
	none('every lock that has not ended has a record', <<'SQL');
SELECT token FROM locking.event a WHERE event IN ('acquired', 'handed_over') AND NOT EXISTS (SELECT FROM locking.lock l WHERE l.token = a.token)
	AND NOT EXISTS (SELECT FROM locking.event e WHERE e.token = a.token AND e.event IN ('released', 'broken', 'taken_over', 'expired'))
SQL
	return;
}

for my $phase ('rows', 'children')
{
	($db, $children) = ($phase, $phase eq 'children');
	set_up($db);
	subtest $phase => \&run_phase;
}

diag("repeat with LOCKING_SEED=$seed") unless Test::More->builder->is_passing;
done_testing();
