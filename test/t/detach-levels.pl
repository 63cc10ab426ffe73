# A partition that is being detached and is the parent of guarded rows, or a
# middle level with partitions of its own.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Detach;
use LockingTest;
use Test::More;

my $node = start_detach_node();
my $major = major_version($node);

# The settings of a table depend on every foreign key that protects it.
scenario 'a parent that is being detached' => sub {
	lock_rows('m.dp' => 1, 'm.other' => 1);
	cancelled('m.dp', 'm.dp1');
	check_bystander('pending');
	no_here('a child of a locked row', '55P03', "UPDATE m.line SET t = 'bob' WHERE id = 1", owner => 'bob', message => qr/locked by/);
	no_here('another child of the locked row', '55P03', 'INSERT INTO m.line VALUES (21, 1)', owner => 'bob', message => qr/locked by/);
	no_here('TRUNCATE of the children', '55P03', 'TRUNCATE m.line', owner => 'bob', message => qr/locked by/);
	no_here('a cascade', '55P03', 'UPDATE m.dp1 SET id = 9 WHERE id = 1', owner => 'bob', message => qr/locked by/);
	ok_here('a child of a free row', "UPDATE m.line SET t = 'bob' WHERE id = 2", owner => 'bob');
	ok_here('a child of the holder', "UPDATE m.line SET t = 'ann' WHERE id = 1", owner => 'ann');
	ok_here('rows of the root', undone("SELECT locking.acquire('m.dp', 11); UPDATE m.dp SET t = 'bob' WHERE id = 11"), owner => 'bob');
	finalize('m.dp', 'm.dp1');
	check_bystander('detached');
	ok_here('the children of an unprotected table', "UPDATE m.line SET t = 'bob' WHERE id = 1; INSERT INTO m.line VALUES (21, 1)", owner => 'bob');
	ok_here('rows of the root', undone("SELECT locking.acquire('m.dp', 11); UPDATE m.dp SET t = 'bob' WHERE id = 11"), owner => 'bob');
	ok_here('protect() of the former partition', "SELECT locking.protect('m.dp1')");
	ok_here('a lock on the former partition', "SELECT locking.acquire('m.dp1', 1, ttl => '1 hour')", owner => 'ann');
	no_here('the lock on the former partition guards the children', '55P03', "UPDATE m.line SET t = 'bob' WHERE id = 1", owner => 'bob');
	ok_here('DROP TABLE of the former partition', 'DROP TABLE m.dp1 CASCADE');
	check_bystander('dropped');
	no_here('the children have lost their parent', '55000', "UPDATE m.line SET t = 'bob' WHERE id = 1", owner => 'bob');
};

scenario 'a child is written while its parent is being detached' => sub {
	lock_rows('m.dp' => 1);
	my ($bob, $cid) = (begin(owner => 'bob'), begin(owner => 'cid'));
	$_->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM m.other') for $bob, $cid;
	my @sessions = waiting('m.dp', 'm.dp1');
	is($bob->state_of("UPDATE m.line SET t = 'bob' WHERE id = 2"), '', 'a child of a free row');
	is($cid->state_of("UPDATE m.line SET t = 'cid' WHERE id = 1"), '55P03', 'a child of a locked row');
	$_->query('ROLLBACK') for $bob, $cid;
	complete(@sessions);
	$_->quit for $bob, $cid;
};

# The leaf is attached to the middle level, which is being detached.
scenario 'a middle level that is being detached' => sub {
	my $tokens = lock_rows('m.sub' => 1, 'm.other' => 1);
	my $older = begin(owner => 'bob');
	$older->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM m.other');
	my @sessions = waiting('m.sub', 'm.mid');
	check_functions('m.mid', $tokens->{'m.sub'});
	check_functions('m.leaf', $tokens->{'m.sub'});
	check_bystander('waiting');
	for my $write ("UPDATE m.sub SET t = 'bob' WHERE id = 1", "UPDATE m.mid SET t = 'bob' WHERE id = 1", "UPDATE m.leaf SET t = 'bob' WHERE id = 1",
		'UPDATE m.sub SET id = 102 WHERE id = 1', "UPDATE m.kid SET t = 'bob' WHERE id = 1")
	{
		$older->query('SAVEPOINT s');
		is($older->state_of($write), '55P03', "$write: 55P03");
		$older->query('ROLLBACK TO s');
	}
	is($older->state_of('UPDATE m.sub SET id = 103 WHERE id = 2'), '23503', 'a referenced row');
	$older->query('ROLLBACK');
	check_guard('m.mid');
	check_guard('m.leaf');
	no_here('a child of a locked row', '55P03', "UPDATE m.kid SET t = 'bob' WHERE id = 1", owner => 'bob');
	complete(@sessions);
	$older->quit;
	ok_here('a child of an unprotected table', "UPDATE m.kid SET t = 'bob' WHERE id = 1", owner => 'bob');
	check_detached('m.sub', 'm.mid', 'm.leaf');
};

scenario 'a middle level whose detachment was cancelled' => sub {
	lock_rows('m.sub' => 1, 'm.other' => 1);
	cancelled('m.sub', 'm.mid');
	check_guard('m.leaf');
	no_here("TRUNCATE $_", '55P03', "TRUNCATE $_ CASCADE", owner => 'bob', message => qr/locked by/) for 'm.leaf', 'm.mid';
	ok_here('a partition of the middle level can be created', 'CREATE TABLE m.leaf3 PARTITION OF m.mid FOR VALUES FROM (20) TO (30); INSERT INTO m.leaf3 VALUES (21)');
	answers('the new partition belongs to the root', 'f', "SELECT locking.is_locked('m.leaf3', '21')");
	finalize('m.sub', 'm.mid');
	check_detached('m.sub', 'm.mid', 'm.leaf');
};

# A leaf and the middle level above it, both with a pending detachment.
scenario 'two levels that are being detached' => sub {
	lock_rows('m.sub' => 1, 'm.other' => 1);
	cancelled('m.mid', 'm.leaf');
	check_guard('m.leaf');
	cancelled('m.sub', 'm.mid');
	check_guard('m.leaf');
	check_bystander('pending');
	finalize('m.sub', 'm.mid');
	no_here("$_ is unprotected", '55000', "SELECT locking.is_locked('$_', '1')") for 'm.mid', 'm.leaf';
	ok_here('protect() of the middle level', "SELECT locking.protect('m.mid')");
	answers('the leaf belongs to the middle level', 'f', "SELECT locking.is_locked('m.leaf', '1')");
	# PostgreSQL 18 cannot complete it, even without this extension:
	# "1 unmatched constraints"
	return if $major >= 18;
	finalize('m.mid', 'm.leaf');
	no_here('the leaf does not belong to the middle level', '55000', "SELECT locking.is_locked('m.leaf', '1')");
	ok_here('the leaf can be written', "UPDATE m.leaf SET t = 'bob'", owner => 'bob');
	check_bystander('detached');
};

$node->stop;
done_testing();
