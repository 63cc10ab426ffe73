# Point-in-time recovery to a moment within the load: the recovered server has
# all that was acknowledged before, nothing that began later, and goes on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use Stress;
use Time::HiRes ();

my $runs = 0;

# Creates a restore point; returns when that began, and when it was done.
sub restore_point
{
	my ($node, $name) = @_;
	my @times = (int(Time::HiRes::time() * 1000000));
	sql($node, "SELECT pg_create_restore_point('$name')");
	return (@times, int(Time::HiRes::time() * 1000000));
}

# What clients did after the moment must not have been done.  What they did
# while it passed may have been done or not.
sub cut_records
{
	my ($records, $from, $to) = @_;
	for my $path (glob "$records/client*")
	{
		open my $file, '<', $path or die "$path: $!\n";
		my @lines = map { [ split /\t/, $_, -1 ] } <$file>;
		close $file;
		for my $line (grep { $_->[7] > $from } @lines)
		{
			$line->[8] = $line->[6] > $to ? 'later' : 'unknown';
		}
		write_file($path, join '', map { join "\t", @$_ } @lines);
	}
	return;
}

sub recover
{
	my ($crash, %options) = @_;
	my $name = 'point' . ++$runs;
	my $node = new_node($name, init => { allows_streaming => 1, has_archiving => 1 }, conf => [ stress_settings(), "shared_preload_libraries = 'locking'" ]);
	prepare_tables($node);
	$crash->start_load(nodes => [$node], silent => 1);
	pause(1);
	$node->backup('base');
	pause(2);
	restore_point($node, 'too early');
	pause(2);
	my ($from, $to) = restore_point($node, 'here');
	pause(2);
	$crash->stop_load;
	sql($node, 'SELECT pg_switch_wal()');
	$node->stop;
	cut_records($crash->{records}, $from, $to);

	my $recovered = copy_of_node("${name}r", $node, 'base', has_restoring => 1, standby => 0);
	$recovered->append_conf('postgresql.conf', "recovery_target_name = '" . ($options{target} // 'here') . "'\nrecovery_target_action = promote\n");
	$recovered->start;
	$recovered->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die "no recovery\n";
	$recovered->{stress_queue} = $node->{stress_queue};

	$crash->start_load(nodes => [$recovered], silent => 1, first => 12);
	pause(3);
	@$crash{qw(kills unit)} = (1, 'recovery');
	$crash->finish($recovered);
	$recovered->stop('immediate');
	return;
}

crash_scenario('recovery-point', \&recover,
	'a recovery to an earlier moment' => { target => 'too early' });
