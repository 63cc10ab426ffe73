# Shared memory for locks is exhausted 10 times, with a tiny gate and a tiny
# queue of events.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use LockingVariant;
use Mutants;
use Stress;

my $times = 10;

# A session that takes all of PostgreSQL's locks, one of them after the other.
sub exhaust
{
	my ($node, $seconds) = @_;
	sql($node, <<"SQL");
DO \$\$
BEGIN
	FOR i IN 1 .. 1000000 LOOP
		BEGIN
			PERFORM pg_advisory_lock(i);
		EXCEPTION WHEN out_of_memory THEN
			EXIT;
		END;
	END LOOP;
END \$\$;
SELECT pg_sleep($seconds);
SQL
	return;
}

sub exhaust_under_load
{
	my ($crash, %options) = @_;
	my %mutants = mutants();
	LockingVariant->new->build(@{ $mutants{ $options{change} } }) if $options{change};
	my $node = stress_node("shared_preload_libraries = 'locking'", 'max_locks_per_transaction = 10', 'max_prepared_transactions = 20',
		'locking.gate_slots = 64', 'locking.event_queue_size = 64kB');
	$crash->start_load(nodes => [$node]);
	while ($crash->{kills} < $times)
	{
		pause(0.5, 1);
		# an operation of the load may terminate the session
		$crash->{kills}++ if eval { exhaust($node, 0.5); 1 };
	}
	pause(1);
	$crash->{unit} = 'times without memory';
	$crash->finish($node);
	remark_errors($crash, $node);
	$node->stop('immediate');
	return;
}

crash_scenario('memory-full', \&exhaust_under_load, 'a gate that is not raised' => { change => 'the gate is not raised' });
