# Two backends that advance a sequence at the same time: the second must not
# set it back.  Run again without the lock under which they do so: then a
# token is issued twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;

my $variant = LockingVariant->new;
$variant->build;
my $node = new_node('race', conf => [ 'log_statement = none', 'autovacuum = off' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY);
INSERT INTO article SELECT generate_series(1, 10);
SELECT locking.protect('article');
SQL

# A backend is held between reading the sequence and setting it; what do it
# and another one get?
sub race
{
	sql($node, 'DELETE FROM locking.lock; DELETE FROM locking.event');
	sql($node, "INSERT INTO locking.lock (relation, key, token, owner, expires_at) VALUES ('article', '10', 1000000000, 'zoe', 'infinity'); SELECT setval('locking.token_seq', 5)");
	my ($holder, $ann, $bob) = (session($node), map { session($node, owner => $_) } qw(ann bob));
	$holder->query('SELECT pg_advisory_lock(1)');
	$ann->query("SET inject.wait_at = 'advance-sequence'");
	$ann->send_sql("SELECT locking.acquire('article', 1)");
	$ann->await_block;
	my $meanwhile = $bob->state_of("SET lock_timeout = '300ms'; SELECT locking.acquire('article', 2); SELECT locking.release_all()") || 'granted';
	$holder->query('SELECT pg_advisory_unlock(1)');
	$ann->finish;
	my $held = $ann->last_state || 'granted';
	my $later = $bob->state_of("SELECT locking.acquire('article', 3)") || 'granted';
	my $issued = "SELECT token FROM locking.event WHERE event = 'acquired'";
	my $order = sql($node, "SELECT count(*) - count(DISTINCT token), bool_and(token > 1000000000) FROM ($issued) i");
	$_->quit for $holder, $ann, $bob;
	return "$meanwhile, $held, $later, $order";
}

is(race(), '55P03, granted, granted, 0|t', 'the second waits for the first');
$node->stop;
$variant->build(source_change('sequence advanced without the lock'));
$node->start;
is(race(), 'granted, granted, granted, 1|t', 'broken: without the lock, a token is issued twice');
$node->stop;

done_testing();
