# Helpers of the web server's tests: a cluster with password authentication,
# the server as a process, clients that sign in, and raw connections for
# requests that no client would send.
package LockingWeb;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IPC::Run ();
use JSON::PP ();
use LockingTest;
use OpenApi;
use POSIX ();

our @EXPORT = qw(new_web_node set_hba web_server run_web openapi segment json_of in_seconds guess_until_throttled);

our $json = JSON::PP->new->utf8->canonical->allow_nonref;

# Seconds to wait for what should happen immediately.
our $PATIENCE = 60;

# A running cluster with the extension, a protected table article (id, title,
# body) of 20 rows, and roles whose password is NAME-pw: anna and bert edit,
# boss may also break, take over and protect, reader only reads, locking_web
# is the server's role.  Only the superuser needs no password.
sub new_web_node
{
	my ($name, %options) = @_;
	my $node = new_node($name, stopped => 1, conf => [ 'log_statement = none', 'password_encryption = scram-sha-256', @{ $options{conf} || [] } ],
		init => { extra => [ '-E', 'UTF8', '--locale=C' ] });
	write_hba($node, 'local all all scram-sha-256');
	$node->start;
	sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN PASSWORD 'anna-pw';
CREATE ROLE bert LOGIN PASSWORD 'bert-pw';
CREATE ROLE boss LOGIN PASSWORD 'boss-pw';
CREATE ROLE reader LOGIN PASSWORD 'reader-pw';
CREATE ROLE locking_web LOGIN PASSWORD 'locking_web-pw';
COMMENT ON ROLE anna IS 'Anna Albers';
CREATE TABLE article (id integer PRIMARY KEY, title text NOT NULL, body text);
INSERT INTO article SELECT g, 'title ' || g, 'body' FROM generate_series(1, 20) g;
SELECT locking.protect('article');
GRANT SELECT, INSERT, UPDATE, DELETE ON article TO anna, bert, boss;
GRANT SELECT ON article TO reader;
SELECT format('GRANT EXECUTE ON FUNCTION %s TO boss', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'locking'::regnamespace AND proname IN ('break_lock', 'take_over', 'protect', 'unprotect') \gexec
SQL
	return $node;
}

sub write_hba
{
	my ($node, @lines) = @_;
	my $superuser = getpwuid $>;
	open my $file, '>', $node->data_dir . '/pg_hba.conf' or die "pg_hba.conf: $!\n";
	print $file map { "$_\n" } "local all $superuser trust", "local replication $superuser trust", @lines;
	close $file;
	return;
}

# Replaces the lines of pg_hba.conf for all but the superuser, and waits until
# they apply.
sub set_hba
{
	my ($node, @lines) = @_;
	my $before = sql($node, 'SELECT pg_conf_load_time()');
	write_hba($node, @lines);
	$node->reload;
	$node->poll_query_until('postgres', "SELECT pg_conf_load_time() > '$before'") or die "pg_hba.conf is not loaded\n";
	return;
}

sub web_server { return LockingWeb::Server->new(@_) }

my $openapi = OpenApi->new("$FindBin::RealBin/../../contrib_web/openapi.json");
sub openapi { return $openapi }

# Runs the program, which must end by itself, with only this environment and
# these arguments.  Returns exit status, output, errors.
sub run_web
{
	my ($environment, @arguments) = @_;
	# exit() frees no memory
	local %ENV = (PATH => $ENV{PATH}, %$environment, ASAN_OPTIONS => 'detect_leaks=0');
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start([ $LockingWeb::Server::program, @arguments ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout($PATIENCE));
	return ($run->result(0), $out, $err) if eval { $run->finish; 1 };
	$run->kill_kill;
	return ('none', $out, $err);
}

# A string, escaped as a segment of a path or a part of a query.
sub segment
{
	my ($text) = @_;
	utf8::encode($text);
	$text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

sub json_of { return $json->encode($_[0]) }

# Returns the code's result; dies if it takes too long.
sub in_seconds
{
	my ($seconds, $what, $code) = @_;
	local $SIG{ALRM} = sub { die "$what: not within $seconds s\n" };
	alarm $seconds;
	my @result = eval { $code->() };
	my $error = $@;
	alarm 0;
	die $error if $error;
	return wantarray ? @result : $result[0];
}

# Sends wrong passwords from the clients in turn until the delay is so long
# that the next attempt is certainly too early.  Returns that reply, and the
# statuses before the first 429.
sub guess_until_throttled
{
	my ($role, @clients) = @_;
	return in_seconds($PATIENCE, 'throttling', sub {
		my ($reply, @before);
		for (my $n = 0; ; $n++)
		{
			$reply = $clients[ $n % @clients ]->sign_in($role, 'wrong');
			push @before, $reply->{status} if $n == @before && $reply->{status} != 429;
			return ($reply, @before) if $reply->{status} == 429 && $reply->{headers}{'retry-after'} >= 7;
			select undef, undef, undef, 0.1 if $reply->{status} == 429;
		}
	});
}

# ---- the server ----

package LockingWeb::Server;

use Test::More;

our $program = "$FindBin::RealBin/../../contrib_web/build/asan/locking-web";
my %running;

# For a node, with options as on the command line: web_server($node,
# '--workers', 1).  Connections are not limited by address unless an option
# says so, since all of them come from one address.
sub new
{
	my ($class, $node, @options) = @_;
	my $self = bless { node => $node, log => LockingTest::tmp_folder() . '/log' }, $class;
	my $dsn = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=locking_web password=locking_web-pw';
	$self->spawn({ LOCKING_WEB_DSN => $dsn }, '--listen', '127.0.0.1:0', '--connections-per-address', '0', @options);
	return $self;
}

sub spawn
{
	my ($self, $environment, @arguments) = @_;
	# open '-|' would wait for the server when the handle is destroyed
	pipe my $out, my $in or die "pipe: $!\n";
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0)
	{
		%ENV = (%ENV, %$environment, ASAN_OPTIONS => 'exitcode=99', UBSAN_OPTIONS => 'print_stacktrace=1:exitcode=99');
		open STDOUT, '>&', $in;
		open STDERR, '>', $self->{log};
		exec { $program } $program, @arguments or POSIX::_exit(127);
	}
	$running{ $self->{pid} } = 1;
	close $in;
	my $line = LockingWeb::in_seconds($LockingWeb::PATIENCE, 'start', sub { scalar readline $out }) || '';
	($self->{url}, $self->{port}) = $line =~ m{^listening on (https?://127\.0\.0\.1:(\d+))/$}
	  or die "the server does not start: $line" . $self->log;
	return;
}

sub log
{
	my ($self) = @_;
	open my $file, '<', $self->{log} or return '';
	local $/;
	return scalar(<$file>) // '';
}

# A client that has not signed in.
sub client { my ($self, %options) = @_; return LockingWeb::Client->new($self, %options) }

sub sign_in
{
	my ($self, $role, %options) = @_;
	my $client = $self->client(%options);
	my $reply = $client->sign_in($role, "$role-pw");
	die "signing in as $role: $reply->{status} $reply->{content}\n" if $reply->{status} != 201;
	return $client;
}

sub wire { my ($self) = @_; return LockingWeb::Wire->new($self->{port}) }

sub is_alive { my ($self) = @_; return waitpid($self->{pid}, POSIX::WNOHANG()) == 0 }

sub terminate { my ($self) = @_; kill 'TERM', $self->{pid}; return }

# Waits for the end and returns the exit status; dies after a timeout.
sub await_end
{
	my ($self, $seconds) = @_;
	LockingWeb::in_seconds($seconds, 'end', sub { waitpid $self->{pid}, 0 });
	delete $running{ $self->{pid} };
	return $?;
}

# Checks every reply of the API against openapi.json, in every test.
sub observe
{
	my ($self, $method, $path, $reply) = @_;
	my ($known) = LockingWeb::openapi()->operation($method, $path) or return;
	$self->{outcomes}{"$method $known $reply->{status}"} = 1;
	push @{ $self->{faults} }, map { "$method $path, $reply->{status}: $_" } LockingWeb::openapi()->faults($method, $path, $reply);
	return;
}

# Stops the server and checks its exit status, its log and the collected
# faults, as one test.
sub stop_ok
{
	my ($self, $name) = @_;
	$self->terminate;
	my $status = eval { $self->await_end(20) };
	my ($complaint) = $self->log =~ /(runtime error: .*|ERROR: (?:Address|Leak)Sanitizer.*)/s;
	my @faults = @{ $self->{faults} || [] };
	return ok(defined $status && $status == 0 && !$complaint && !@faults,
		$name || 'the server ends without errors, and all replies match openapi.json')
	  || diag(defined $status ? "status $status\n" : $@, $complaint || substr($self->log, -1000), join "\n", @faults);
}

END
{
	my $status = $?;
	kill 'KILL', keys %running;
	$? = $status;
}

# ---- a client ----

package LockingWeb::Client;

use HTTP::Tiny;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

# Options: headers, sent with each request; url, if not the server's own.
sub new
{
	my ($class, $server, %options) = @_;
	my $http = HTTP::Tiny->new(timeout => $LockingWeb::PATIENCE, max_redirect => 0, keep_alive => 1,
		http_proxy => undef, https_proxy => undef, all_proxy => undef, verify_SSL => 0);
	return bless { server => $server, http => $http, headers => $options{headers} || {}, url => $options{url} // $server->{url} }, $class;
}

# Returns the reply: status, headers (names in lower case), cookies (all that
# are set), content, json (decoded content).  The path is below /api/v1,
# unless it begins with two slashes: '//healthz'.  The body is data, or a
# reference to a string that is sent as it is.  Session and CSRF token are
# sent as by a page; a header that is undef is not sent.
sub request
{
	my ($self, $method, $path, $body, %headers) = @_;
	my %all = (%{ $self->{headers} }, $self->own_headers($method), defined $body ? ('Content-Type' => 'application/json') : (), %headers);
	delete @all{ grep { !defined $all{$_} } keys %all };
	my $content = !defined $body ? undef : ref $body eq 'SCALAR' ? $$body : LockingWeb::json_of($body);
	$self->send_at_once;
	my $reply = $self->{http}->request($method, $self->url($path), { headers => \%all, defined $content ? (content => $content) : () });
	die "$method $path: $reply->{content}\n" if $reply->{status} == 599;
	my $cookies = $reply->{headers}{'set-cookie'};
	$reply->{cookies} = [ ref $cookies ? @$cookies : $cookies // () ];
	# the session's
	$reply->{headers}{'set-cookie'} = $reply->{cookies}[0] if $cookies;
	$reply->{json} = $LockingWeb::json->decode($reply->{content})
	  if ($reply->{headers}{'content-type'} // '') =~ /json/ && length $reply->{content};
	$self->{server}->observe($method, $path, $reply);
	return $reply;
}

# HTTP::Tiny sends head and body apart, of which the kernel would hold back
# the second until the server has acknowledged the first, after 40 ms.
sub send_at_once
{
	my ($self) = @_;
	my $handle = $self->{http}{handle} or return;
	setsockopt $handle->{fh}, IPPROTO_TCP, TCP_NODELAY, 1;
	return;
}

sub url
{
	my ($self, $path) = @_;
	return $self->{url} . ($path =~ m{^//} ? substr $path, 1 : "/api/v1$path");
}

sub own_headers
{
	my ($self, $method) = @_;
	return ($self->{cookie} ? (Cookie => "locking_session=$self->{cookie}") : (),
		$self->{csrf} && $method ne 'GET' ? ('X-CSRF-Token' => $self->{csrf}) : ());
}

sub get { my ($self, @rest) = @_; return $self->request('GET', @rest) }
sub post { my ($self, @rest) = @_; return $self->request('POST', @rest) }
sub put { my ($self, @rest) = @_; return $self->request('PUT', @rest) }
sub delete { my ($self, @rest) = @_; return $self->request('DELETE', @rest) }

sub sign_in
{
	my ($self, $role, $password) = @_;
	my $reply = $self->post('/session', { role => $role, password => $password });
	$self->enter($reply) if $reply->{status} == 201;
	return $reply;
}

# Uses the session of a reply from now on.
sub enter
{
	my ($self, $reply) = @_;
	($self->{cookie}) = $reply->{headers}{'set-cookie'} =~ /^locking_session=([^;]+)/;
	$self->{csrf} = $reply->{json}{csrf};
	return;
}

# ---- a connection ----

package LockingWeb::Wire;

use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY SHUT_WR);

sub new
{
	my ($class, $port) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!\n";
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	return bless { socket => $socket, input => '', closed => 0 }, $class;
}

# Sends bytes as they are; the rest is lost if the server has closed.
sub send
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes)
	{
		my $written = syswrite $self->{socket}, $bytes;
		last unless defined $written;
		substr $bytes, 0, $written, '';
	}
	return $self;
}

# Sends a request as the client would.
sub send_request
{
	my ($self, $client, $method, $path, $body, %headers) = @_;
	my $content = defined $body ? LockingWeb::json_of($body) : '';
	%headers = (Host => '127.0.0.1', $client ? $client->own_headers($method) : (),
		defined $body ? ('Content-Type' => 'application/json', 'Content-Length' => length $content) : (), %headers);
	return $self->send("$method /api/v1$path HTTP/1.1\r\n" . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers) . "\r\n$content");
}

sub finish_sending { my ($self) = @_; shutdown $self->{socket}, SHUT_WR; return $self }

# Reads available bytes, waiting at most so long; false if none arrive.
sub read_some
{
	my ($self, $seconds) = @_;
	return 0 if $self->{closed} || !IO::Select->new($self->{socket})->can_read($seconds);
	my $n = sysread $self->{socket}, $self->{input}, 65536, length $self->{input};
	$self->{closed} = 1 unless $n;
	return $n;
}

sub match_end
{
	my ($text, $pattern) = @_;
	return $text =~ /$pattern/ ? $+[0] : undef;
}

# Reads until the input matches; removes and returns the input up to the
# match's end.  undef if the connection is closed before.
sub read_until
{
	my ($self, $pattern, $seconds) = @_;
	my $deadline = time + ($seconds || $LockingWeb::PATIENCE);
	my $end;
	until (defined($end = match_end($self->{input}, $pattern)))
	{
		return undef if $self->{closed};
		die "no match of $pattern in: $self->{input}\n" if time > $deadline;
		$self->read_some(1);
	}
	return substr $self->{input}, 0, $end, '';
}

# A reply with its body (not for streams): status, headers, content, json.
# undef if the connection is closed without one.
sub read_reply
{
	my ($self) = @_;
	my $head = $self->read_until(qr/\r\n\r\n/) // return undef;
	my ($status) = $head =~ m{^HTTP/1\.[01] (\d\d\d)} or return undef;
	my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1 => $2) : () } split /\r\n/, $head;
	my $length = $headers{'content-length'} || 0;
	my $content = $length ? $self->read_until(qr/\A.{$length}/s) : '';
	my $decoded = ($headers{'content-type'} // '') =~ /json/ && length($content // '') ? $LockingWeb::json->decode($content) : undef;
	return { status => $status, headers => \%headers, content => $content, json => $decoded };
}

# The input until the server closes; undef after a timeout.
sub read_to_end
{
	my ($self, $seconds) = @_;
	my $deadline = time + $seconds;
	until ($self->{closed})
	{
		return undef if time > $deadline;
		$self->read_some(1);
	}
	return $self->{input};
}

sub close { my ($self) = @_; close $self->{socket}; return }

1;
