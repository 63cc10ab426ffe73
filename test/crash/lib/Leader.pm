# The server of a cluster that accepts writes, whichever that is, as far as
# Stress.pm uses it.
package Leader;

use strict;
use warnings;

use Crash;
use LockingTest;

# Fields: network, nodes (their number), and those of the test.
sub new
{
	my ($class, %fields) = @_;
	return bless {%fields}, $class;
}

sub host
{
	my ($self) = @_;
	return join ',', map { $self->{network}->address($_) } 1 .. $self->{nodes};
}

sub port
{
	my ($self) = @_;
	return join ',', (5432) x $self->{nodes};
}

sub psql
{
	my ($self, undef, $sql) = @_;
	return eval { sql($self, $sql) };
}

# Waits for a minute and a half.
sub poll_query_until
{
	my ($self, undef, $sql) = @_;
	for (1 .. 900)
	{
		return 1 if (eval { sql($self, $sql) } // '') eq 't';
		pause(0.1);
	}
	return 0;
}

1;
