#!/usr/bin/env perl
# Checks the records of a run: check.pl FOLDER.  Prints operations by kind and
# outcome, the facts that each rule has checked, and violations; fails if
# there are any.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use StressHistory;
use StressRecord;
use StressRules;

my $records = read_records($ARGV[0]);
my $history = StressHistory->new($records);

my %count;
$count{ $_->{name} }{ $_->{outcome} }++ for @{ $records->{op} };
for my $name (sort keys %count)
{
	my $of = $count{$name};
	printf "%-20s %s\n", $name, join ', ', map { "$_ $of->{$_}" } sort { $of->{$b} <=> $of->{$a} || $a cmp $b } keys %$of;
}

my ($checked, $violated) = (0, 0);
for my $rule (rule_names())
{
	my ($facts, @violations) = check_rule($rule, $history);
	printf "%8d %s%s\n", $facts, $rule, @violations ? ': ' . @violations . ' VIOLATIONS' : '';
	print "    $_\n" for @violations > 5 ? @violations[ 0 .. 4 ] : @violations;
	$checked += $facts;
	$violated += @violations;
}
printf "%d operations, %d facts checked, %d violations\n", scalar @{ $records->{op} }, $checked, $violated;
exit($violated ? 1 : 0);
