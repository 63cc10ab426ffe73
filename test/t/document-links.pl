# What the documents refer to exists: files, sections, functions by the file
# that defines them ("guard.c:follow_row"), and the tests that SECURITY.md
# names for each threat, by words of their names.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Find ();
use File::Spec;
use FindBin;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $extension = qr/(?:c|h|sql|pl|pm|spec|pml|sh|js|mjs|md|json)/;
# In PostgreSQL, and a path of django-locking.
my %elsewhere = map { $_ => 1 } 'ri_triggers.c', 'variables.js';
my @files = files_below($root);
my @documents = grep { /\.md$/ } @files;

sub files_below
{
	my ($folder) = @_;
	my @found;
	my $wanted = sub {
		$File::Find::prune = 1 if /^(?:\.git|node_modules|build|corpus)$/;
		push @found, File::Spec->abs2rel($File::Find::name, $folder) if -f;
	};
	File::Find::find($wanted, $folder);
	@found = sort @found;
	return @found;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', "$root/$path" or die "$path: $!\n";
	local $/ = undef;
	return scalar <$file>;
}

# ---- links ----

# As GitHub makes anchors of headings.
sub anchors
{
	my ($path) = @_;
	my $text = read_file($path);
	my @headings = ($text =~ /^#+ +(.*)$/mg, $text =~ /^(.+)\n(?:---+|===+)$/mg);
	return map { s/[^\w\s-]//gr =~ s/ /-/gr } map { lc } @headings;
}

# "../src/README.md" in doc/design.md is src/README.md.
sub target_of
{
	my ($document, $path) = @_;
	return $document if $path eq '';
	my @parts;
	for my $part (split m{/}, dirname($document) . "/$path")
	{
		if ($part eq '..') { pop @parts }
		elsif ($part ne '.') { push @parts, $part }
	}
	return join '/', @parts;
}

sub broken_links
{
	my ($document) = @_;
	my @broken;
	for my $link (read_file($document) =~ /\]\(((?!https?:)[^()\s]+)\)/g)
	{
		my ($path, $anchor) = split /#/, $link, 2;
		my $target = target_of($document, $path);
		my $there = -e "$root/$target" && (!defined $anchor || grep { $_ eq $anchor } anchors($target));
		push @broken, $link unless $there;
	}
	return @broken;
}

# ---- names ----

# "gate.c", "contrib_web/src/gate.c", "gate.c:fill": where may that be?
sub files_named
{
	my ($name) = @_;
	return grep { $_ eq $name || /\/\Q$name\E$/ } @files;
}

sub unknown_names
{
	my ($document) = @_;
	my $text = read_file($document);
	my @unknown;
	while ($text =~ /`([a-z0-9_.][a-z0-9_.\/-]*\.$extension)(?::(\w+)|(?=`))/g)
	{
		my ($name, $function) = ($1, $2);
		next if $elsewhere{$name};
		my @found = files_named($name =~ s/^(?:\.\.?\/)+//r);
		@found = grep { read_file($_) =~ /\b\Q$function\E\b/ } @found if $function;
		push @unknown, $function ? "$name:$function" : $name unless @found;
	}
	return @unknown;
}

# ---- tests ----

sub plain
{
	my ($text) = @_;
	return $text =~ s/\\'|''/'/gr =~ s/\s+/ /gr;
}

# The last cell of a row names tests: "words of a name", "... its end".
sub missing_tests
{
	my ($document) = @_;
	my $tests = plain(join '', map { read_file($_) } grep { /^test\/.*\.(?:pl|pm|sql|spec|mjs)$/ } @files);
	my @missing;
	for my $cell (read_file($document) =~ /^\|.*\|([^|]*)\|$/mg)
	{
		for my $words ($cell =~ /"([^"]+)"/g)
		{
			push @missing, $words if index($tests, $words =~ s/ *\.\.\. *//gr) < 0;
		}
	}
	return @missing;
}

is(join('; ', missing_tests('SECURITY.md')), '', 'SECURITY.md: tests are there');
for my $document (@documents)
{
	is(join(' ', broken_links($document)), '', "$document: links lead somewhere");
	is(join(' ', unknown_names($document)), '', "$document: files and functions are there");
}
done_testing();
