# The headers of src/: every source includes its own first, a header declares
# only what its source defines, and no includes form a cycle.
use strict;
use warnings;

use File::Basename qw(basename);
use FindBin;
use Test::More;

sub content
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

my %text = map { basename($_) => content($_) } glob "$FindBin::RealBin/../../src/*.[ch]";
my %includes = map { $_ => [ $text{$_} =~ /^#include "([^"]+)"/mg ] } keys %text;
my @sources = grep { /\.c$/ } sort keys %text;

sub unit { return $_[0] =~ s{\.[ch]$}{}r }
sub header_of { return unit($_[0]) . '.h' }

is_deeply([ grep { $text{ header_of($_) } && $includes{$_}[0] ne header_of($_) } @sources ], [], 'every source includes its own header first');
is_deeply([ grep { $text{$_} =~ /^extern /m } @sources ], [], 'no source declares what another one defines');

# ---- declarations ----

sub defines
{
	my ($source, $name) = @_;
	return $source =~ /^(?!extern|static)(?:\w[^\n;(]*\W)?\Q$name\E(?:\(| = |;)/m;
}

sub undefined_of
{
	my ($header) = @_;
	my $source = $text{ unit($header) . '.c' } // '';
	return grep { !defines($source, $_) } $text{$header} =~ /^(?:pg_noreturn )?extern [^(;]*?(\w+)[(;]/mg;
}

# inject.h declares what a test builds into the library.
my @headers = grep { /\.h$/ && $_ ne 'inject.h' } sort keys %text;
is_deeply([ map { my $header = $_; map { "$header: $_" } undefined_of($header) } @headers ], [], 'a header declares what its source defines');

# ---- cycles: of sources, each with its header ----

my (%uses, %state);

for my $file (keys %text)
{
	$uses{ unit($file) }{ unit($_) } = 1 for grep { $text{$_} && unit($_) ne unit($file) } @{ $includes{$file} };
}

sub cycle_from
{
	my ($unit, @path) = @_;
	if (($state{$unit} // '') eq 'on the path')
	{
		shift @path while $path[0] ne $unit;
		return join ' -> ', @path, $unit;
	}
	return if $state{$unit};
	$state{$unit} = 'on the path';
	for my $next (sort keys %{ $uses{$unit} })
	{
		my $cycle = cycle_from($next, @path, $unit);
		return $cycle if $cycle;
	}
	$state{$unit} = 'done';
	return;
}

is_deeply([ map { cycle_from($_) // () } sort keys %uses ], [], 'includes form no cycle');

done_testing;
