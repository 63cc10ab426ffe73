#!/usr/bin/env perl
# Prints where a text file differs from .editorconfig, or a comment is too
# wide.
#
# A line that contains only a comment is at most 78 columns wide, a tab
# counting 4. Exempt are lines with a URL and rows of a table, whose columns
# are separated by " | ". Comments behind code are the business of
# pg_bsd_indent.
use strict;
use warnings;

use File::Find;

my $max_width = 78;
my $tab = 4;

# What starts a comment, by the name of the file.
my @leaders = (
	[ qr/\.(?:js|mjs|java|php|go)$/, qr{//|/?\*} ],
	[ qr/\.(?:sql|lua)$/, qr/--/ ],
	[ qr/\.(?:pl|pm|py|rb|sh|spec|conf|service|control|toml)$/, qr/#/ ],
	[ qr/(?:^|\/)(?:Makefile|rules|run|versions|packages|assert-build|coverage|valgrind|start|stop|check|cases|harness|pooler|worker|\.\w+rc)$/, qr/#/ ],);
my $c = qr/\.(?:c|h|pml)$/;

my $generated = qr/^(?:\.git|node_modules|build|\.demo)$/;
my $compared = qr{^(?:expected/|contrib_web/fuzz/corpus/)};
my $markdown = qr/\.md$/;
my $spaces = qr{^META\.json$|\.(?:py|java|php|rb)$|$markdown};

sub note_finding
{
	my ($path, $index, $message) = @_;
	print "$path:", $index + 1, ": $message\n";
	return;
}

sub width
{
	my ($line) = @_;
	my $width = 0;
	$width += $_ eq "\t" ? $tab - $width % $tab : 1 for split //, $line;
	return $width;
}

# Marks each line of C's comments with a character that no source contains.
sub mark_comments
{
	my ($text) = @_;
	$text =~ s{("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(/\*.*?\*/)}
		{$1 // "\x{1}" . $2 =~ s/\n/\n\x{1}/gr}gsex;
	return $text;
}

# Indexes of the lines that contain only a comment.
sub comments
{
	my ($path, @lines) = @_;
	if ($path =~ $c)
	{
		my @marked = split /\n/, mark_comments(join("\n", @lines)), -1;
		return grep { $marked[$_] =~ /^\s*\x{1}/ } 0 .. $#lines;
	}
	for my $kind (@leaders)
	{
		my ($name, $leader) = @{$kind};
		return grep { $lines[$_] =~ /^\s*$leader/ } 0 .. $#lines if $path =~ $name;
	}
	return;
}

sub check_lines
{
	my ($path, @lines) = @_;
	for my $index (0 .. $#lines)
	{
		my $line = $lines[$index];
		note_finding($path, $index, 'trailing blank')
		  if $line =~ /[ \t]$/ && $path !~ $markdown;
		note_finding($path, $index, 'indented by spaces')
		  if $line =~ m{^\t* {4}|^\t* +\t} && $path !~ $spaces;
	}
	return;
}

sub check_comments
{
	my ($path, @lines) = @_;
	for my $index (comments($path, @lines))
	{
		my $width = width($lines[$index]);
		next if $width <= $max_width || $lines[$index] =~ m{://| \| };
		note_finding($path, $index, "comment of $width columns");
	}
	return;
}

sub check_text
{
	my ($path, $text) = @_;
	note_finding($path, 0, 'not UTF-8, or a carriage return')
	  if !utf8::decode($text) || $text =~ /\r/;
	my @lines = split /\n/, $text, -1;
	note_finding($path, $#lines, 'no newline, or an empty line, at the end')
	  if $text !~ /(?:^|[^\n]\n)\z/;
	check_lines($path, @lines);
	check_comments($path, @lines);
	return;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<:raw', $path or die "$path: $!";
	my $text = do { local $/ = undef; readline $file };
	close $file;
	return $text // '';
}

my @paths;
find(
	{
		no_chdir => 1,
		preprocess => sub { return grep { $_ !~ $generated } @_ },
		wanted => sub { push @paths, s{^\./}{}r if -f && -T && !/\.(?:o|so|bc)$/ },
	},
	'.');

die "only @paths\n" if @paths < 300;
check_text($_, read_file($_)) for sort grep { $_ !~ $compared } @paths;
