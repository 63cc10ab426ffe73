# The disk is full 5 times, for seconds, with the WAL on it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use LockingVariant;
use SourceChanges;
use Stress;
use Test::More;
use Volume;

my $times = 5;
my $runs = 0;
my $change = 'an event that finds no room is not recorded';

plan(skip_all => 'needs root, to mount a file system') if !may_become_root();
plan(skip_all => "cannot mount a file system: $@") if !eval { Volume->in_memory(1); 1 };

# Writes a file until there is no room.
sub fill_disk
{
	my ($path) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	my $zeros = "\0" x 65536;
	1 while syswrite $file, $zeros;
	syswrite $file, "\0" for 1 .. 4096;
	close $file;
	return;
}

sub fill_under_load
{
	my ($crash, %options) = @_;
	LockingVariant->new->build(source_change($options{change})) if $options{change};
	my $volume = Volume->in_memory(400);
	my $node = new_node('disk' . ++$runs, stopped => 1, conf => [ stress_settings(), "shared_preload_libraries = 'locking'",
		'restart_after_crash = on', 'wal_recycle = off', 'min_wal_size = 32MB', 'max_wal_size = 64MB' ]);
	$volume->take_server($node);
	$node->start;
	prepare_tables($node);
	$crash->start_load(nodes => [$node]);
	for (1 .. $times)
	{
		pause(1, 2);
		fill_disk("$volume->{folder}/ballast");
		pause(2, 3);
		unlink "$volume->{folder}/ballast";
		$crash->{kills}++;
		await_server($node);
	}
	pause(1);
	$crash->{unit} = 'times without room';
	$crash->finish($node);
	remark_errors($crash, $node);
	$node->stop('immediate');
	return;
}

crash_scenario('disk-full', \&fill_under_load, $change => { change => $change });
