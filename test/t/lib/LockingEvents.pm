# Tests of events: a listener that waits for what it expects, and the
# background workers that publish events.
package LockingEvents;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use LockingTest;
use Test::More;
use Time::HiRes qw(time sleep);

our @EXPORT = qw(events_schema listener receive heard heard_exactly until_true worker_pid await_worker await_no_worker);

my $json = JSON::PP->new->utf8;
my $deadline = 60;

sub events_schema
{
	return <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 1000) g;
SELECT locking.protect('article');
CREATE TABLE marker (id integer PRIMARY KEY);
INSERT INTO marker VALUES (1);
SELECT locking.protect('marker');
SQL
}

# Polls with a deadline.
sub until_true
{
	my ($name, $condition) = @_;
	my $end = time + $deadline;
	until ($condition->())
	{
		return fail("$name: within $deadline s") if time > $end;
		sleep 0.02;
	}
	return pass($name);
}

sub listener
{
	my ($node, %options) = @_;
	my $listener = session($node, %options);
	$listener->query('LISTEN locking');
	$listener->{database} = $options{db} || 'postgres';
	return $listener;
}

# Adds what has arrived to the listener's list, as hashes with the sender.
sub receive
{
	my ($listener, $sql) = @_;
	my $text = $listener->query($sql || 'SELECT');
	while ($text =~ /^Asynchronous notification "locking" with payload "(.*)" received from server process with PID (\d+)\.$/mg)
	{
		push @{ $listener->{heard} }, { %{ $json->decode($1) }, sender => $2 };
	}
	return $listener->{heard} ||= [];
}

# The events since the last call.  The end is marked by events of another
# table, which are published after all earlier ones.
sub heard
{
	my ($listener) = @_;
	my $token = sql($listener->{node}, "SELECT locking.acquire('marker', 1)", owner => 'marker', db => $listener->{database});
	sql($listener->{node}, "SELECT locking.release($token)", owner => 'marker', db => $listener->{database});
	my $end = time + $deadline;
	my $is_end = sub { $_[0]{event} eq 'released' && $_[0]{token} && $_[0]{token} == $token };
	until (grep { $is_end->($_) } @{ receive($listener) })
	{
		die "the events did not arrive\n" if time > $end;
		sleep 0.01;
	}
	my @heard = grep { $_->{table} ne 'public.marker' } @{ $listener->{heard} };
	$listener->{heard} = [];
	return @heard;
}

sub heard_exactly
{
	my ($name, $listener, @expected) = @_;
	my @got = map { "$_->{event} $_->{key}" } heard($listener);
	return is(join(', ', @got), join(', ', @expected), $name);
}

# The processes that publish events in a database.
sub worker_pid
{
	my ($node, $database) = @_;
	$database ||= 'postgres';
	return sql($node, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'locking events' AND datname = '$database'");
}

# Calls the function that causes an event until there is one: other databases
# may have all workers.
sub await_worker
{
	my ($node, $database, $cause) = @_;
	return until_true('a worker runs', sub { $cause->() if $cause; worker_pid($node, $database) });
}

sub await_no_worker
{
	my ($node, $database) = @_;
	return until_true('the worker has ended', sub { worker_pid($node, $database) eq '' });
}

1;
