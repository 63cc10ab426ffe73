#!/usr/bin/env perl
# Formats C files as PostgreSQL does, by pg_bsd_indent.
#
#   perl test/lint/format.pl FILE...            prints the differences
#   perl test/lint/format.pl --write FILE...    changes the files
#
# Debian has pg_bsd_indent but not pgindent, the script that calls it; this
# script takes its place. Names of types come from typedefs.list and, for
# PostgreSQL and the libraries, from the debug information of what was built
# before.
use strict;
use warnings;

use File::Find;
use File::Temp;

# The options of pgindent.
my @options = qw(-bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -i4
  -l79 -lp -lpl -nip -npro -sac -tpg -ts4);

# Types in code that is compiled for another version of PostgreSQL or by
# another Makefile.
my @more_types = qw(bool QueryCompletion redisContext redisReply);

# Types that the sources use as names of variables.
my %not_types = map { $_ => 1 } qw(text);

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	my $text = do { local $/ = undef; readline $file };
	close $file;
	return $text;
}

sub write_file
{
	my ($path, $text) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	print {$file} $text;
	close $file or die "$path: $!\n";
	return;
}

sub types_of_objects
{
	my (@objects, @types);
	find({ no_chdir => 1, wanted => sub { push @objects, $_ if /\.o$/ } },
		grep { -d } 'src', 'contrib_web/build');
	die "nothing is built: make, then make -C contrib_web\n" if !@objects;
	open my $dump, '-|', 'readelf', '--debug-dump=info', @objects or die "readelf: $!\n";
	my $is_type = 0;
	while (my $line = readline $dump)
	{
		push @types, $1 if $is_type && $line =~ /DW_AT_name .* (\w+)$/;
		$is_type = 0 if $line =~ /DW_AT_name/;
		$is_type = $line =~ /DW_TAG_typedef/ if $line =~ /DW_TAG_/;
	}
	close $dump;
	return @types;
}

# pg_bsd_indent treats a compound literal as a block. So a name of the same
# length replaces the literal.
my @literals;

sub stand_in
{
	my ($literal) = @_;
	push @literals, $literal;
	my $name = "L$#literals" . 'x';
	return $name . '_' x (length($literal) - length $name);
}

sub hide_literals
{
	my ($source) = @_;
	@literals = ();
	$source =~ s/(?<!\w)(\((?:struct |const )?\w+(?: \*)?(?:const )?(?:\[\])?\) \{[^{}\n]*\})/stand_in($1)/ge;
	$source =~ s!/\* +---!/*---X_X!g;
	return $source;
}

sub show_literals
{
	my ($source) = @_;
	$source =~ s/\bL(\d+)x_*/$literals[$1]/g;
	$source =~ s!/\*---X_X!/* ---!g;
	return $source;
}

# Repairs what pgindent repairs, and restores the blank before ".member =".
sub mend
{
	my ($source) = @_;
	$source =~ s!\*/(/\*.*\*/)$!*/\t$1!gm;
	$source =~ s!^([A-Za-z_]\S*)[ \t]+\*$!$1 *!gm;
	$source =~ s!,\.(\w)!, .$1!g;
	return $source;
}

my $folder = File::Temp->newdir;

sub indented
{
	my ($path) = @_;
	my $copy = "$folder/indented.c";
	write_file($copy, hide_literals(read_file($path)));
	my $said = qx(pg_bsd_indent @options -U$folder/types $copy $folder/output.c 2>&1);
	die "$path: $said\n" if $? || $said;
	return show_literals(mend(read_file("$folder/output.c")));
}

my $write = @ARGV && $ARGV[0] eq '--write' && shift @ARGV;
my %types = map { $_ => 1 } @more_types, types_of_objects(), split /\n/, read_file('typedefs.list');
write_file("$folder/types", join '', map { "$_\n" } sort grep { !$not_types{$_} } keys %types);
for my $path (@ARGV)
{
	my $formatted = indented($path);
	next if $formatted eq read_file($path);
	if ($write)
	{
		write_file($path, $formatted);
		next;
	}
	write_file("$folder/formatted.c", $formatted);
	system 'diff', '-u', '--label', $path, '--label', "$path, formatted", $path, "$folder/formatted.c";
}
