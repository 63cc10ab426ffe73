# The load finds every fault of Mutants.pm, each put into a build of its own.
# LOCKING_MUTANTS=1 tries all of them, LOCKING_MUTANTS=TEXT those whose names
# contain the text.  The load has LOCKING_SECONDS (default: 120) for each.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../t/lib";
use LockingTest;
use LockingVariant;
use Mutants;
use Stress;
use Test::More;
use Time::HiRes qw(time);

plan(skip_all => 'takes minutes, LOCKING_MUTANTS=1 runs it') if !$ENV{LOCKING_MUTANTS};

my $patience = $ENV{LOCKING_SECONDS} || 120;
my $slice = 5;
my $seed = $ENV{LOCKING_SEED} || int(rand 1000000);
my %mutants = mutants();
my $variant = LockingVariant->new;

# Runs the load in slices until the checker finds violations.  Returns the
# seconds and the violated rules, or nothing.
sub hunt
{
	my $start = time;
	for (my $n = 0; time - $start < $patience; $n++)
	{
		my $records = tmp_folder();
		my $node = stress_node("shared_preload_libraries = 'locking'");
		run_load($node, $records, seconds => $slice, seed => $seed + $n, patience => 5);
		$node->stop('immediate');
		my ($good, $report) = check_load($records);
		return (time - $start, $report =~ /\d+ (.*): \d+ VIOLATIONS/g) if !$good;
	}
	return;
}

note("LOCKING_SEED=$seed");
for my $name (grep { $ENV{LOCKING_MUTANTS} eq '1' || /\Q$ENV{LOCKING_MUTANTS}\E/ } sort keys %mutants)
{
	$variant->build(@{ $mutants{$name} });
	my ($time, @rules) = hunt();
	ok(@rules, $name);
	note(sprintf '%s: %d s: %s', $name, $time, join '; ', @rules) if @rules;
}
$variant->build();
done_testing();
