# Servers that are killed under load, and recover.
package Kills;

use strict;
use warnings;

use Crash;
use Exporter 'import';
use LockingTest;
use LockingVariant;
use SourceChanges;
use Stress;

our @EXPORT = qw(kill_under_load);

sub start
{
	my ($crash, %options) = @_;
	LockingVariant->new->build(source_change($options{change})) if $options{change};
	my $node = stress_node("shared_preload_libraries = 'locking'", 'restart_after_crash = on', @{ $options{conf} // [] });
	sql($node, 'ALTER SEQUENCE locking.token_seq SET UNLOGGED') if $options{unlogged};
	$crash->start_load(nodes => [$node]);
	return $node;
}

sub kill_server
{
	my ($crash, $node) = @_;
	pause(0.3, 1.5);
	$node->kill9;
	$crash->{kills}++;
	start_again($node);
	return;
}

# The postmaster then ends all other processes, and recovers.
sub kill_backend
{
	my ($crash, $node) = @_;
	pause(0.3, 1.5);
	await_server($node);
	my $pid = sql($node, 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() ORDER BY random() LIMIT 1');
	$crash->{kills} += kill 'KILL', $pid;
	return;
}

# Options: servers and backends, how many to kill; conf, lines of
# postgresql.conf; unlogged, whether a crash sets the sequence of tokens back;
# change, of the library, by its name.
sub kill_under_load
{
	my ($crash, %options) = @_;
	my $node = start($crash, %options);
	kill_server($crash, $node) for 1 .. $options{servers} // 0;
	kill_backend($crash, $node) for 1 .. $options{backends} // 0;
	pause(0.5);
	await_server($node);
	$crash->finish($node);
	$node->stop('immediate');
	return;
}

1;
