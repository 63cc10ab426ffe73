# The clock of the server is set by minutes, forward and back.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use LockingVariant;
use SourceChanges;
use Stress;
use Time::HiRes ();

my $change = 'a lock that was passed is live again';
my $library = tmp_folder() . '/clock.so';

# Differences from the true clock, in seconds.  Each is another one, so that
# the checker can tell from a time by which clock it was read.
my @offsets = (300, -240, 120, -420, 0, -60, 180, -540, 480, 660);

# Sets the clock; returns the record of it.
sub set_clock
{
	my ($path, $offset) = @_;
	open my $file, -e $path ? '+<' : '>', $path or die "$path: $!\n";
	my $at = int(Time::HiRes::time() * 1000000);
	syswrite $file, pack('q', 1000000 * $offset) or die "$path: $!\n";
	close $file;
	return "step\t$at\t" . 1000000 * $offset;
}

# pg_sleep() that was called before the clock was set back, and timeouts, end
# later by as much, also the one that looks for deadlocks.
sub end_waits
{
	my ($node) = @_;
	pause(0.3);
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' OR wait_event = 'PgSleep'");
	return;
}

sub step_clock
{
	my ($crash, %options) = @_;
	LockingVariant->new->build(source_change($options{change})) if $options{change};
	my $path = tmp_folder() . '/clock';
	my @steps;
	set_clock($path, 0);
	my $node = do {
		local %ENV = (%ENV, LD_PRELOAD => $library, CLOCK_OFFSET => $path);
		stress_node("shared_preload_libraries = 'locking'", 'autovacuum = off');
	};
	@steps = (set_clock($path, 240));
	$crash->start_load(nodes => [$node]);
	for my $offset (@offsets)
	{
		pause(2, 4);
		push @steps, set_clock($path, $offset);
		end_waits($node);
		$crash->{kills}++;
	}
	pause(2);
	end_waits($node);
	$crash->{unit} = 'steps of the clock';
	$crash->finish($node, @steps);
	$node->stop('immediate');
	return;
}

system('cc', qw(-O2 -Wall -Wextra -Werror -shared -fPIC -o), $library, "$FindBin::RealBin/clock.c") == 0 or die "clock.c does not build\n";
crash_scenario('clock', \&step_clock, $change => { change => $change });
