# Tests of sessions: checks of a reply's problem, and of the connections that
# a role has to the database.
package WebSessions;

use strict;
use warnings;

use Exporter 'import';
use LockingTest;
use Test::More;

our @EXPORT = qw(is_problem connections has_no_connections);

# Tests the status and the problem type of a reply; returns the reply.
sub is_problem
{
	my ($reply, $status, $kind, $name) = @_;
	is("$reply->{status} " . ($reply->{json}{type} // ''), "$status urn:locking:problem:$kind", $name) or diag($reply->{content});
	return $reply;
}

sub connections
{
	my ($node, $role) = @_;
	return sql($node, "SELECT count(*) FROM pg_stat_activity WHERE usename = '$role'");
}

# Waits until the role has no connections; fails after a timeout.
sub has_no_connections
{
	my ($node, $role, $name) = @_;
	return ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = '$role'"), $name);
}

1;
