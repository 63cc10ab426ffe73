# Tests of the gate: a server that has the library preloaded, tables in it,
# and checks of single rows and of the gate's counters.
package LockingGate;

use strict;
use warnings;

use Exporter 'import';
use LockingTest;
use Test::More;

our @EXPORT = qw(start_gate_node stop_gate_node gate_conf gate_schema gate growth write_of check_row is_free
  is_filled acquire release_all lapse await_restart restart_with);

my $node;

sub gate_conf
{
	return ('log_statement = none', 'max_prepared_transactions = 5', 'max_connections = 20', 'autovacuum = off', 'wal_level = replica');
}

sub gate_schema
{
	return <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 1000) g;
SELECT locking.protect('article', ttl => '1 hour');
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article, body text);
INSERT INTO line SELECT g, g, 'line' FROM generate_series(1, 1000) g;
SELECT locking.protect('line', parent => 'of_article');
CREATE TABLE form (id integer PRIMARY KEY, body text);
INSERT INTO form SELECT g, 'form' FROM generate_series(1, 20) g;
SELECT locking.protect('form', required => true, ttl => '1 hour');
SQL
}

# The node that the functions below work on, unless the option "node" names
# another.
sub start_gate_node
{
	$node = new_node('main', init => { allows_streaming => 1 },
		conf => [ gate_conf(), "shared_preload_libraries = 'locking'", 'locking.gate_slots = 4096' ]);
	sql($node, gate_schema());
	return $node;
}

sub stop_gate_node
{
	is(in_log($node, qr/TRAP:|XX000|leak|not owned|terminated by signal (?!9)/), 0, 'no crash or internal error in the log');
	$node->stop;
	return;
}

# The row of locking.gate() as a hash.
sub gate
{
	my ($server, %options) = @_;
	my %gate;
	@gate{qw(enabled filled slots occupied overflowed checks lookups false_positives)} =
	  split /\|/, sql($server, 'SELECT * FROM locking.gate()', %options), -1;
	return \%gate;
}

# Returns by how much a statement increases the counters.
sub growth
{
	my ($statement, %options) = @_;
	my $before = gate($node, %options);
	sql($node, $statement, %options);
	my $after = gate($node, %options);
	return { map { $_ => $after->{$_} - $before->{$_} } qw(checks lookups false_positives) };
}

sub write_of
{
	my ($key) = @_;
	return "UPDATE article SET body = 'written' WHERE id = $key";
}

# Another owner cannot write the row, even by the first write after a start,
# but can write a free row.
sub check_row
{
	my ($name, $key, %options) = @_;
	my $server = delete $options{node} || $node;
	refused("$name: locked", $server, '55P03', write_of($key), owner => 'zoe', message => qr/is locked by/, %options);
	is(sql($server, write_of(1000) . ' RETURNING id', owner => 'zoe', %options), 1000, "$name: another row is free");
	return;
}

sub is_free
{
	my ($name, $key, %options) = @_;
	is(sql($node, write_of($key) . ' RETURNING id', owner => 'zoe', %options), $key, "$name: free");
	return;
}

sub is_filled
{
	my ($name, $expected, %options) = @_;
	my $server = delete $options{node} || $node;
	my $gate = gate($server, %options);
	is("$gate->{enabled}|$gate->{filled}", "t|$expected", "$name: enabled, and " . ($expected eq 't' ? 'filled' : 'not filled'));
	return $gate;
}

sub acquire
{
	my ($key, %options) = @_;
	return sql($node, "SELECT locking.acquire('article', $key)", owner => 'ann', %options);
}

sub release_all
{
	my (%options) = @_;
	return sql($node, 'SELECT locking.release_all()', owner => 'ann', %options);
}

# Sets a lock's expiry, by default to a minute ago.
sub lapse
{
	my ($token, $when) = @_;
	$when = $when ? "'$when'" : "clock_timestamp() - interval '1 minute'";
	return sql($node, "UPDATE locking.lock SET expires_at = $when WHERE token = $token");
}

# Waits until the server has restarted after a backend was killed.
sub await_restart
{
	my ($server, $victim) = @_;
	my $done;
	$victim->abandon;
	# a psql whose connection is refused may be gone before it reads the query
	until (defined $done)
	{
		$done = eval { $server->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $victim->{pid}") };
		die $@ if $@ && $@ !~ /Broken pipe/;
	}
	return $done;
}

# VACUUM first, as a filling raises the slots of dead records, too.
sub restart_with
{
	my (@lines) = @_;
	sql($node, 'VACUUM locking.lock');
	$node->stop;
	$node->append_conf('postgresql.conf', join("\n", @lines, ''));
	$node->start;
	return;
}

1;
