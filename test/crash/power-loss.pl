# Power is lost 10 times in a row: the file system drops what was not flushed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use Stress;
use Test::More;
use Volume;

my $losses = 10;
my $runs = 0;

plan(skip_all => 'needs root, to mount a file system') if !may_become_root();
plan(skip_all => "cannot mount a file system: $@") if !eval { Volume->in_file(16)->cut_power; 1 };

sub lose_power
{
	my ($crash, %options) = @_;
	my $volume = Volume->in_file(2000);
	my $node = new_node('power' . ++$runs, stopped => 1,
		conf => [ stress_settings(), "shared_preload_libraries = 'locking'", 'fsync = on', 'min_wal_size = 80MB', 'max_wal_size = 300MB', @{ $options{conf} // [] } ]);
	$volume->take_server($node);
	$node->start;
	prepare_tables($node);
	sql($node, 'CHECKPOINT');
	system('sync');
	$crash->start_load(nodes => [$node]);
	for (1 .. $losses)
	{
		pause(0.5, 3);
		$volume->cut_power;
		kill_all($node);
		$crash->{kills}++;
		$volume->unmount;
		$volume->mount;
		start_again($node);
	}
	pause(0.5);
	$crash->{unit} = 'losses of power';
	$crash->finish($node);
	$node->stop('immediate');
	return;
}

crash_scenario('power-loss', \&lose_power,
	'synchronous_commit = off' => { conf => ['synchronous_commit = off'] },
	'fsync = off' => { conf => ['fsync = off', 'wal_writer_delay = 10s'] });
