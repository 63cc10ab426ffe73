# What happened to each row, from the records: leases with their ends, and
# writes in their order.
package StressHistory;

use strict;
use warnings;

use List::Util qw(max min);
use StressClock;
use StressRecord;

# Rows with a parent: the parent's lock guards them.
my %parent = (item => 'doc');

sub new
{
	my ($class, $records) = @_;
	my $self = bless { %$records }, $class;
	use_true_times($self);
	$self->{n_of} = { map { ("$_->{tab} $_->{key}" => $_->{n}) } @{ $records->{place} } };
	$self->{ends} = $self->ends;
	$self->{leases} = $self->leases_by_row;
	$self->{writes} = $self->by_row('write');
	$self->{grants} = $self->by_row('grant');
	$self->{longest} //= 0;
	$self->{of_token} = {};
	push @{ $self->{of_token}{ $_->{token} } }, $_ for map { @$_ } values %{ $self->{leases} };
	$self->{of_id} = { map { ($_->{id} => $_) } @{ $records->{op} } };
	$self->{setting} = { map { ($_->{name} => $_->{value}) } @{ $records->{setting} } };
	return $self;
}

sub by_row
{
	my ($self, $kind) = @_;
	my %rows;
	push @{ $rows{ row_name($_) } }, $_ for @{ $self->{$kind} };
	return \%rows;
}

# Number of a row, by table and key; 0 if the row is not under load.
sub number
{
	my ($self, $fact) = @_;
	return $self->{n_of}{ $fact->{relation} . ' ' . ($fact->{key} // '') } // 0;
}

# When the lock of a token ended otherwise than by its expiry.
sub ends
{
	my ($self) = @_;
	my %ends;
	for my $event (grep { $_->{event} =~ /^(?:released|broken|taken_over|expired)$/ } @{ $self->{event} })
	{
		$ends{ $event->{token} } //= $event;
	}
	return \%ends;
}

# Each lease lasts until "ends": its expiry, unless the lock ended before or
# its lifetime was shortened.
sub leases_by_row
{
	my ($self) = @_;
	my $rows = $self->by_row('lease');
	for my $leases (values %$rows)
	{
		@$leases = sort { $a->{told} <=> $b->{told} } @$leases;
		my %next;
		for my $lease (reverse @$leases)
		{
			my $next = $next{ $lease->{token} };
			my $end = $self->{ends}{ $lease->{token} };
			$lease->{ends} = $lease->{until};
			$lease->{ends} = min($lease->{ends}, max($next->{told}, $next->{ends})) if $next;
			$lease->{ends} = min($lease->{ends}, $end->{at}) if $end;
			$next{ $lease->{token} } = $lease;
		}
		$self->{longest} = max($self->{longest} // 0, map { $_->{latest} - $_->{told} } @$leases);
	}
	return $rows;
}

# Leases of a row that overlap a period: the holder was told of them before
# its end, and they end after its beginning.  With "latest" instead of "ends",
# those that may overlap it: a release may not have been committed yet, so it
# is disregarded.
sub leases_within
{
	my ($self, $row, $from, $to, $end) = @_;
	$end //= 'ends';
	my $leases = $self->{leases}{$row} // [];
	my ($low, $high) = (0, scalar @$leases);
	while ($low < $high)
	{
		my $middle = int(($low + $high) / 2);
		if ($leases->[$middle]{told} < $from - $self->{longest}) { $low = $middle + 1 }
		else { $high = $middle }
	}
	my @found;
	while ($low < @$leases && $leases->[$low]{told} < $to)
	{
		push @found, $leases->[$low] if $leases->[$low]{$end} > $from;
		$low++;
	}
	return @found;
}

# The rows whose locks guard a row.
sub guards_of
{
	my ($self, $fact) = @_;
	my $of = $parent{ $fact->{tab} };
	return (row_name($fact), $of ? "$of/$fact->{n}" : ());
}

# All rows that a lock on a row guards.
sub guarded_by
{
	my ($self, $lease) = @_;
	return (row_name($lease), map { "$_/$lease->{n}" } grep { $parent{$_} eq $lease->{tab} } keys %parent);
}

1;
