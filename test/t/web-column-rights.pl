# Roles that may lock a row but not read it: a call that cannot show what it
# did does nothing, so that no lock, takeover or request is left behind.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebRows;

my $node = new_web_node('main');
my $server = web_server($node);

sql($node, <<'SQL');
CREATE TABLE part (id integer PRIMARY KEY, title text, secret text);
INSERT INTO part VALUES (1, 'one', 's'), (2, 'two', 's');
CREATE TABLE hidden (id integer PRIMARY KEY, title text);
INSERT INTO hidden VALUES (1, 'one');
-- a policy that hides the row where the extension evaluates it, read-only
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_read_only ON hidden USING (current_setting('transaction_read_only') = 'off');
SELECT locking.protect('part'), locking.protect('hidden');
GRANT SELECT (id, title), UPDATE (title) ON part TO anna;
GRANT SELECT ON part TO boss;
GRANT UPDATE ON part TO boss;
GRANT SELECT, UPDATE ON hidden TO anna;
SQL
my $anna = $server->sign_in('anna');
my $boss = $server->sign_in('boss');

sub left_behind
{
	return sql($node, "SELECT (SELECT count(*) FROM locking.lock WHERE owner = 'anna')
		+ (SELECT count(*) FROM locking.request_queue WHERE owner = 'anna')
		+ (SELECT count(*) FROM locking.event WHERE owner = 'anna')");
}

# In SQL the same role may lock the row: what it gets is the token.
is(sql($node, "SET SESSION AUTHORIZATION anna; SELECT locking.acquire('part', 1) > 0; SELECT locking.release_all()"), "t\n1", 'it may lock the row');
sql($node, "TRUNCATE locking.event");

for my $table (qw(part hidden))
{
	my $row = path($table, 1);
	refused_as($anna->post("$row/lock", {}), 403, 'forbidden', "$table: acquire");
	refused_as($anna->post("$row/lock", { wait => 1 }), 403, 'forbidden', "$table: acquire with a wait");
	is(left_behind(), 0, "$table: no lock is left behind");
}
refused_as($anna->post(path('part', 1) . '/request', {}), 403, 'forbidden', 'request');
is(left_behind(), 0, 'no request is left behind');

# A takeover is undone, too: the holder keeps the lock.
sql($node, q{DO $$ BEGIN EXECUTE (SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO anna', oid::regprocedure), '; ')
	FROM pg_proc WHERE proname = 'take_over' AND pronamespace = 'locking'::regnamespace); END $$});
my $token = token_of($boss, path('part', 1));
refused_as($anna->post(path('part', 1) . '/lock/takeover', {}), 403, 'forbidden', 'take over');
is(sql($node, "SELECT owner FROM locking.lock WHERE token = $token"), 'boss', 'the holder keeps the lock');

# With the right to read, the same calls succeed.
sql($node, 'GRANT SELECT ON part TO anna');
is(gives($anna->post(path('part', 2) . '/lock', {}), 201, 'acquire')->{lock}{key}, 2, 'the lock is shown');
gives($anna->post(path('part', 1) . '/request', {}), 201, 'request');
gives($anna->post(path('part', 1) . '/lock/takeover', {}), 200, 'take over');

$server->stop_ok;
done_testing();
