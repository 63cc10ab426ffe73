# A clock that is set back, by an administrator or by a failover to a server
# whose clock is behind: a lapsed lock that another owner's write has passed
# stays lost, with the gate and without.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GateRace;
use LockingTest;
use Test::More;

start_races();
my $node = race_node();

# Anna's lock lapses by a clock that is two hours ahead; Zoe writes; the clock
# is set back. Returns the SQLSTATE of Anna's confirmation, and the outcome of
# another attempt to acquire the row.
sub written_by_the_wrong_clock
{
	my ($written, $table, $key) = @_;
	fresh_database('few');
	in_database("CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article, body text);
		INSERT INTO line VALUES (1, 1, 'line'); SELECT locking.protect('line', parent => 'of_article')") if $written =~ /line/;
	in_database("SELECT locking.protect('article', columns => '{body}')") if $table eq 'with columns';
	in_database("SELECT locking.acquire('article', $key)", 'ann');
	my ($ann, $zoe, $controller) = (user('ann'), user('zoe'), controller());
	my $token = token_of($key);
	$zoe->query(write_of(1000));	# fills the gate
	advance_clock($controller);
	my $state = $zoe->state_of($written);
	reset_clock($controller);
	$state .= ' ' . $ann->query("SELECT locking.is_locked('article', $key)") . ' ';
	$state .= $ann->state_of("SELECT locking.confirm($token)") || 'confirmed';
	$ann->query('ROLLBACK');
	$state .= ' ' . $ann->query("SELECT outcome FROM locking.try_acquire('article', $key)");
	quit($ann, $zoe, $controller);
	return $state;
}

# In one transaction, Anna confirms, or acquires a row that she has inserted;
# her lock lapses, and Bob writes the row. Returns the SQLSTATE of a renewal.
sub second_owner
{
	my ($first, $key) = @_;
	fresh_database('few');
	my ($pooled, $ann, $controller) = (user('ann'), user('ann'), controller());
	$pooled->query(write_of(1000));	# fills the gate
	$pooled->query('BEGIN');
	$pooled->query($first);
	my $token = $pooled->query("SELECT token FROM locking.lock WHERE key = '$key'");
	advance_clock($controller);
	my $state = $pooled->state_of("SELECT locking.set_owner('bob'); " . write_of($key) . '; COMMIT');
	$state .= ' ' . ($ann->state_of("SELECT locking.renew($token)") || 'renewed');
	reset_clock($controller);
	quit($pooled, $ann, $controller);
	return $state;
}

# Anna's heartbeat keeps the record locked for longer than the lock that her
# other session gets meanwhile lasts, which is counted from the end of the
# wait. Returns the owner who has the row then, and whether for long.
sub after_a_long_wait
{
	my ($statement) = @_;
	fresh_database('few');
	my ($heartbeat, $ann, $controller) = (user('ann'), user('ann'), controller());
	in_database("SELECT locking.request('article', 1)", 'bob') if $statement =~ /hand_over/;
	$heartbeat->query('BEGIN; SELECT locking.renew(token) FROM locking.lock WHERE key = $$1$$');
	$ann->send_sql($statement);
	$ann->await_block;
	advance_clock($controller);
	$heartbeat->query('COMMIT');
	$ann->finish;
	# the clock of SQL is not ahead
	my $result = in_database(<<'SQL');
SELECT owner || CASE WHEN expires_at > clock_timestamp() + interval '1 hour' THEN ' for long' ELSE ' in vain' END
FROM locking.lock WHERE key = '1'
SQL
	reset_clock($controller);
	quit($heartbeat, $ann, $controller);
	return $result;
}

# While a renewal is in progress that came before the expiry, another session
# of the owner writes the row after it, without confirm(). Returns the
# SQLSTATE of a confirmation, and the outcome of an attempt to acquire.
sub write_during_renewal
{
	fresh_database('few');
	my ($heartbeat, $ann, $controller) = (user('ann'), user('ann'), controller());
	my $token = token_of(1);
	$heartbeat->query("BEGIN; SELECT locking.renew($token, '5 hours')");
	advance_clock($controller);
	$ann->send_sql(write_of(1));
	$ann->await_block;
	$heartbeat->query('COMMIT');
	$ann->finish;
	my $state = $ann->state_of("SELECT locking.confirm($token)") || 'confirmed';
	$state .= ' ' . $ann->query("SELECT outcome FROM locking.try_acquire('article', 1)");
	reset_clock($controller);
	quit($heartbeat, $ann, $controller);
	return $state;
}

sub check_all
{
	my ($gate) = @_;
	is(written_by_the_wrong_clock(write_of(1), 'plain', 1), ' t LK001 granted', "$gate: the row was written");
	is(written_by_the_wrong_clock(write_of(1), 'with columns', 1), ' f LK001 granted', "$gate: guarded columns were written");
	is(written_by_the_wrong_clock("UPDATE line SET body = 'written' WHERE id = 1", 'plain', 1), ' f LK001 granted',
		"$gate: a child row was written");
	is(written_by_the_wrong_clock("DELETE FROM article WHERE id = 1; INSERT INTO article VALUES (1, 'back')", 'plain', 1),
		' t LK001 granted', "$gate: the row was deleted and inserted");
	is(written_by_the_wrong_clock(write_of(2), 'plain', 1), ' t confirmed renewed', "$gate: another row was written");
	is(written_by_the_wrong_clock('BEGIN; ' . write_of(1) . '; ROLLBACK', 'plain', 1), ' t confirmed renewed',
		"$gate: a write was rolled back");
	is(second_owner("SELECT locking.confirm(token) FROM locking.lock WHERE key = '1'", 1), ' LK001', "$gate: a second owner in the transaction that confirmed");
	is(second_owner(write_of(1), 1), ' LK001', "$gate: a second owner in a transaction that wrote");
	is(second_owner("INSERT INTO article VALUES (40000, 'new'); SELECT locking.acquire('article', 40000)", 40000), ' LK001',
		"$gate: a second owner in the transaction that inserted and acquired");
	is(write_during_renewal(), 'confirmed renewed', "$gate: the owner's write during a renewal in progress");
	is(after_a_long_wait("SELECT locking.acquire('article', 1)"), 'ann for long', "$gate: the wait for the record outlasted the lock acquired");
	is(after_a_long_wait('SELECT locking.renew(token) FROM locking.lock WHERE key = $$1$$'), 'ann for long', "$gate: the lock renewed");
	is(after_a_long_wait('SELECT locking.hand_over(token) FROM locking.lock WHERE key = $$1$$'), 'bob for long', "$gate: the lock handed over");
	return;
}
check_all('with the gate');

# The step is logged once by a backend that meets it.
fresh_database('few');
my $controller = controller();
my $ann = user('ann');
advance_clock($controller);
$ann->query("SELECT locking.acquire('article', 7), locking.acquire('article', 8)");
reset_clock($controller);
my $logged = in_log($node, qr/clock of the server was set back/);
$ann->query("SELECT locking.renew(token) FROM locking.lock WHERE key IN ('7', '8')");
is(in_log($node, qr/LOG:  the clock of the server was set back by at least 7\d\d\d\.\d+ seconds/) - $logged, 1,
	'the step is logged once');
is(in_database('SELECT count(*) FROM locking.event WHERE at > clock_timestamp() + $$1 hour$$'), 2, 'events of the wrong clock have its time');
$ann->query("SELECT locking.acquire('article', 9)");
is(in_database("SELECT at < clock_timestamp() + interval '1 hour' FROM locking.event WHERE key = '9'"), 't', 'those since then have the right one');
quit($ann, $controller);

$node->stop;
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->start;
check_all('without the gate');
$node->stop;

done_testing();
