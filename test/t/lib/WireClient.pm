# A client of PostgreSQL's protocol that chooses the messages itself: simple
# queries, and extended ones with any number of statements before a Sync.
package WireClient;

use strict;
use warnings;

use IO::Socket::UNIX;

sub new
{
	my ($class, $node, $user) = @_;
	my $path = $node->host . '/.s.PGSQL.' . $node->port;
	my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
	my $self = bless { socket => $socket }, $class;
	my $start = pack('N', 196608) . join("\0", user => $user, database => 'postgres', '') . "\0";
	$socket->syswrite(pack('N', 4 + length $start) . $start);
	my $reply = $self->reply;
	die "no connection: @{$reply->{codes}}\n" if @{ $reply->{codes} };
	return $self;
}

sub message
{
	my ($type, $body) = @_;
	return $type . pack('N', 4 + length $body) . $body;
}

sub bytes
{
	my ($self, $n) = @_;
	my $bytes = '';
	while (length $bytes < $n)
	{
		sysread($self->{socket}, $bytes, $n - length $bytes, length $bytes) or die "the server closed the connection\n";
	}
	return $bytes;
}

# Reads up to ReadyForQuery: the values of all rows, and severity and SQLSTATE
# of all errors and notices, in their order.
sub reply
{
	my ($self) = @_;
	my %reply = (values => [], codes => []);
	my $type = '';
	while ($type ne 'Z')
	{
		($type, my $length) = unpack('aN', $self->bytes(5));
		my $body = $self->bytes($length - 4);
		if ($type eq 'E' || $type eq 'N')
		{
			my %field = map { /^(.)(.*)$/s ? ($1 => $2) : () } split /\0/, $body;
			push @{ $reply{codes} }, "$field{V} $field{C}";
		}
		push @{ $reply{values} }, map { defined $_ ? $_ : '' } columns($body) if $type eq 'D';
	}
	return \%reply;
}

sub columns
{
	my ($body) = @_;
	my ($n, $rest) = unpack('na*', $body);
	my @values;
	for (1 .. $n)
	{
		(my $length, $rest) = unpack('Na*', $rest);
		if ($length == 0xffffffff) { push @values, undef; next }
		push @values, substr($rest, 0, $length, '');
	}
	return @values;
}

sub simple
{
	my ($self, $sql) = @_;
	$self->{socket}->syswrite(message('Q', "$sql\0"));
	return $self->reply;
}

# All statements before one Sync, in one packet.
sub pipeline
{
	my ($self, @statements) = @_;
	my $out = '';
	for my $sql (@statements)
	{
		$out .= message('P', "\0$sql\0" . pack('n', 0)) . message('B', "\0\0" . pack('nnn', 0, 0, 0)) . message('E', "\0" . pack('N', 0));
	}
	$self->{socket}->syswrite($out . message('S', ''));
	return $self->reply;
}

sub quit
{
	my ($self) = @_;
	$self->{socket}->syswrite(message('X', ''));
	close $self->{socket};
	return;
}

1;
