# A partition that is being detached: functions, the guard, older snapshots
# and prepared plans.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Detach;
use LockingTest;
use Test::More;

my $node = start_detach_node();
my $major = major_version($node);

scenario 'functions while DETACH CONCURRENTLY waits' => sub {
	my $tokens = lock_rows('m.dp' => 1);
	my @sessions = waiting('m.dp', 'm.dp1');
	check_functions('m.dp1', $tokens->{'m.dp'});
	complete(@sessions);
	check_detached('m.dp', 'm.dp1');
};

scenario 'functions after DETACH CONCURRENTLY was cancelled' => sub {
	my $tokens = lock_rows('m.dp' => 1);
	cancelled('m.dp', 'm.dp1');
	check_functions('m.dp1', $tokens->{'m.dp'});
	finalize('m.dp', 'm.dp1');
	check_detached('m.dp', 'm.dp1');
};

scenario 'the guard while DETACH CONCURRENTLY waits' => sub {
	lock_rows('m.dp' => 1, 'm.other' => 1);
	my @sessions = waiting('m.dp', 'm.dp1');
	check_guard('m.dp1');
	check_bystander('waiting');
	complete(@sessions);
	check_detached('m.dp', 'm.dp1');
};

scenario 'the guard after DETACH CONCURRENTLY was cancelled' => sub {
	lock_rows('m.dp' => 1, 'm.other' => 1);
	cancelled('m.dp', 'm.dp1');
	check_guard('m.dp1');
	no_here('TRUNCATE', '55P03', 'TRUNCATE m.dp1 CASCADE', owner => 'bob', message => qr/locked by/);
	ok_here('the holder truncates', undone('TRUNCATE m.dp1 CASCADE'), owner => 'ann');
	check_bystander('cancelled');
	ok_here('another partition can be created', undone('CREATE TABLE m.dp3 PARTITION OF m.dp FOR VALUES FROM (30) TO (40)'));
	finalize('m.dp', 'm.dp1');
	check_detached('m.dp', 'm.dp1');
};

# Older snapshots still show a partition that is being detached.
for my $isolation ('REPEATABLE READ', 'SERIALIZABLE')
{
	scenario "an older $isolation transaction, while DETACH CONCURRENTLY waits" => sub {
		my $tokens = lock_rows('m.dp' => 1);
		my $older = begin(owner => 'bob');
		my $holder = begin(owner => 'ann');
		$_->query("BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM m.other") for $older, $holder;
		my @sessions = waiting('m.dp', 'm.dp1');
		my @refused = ("UPDATE m.dp SET t = 'bob' WHERE id = 1", 'UPDATE m.dp SET id = 16 WHERE id = 1', 'DELETE FROM m.dp',
			"UPDATE m.dp1 SET t = 'bob' WHERE id = 1");
		push @refused, "MERGE INTO m.dp USING (VALUES (1)) v (id) ON dp.id = v.id WHEN MATCHED THEN DELETE" if $major >= 15;
		for my $write (@refused)
		{
			$older->query('SAVEPOINT s');
			is($older->state_of($write), '55P03', "$write: 55P03");
			like($older->{err}, qr/locked by/, 'the message names the holder');
			$older->query('ROLLBACK TO s');
		}
		is($older->state_of("UPDATE m.dp SET t = 'bob' WHERE id = 2"), '', 'a free row is written');
		is($older->state_of('UPDATE m.dp SET id = 17 WHERE id = 6'), '', 'a free row is moved to another partition');
		is($older->query("SELECT locking.is_locked('m.dp1', '1')"), 't', 'is_locked()');
		is($holder->state_of("SELECT locking.confirm($tokens->{'m.dp'}); UPDATE m.dp SET t = 'ann' WHERE id = 1"), '', 'a confirmed save');
		$_->query('ROLLBACK') for $older, $holder;
		complete(@sessions);
		$_->quit for $older, $holder;
		check_detached('m.dp', 'm.dp1');
	};
}

scenario 'an older transaction, after the detachment' => sub {
	lock_rows('m.dp' => 1);
	my $older = begin(owner => 'bob');
	$older->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM m.other');
	here('ALTER TABLE m.dp DETACH PARTITION m.dp1');
	like($older->state_of("UPDATE m.dp SET t = 'bob' WHERE id < 3"), qr/^(|55P03|40001)$/, 'an UPDATE through the root');
	$older->query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM m.other');
	here('ALTER TABLE m.dp DETACH PARTITION m.dp2');
	is($older->state_of("UPDATE m.dp2 SET t = 'bob'"), '', 'an UPDATE of a partition by name');
	is($older->state_of("SELECT locking.is_locked('m.dp2', '11')"), '55000', 'is_locked()');
	$older->query('ROLLBACK');
	$older->quit;
};

# A plan from before the detachment, cached in the session.
scenario 'prepared statements' => sub {
	lock_rows('m.dp' => 1);
	my $bob = begin(owner => 'bob');
	$bob->query('SET plan_cache_mode = force_generic_plan');
	$bob->query("PREPARE by_root (int) AS UPDATE m.dp SET t = 'bob' WHERE id = \$1; PREPARE by_name (int) AS UPDATE m.dp1 SET t = 'bob' WHERE id = \$1");
	my $states = sub { return join ' ', map { $bob->state_of("EXECUTE $_") || 'ok' } 'by_root(1)', 'by_root(2)', 'by_name(1)', 'by_name(2)' };
	is($states->(), '55P03 ok 55P03 ok', 'before');
	my @sessions = waiting('m.dp', 'm.dp1');
	is($states->(), 'ok ok 55P03 ok', 'while DETACH waits; the root does not show the rows');
	complete(@sessions);
	is($states->(), 'ok ok ok ok', 'afterwards');
	$bob->quit;
};

$node->stop;
done_testing();
