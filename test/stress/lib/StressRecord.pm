# Reads the records of a run, in the format that README.md describes.  Does
# not depend on the programs that write them.
package StressRecord;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(read_records add_line row_name);

# Columns of each kind of line.
my %columns = (
	place => [qw(tab n key)],
	write => [qw(tab n op version body previous owner token xid t0 t1 guarded)],
	lease => [qw(tab n token owner kind hard handed_over xid pid told until)],
	grant => [qw(tab n token owner version body told)],
	handed => [qw(token owner next told before after)],
	look => [qw(tab n locked t0 t1)],
	event => [qw(id relation key token event owner actor at)],
	row => [qw(tab n version body)],
	setting => [qw(name value)],
	step => [qw(at offset)],
	op => [qw(id name tab n owner start end outcome value results message)],
	connected => [qw(session at)],
	heard => [qw(event relation key token owner session)],
);

sub row_name
{
	my ($fact) = @_;
	return "$fact->{tab}/$fact->{n}";
}

sub unescape
{
	my ($text) = @_;
	return $text eq '\N' ? undef : $text =~ s/\\(.)/$1/gr;
}

# Adds a line of a file of records.
sub add_line
{
	my ($records, $line) = @_;
	chomp $line;
	my ($kind, @values) = split /\t/, $line, -1;
	my $columns = $columns{$kind} or die "no such kind of record: $line\n";
	die "not a record of kind $kind: $line\n" if @values != @$columns;
	my %fact;
	@fact{@$columns} = map { unescape($_) } @values;
	$fact{$_} = ($fact{$_} // '') eq 't' for grep { exists $fact{$_} } qw(hard handed_over guarded locked);
	if ($kind eq 'op')
	{
		my %results = map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split / /, $fact{results};
		$fact{results} = \%results;
	}
	push @{ $records->{$kind} }, \%fact;
	return;
}

# A line with the payload of a notification, or of a connection of the
# listener.
sub add_payload
{
	my ($records, $line) = @_;
	my $payload = JSON::PP::decode_json($line);
	my $session = @{ $records->{connected} };
	if ($payload->{event} eq 'connected')
	{
		push @{ $records->{connected} }, { session => $session + 1, at => $payload->{at} };
		return;
	}
	my %fact = (event => $payload->{event}, key => $payload->{key}, token => $payload->{token}, owner => $payload->{owner},
		relation => $payload->{table} =~ s/^public[.]//r, session => $session);
	push @{ $records->{heard} }, \%fact;
	return;
}

sub each_line
{
	my ($path, $add) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	while (my $line = <$file>)
	{
		$add->($line);
	}
	close $file;
	return;
}

# Returns the records of a folder: kind => list of facts, in order.
sub read_records
{
	my ($folder) = @_;
	my %records = map { $_ => [] } keys %columns;
	each_line("$folder/evidence", sub { add_line(\%records, @_) });
	each_line($_, sub { add_line(\%records, @_) }) for glob "$folder/client*";
	open my $heard, '<', "$folder/heard" or die "$folder/heard: $!\n";
	add_payload(\%records, $_) while <$heard>;
	close $heard;
	return \%records;
}

1;
