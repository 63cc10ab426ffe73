# Event streams of the web server: opening one, and reading what comes.
package WebStreams;

use strict;
use warnings;

use Exporter 'import';
use LockingTest;
use LockingWeb;
use Test::More;

our @EXPORT = qw(new_stream_node listening_server stream notify part heard hears ends);

my $node;

# The node that the functions below use, with two more tables: only boss has
# privileges on private, and mine has row security.  Options are those of
# new_web_node().
sub new_stream_node
{
	my (%options) = @_;
	$node = new_web_node('main', %options);
	sql($node, <<'SQL');
CREATE TABLE private (id integer PRIMARY KEY, v text);
INSERT INTO private VALUES (1, 'v');
SELECT locking.protect('private');
GRANT ALL ON private TO boss;
CREATE TABLE mine (id integer PRIMARY KEY, who text);
INSERT INTO mine VALUES (1, 'anna'), (2, 'bert');
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mine USING (who = current_user);
SELECT locking.protect('mine');
GRANT ALL ON mine TO anna, bert;
SQL
	return $node;
}

# An open stream, with the id that it begins with.
sub stream
{
	my ($server, $client, %headers) = @_;
	my $self = { wire => $server->wire->send_request($client, 'GET', '/events', undef, %headers) };
	my $head = $self->{wire}->read_until(qr/\r\n\r\n/) // '';
	die "no stream: $head\n" unless $head =~ m{^HTTP/1\.1 200 .*text/event-stream}s;
	my $first = part($self);
	$self->{id} = $first->{id};
	return $self;
}

# An event without a lock, as any role may send it.
sub notify
{
	my ($table) = @_;
	sql($node, qq(NOTIFY locking, '{"event": "acquired", "table": "$table", "key": "sign"}'));
	return;
}

# A server that already listens to the database, so that no stream misses an
# event.
sub listening_server
{
	my (@options) = @_;
	my $server = web_server($node, @options);
	my $witness = stream($server, $server->sign_in('boss'));
	LockingWeb::in_seconds(60, 'the first event', sub {
		until ($witness->{wire}{input} =~ /"sign"/)
		{
			notify('public.article');
			$witness->{wire}->read_some(0.5);
		}
	});
	$witness->{wire}->close;
	return $server;
}

# The next block of a stream: event, data, id, comment; undef at its end.
sub part
{
	my ($stream, $seconds) = @_;
	until (($stream->{text} //= '') =~ /\n\n/)
	{
		my $size = $stream->{wire}->read_until(qr/\A[0-9A-F]+\r\n/, $seconds) // return undef;
		return undef if hex $size == 0;
		$stream->{text} .= substr $stream->{wire}->read_until(qr/\A.{${\ hex $size}}\r\n/s), 0, -2;
	}
	my ($block) = $stream->{text} =~ s/\A(.*?)\n\n//s ? $1 : '';
	my %part = map { /^(\w*): ?(.*)/ ? ($1 || 'comment', $2) : (comment => '') } split /\n/, $block;
	$part{json} = $LockingWeb::json->decode($part{data}) if defined $part{data};
	return \%part;
}

# The next event, without comments and what is said of the server's own
# connection, as text; 'nothing' after a timeout, 'end' at the end of the
# stream.
sub heard
{
	my ($stream) = @_;
	my $deadline = time + $LockingWeb::PATIENCE;
	while (my $part = part($stream))
	{
		return 'nothing' if time > $deadline;
		next if !$part->{event} || $part->{event} eq 'live';
		$stream->{last} = $part;
		my $data = $part->{json};
		return $part->{event} eq 'reset' ? 'reset' : join ' ', map { defined ? $_ : '-' } @{$data}{qw(event table key owner)};
	}
	return 'end';
}

sub hears
{
	my ($stream, $name, @expected) = @_;
	my @got = map { heard($stream) } @expected;
	return is_deeply(\@got, \@expected, $name);
}

# Tests that the stream ends, and skips what comes before.
sub ends
{
	my ($stream, $name) = @_;
	my $last = heard($stream);
	$last = heard($stream) until $last =~ /^(end|nothing)$/;
	return is($last, 'end', $name);
}

1;
