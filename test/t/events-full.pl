# PostgreSQL's queue of notifications is full, since a listener does not read
# them: locks are acquired and released all the same, and listeners hear of it
# later.  From 17 on the queue can be made small.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingEvents;
use LockingTest;
use Test::More;

my $node = new_node('full', conf => ["shared_preload_libraries = 'locking'"]);
plan(skip_all => 'before 17 the queue cannot be made small') if major_version($node) < 17;
$node->append_conf('postgresql.conf', "max_notify_queue_pages = 64\n");
$node->restart;
sql($node, events_schema());

my $pair = "SELECT locking.release(locking.acquire('article', 1))";

my $slow = session($node);
$slow->query('LISTEN other');
$slow->query('BEGIN');
my $listener = listener($node);
refused('the queue is full', $node, '54000', "SELECT pg_notify('other', repeat('x', 7900));" x 100);

sql($node, $pair, owner => 'ann') for 1 .. 3;
refused('an event within the transaction', $node, '54000', "SET locking.notify = transaction; $pair", owner => 'ann');
until_true('the worker complains', sub { in_log($node, qr/ERROR: .*too many notifications in the NOTIFY queue/) });
is(scalar(@{ receive($listener) }), 0, 'no event arrives');
$slow->query('COMMIT');
heard_exactly('they arrive when the listener has read', $listener, ('acquired 1', 'released 1') x 3);

$_->quit for $slow, $listener;
$node->stop;
done_testing();
