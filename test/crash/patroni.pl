# Patroni with etcd, three nodes in network namespaces, strict synchronous
# mode: the leader is killed, paused and cut off.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use IPC::Run ();
use JSON::PP ();
use Leader;
use LockingTest;
use Network;
use Patroni;
use Stress;
use Test::More;

# The packages come from another network.  The script begins once more in its
# own, before PostgreSQL's modules redirect the output.
my ($in_network, $no_packages);

BEGIN
{
	($ENV{LOCKING_PATRONI}, $no_packages) = Patroni::unpack_packages() if !defined $ENV{LOCKING_PATRONI};
	$in_network = !$no_packages && Network::enter();
}

my $nodes = 3;

# In JSON, which is YAML.
sub configuration
{
	my ($cluster, $n, %options) = @_;
	my $address = $cluster->{network}->address($n);
	my $strict = $options{asynchronous} ? JSON::PP::false : JSON::PP::true;
	my $user = { username => 'postgres', password => 'not asked for' };
	my %parameters = map { split / = /, $_, 2 } @{ $cluster->{conf} };
	chomp(my $bin = qx(pg_config --bindir));
	return JSON::PP::encode_json({
		scope => 'locking',
		name => "node$n",
		restapi => { listen => "$address:8008", connect_address => "$address:8008" },
		etcd3 => { hosts => $cluster->{network}->hub_address . ':2379' },
		bootstrap => {
			dcs => {
				ttl => 6,
				loop_wait => 1,
				retry_timeout => 2,
				synchronous_mode => $strict,
				synchronous_mode_strict => $strict,
				postgresql => { use_pg_rewind => JSON::PP::true, parameters => \%parameters },
			},
			initdb => [ { encoding => 'UTF8' }, { locale => 'C' }, 'no-sync' ],
		},
		postgresql => {
			listen => "$address:5432",
			connect_address => "$address:5432",
			data_dir => "$cluster->{folder}/data$n",
			bin_dir => $bin,
			authentication => { superuser => $user, replication => $user, rewind => $user },
			parameters => { unix_socket_directories => "$cluster->{folder}/socket$n" },
			pg_hba => [ 'local all all trust', 'host all all all trust', 'host replication all all trust' ],
		},
	});
}

sub start_node
{
	my ($cluster, $n) = @_;
	local %ENV = (%ENV, PYTHONPATH => "$cluster->{packages}/usr/lib/python3/dist-packages");
	delete $ENV{PGTARGETSESSIONATTRS};	# Patroni connects to standbys, too
	$cluster->{patroni}[$n] = $cluster->{network}->start($n, "$cluster->{folder}/log$n", '/usr/bin/python3', "$cluster->{packages}/usr/bin/patroni", "$cluster->{folder}/node$n.yml");
	return;
}

sub start_cluster
{
	my (%options) = @_;
	my $cluster = Leader->new(packages => $options{packages}, folder => tmp_folder(), network => Network->new($nodes), nodes => $nodes);
	$cluster->{conf} = [ grep { !/hand_over/ } stress_settings(), "shared_preload_libraries = locking", 'fsync = off', 'wal_log_hints = on', 'wal_keep_size = 512MB' ];
	$cluster->{etcd} = IPC::Run::start([ "$options{packages}/usr/bin/etcd", '--data-dir', "$cluster->{folder}/etcd", '--listen-client-urls', 'http://0.0.0.0:2379',
		'--advertise-client-urls', 'http://' . $cluster->{network}->hub_address . ':2379', '--unsafe-no-fsync' ], '<', \undef, '>', "$cluster->{folder}/etcd.log", '2>&1');
	for my $n (1 .. $nodes)
	{
		mkdir "$cluster->{folder}/socket$n";
		write_file("$cluster->{folder}/node$n.yml", configuration($cluster, $n, %options));
		start_node($cluster, $n);
	}
	return $cluster;
}

sub await_standbys
{
	my ($cluster, $number, $kind) = @_;
	return if $cluster->poll_query_until('postgres', "SELECT count(*) >= $number FROM pg_stat_replication WHERE state = 'streaming'"
		. ($kind ? " AND sync_state = '$kind'" : ''));
	system("tail -n 20 $cluster->{folder}/log* $cluster->{folder}/etcd.log >&2");
	die "no $number standbys\n";
}

# The number of the node that accepts writes.
sub leader
{
	my ($cluster) = @_;
	my $address = sql($cluster, 'SELECT host(inet_server_addr())');
	return (grep { $cluster->{network}->address($_) eq $address } 1 .. $nodes)[0];
}

# All processes of a node.
sub processes
{
	my ($cluster, $n) = @_;
	my @pids = ($cluster->{patroni}[$n]{KIDS}[0]{PID});
	open my $file, '<', "$cluster->{folder}/data$n/postmaster.pid" or return @pids;
	chomp(my $postmaster = <$file>);
	close $file;
	my @children = split ' ', qx(ps -o pid= --ppid $postmaster);
	return (@pids, $postmaster, @children);
}

my %faults = (
	killed => sub {
		my ($cluster, $n) = @_;
		kill 'KILL', processes($cluster, $n);
		pause(8);
		eval { $cluster->{patroni}[$n]->finish };
		start_node($cluster, $n);
	},
	paused => sub {
		my ($cluster, $n) = @_;
		my @processes = processes($cluster, $n);
		kill 'STOP', @processes;
		pause(12);
		kill 'CONT', @processes;
	},
	'cut off' => sub {
		my ($cluster, $n) = @_;
		$cluster->{network}->cut_off($n);
		pause(12);
		$cluster->{network}->connect_again($n);
	},
);

sub stop_cluster
{
	my ($cluster) = @_;
	kill 'KILL', processes($cluster, $_) for 1 .. $nodes;
	eval { $_->finish } for grep { defined } @{ $cluster->{patroni} };
	$cluster->{etcd}->kill_kill(grace => 1);
	return;
}

sub fail_over
{
	my ($crash, %options) = @_;
	local %ENV = (%ENV, PGCONNECT_TIMEOUT => 2, PGTARGETSESSIONATTRS => 'read-write', PGUSER => 'postgres');
	my $cluster = start_cluster(%options);
	my $done = eval {
		await_standbys($cluster, 2);
		await_standbys($cluster, 1, 'sync') if !$options{asynchronous};
		prepare_tables($cluster);
		$crash->start_load(nodes => [$cluster], silent => 1, env => { PATIENCE => 3000 });
		for my $fault (@{ $options{faults} // [qw(killed paused), 'cut off', qw(killed paused), 'cut off' ] })
		{
			pause(3);
			my $leader = leader($cluster);
			$faults{$fault}->($cluster, $leader);
			await_standbys($cluster, 2);
			push @{ $crash->{remarks} }, "leader node$leader $fault, then leader node" . leader($cluster);
			$crash->{kills}++;
		}
		pause(2);
		$crash->{unit} = 'faults of the leader';
		$crash->finish($cluster);
		1;
	};
	my $error = $@;
	stop_cluster($cluster);
	die $error if !$done;
	return;
}

plan(skip_all => "no packages of Patroni and etcd: $no_packages") if $no_packages;
plan(skip_all => 'needs root, for network namespaces') if !$in_network;
my $packages = $ENV{LOCKING_PATRONI};
crash_scenario('patroni', sub { fail_over(@_, packages => $packages) },
	'asynchronous standbys' => { asynchronous => 1, faults => [ 'cut off', 'cut off' ] });
