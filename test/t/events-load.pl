# Events under load, while the worker that publishes them is terminated again
# and again: what a listener hears of a row is what the history says, each
# event once and in order, also where some are sent within their transactions.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use LockingEvents;
use LockingTest;
use Test::More;
use Time::HiRes qw(time);

my $transactions = $ENV{LOCKING_SOAK} ? 10000 : 1000;
my $clients = 6;
my $node = new_node('main', conf => [ 'log_statement = none', 'max_prepared_transactions = 5', 'max_connections = 30',
	"shared_preload_libraries = 'locking'", 'locking.event_queue_size = 64kB' ]);
sql($node, events_schema());

# Scripts of pgbench, with their weights.
my @scripts = (
	[ 6, <<'SQL' ],
\set key random(1, 10)
\set length random(1, 250)
SELECT locking.set_owner(repeat('o', :length), is_local => false);
SELECT coalesce(max(token), 0) AS token FROM locking.try_acquire('article', :key) WHERE granted \gset
SELECT locking.release(:token);
SQL
	[ 2, <<'SQL' ],
\set key random(1, 10)
BEGIN;
SELECT FROM locking.set_owner('rolled back');
SAVEPOINT s;
SELECT count(*) FROM locking.try_acquire('article', :key);
ROLLBACK TO s;
SELECT count(*) FROM locking.try_acquire('article', :key);
ROLLBACK;
SQL
	[ 1, <<'SQL' ],
\set first random(20, 900)
BEGIN;
SELECT FROM locking.set_owner('many ' || :client_id);
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(:first, :first + 60) g));
SELECT locking.release_all();
COMMIT;
SQL
	[ 2, <<'SQL' ],
\set key random(1, 10)
BEGIN;
SELECT FROM locking.set_owner('in savepoints');
SAVEPOINT s;
SELECT coalesce(max(token), 0) AS token FROM locking.try_acquire('article', :key) WHERE granted \gset
RELEASE s;
SAVEPOINT s;
SELECT locking.release(:token);
ROLLBACK TO s;
SELECT locking.release(:token);
COMMIT;
SQL
	[ 1, <<'SQL' ],
\set key random(1, 10)
SET locking.notify = transaction;
SELECT locking.set_owner('within', is_local => false);
SELECT coalesce(max(token), 0) AS token FROM locking.try_acquire('article', :key) WHERE granted \gset
SELECT locking.release(:token);
RESET locking.notify;
SQL
);

sub script_files
{
	my $folder = tmp_folder();
	my $n = 0;
	return map {
		my ($weight, $sql) = @$_;
		my $path = "$folder/" . $n++ . '.sql';
		open my $file, '>', $path or die "$path: $!\n";
		print $file $sql;
		close $file or die "$path: $!\n";
		('-f', "$path\@$weight")
	} @scripts;
}

my @files = script_files();

# A transaction that is prepared, unless an event did not fit into the queue.
sub prepare_one
{
	my ($session) = @_;
	my $key = 1 + int rand 10;
	my $state = $session->state_of("BEGIN; SELECT FROM locking.set_owner('prepared');
		SELECT locking.release(token) FROM locking.try_acquire('article', $key) WHERE granted; PREPARE TRANSACTION 'p'");
	return 0 if $state eq '0A000';
	$session->query(rand() < 0.5 ? "COMMIT PREPARED 'p'" : "ROLLBACK PREPARED 'p'");
	return 1;
}

my $listener = listener($node);
my $prepared = session($node);
my %terminated;

# The workers that are terminated, by their ids.
sub terminate_worker
{
	my $pids = sql($node, "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'locking events'");
	$terminated{$_} = 1 for $pids =~ /^(\d+)[|]t$/mg;
	return;
}

# ---- the load ----

# How often each of these has to happen.  The load goes on until it has, so
# that nothing depends on how fast the machine is.
my %wanted = (
	'workers terminated' => 5,
	'transactions prepared' => 5,
	'events sent by workers' => 1000,
	'events sent within their transactions' => 200,
);
my %happened = map { $_ => 0 } keys %wanted;

sub count_events
{
	my %workers = %terminated;
	$workers{ worker_pid($node) } = 1;
	my $by_workers = grep { $workers{ $_->{sender} } } @{ $listener->{heard} };
	$happened{'workers terminated'} = keys %terminated;
	$happened{'events sent by workers'} = $by_workers;
	$happened{'events sent within their transactions'} = @{ $listener->{heard} } - $by_workers;
	return;
}

sub missing
{
	return grep { $happened{$_} < $wanted{$_} } sort keys %wanted;
}

sub load_round
{
	my ($out, $last) = ('', time);
	my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', $clients, '-t', $transactions, @files, 'postgres' ],
		'<', \undef, '>&', \$out);
	while ($load->pumpable)
	{
		$load->pump_nb;
		receive($listener);
		$happened{'transactions prepared'} += prepare_one($prepared);
		next if time - $last < 0.3;
		terminate_worker();
		$last = time;
	}
	ok($load->finish, 'pgbench') or diag($out);
	return;
}

my $rounds = 0;
while (missing() && $rounds++ < 100)
{
	load_round();
	receive($listener);
	count_events();
}
is(join(', ', missing()), '', "after $rounds rounds of load enough has happened") or diag(explain(\%happened));

# ---- what was heard, and what happened ----

sub first_difference
{
	my ($key, $of_row, $history) = @_;
	my ($same) = ($of_row ^ $history) =~ /^(\0*)/;
	my $from = length($same) > 60 ? length($same) - 60 : 0;
	return "row $key\nheard: " . substr($of_row, $from, 200) . "\nhistory: " . substr($history, $from, 200);
}

my %of_row;
for my $event (heard($listener))
{
	$of_row{ $event->{key} } .= " $event->{event} $event->{token}";
}
my %history = map { split /[|]/, $_, 2 } split /\n/, sql($node, <<'SQL');
SELECT key, string_agg(format(' %s %s', event, token), '' ORDER BY id) FROM locking.event WHERE relation = 'article'::regclass GROUP BY key
SQL
my %all = (%of_row, %history);
my @wrong = grep { ($of_row{$_} || '') ne ($history{$_} || '') } keys %all;
is(scalar(@wrong), 0, 'each row: its events, once and in order') or diag(first_difference($wrong[0], $of_row{$wrong[0]} || '', $history{$wrong[0]} || ''));
note(join ', ', map { "$_: $happened{$_}" } sort keys %happened);
is(in_log($node, qr/TRAP:|XX000|leak|not owned|PANIC/), 0, 'no internal error in the log');
$_->quit for $listener, $prepared;
done_testing();
