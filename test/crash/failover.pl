# A synchronous standby is promoted 5 times in a row.  The old primary, killed
# with commits that the standby has not got, becomes the standby of the new
# one: by pg_rewind, the last time by pg_basebackup.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use LockingTest;
use Stress;

my $promotions = 5;
my $runs = 0;

sub conninfo
{
	my ($node) = @_;
	return 'host=' . $node->host . ' port=' . $node->port . ' user=postgres dbname=postgres';
}

sub follow
{
	my ($standby, $primary) = @_;
	$standby->append_conf('postgresql.conf', "primary_conninfo = '" . conninfo($primary) . " application_name=standby'\n");
	open my $file, '>', $standby->data_dir . '/standby.signal' or die "standby.signal: $!\n";
	close $file;
	return;
}

sub await_standby
{
	my ($primary) = @_;
	$primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'") or die "no standby\n";
	return;
}

# Files that a rewind overwrites.
my @own_files = qw(postgresql.conf pg_hba.conf);

sub rewind
{
	my ($old, $new) = @_;
	my $data = $old->data_dir;
	system_or_die("cp $data/$_ $data.$_") for @own_files;
	my $command = "pg_rewind --target-pgdata=$data --source-server='" . conninfo($new) . "' --no-sync";
	for my $try (1 .. 100)
	{
		# backends of a server that was killed may outlive it for a moment
		last if system("$command >$data.rewind 2>&1") == 0;
		system_or_die("cat $data.rewind >&2; false") if $try == 100;
		pause(0.1);
	}
	system_or_die("cp $data.$_ $data/$_") for @own_files;
	return;
}

sub copy
{
	my ($old, $new) = @_;
	my $data = $old->data_dir;
	system_or_die("cp $data/$_ $data.$_") for @own_files;
	system_or_die("rm -rf $data && pg_basebackup --pgdata=$data -d '" . conninfo($new) . "' --checkpoint=fast --no-sync");
	system_or_die("cp $data.$_ $data/$_") for @own_files;
	return;
}

sub system_or_die
{
	my ($command) = @_;
	system($command) == 0 or die "$command failed\n";
	return;
}

# Kills the primary while its walsender is stopped, so that it has commits
# that the standby has not got.
sub kill_ahead
{
	my ($primary) = @_;
	my $walsender = sql($primary, "SELECT pid FROM pg_stat_replication");
	kill 'STOP', $walsender;
	pause(0.3);
	$primary->kill9;
	kill 'KILL', $walsender;
	return;
}

sub fail_over
{
	my ($crash, %options) = @_;
	my @conf = (stress_settings(), "shared_preload_libraries = 'locking'", 'wal_log_hints = on', 'wal_keep_size = 512MB', 'hot_standby = on',
		@{ $options{conf} // ["synchronous_standby_names = '*'"] });
	my $name = 'failover' . ++$runs;
	my $primary = new_node("${name}a", init => { allows_streaming => 1 }, conf => [ grep { !/synchronous_standby/ } @conf ]);
	prepare_tables($primary);
	$primary->backup('base');
	my $standby = copy_of_node("${name}b", $primary, 'base', has_streaming => 1);
	follow($standby, $primary);
	$standby->start;
	await_standby($primary);
	for my $node ($primary, $standby)
	{
		$node->append_conf('postgresql.conf', join("\n", @conf, ''));
		$node->reload;
	}
	$standby->{stress_queue} = $primary->{stress_queue};
	$crash->start_load(nodes => [ $primary, $standby ]);
	for my $n (1 .. $promotions)
	{
		pause(1, 3);
		kill_ahead($primary);
		$standby->promote;
		$crash->{kills}++;
		$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
		# pg_rewind reads the timeline from the control file
		sql($standby, 'CHECKPOINT');
		$n == $promotions ? copy($primary, $standby) : rewind($primary, $standby);
		follow($primary, $standby);
		start_again($primary);
		($primary, $standby) = ($standby, $primary);
		await_standby($primary);
	}
	pause(1);
	$crash->{unit} = 'promotions';
	$crash->finish($primary);
	$_->stop('immediate') for $primary, $standby;
	return;
}

crash_scenario('failover', \&fail_over,
	'an asynchronous standby' => { conf => ["synchronous_standby_names = ''"] },
	'synchronous_commit = local' => { conf => [ "synchronous_standby_names = '*'", 'synchronous_commit = local' ] });
