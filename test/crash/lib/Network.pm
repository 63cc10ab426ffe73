# A network of the test's own, in network namespaces: nodes that can be cut
# off.  The namespaces end with their processes.
package Network;

use strict;
use warnings;

use Crash;
use IPC::Run ();

my @as_user = ('setpriv', "--reuid=$>", '--regid=' . (split ' ', $))[0], '--init-groups');

# Executes the script once more, in a namespace in which it may become root.
# Returns false if that is not possible.
sub enter
{
	return may_become_root() if $ENV{LOCKING_OWN_NETWORK};
	return 0 if !may_become_root() || !eval { as_root(qw(unshare --net ip link set lo up)); 1 };
	exec(root_command('env', map({ "$_=$ENV{$_}" } keys %ENV), 'LOCKING_OWN_NETWORK=1', 'unshare', '--net', @as_user,
			'--inh-caps=+setuid,+setgid', '--ambient-caps=+setuid,+setgid', $^X, $0));
}

# Nodes with the addresses 10.99.1.2, 10.99.2.2 and so on; the test has
# 10.99.0.1, and routes between them.
sub new
{
	my ($class, $nodes) = @_;
	my $self = bless { holders => [] }, $class;
	as_root(qw(ip link set lo up));
	as_root(qw(ip addr add 10.99.0.1/32 dev lo));
	as_root('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
	$self->add_node($_) for 1 .. $nodes;
	return $self;
}

sub add_node
{
	my ($self, $n) = @_;
	$self->{holders}[$n] = IPC::Run::start([ root_command(qw(unshare --net), @as_user, qw(sleep infinity)) ], '<', \undef);
	my $pid = $self->{holders}[$n]{KIDS}[0]{PID};
	my $own = readlink '/proc/self/ns/net';
	# until unshare has done its work
	pause(0.05) while as_root('readlink', "/proc/$pid/ns/net") eq "$own\n";
	as_root('ip', 'link', 'add', "hub$n", 'type', 'veth', 'peer', 'name', 'net0', 'netns', $pid);
	as_root('ip', 'addr', 'add', "10.99.$n.1/24", 'dev', "hub$n");
	as_root('ip', 'link', 'set', "hub$n", 'up');
	$self->{enter}[$n] = [ 'nsenter', "--net=/proc/$pid/ns/net" ];
	for my $command ("addr add 10.99.$n.2/24 dev net0", 'link set lo up', 'link set net0 up', "route add default via 10.99.$n.1")
	{
		as_root(@{ $self->{enter}[$n] }, 'ip', split ' ', $command);
	}
	return;
}

sub address
{
	my ($self, $n) = @_;
	return "10.99.$n.2";
}

# The address of the test.
sub hub_address { return '10.99.0.1' }

# Starts a program on a node.
sub start
{
	my ($self, $n, $log, @command) = @_;
	return IPC::Run::start([ root_command(@{ $self->{enter}[$n] }, @as_user, @command) ], '<', \undef, '>>', $log, '2>&1');
}

sub cut_off
{
	my ($self, $n) = @_;
	as_root('ip', 'link', 'set', "hub$n", 'down');
	return;
}

sub connect_again
{
	my ($self, $n) = @_;
	as_root('ip', 'link', 'set', "hub$n", 'up');
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	for my $holder (grep { defined } @{ $self->{holders} })
	{
		eval { $holder->kill_kill(grace => 1) };
	}
	return;
}

1;
