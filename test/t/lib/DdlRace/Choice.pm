# Random choices of the DDL race, from the seed of srand().
package DdlRace::Choice;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(pick chance weighted pause);

sub pick { return $_[ rand @_ ] }
sub chance { return rand() < shift }

# The second element of one of [weight, what, ...], chosen by weight.
sub weighted
{
	my @choices = @_;
	my $sum = 0;
	$sum += $_->[0] for @choices;
	my $at = rand $sum;
	for my $choice (@choices)
	{
		return $choice->[1] if ($at -= $choice->[0]) < 0;
	}
	return $choices[-1][1];
}

sub pause { return sprintf 'SELECT pg_sleep(%.3f);', rand() * shift() }

1;
