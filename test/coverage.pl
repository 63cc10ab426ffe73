#!/usr/bin/env perl
# Reports the lines that were executed, of a build with --coverage:
#
#   test/coverage.pl FOLDER FILE
#
# FOLDER is that of the build.  Prints the numbers of each file and folder,
# and writes to FILE the lines that were not executed, with their functions.
use strict;
use warnings;

use File::Find;
use JSON::PP ();

my ($folder, $file) = @ARGV;
chdir $folder or die "$folder: $!\n";
my @notes;
find({ wanted => sub { push @notes, $File::Find::name if /\.gcno$/ }, no_chdir => 1 }, 'src', 'contrib_web/build');

# By path and line; a file that is built twice is executed if either is.
my %count;
my %function;
for my $notes (@notes)
{
	my ($below) = $notes =~ m{^(contrib_web)/} ? 'contrib_web/' : '';
	open my $gcov, '-|', 'gcov', '--json-format', '--stdout', $notes or die "gcov: $!\n";
	local $/;
	my $json = <$gcov>;
	close $gcov or next;
	for my $source (@{ JSON::PP->new->utf8->decode($json)->{files} })
	{
		my $path = $source->{file};
		$path = $below . $path unless $path =~ m{^/};
		next unless $path =~ m{^(?:contrib_web/)?src/} && -f $path;
		for my $line (@{ $source->{lines} })
		{
			$count{$path}{ $line->{line_number} } += $line->{count};
			$function{$path}{ $line->{line_number} } = $line->{function_name} // '';
		}
	}
}

my %total;
open my $list, '>', $file or die "$file: $!\n";
for my $path (sort keys %count)
{
	my $lines = $count{$path};
	my @missed = grep { !$lines->{$_} } sort { $a <=> $b } keys %$lines;
	my ($all, $executed) = (scalar keys %$lines, keys(%$lines) - @missed);
	my ($part) = $path =~ m{^((?:contrib_web/)?src)/};
	$total{$part}{all} += $all;
	$total{$part}{executed} += $executed;
	printf "%-44s %5d of %5d lines, %5.1f %%\n", $path, $executed, $all, 100 * $executed / $all if @missed;
	open my $source, '<', $path or die "$path: $!\n";
	my @text = <$source>;
	printf $list "%s:%d: %s: %s", $path, $_, $function{$path}{$_}, $text[ $_ - 1 ] =~ s/^\s+//r for @missed;
}
close $list or die "$file: $!\n";
printf "== %s: %d of %d lines, %.1f %%\n", $_, $total{$_}{executed}, $total{$_}{all}, 100 * $total{$_}{executed} / $total{$_}{all} for sort keys %total;
print "== not executed: $file\n";
