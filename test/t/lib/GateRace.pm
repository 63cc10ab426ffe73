# Races of the gate: a server with the injection points compiled in, sessions
# held at such a point (src/inject.h), and checks of how a race ends.
#
# Each race runs twice: with the sources as they are, and in a build without
# the order that it depends on.  The second run must have the wrong result;
# otherwise the race would prove nothing.
package GateRace;

use strict;
use warnings;

use Exporter 'import';
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;

our @EXPORT = qw(start_races run_races library_of_races race_node fresh_database in_database
  user controller resume advance_clock reset_clock stop_clock hold_at error_of quit
  write_of state_of_write states any_free filled token_of);

my ($node, $variant);

# Builds the library with injection points and starts a server with it.
sub start_races
{
	my (%options) = @_;
	my $slots = $options{slots} || 1048576;
	$variant = LockingVariant->new;
	$variant->build;
	$node = new_node('race', conf => [ 'log_statement = none', 'max_prepared_transactions = 5', 'max_connections = 30',
		'autovacuum = off', 'restart_after_crash = on', "shared_preload_libraries = 'locking'", "locking.gate_slots = $slots" ]);
	make_templates();
	return;
}

sub race_node { return $node }
sub library_of_races { return $variant->{library} }

# Races as hashes: name, run, expected (what run returns) and, for those that
# a changed source must lose, change (a name in SourceChanges) and broken
# (what run returns then).
sub run_races
{
	my (@races) = @_;
	is($_->{run}->(), $_->{expected}, $_->{name}) for @races;
	for my $race (grep { $_->{change} } @races)
	{
		$node->stop;
		$variant->build(source_change($race->{change}));
		$node->start;
		is($race->{run}->(), $race->{broken}, "$race->{name}; broken: $race->{change}");
	}
	$node->stop;
	return;
}

# ---- databases: a new one for each race, where the gate is not filled ----

my $db = 'race';

sub make_templates
{
	my %locks = (
		few => "SELECT locking.acquire('article', i) FROM generate_series(1, 5) i",
		many => "INSERT INTO locking.lock (relation, key, owner, expires_at)
			SELECT 'article', g::text, 'ann', clock_timestamp() + interval '10 hours' FROM generate_series(1, 20000) g");
	for my $name (sort keys %locks)
	{
		sql($node, "CREATE DATABASE $name");
		sql($node, <<'SQL', db => $name);
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 30000) g;
SELECT locking.protect('article', ttl => '10 minutes');
SQL
		sql($node, $locks{$name}, db => $name, owner => 'ann');
	}
	return;
}

# A copy of the template "few" or "many".
sub fresh_database
{
	my ($template) = @_;
	sql($node, "DROP DATABASE IF EXISTS $db WITH (FORCE)");
	sql($node, "CREATE DATABASE $db TEMPLATE $template");
	return;
}

sub in_database
{
	my ($sql, $owner) = @_;
	return sql($node, $sql, db => $db, owner => $owner);
}

sub user
{
	my ($owner) = @_;
	return session($node, db => $db, owner => $owner);
}

sub quit
{
	$_->quit for @_;
	return;
}

# ---- what a race ends with ----

sub write_of
{
	my ($key) = @_;
	return "UPDATE article SET body = 'written' WHERE id = $key";
}

# The SQLSTATE of a write by another owner; '' if it succeeds.
sub state_of_write
{
	my ($key) = @_;
	my $zoe = user('zoe');
	my $state = $zoe->state_of("SET lock_timeout = '200ms'; " . write_of($key));
	$state .= ' waiting' if $zoe->{err} =~ /lock timeout/;
	$zoe->quit;
	return $state;
}

sub states
{
	return join ' ', map { state_of_write($_) || 'free' } @_;
}

# Tries to write many locked rows.  A single row would not be conclusive,
# since its slot may be shared.
sub any_free
{
	my $locked = 'id::text IN (SELECT key FROM locking.lock)';
	my $written = in_database("SET locking.on_locked = 'skip';
		WITH w AS (UPDATE article SET body = 'written' WHERE $locked RETURNING 1) SELECT count(*) FROM w", 'zoe');
	return $written ? 'some free' : 'none free';
}

sub filled
{
	return in_database('SELECT filled FROM locking.gate()');
}

sub token_of
{
	my ($key) = @_;
	return in_database("SELECT token FROM locking.lock WHERE key = '$key'");
}

# The SQLSTATE that a statement sent before ends with; '' if it succeeds.
sub error_of
{
	my ($session) = @_;
	$session->finish;
	return $session->last_state;
}

# ---- holding a backend, setting the clock ----

# A session whose advisory locks hold the others (test/t/lib/inject.c).
sub controller
{
	my $controller = user('controller');
	$controller->query('SELECT pg_advisory_lock(1)');
	return $controller;
}

# Sends a statement and waits until its backend is held at the point.
sub hold_at
{
	my ($session, $point, $sql) = @_;
	$session->query("SET inject.wait_at = '$point'");
	$session->send_sql($sql);
	$node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $session->{pid}")
	  or die "not at $point\n";
	return;
}

sub resume
{
	my ($controller) = @_;
	$controller->query('SELECT pg_advisory_unlock(1)');
	return;
}

# Sets the clock of all sessions two hours forward.
sub advance_clock
{
	my ($controller) = @_;
	$controller->query('SELECT pg_advisory_lock(2)');
	return;
}

# Stops the clock of all sessions in 2039 (STOPPED_AT in inject.c).
sub stop_clock
{
	my ($controller) = @_;
	$controller->query('SELECT pg_advisory_lock(3)');
	return;
}

sub reset_clock
{
	my ($controller) = @_;
	$controller->query('SELECT pg_advisory_unlock(2)');
	return;
}

1;
