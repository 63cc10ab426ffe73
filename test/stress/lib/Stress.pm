# Runs the load on a server, and the checker on its records.
package Stress;

use strict;
use warnings;

use Cwd qw(realpath);
use Exporter 'import';
use File::Basename qw(dirname);
use IPC::Run ();
use LockingTest;
use Test::More;

our @EXPORT = qw(stress stress_node stress_settings prepare_tables run_load check_load start_clients start_listener end_prepared export_evidence
  await_events write_file);

my $folder = dirname(dirname(realpath(__FILE__)));

# Each of the three test files gets a third of the time.
my $seconds = int(($ENV{LOCKING_SECONDS} || 60) / 3) || 1;
my $clients = 12;
my $patience = 60;
my $nodes = 0;

sub build
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'make', '-s', '-C', "$folder/client", 'PG_CONFIG=' . ($ENV{PG_CONFIG} || 'pg_config') ], '>', \$out, '2>', \$err)
	  or die "$out$err";
	return;
}

sub run_files
{
	my ($node, @names) = @_;
	my $out = '';
	IPC::Run::run([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres',
		map { ('-f', "$folder/sql/$_.sql") } @names ], '<', \undef, '>', \$out) or die "@names failed\n";
	return $out;
}

# Lines for postgresql.conf that the load needs.
sub stress_settings
{
	return ('max_connections = 40', 'max_prepared_transactions = 20', 'deadlock_timeout = 100ms', 'log_statement = none',
		'log_min_messages = warning', 'log_min_error_statement = panic', 'autovacuum_naptime = 1s', 'locking.hand_over_time = 1');
}

# A server with the tables; arguments are lines for postgresql.conf.
sub stress_node
{
	my (@conf) = @_;
	my $node = new_node('stress' . ++$nodes, conf => [ stress_settings(), @conf ]);
	prepare_tables($node);
	return $node;
}

# Creates the tables of the load.
sub prepare_tables
{
	my ($node) = @_;
	build();
	my $preloaded = sql($node, 'SHOW shared_preload_libraries') =~ /locking/;
	$node->{stress_queue} = $preloaded || major_version($node) >= 17 ? 't' : 'f';
	sql($node, 'CREATE EXTENSION locking');
	run_files($node, 'evidence', 'tables');
	return;
}

# ---- the load ----

# Commits the prepared transactions that their clients have left.
sub end_prepared
{
	my ($node) = @_;
	$node->psql('postgres', "COMMIT PREPARED '$_'") for split /\n/, sql($node, 'SELECT gid FROM pg_prepared_xacts');
	return;
}

sub count_lines
{
	my ($path) = @_;
	open my $file, '<', $path or return 0;
	my @lines = grep { !/"event": "(?:connected|requested|withdrawn|declined)"/ } <$file>;
	close $file;
	return scalar @lines;
}

# Waits until the listener has as many events as the history, since events
# arrive after their commits.  Those of requests are not in the history; they
# arrive before the last event, which is caused here.
sub await_events
{
	my ($node, $path, $patience) = @_;
	sql($node, "SELECT locking.release(locking.acquire('last', 1))");
	my $happened = sql($node, 'SELECT count(*) FROM locking.event');
	for (1 .. $patience * 10)
	{
		last if count_lines($path) >= $happened;
		select(undef, undef, undef, 0.1);
	}
	return;
}

sub start_listener
{
	my ($node, $path) = @_;
	my $listener = IPC::Run::start([ "$folder/client/listener", $path ], '<', \undef);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'listener' AND query LIKE 'LISTEN%' AND state = 'idle'")
	  or die "no listener\n";
	return $listener;
}

sub write_file
{
	my ($path, $text) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	print $file $text;
	close $file or die "$path: $!\n";
	return;
}

# Starts the clients, which find the server by the environment.  Options:
# seconds, seed, first (number of the first client).
sub start_clients
{
	my ($records, %options) = @_;
	return IPC::Run::start([ "$folder/client/client", "$folder/operations", $records, $clients, $options{seconds}, $options{seed},
		$options{first} // 0 ], '<', \undef);
}

# Writes what the server has recorded to the folder.
sub export_evidence
{
	my ($node, $records, @lines) = @_;
	write_file("$records/evidence", join('', map { "$_\n" } "setting\tqueue\t$node->{stress_queue}", @lines) . run_files($node, 'export'));
	return;
}

# Runs the clients, and writes the records to a folder.  Options: seconds,
# seed, patience (seconds to wait for the last events).
sub run_load
{
	my ($node, $records, %options) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
	my $listener = start_listener($node, "$records/heard");
	my $ok = start_clients($records, %options)->finish;
	end_prepared($node);
	await_events($node, "$records/heard", $options{patience} // $patience);
	$listener->kill_kill(grace => 1);
	export_evidence($node, $records);
	return $ok;
}

# Returns whether the records obey all rules, and the checker's output.
sub check_load
{
	my ($records) = @_;
	my ($out, $err) = ('', '');
	my $good = IPC::Run::run([ $^X, "$folder/lib/check.pl", $records ], '<', \undef, '>', \$out, '2>', \$err);
	return ($good, $out . $err);
}

# The whole test, with these lines in postgresql.conf.
sub stress
{
	my ($name, @conf) = @_;
	my $seed = $ENV{LOCKING_SEED} || int(rand 1000000);
	my $records = $ENV{LOCKING_RECORDS} ? "$ENV{LOCKING_RECORDS}/$name" : tmp_folder();
	mkdir $records;
	my $node = stress_node(@conf);
	note("LOCKING_SEED=$seed LOCKING_SECONDS=" . 3 * $seconds);
	ok(run_load($node, $records, seconds => $seconds, seed => $seed), 'the load has run');
	my ($good, $report) = check_load($records);
	ok($good, "nothing is violated: seed $seed");
	$good ? note($report) : diag($report);
	is(in_log($node, qr/TRAP:|terminated by signal|XX00\d|leak|PANIC/), 0, 'no crash or internal error in the log');
	return;
}

1;
