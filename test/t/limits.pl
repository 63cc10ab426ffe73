# locking.max_locks_per_owner with concurrent sessions of one owner: by how
# much they can exceed it, and that uncommitted locks count.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $LIMIT = 320;
my $SHARE = $LIMIT / 32;		# what a count may leave a session (limit.c)
my $SESSIONS = 4;

my $node = new_node('main', conf => [ 'log_statement = none' ]);
sql($node, <<"SQL");
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 10000) g;
SELECT locking.protect('article');
ALTER DATABASE postgres SET locking.max_locks_per_owner = $LIMIT;
SQL

my @sessions = map { session($node, owner => 'ann') } 1 .. $SESSIONS;

# The sessions acquire different rows, in turn, until each is refused.
sub acquire_all_that_is_allowed
{
	my %refused;
	my $row = 0;
	while (keys %refused < $SESSIONS && $row < 2 * $LIMIT)
	{
		for my $i (grep { !$refused{$_} } 0 .. $#sessions)
		{
			my $state = $sessions[$i]->state_of('SAVEPOINT a; SELECT locking.acquire(\'article\', ' . ++$row . ')');
			next if $state eq '';
			is($state, '53400', "session $i is refused");
			$sessions[$i]->query('ROLLBACK TO a');
			$refused{$i} = 1;
		}
	}
	return;
}

$_->query('BEGIN') for @sessions;
acquire_all_that_is_allowed();
$_->query('COMMIT') for @sessions;
my $live = sql($node, 'SELECT count(*) FROM locking.locks');
cmp_ok($live, '<=', $LIMIT + $SESSIONS * $SHARE, 'uncommitted locks: at most a 32nd more for each session');
cmp_ok($live, '>=', $LIMIT, 'uncommitted locks: no fewer than the limit');

# A release counts from its commit on.
$sessions[0]->query('BEGIN; SELECT locking.release_all()');
is($sessions[1]->state_of("SELECT locking.acquire('article', 5000)"), '53400', 'uncommitted releases do not lower the count');
$sessions[0]->query('COMMIT');
is($sessions[1]->state_of("SELECT locking.acquire('article', 5000)"), '', 'committed releases lower the count');

# A renewal in progress may be counted twice, but not by the renewing session.
$sessions[1]->query('SELECT locking.release_all()');
is($sessions[2]->query("SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1, $LIMIT) g))"), $LIMIT, 'acquire_all() of as many rows as the limit');
is($sessions[2]->query("SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1, $LIMIT) g))"), $LIMIT, 'acquire_all() renews as many locks as the limit');
is($sessions[3]->state_of("SELECT locking.acquire('article', 5000)"), '53400', 'renewals make no room for another lock');
$_->quit for @sessions;

# SERIALIZABLE: counting takes no predicate locks, so two owners do not make
# each other fail.
sql($node, 'DELETE FROM locking.lock; ALTER DATABASE postgres RESET locking.max_locks_per_owner');
my @serializable = map { session($node, owner => $_) } 'bob', 'cid';
$_->query("SET locking.max_locks_per_owner = 50; BEGIN ISOLATION LEVEL SERIALIZABLE") for @serializable;
for my $i (1 .. 30)
{
	$serializable[0]->query("SELECT locking.acquire('article', $i)");
	$serializable[1]->query('SELECT locking.acquire(\'article\', ' . ($i + 1000) . ')');
}
is($_->state_of('COMMIT'), '', 'SERIALIZABLE: committed') for @serializable;
$_->quit for @serializable;

done_testing();
