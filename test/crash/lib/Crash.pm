# The load of test/stress while servers crash, and the checker on its records.
package Crash;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use JSON::PP ();
use LockingTest;
use Stress;
use Test::More;

our @EXPORT = qw(crash_scenario remark_errors pause await_server kill_all root_command as_root may_become_root);

my $patience = 60;

# Sleeps for a random time, in seconds.
sub pause
{
	my ($least, $most) = @_;
	select(undef, undef, undef, $least + rand(($most // $least) - $least));
	return;
}

# psql fails in several ways while the server cannot be reached.
sub answers
{
	my ($node) = @_;
	return eval { sql($node, 'SELECT true') eq 't' };
}

# Waits until the server answers, as it does after a recovery.  If even its
# postmaster has ended, starts it again.
sub await_server
{
	my ($node) = @_;
	for (1 .. $patience * 10)
	{
		return if answers($node);
		start_again($node) if !kill 0, $node->{_pid};
		pause(0.1);
	}
	die $node->name . " does not answer\n";
}

# Kills all processes of a server at once.
sub kill_all
{
	my ($node) = @_;
	kill 'KILL', $node->{_pid}, split ' ', qx(ps -o pid= --ppid $node->{_pid});
	$node->kill9;
	return;
}

# ---- root ----

# test/run as root lets these tests change their user.
my @become_root;

sub succeeds
{
	my (@command) = @_;
	my $output = '';
	return eval { IPC::Run::run(\@command, '<', \undef, '>&', \$output) };
}

sub may_become_root
{
	for my $way ([qw(setpriv --reuid=0 --regid=0 --clear-groups)], [qw(sudo -n)])
	{
		@become_root = @$way;
		return 1 if succeeds(@become_root, 'true');
	}
	return 0;
}

sub root_command { return (@become_root, @_) }

sub as_root
{
	my (@command) = @_;
	my $output = '';
	IPC::Run::run([ root_command(@command) ], '<', \undef, '>&', \$output) or die "@command: $output\n";
	return $output;
}

# ---- a run ----

# A run of a scenario, which counts the faults in "kills".
sub new
{
	my ($class, $name) = @_;
	my $records = $ENV{LOCKING_RECORDS} ? "$ENV{LOCKING_RECORDS}/" . $name =~ s/\W+/-/gr : tmp_folder();
	mkdir $records;
	return bless { records => $records, kills => 0, seed => $ENV{LOCKING_SEED} || int(rand 1000000) }, $class;
}

# Starts the load.  Options: nodes (of which one is the primary), env, seconds
# (at most), first (number of the first client), silent (no listener).
sub start_load
{
	my ($self, %options) = @_;
	my @nodes = @{ $options{nodes} };
	local %ENV = (%ENV, PGDATABASE => 'postgres', PGHOST => join(',', map { $_->host } @nodes), PGPORT => join(',', map { $_->port } @nodes),
		PGTARGETSESSIONATTRS => 'read-write', %{ $options{env} // {} });
	srand($self->{seed});
	if ($options{silent}) { write_file("$self->{records}/heard", '') }
	elsif (!$self->{listener}) { $self->{listener} = start_listener($nodes[0], "$self->{records}/heard") }
	$self->{clients} = start_clients($self->{records}, seconds => $options{seconds} // 900, seed => $self->{seed}, first => $options{first});
	return;
}

# A test that dies leaves no processes.
sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	for my $process (grep { defined } @$self{qw(clients listener)})
	{
		eval { $process->kill_kill(grace => 1) };
	}
	return;
}

# Ends the clients, after the operations in progress.
sub stop_load
{
	my ($self) = @_;
	$self->{clients}->signal('TERM');
	(delete $self->{clients})->finish or die "a client failed\n";
	return;
}

# What the listener has heard since its last connection, and when that began.
sub heard
{
	my ($self) = @_;
	my ($since, %heard) = (0);
	open my $file, '<', "$self->{records}/heard" or die "$self->{records}/heard: $!\n";
	for my $event (map { JSON::PP::decode_json($_) } grep { /\n$/ } <$file>)
	{
		if ($event->{event} eq 'connected') { ($since, %heard) = ($event->{at}) }
		else { $heard{"$event->{event} $event->{token}"} = 1 }
	}
	close $file;
	return ($since, \%heard);
}

# Waits until the listener has the last event of each row.
sub await_last_events
{
	my ($self, $node) = @_;
	for (1 .. $patience * 10)
	{
		my ($since, $heard) = $self->heard;
		my @last = split /\n/, sql($node, <<"SQL");
SELECT DISTINCT ON (e.relation, e.key) e.event || ' ' || e.token
FROM locking.event e JOIN stress.place p ON p.tab = e.relation::text AND p.key = e.key
WHERE e.at > to_timestamp($since / 1000000.0) ORDER BY e.relation, e.key, e.id DESC
SQL
		return if !grep { !$heard->{$_} } @last;
		pause(0.1);
	}
	return;
}

# Ends the load, and exports what the server has recorded.
sub finish
{
	my ($self, $node, @lines) = @_;
	$self->stop_load;
	end_prepared($node);
	if ($self->{listener})
	{
		$self->await_last_events($node);
		(delete $self->{listener})->kill_kill(grace => 1);
	}
	export_evidence($node, $self->{records}, @lines);
	return;
}

# Errors of the classes that mean a lack of resources must be among those that
# clients got, and no internal ones.
sub remark_errors
{
	my ($self) = @_;
	my %count;
	for my $path (glob "$self->{records}/client*")
	{
		open my $file, '<', $path or die "$path: $!\n";
		while (my $line = <$file>)
		{
			my $state = (split /\t/, $line)[8];
			$count{$state}++ if $state =~ /^(?:53|58|XX)/;
		}
		close $file;
	}
	push @{ $self->{remarks} }, 'errors: ' . join(', ', map { "$_ $count{$_}" } sort keys %count);
	$self->{failed} = 'no error of class 53' if !grep { /^53/ } keys %count;
	$self->{failed} = 'internal errors' if grep { /^XX/ } keys %count;
	return;
}

# ---- the whole test ----

sub run_once
{
	my ($name, $run, %fault) = @_;
	my $crash = Crash->new($name);
	local $ENV{PATH} = $ENV{PATH};	# another build of the library is for this run only
	$run->($crash, %fault);
	my ($good, $report) = check_load($crash->{records});
	return ($crash, $good, $report);
}

# Runs a scenario, a function of a run and of options, without faults, and if
# LOCKING_MUTANTS is set, once with each of these: name => options that make
# the checker find a violation.
sub crash_scenario
{
	my ($name, $run, %faults) = @_;
	my ($crash, $good, $report) = run_once($name, $run);
	ok($good, "nothing is violated: seed $crash->{seed}");
	$good ? note($report) : diag($report);
	ok(!$crash->{failed}, 'errors are clear') or diag($crash->{failed});
	my ($figures) = $report =~ /^(\d+ operations.*)$/m;
	note(sprintf '== %s: %s, %d %s', $name, $figures // 'no figures', $crash->{kills}, $crash->{unit} // 'kills');
	note("== $name: $_") for @{ $crash->{remarks} // [] };
	for my $fault ($ENV{LOCKING_MUTANTS} ? sort keys %faults : ())
	{
		($crash, $good, $report) = run_once("$name, $fault", $run, %{ $faults{$fault} });
		my @rules = $report =~ /\d+ (.*): \d+ VIOLATIONS/g;
		ok(@rules, "found: $fault") or diag($report);
		note("== $name: with $fault: " . (join('; ', @rules) || 'NOTHING FOUND'));
	}
	done_testing();
	return;
}

1;
