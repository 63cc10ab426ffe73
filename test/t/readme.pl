# The examples in the documents: those of README.md, of the reference and of
# the operator's book, run in order in a fresh cluster, print what the
# documents show.
#
# A document is a script for psql: its ```sql blocks, in one session. The
# ```text block after an ```sql block is a part of that block's output. Times,
# tokens, process ids, and seconds that a slow machine has used up, do not
# count. An error or a warning that is not shown is a failure.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use LockingTest;
use Test::More;

my $marker = 'block';

sub read_file
{
	my ($path) = @_;
	open my $file, '<', "$FindBin::RealBin/../../$path" or die "$path: $!\n";
	local $/ = undef;
	return scalar <$file>;
}

# ```sql blocks with their line, and the ```text block that follows, if any.
sub examples
{
	my ($document) = @_;
	my @examples;
	while ($document =~ /^```(\w+)\n(.*?)^```$/gms)
	{
		my ($kind, $text) = ($1, $2);
		my $line = 1 + substr($document, 0, $-[0]) =~ tr/\n//;
		push @examples, { line => $line, sql => $text, shown => '' } if $kind eq 'sql';
		$examples[-1]{shown} = $text if $kind eq 'text';
	}
	return @examples;
}

# By standard input, so that messages do not name a file, and with errors in
# their place among the results. Returns the output of each example.
sub run_examples
{
	my ($node, @examples) = @_;
	my $script = join '', map { "\\echo $marker\n$_->{sql}" } @examples;
	my $out = '';
	IPC::Run::run([ 'psql', '-X', '-h', $node->host, '-p', $node->port, '-d', 'document', '-U', 'postgres' ],
		'<', \$script, '>&', \$out);
	my (undef, @outputs) = split /^$marker\n/m, $out;
	return @outputs;
}

sub normal
{
	my ($text) = @_;
	$text =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?/TIME/g;
	$text =~ s/"token": "\d+"/"token": TOKEN/g;
	$text =~ s/\btoken \d+/token TOKEN/g;
	$text =~ s/PID \d+/PID/g;
	$text =~ s/\b(\d+) seconds/SECONDS/g;
	$text =~ s/\b1[012]\d$/ 120/mg;		# of the two minutes that a lock lasts
	$text =~ s/ +$//mg;
	$text =~ s/\n+\z/\n/;
	return $text;
}

sub is_shown
{
	my ($name, $output, $shown) = map { normal($_) } @_;
	chomp $name;
	return ok(index("\n$output", "\n$shown") >= 0, $name) || diag("shown:\n${shown}printed:\n$output");
}

sub unexpected
{
	my ($output, $shown) = map { normal($_) } @_;
	return grep { index($shown, $_) < 0 } $output =~ /^(?:ERROR|FATAL|WARNING):.*$/mg;
}

sub check_document
{
	my ($path) = @_;
	my $node = new_node($path =~ /(\w+)\.md$/ ? lc $1 : 'document');
	my @examples = examples(read_file($path));
	my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
	$node->safe_psql('postgres', 'CREATE ROLE postgres SUPERUSER LOGIN') unless $superuser eq 'postgres';
	$node->safe_psql('postgres', 'CREATE DATABASE document OWNER postgres');
	my @outputs = run_examples($node, @examples);
	is(scalar @outputs, scalar @examples, "$path: psql runs all examples");
	for my $i (0 .. $#outputs)
	{
		my ($example, $output) = ($examples[$i], $outputs[$i]);
		my $name = "$path, line $example->{line}";
		is(join("\n", unexpected($output, $example->{shown})), '', "$name: no errors but those shown");
		is_shown("$name: prints what is shown", $output, $example->{shown}) if $example->{shown};
	}
	$node->stop;
	return;
}

check_document($_) for 'README.md', 'doc/reference.md', 'doc/operations.md';
done_testing();
