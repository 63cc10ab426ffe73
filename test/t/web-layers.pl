# The layers of contrib_web/src, whose order the README gives: no file
# includes a header of a higher layer, no includes form a cycle, and a header
# declares only what its source defines.
use strict;
use warnings;

use File::Basename qw(basename);
use FindBin;
use Test::More;

my $web = "$FindBin::RealBin/../../contrib_web";

sub content
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

my @layers = content("$web/README.md") =~ m{^## Source\n(.*)}ms ? $1 =~ m{^\| `(\w+)/` \|}mg : ();
my %level = map { $layers[$_] => $_ } 0 .. $#layers;
my %text = map { substr($_, length "$web/src/") => content($_) } glob "$web/src/*/*.[ch]";
my %includes = map { $_ => [ $text{$_} =~ /^#include "([^"]+)"/mg ] } keys %text;

sub layer { return $_[0] =~ s{/.*}{}r }
sub unit { return $_[0] =~ s{\.[ch]$}{}r }
sub each_include { return map { my $file = $_; map { [ $file, $_ ] } @{ $includes{$file} } } sort keys %includes }
sub pairs { return [ map { "$_->[0] includes $_->[1]" } @_ ] }

is_deeply([ sort keys %level ], [ sort map { basename $_ } glob "$web/src/*" ], 'the README lists each folder');
# The build makes db/statements.h, of sql/.
is_deeply(pairs(grep { !$text{ $_->[1] } && $_->[1] ne 'db/statements.h' } each_include()), [], 'files are named from src on');
is_deeply(pairs(grep { $level{ layer($_->[1]) } > $level{ layer($_->[0]) } } each_include()), [], 'no file includes a header of a higher layer');

# ---- cycles: of sources, each with its header ----

my (%uses, %state);

for my $include (each_include())
{
	my ($from, $to) = map { unit($_) } @$include;
	$uses{$from}{$to} = 1 if $from ne $to;
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
	my $cycle;
	$cycle //= cycle_from($_, @path, $unit) for sort keys %{ $uses{$unit} };
	$state{$unit} = 'done';
	return $cycle;
}

is_deeply([ map { cycle_from($_) // () } sort keys %uses ], [], 'includes form no cycle');

# ---- declarations ----

sub defines
{
	my ($source, $name) = @_;
	return $source =~ /^(?!extern|static)(?:\w[^\n;(]*\W)?\Q$name\E(?:\(| = |\[[^\n]*\] = |;)/m;
}

sub undefined_of
{
	my ($header) = @_;
	my $source = $text{ unit($header) . '.c' } // '';
	return grep { !defines($source, $_) } $text{$header} =~ /^extern [^(;]*?(\w+)(?:\[[^\n;]*\])?[(;]/mg;
}

# The build makes the source of server/assets.h.
my @headers = grep { /\.h$/ && $_ ne 'server/assets.h' } sort keys %text;
is_deeply([ map { my $header = $_; map { "$header: $_" } undefined_of($header) } @headers ], [], 'a header declares what its source defines');
is_deeply([ grep { /\.c$/ && $text{$_} =~ /^extern /m } sort keys %text ], [], 'no source declares what another one defines');

done_testing;
