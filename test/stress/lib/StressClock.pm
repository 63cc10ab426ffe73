# Times of a server whose clock was set, as true times.
#
# Each step of the clock is recorded with its time and with the difference
# from the true clock since then.  Differences are such that a time tells by
# which of them it was read.
package StressClock;

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(max min);

our @EXPORT = qw(use_true_times);

# A step is seen a moment after it was recorded.  A process that is
# interrupted between reading the true time and adding the difference shows a
# time from before the step by the clock after it.
my $slack = 1_000_000;

# The periods between steps.
sub periods
{
	my (@steps) = @_;
	return map { { from => $steps[$_]{at}, to => $_ < $#steps ? $steps[ $_ + 1 ]{at} : 9e18, offset => $steps[$_]{offset} } } 0 .. $#steps;
}

sub true_time
{
	my ($time, @periods) = @_;
	for my $period (@periods)
	{
		my $true = $time - $period->{offset};
		return $true if $true >= $period->{from} - $slack && $true < $period->{to} + $slack;
	}
	die "no clock has shown $time\n";
}

# When a lease ends: when the clock first shows its expiry, and when for the
# last time, as it may be set back.
sub set_ends
{
	my ($lease, @periods) = @_;
	my (@first, @last);
	for my $period (grep { $_->{to} > $lease->{told} } @periods)
	{
		my $from = max($period->{from}, $lease->{told});
		my $end = $lease->{until} - $period->{offset};
		push @first, max($from, $end) if $end < $period->{to};
		push @last, min($period->{to}, $end) if $end > $from;
	}
	$lease->{until} = min(@first);
	$lease->{latest} = max($lease->{until}, @last);
	return;
}

# Replaces the times in records.
sub use_true_times
{
	my ($records) = @_;
	my @periods = periods(@{ $records->{step} // [] });
	if (!@periods)
	{
		$_->{latest} = $_->{until} for @{ $records->{lease} };
		return;
	}
	my %times = (write => [qw(t0 t1)], lease => ['told'], grant => ['told'], handed => ['told'], look => [qw(t0 t1)], event => ['at']);
	for my $kind (keys %times)
	{
		for my $fact (@{ $records->{$kind} })
		{
			$fact->{$_} = true_time($fact->{$_}, @periods) for @{ $times{$kind} };
		}
	}
	set_ends($_, @periods) for @{ $records->{lease} };
	for my $results (map { $_->{results} } @{ $records->{op} })
	{
		$results->{arrived} = true_time($results->{arrived}, @periods) if defined $results->{arrived};
	}
	return;
}

1;
