#!/usr/bin/env perl
# Prints the typedef names that the project's C files define, sorted: the
# contents of typedefs.list.
use strict;
use warnings;

# The files are in pg_bsd_indent's format: a definition starts and ends at the
# start of a line.
my @patterns = (
	qr/^typedef (?:enum|struct|union)\b[^;{]*\{.*?^\}\s*(\w+);/ms,
	qr/^typedef [^;{}]*?\(\*?\s*(\w+)\)\s*\(/m,
	qr/^typedef [^;{}()]*?\b(\w+)(?:\[[^\]]*\])?;/m,
	qr/^typedef [^;{}()]*?\b(\w+)\((?!\*)[^;]*\);/m,);

my %names;
for my $path (@ARGV)
{
	open my $file, '<', $path or die "$path: $!\n";
	my $source = do { local $/ = undef; readline $file };
	close $file;
	for my $pattern (@patterns)
	{
		$names{$1} = 1 while $source =~ /$pattern/g;
	}
}
print map { "$_\n" } sort keys %names;
