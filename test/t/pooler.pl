# An application's saves through a transaction pooler: many owners on a few
# connections, with prepared statements, which must not mix up owners.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text, saved_by text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 100) g;
SELECT locking.protect('article', required => true);
CREATE ROLE web LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE ON article TO web;
GRANT EXECUTE ON FUNCTION locking.set_owner TO web;
CREATE ROLE other LOGIN;
GRANT SELECT, UPDATE ON article TO other;
SQL

# Statements that a driver prepares once per connection.
my @statements = (
	'PREPARE set_owner (text, text) AS SELECT locking.set_owner($1, $2)',
	'PREPARE take (int) AS SELECT locking.acquire(\'article\', $1)',
	'PREPARE untyped AS SELECT locking.acquire(\'article\', $1)',
	'PREPARE try (int) AS SELECT outcome FROM locking.try_acquire(\'article\', $1)',
	'PREPARE confirm (bigint) AS SELECT locking.confirm($1) > clock_timestamp()',
	'PREPARE renew (bigint) AS SELECT locking.renew($1) > clock_timestamp()',
	'PREPARE save (int, text) AS UPDATE article SET body = $2, saved_by = locking.owner() WHERE id = $1 RETURNING saved_by',
	'PREPARE release (bigint) AS SELECT locking.release($1)',
	'PREPARE mine AS SELECT string_agg(key, \' \' ORDER BY key::int) FROM locking.locks WHERE is_mine',
	'PREPARE applies (int) AS SELECT locking.lock_applies(\'article\', $1)',
	'PREPARE owner AS SELECT locking.owner()',
);
sub connection
{
	my $session = session($node, user => 'web');
	$session->query($_) for @statements;
	return $session;
}
my @pool = (connection(), connection());
my $next = 0;

# Runs a transaction on the next connection; returns its statements' results.
sub transaction
{
	my ($owner, @statements) = @_;
	my $connection = $pool[ $next++ % @pool ];
	my @results;
	$connection->query('BEGIN');
	$connection->query("EXECUTE set_owner('$owner', 'Name of $owner')");
	for my $statement (@statements)
	{
		my $state = $connection->state_of("EXECUTE $statement");
		if ($state)
		{
			$connection->query('ROLLBACK');
			return (@results, $state);
		}
		push @results, $connection->{out};
	}
	$connection->query('COMMIT');
	return @results;
}

# ---- several owners in turn, often enough for generic plans ----

my @owners = qw(ann bob cid);
my (%token, $faults);
for my $round (1 .. 12)
{
	for my $n (0 .. $#owners)
	{
		my $row = $n + 1;
		my ($owner, $rival) = @owners[ $n, ($n + 1) % 3 ];
		my @got;
		($token{$owner}) = transaction($owner, $round % 2 ? "take($row)" : "untyped('$row')");
		push @got, transaction($rival, "applies($row)", "try($row)", "save($row, 'rival')");
		push @got, transaction($owner, 'mine', "applies($row)", "renew($token{$owner})");
		push @got, transaction($rival, "renew($token{$owner})");
		push @got, transaction($rival, "confirm($token{$owner})");
		push @got, transaction($rival, "release($token{$owner})");
		push @got, transaction($owner, "confirm($token{$owner})", "save($row, 'round $round')", "release($token{$owner})");
		push @got, transaction($owner, "confirm($token{$owner})");
		my $expected = "t held 55P03 $row f t 42501 42501 42501 t $owner t LK001";
		next if "@got" eq $expected;
		$faults++;
		diag("round $round, $owner\n     got: @got\nexpected: $expected");
	}
}
ok(!$faults, 'each owner saves its rows and no others, 36 times, on changing connections');
is(sql($node, 'SELECT id, body, saved_by FROM article WHERE id <= 3 ORDER BY id'),
	"1|round 12|ann\n2|round 12|bob\n3|round 12|cid", 'all saves are stored');
is(sql($node, 'SELECT count(*), count(*) FILTER (WHERE owner = actor AND session_role = \'web\') FROM locking.history'),
	'72|72', 'the history names owner and role');
is($_->query('EXECUTE owner'), 'web', 'between transactions the connection has no owner') for @pool;

# ---- the owner does not leak ----

my $connection = $pool[0];
my %ending = (
	'COMMIT' => [ 'COMMIT' ],
	'ROLLBACK' => [ 'ROLLBACK' ],
	'an error and ROLLBACK' => [ 'SELECT 1 / 0', 'ROLLBACK' ],
	'an error and COMMIT' => [ 'SELECT 1 / 0', 'COMMIT' ],
	'a lost lock' => [ 'SELECT locking.confirm(0)', 'ROLLBACK' ],
	'a rolled back savepoint' => [ 'SAVEPOINT s', 'EXECUTE set_owner(\'bob\', NULL)', 'ROLLBACK TO s', 'COMMIT' ],
	'a released savepoint' => [ 'SAVEPOINT s', 'EXECUTE set_owner(\'bob\', NULL)', 'RELEASE s', 'COMMIT' ],
	'ROLLBACK AND CHAIN' => [ 'ROLLBACK AND CHAIN' ],
	'COMMIT AND CHAIN' => [ 'COMMIT AND CHAIN' ],
);
for my $how (sort keys %ending)
{
	$connection->query('BEGIN');
	$connection->query("EXECUTE set_owner('ann', 'Ann')");
	$connection->state_of($_) for @{ $ending{$how} };
	is($connection->query("SELECT locking.owner() || current_setting('locking.owner_name')"), 'web', "no owner after $how");
	$connection->query('ROLLBACK') if $how =~ /CHAIN/;
}
$connection->query('BEGIN');
$connection->query("EXECUTE set_owner('ann', 'Ann')");
$connection->query('SAVEPOINT s');
$connection->query("EXECUTE set_owner('bob', NULL)");
is($connection->query('EXECUTE owner'), 'bob', 'another owner within a savepoint');
$connection->query('ROLLBACK TO s');
is($connection->query("SELECT locking.owner() || '/' || current_setting('locking.owner_name')"), 'ann/Ann', 'the first owner after it');
$connection->query('COMMIT');

# Outside of a transaction block the owner would last for its statement only.
is($connection->state_of("EXECUTE set_owner('ann', 'Ann')"), '25P01', 'set_owner() outside of a transaction is refused');
is($connection->query('EXECUTE owner'), 'web', 'set_owner() outside of a transaction leaves nothing behind');

# For the session, as requested; a pooler's reset undoes it.
for my $reset ('DISCARD ALL', 'RESET ALL')
{
	my $session = session($node, user => 'web');
	$session->query("SELECT locking.set_owner('job:reindex', is_local => false)");
	is($session->query('SELECT locking.owner()'), 'job:reindex', 'set_owner(..., is_local => false) is for the session');
	$session->query($reset);
	is($session->query('SELECT locking.owner()'), 'web', "$reset resets the owner of the session");
	$session->quit;
}

# ---- one statement per message, or several in one ----

my ($token) = transaction('ann', 'take(10)');
my $session = session($node, user => 'web');
is($session->state_of("BEGIN\\; SELECT locking.set_owner('ann')\\; SELECT locking.confirm($token)\\;"
		  . " UPDATE article SET body = 'in one' WHERE id = 10\\; SELECT locking.release($token)\\; COMMIT"),
	'', 'a whole save in one simple query');
is(sql($node, 'SELECT body FROM article WHERE id = 10'), 'in one', 'a save in one simple query is stored');
# one implicit transaction
($token) = transaction('ann', 'take(11)');
is($session->state_of("SELECT locking.set_owner('ann')\\; SELECT locking.confirm($token)\\;"
		  . " UPDATE article SET body = 'in one' WHERE id = 11\\; SELECT locking.release($token)"),
	'', 'a save in one simple query without BEGIN');
is($session->query('SELECT locking.owner()'), 'web', 'no owner is left after a simple query');
is($session->state_of("SELECT locking.set_owner('ann')"), '25P01', 'set_owner() in a separate statement');
is($session->state_of("UPDATE article SET body = 'x' WHERE id = 12"), 'LK002', 'set_owner() without a transaction sets no owner for the next statement');
# an owner set within a statement is used from that call on
($token) = transaction('ann', 'take(13)');
is($session->state_of("WITH o AS MATERIALIZED (SELECT locking.set_owner('ann')) SELECT locking.confirm($token) FROM o"), '',
	'set_owner() and confirm() in one statement');
$session->quit;

# ---- privileges ----

refused('set_owner() without EXECUTE', $node, '42501', "SELECT locking.set_owner('ann')", user => 'other');
refused('SET locking.owner', $node, '42501', "SELECT locking.owner(); SET locking.owner = 'ann'", user => 'other');
refused('NULL is not an owner', $node, '22023', 'SELECT locking.set_owner(NULL)', user => 'web');

# ---- pgbench with prepared statements ----

sql($node, <<'SQL');
CREATE TABLE done (owner text, row integer, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT ON done TO web;
SQL
my $folder = tmp_folder();
open my $script, '>', "$folder/save.sql" or die "$folder: $!\n";
print $script <<'SQL';
\set row random(20, 40) * 2 + :client_id % 2
\set owner random(1, 1000000)
BEGIN;
SELECT locking.set_owner('owner ' || :owner);
SELECT coalesce(token, 0) AS token, granted::int AS granted FROM locking.try_acquire('article', :row) \gset
COMMIT;
\if :granted
BEGIN;
SELECT locking.set_owner('owner ' || :owner);
SELECT locking.confirm(:token);
UPDATE article SET body = 'by ' || :owner, saved_by = locking.owner() WHERE id = :row;
INSERT INTO done VALUES ('owner ' || :owner, :row);
SELECT locking.release(:token);
COMMIT;
\endif
SQL
close $script;
for my $mode (qw(prepared extended simple))
{
	my $out = run_ok("a save with $mode statements", $node, 'pgbench', '-n', '-M', $mode, '-c', 4, '-j', 2, '-t', 100,
		'-U', 'web', '-f', "$folder/save.sql", 'postgres');
	like($out, qr{number of transactions actually processed: 400/400}, 'no client failed');
}
is(sql($node, 'SELECT count(*) FROM locking.locks WHERE owner LIKE \'owner %\''), 0, 'all locks were released');
is(sql($node, 'SELECT count(*) FROM done'), sql($node, "SELECT count(*) FROM locking.event WHERE event = 'acquired' AND owner LIKE 'owner %'"),
	'each row that was granted was saved');
is(sql($node, <<'SQL'), 0, 'each row has the value of its last save');
SELECT count(*) FROM article a JOIN (SELECT DISTINCT ON (row) row, owner FROM done ORDER BY row, at DESC) d ON d.row = a.id
WHERE a.saved_by IS DISTINCT FROM d.owner
SQL

$_->quit for @pool;
done_testing();
