# DDL of a partition that is being detached: protect(), unprotect(), renaming,
# dropping; and a prepared transaction that has used its root.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Detach;
use LockingTest;
use Test::More;

my $node = start_detach_node();
my $major = major_version($node);

# protect() and unprotect() create and drop triggers, which PostgreSQL
# propagates to partitions, but not to those that are being detached.
scenario 'protect() and unprotect() of a pending partition' => sub {
	lock_rows('m.dp' => 1);
	cancelled('m.dp', 'm.dp1');
	for my $relation ('m.dp', 'm.dp1')
	{
		my $session = begin(owner => 'bob');
		my $state = $session->state_of("SELECT locking.protect('$relation', hard => true)");
		like($state, qr/^(|55000)$/, "protect('$relation'): " . ($state || 'accepted'));
		$session->quit;
		no_here('the row stays guarded', '55P03', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob');
		no_here('the partition stays guarded against TRUNCATE', '55P03', 'TRUNCATE m.dp1 CASCADE', owner => 'bob', message => qr/locked by/);
	}
	my $session = begin(owner => 'bob');
	my $state = $session->state_of("SELECT locking.unprotect('m.dp1')");
	like($state, qr/^(|55000)$/, "unprotect('m.dp1'): " . ($state || 'accepted'));
	$session->quit;
	if ($state eq '')
	{
		no_here('the root is unprotected', '55000', "SELECT locking.is_locked('m.dp', '11')");
		ok_here('the partition can be written', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob');
	}
	finalize('m.dp', 'm.dp1');
	ok_here('detached: protect()', "SELECT locking.protect('m.dp1')");
	ok_here('detached: unprotect()', "SELECT locking.unprotect('m.dp1')");
	ok_here('the root: protect()', "SELECT locking.protect('m.dp')");
};

scenario 'DDL of a pending partition' => sub {
	lock_rows('m.dp' => 1);
	ok_here('row security', 'ALTER TABLE m.dp1 ENABLE ROW LEVEL SECURITY; ALTER TABLE m.dp ENABLE ROW LEVEL SECURITY;'
		. ' CREATE POLICY p ON m.dp1 USING (id > 1); CREATE POLICY p ON m.dp USING (id > 1)');
	cancelled('m.dp', 'm.dp1');
	ok_here('a table is renamed', 'ALTER TABLE m.dp1 RENAME TO dq1');
	answers('the row of the renamed table stays locked', 't', "SELECT locking.is_locked('m.dq1', '1')");
	ok_here('a table is renamed', 'ALTER TABLE m.dq1 RENAME TO dp1');
	ok_here('a schema is renamed', 'ALTER SCHEMA m RENAME TO mm; ALTER SCHEMA mm RENAME TO m');
	answers('the row stays locked after the schema is renamed', 't', "SELECT locking.is_locked('m.dp1', '1')");
	ok_here('is_locked() with row security', "SELECT locking.is_locked('m.dp1', '1')", user => 'reader');
	ok_here('row_visible() with row security', "SELECT locking.row_visible('m.dp1', '1')", user => 'reader');
	ok_here('the views with row security', 'SELECT count(*) FROM locking.locks; SELECT count(*) FROM locking.history', user => 'reader');
	ok_here('VACUUM FULL', 'VACUUM FULL m.dp1');
	no_here('the row stays guarded', '55P03', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob');
	ok_here('DROP TABLE of the partition', undone('DROP TABLE m.dp1 CASCADE'));
	ok_here('DROP TABLE of the root', undone('DROP TABLE m.dp CASCADE'));
	ok_here('DROP SCHEMA', undone('DROP SCHEMA m CASCADE'));
	ok_here('DROP EXTENSION', undone('DROP EXTENSION locking CASCADE'));
	ok_here('DROP TABLE of the partition, for good', 'DROP TABLE m.dp1 CASCADE');
	is(here('SELECT count(*) FROM locking.protected p WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.relation)'), '0', 'no settings of dropped tables');
	ok_here('the root is written', "UPDATE m.dp SET t = 'bob'", owner => 'bob');
};

# Renaming a column of the root does not rename it in a pending partition, so
# locks cannot use the partition's key.
scenario 'a column renamed while a partition is pending' => sub {
	lock_rows('m.dp' => 1);
	cancelled('m.dp', 'm.dp1');
	ok_here('the key of the root is renamed', 'ALTER TABLE m.dp RENAME id TO number');
	no_here('row_key() of the partition', '55000', 'SELECT locking.row_key(x) FROM m.dp1 x');
	no_here('a write of the partition', '55000', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob');
	no_here('TRUNCATE of the partition', '55000', 'TRUNCATE m.dp1 CASCADE', owner => 'bob');
	ok_here('the root is written', "UPDATE m.dp SET t = 'bob'", owner => 'bob');
	ok_here('the foreign key of a child is renamed', 'ALTER TABLE m.line RENAME dp TO up');
	no_here('a write of the child', '55P03|55000', "UPDATE m.line SET t = 'bob' WHERE id = 1", owner => 'bob');
	# FINALIZE of PostgreSQL 18 needs the same columns in both
	ok_here('the key of the root has its name again', 'ALTER TABLE m.dp RENAME number TO id') if $major >= 18;
	finalize('m.dp', 'm.dp1');
	ok_here('detached: the partition can be written', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob');
};

scenario 'protected again, with a guard that fires in replicas, while a partition is pending' => sub {
	ok_here('ENABLE ALWAYS', 'ALTER TABLE m.dp ENABLE ALWAYS TRIGGER "~locking_guard"');
	cancelled('m.dp', 'm.dp1');
	ok_here('protected again', "SELECT locking.protect('m.dp')");
	answers('the triggers', 'm.dp A, m.dp1 O, m.dp2 A',
		q{SELECT string_agg(tgrelid::regclass || ' ' || tgenabled::text, ', ' ORDER BY tgrelid::regclass::text) FROM pg_trigger WHERE tgname = '~locking_guard' AND tgrelid IN ('m.dp'::regclass, 'm.dp1'::regclass, 'm.dp2'::regclass)});
	is(in_log($node, qr/WARNING:  .*the guard of partition "dp1" fires no longer in a replica/), 1, 'a warning');
	finalize('m.dp', 'm.dp1');
};

scenario 'a prepared transaction that has used the root' => sub {
	lock_rows('m.dp' => 1);
	here("BEGIN; UPDATE m.dp SET t = 'bob' WHERE id = 2; PREPARE TRANSACTION 'p'", owner => 'bob');
	my $admin = begin();
	is($admin->state_of("SET lock_timeout = '200ms'; ALTER TABLE m.dp DETACH PARTITION m.dp1 CONCURRENTLY"), '55P03', 'the detachment times out');
	$admin->quit;
	answers('is_locked()', 't', "SELECT locking.is_locked('m.dp1', '1')");
	no_here('the guard', '55P03', "UPDATE m.dp1 SET t = 'bob' WHERE id = 1", owner => 'bob', message => qr/locked by/);
	here("COMMIT PREPARED 'p'");
	finalize('m.dp', 'm.dp1');
	check_detached('m.dp', 'm.dp1');
};

$node->stop;
done_testing();
