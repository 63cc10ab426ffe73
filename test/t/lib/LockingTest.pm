# Helpers of all Perl tests: clusters, sessions, and checks of SQLSTATEs.
#
# PostgreSQL 13 and 14 may have the test modules under their old names.
package LockingTest;

use File::Temp;
use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use Test::More;

our @EXPORT = qw(new_node copy_of_node run_ok run_fails refused accepted session
  sql server_log start_again tmp_folder major_version in_log);

# An error rather than a skip, so that a run as root does not look successful.
die "these tests start PostgreSQL servers, which refuse to run as root: use another user\n"
  if $> == 0;

# The test modules write the message of a dying test to a log only.
$SIG{__DIE__} = sub { diag(@_) if defined $^S && !$^S };

my $class;
if (eval { require PostgreSQL::Test::Cluster; require PostgreSQL::Test::Utils; 1 })
{
	$class = 'PostgreSQL::Test::Cluster';
}
else
{
	require PostgresNode;
	require TestLib;
	$class = 'PostgresNode';
}

# Servers listen on sockets only and trust every connection, so the tests may
# connect as any role.
delete @ENV{ grep { /^PG(HOST|PORT|USER|DATABASE|PASSWORD|OPTIONS|SERVICE|APPNAME)/ } keys %ENV };

sub bare_node
{
	my ($name, %options) = @_;
	return $class eq 'PostgresNode' ? $class->get_new_node($name) : $class->new($name, %options);
}

# A running cluster; options: conf (lines), init (options of init()), stopped,
# install_path (of another PostgreSQL, from 14 on).
sub new_node
{
	my ($name, %options) = @_;
	my $node = bare_node($name, $options{install_path} ? (install_path => $options{install_path}) : ());
	$node->init(%{ $options{init} || {} });
	$node->append_conf('postgresql.conf', join("\n", @{ $options{conf} || [] }, ''));
	$node->start unless $options{stopped};
	return $node;
}

# A cluster made from a base backup.
sub copy_of_node
{
	my ($name, $root, $backup, %options) = @_;
	my $node = bare_node($name);
	$node->init_from_backup($root, $backup, %options);
	return $node;
}

# The backends of a server that was killed may outlive it for a moment.
sub start_again
{
	my ($node) = @_;
	for (1 .. 100)
	{
		# a failed start reads it from the stale postmaster.pid
		$node->{_pid} = undef;
		return 1 if $node->start(fail_ok => 1);
		select(undef, undef, undef, 0.1);
	}
	die "the server does not start again\n";
}

sub tmp_folder
{
	return File::Temp::tempdir(CLEANUP => 1);
}

sub major_version
{
	my ($node) = @_;
	return int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
}

sub server_log
{
	my ($node) = @_;
	open my $file, '<', $node->logfile or die $node->logfile . ": $!\n";
	local $/;
	return scalar <$file>;
}

sub in_log
{
	my ($node, $pattern) = @_;
	return scalar(() = server_log($node) =~ /$pattern/mg);
}

# ---- programs ----

# Runs a program against a node; returns success, output and errors.
sub run_program
{
	my ($node, @command) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
	return ($ok, $out, $err);
}

sub run_ok
{
	my ($name, $node, @command) = @_;
	my ($ok, $out, $err) = run_program($node, @command);
	ok($ok && $err !~ /ERROR|WARNING/, $name) or diag("@command\n$err");
	return $ok ? $out || 'no output' : '';
}

sub run_fails
{
	my ($name, $pattern, $node, @command) = @_;
	my ($ok, $out, $err) = run_program($node, @command);
	ok(!$ok, "$name: refused") or diag("@command\n$out");
	like("$out$err", $pattern, $name);
	return;
}

# ---- one script, one connection ----

sub psql_of
{
	my ($node, $db, $user) = @_;
	return ('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose',
		'-h', $node->host, '-p', $node->port, '-d', $db, $user ? ('-U', $user) : ());
}

sub run_sql
{
	my ($node, $db, $sql, $user) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ psql_of($node, $db, $user), '-f', '-' ],
		'<', \$sql, '>', \$out, '2>', \$err);
	chomp $out;
	return ($ok, $out, $err);
}

# Options of the next three functions: db, user, owner (of locks).
sub with_owner
{
	my ($sql, %options) = @_;
	return $sql unless $options{owner};
	return "SET locking.owner = '$options{owner}';\n$sql";
}

# Returns the result; dies on an error.
sub sql
{
	my ($node, $sql, %options) = @_;
	my ($ok, $out, $err) = run_sql($node, $options{db} || 'postgres', with_owner($sql, %options), $options{user});
	die "$sql\n$err" unless $ok;
	return $out;
}

sub accepted
{
	my ($name, $node, $sql, %options) = @_;
	my ($ok, $out, $err) = run_sql($node, $options{db} || 'postgres', with_owner($sql, %options), $options{user});
	ok($ok, $name) or diag("$sql\n$err");
	return $out;
}

# Passes if the SQL fails with this SQLSTATE, and with a matching message if
# a pattern is given.
sub refused
{
	my ($name, $node, $state, $sql, %options) = @_;
	my ($ok, $out, $err) = run_sql($node, $options{db} || 'postgres', with_owner($sql, %options), $options{user});
	my ($got) = $err =~ /(?:ERROR|FATAL):  (\w{5}):/;
	my $right = !$ok && defined $got && $got =~ /^(?:$state)$/
	  && (!$options{message} || $err =~ $options{message});
	ok($right, "$name ($state)") or diag($sql . "\n" . ($ok ? "accepted: $out" : $err));
	return;
}

# ---- sessions ----

sub session
{
	my ($node, %options) = @_;
	return LockingTest::Session->new($node, %options);
}

package LockingTest::Session;

sub new
{
	my ($class, $node, %options) = @_;
	my $self = bless { in => '', out => '', err => '', count => 0, node => $node }, $class;
	my @command = LockingTest::psql_of($node, $options{db} || 'postgres', $options{user});
	$self->{timer} = IPC::Run::timeout($options{timeout} || 900);
	$self->{psql} = IPC::Run::start([ @command, '-v', 'ON_ERROR_STOP=0', '-f', '-' ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	$self->query("SET locking.owner = '$options{owner}'") if $options{owner};
	return $self;
}

# Sends SQL without waiting for its end.
sub send_sql
{
	my ($self, $sql) = @_;
	my $end = 'end of query ' . ++$self->{count};
	$self->{out} = $self->{err} = '';
	$self->{in} .= "$sql;\n\\echo $end\n\\warn $end\n";
	$self->{timer}->start;		# for this query, not for the whole session
	$self->{psql}->pump_nb;
	return;
}

# Waits for the end of what was sent.
sub finish
{
	my ($self) = @_;
	my $end = "end of query $self->{count}\n";
	until ($self->{out} =~ /^\Q$end\E/m && $self->{err} =~ /^\Q$end\E/m)
	{
		die "psql ended: $self->{err}\n" unless $self->{psql}->pumpable;
		$self->{psql}->pump;
	}
	s/^\Q$end\E//m for $self->{out}, $self->{err};
	chomp $self->{out};
	return $self->{out};
}

# Runs SQL and returns the result; dies on an error.
sub query
{
	my ($self, $sql) = @_;
	$self->send_sql($sql);
	$self->finish;
	die "$sql\n$self->{err}" if $self->{err} =~ /ERROR: /;
	return $self->{out};
}

# Runs SQL and returns the SQLSTATE of the first error, or ''.
sub state_of
{
	my ($self, $sql) = @_;
	$self->send_sql($sql);
	$self->finish;
	return $self->last_state;
}

sub last_state
{
	my ($self) = @_;
	return $self->{err} =~ /(?:ERROR|FATAL):  (\w{5}):/ ? $1 : '';
}

# Waits until the session waits for a lock.
sub await_block
{
	my ($self) = @_;
	my $waits = $self->{node}->poll_query_until('postgres',
		"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $self->{pid}");
	return $waits;
}

# Ends a session whose server is gone.
sub abandon
{
	my ($self) = @_;
	eval { $self->{psql}->kill_kill(grace => 1) };
	return;
}

sub quit
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	eval { $self->{psql}->finish };
	return;
}

1;
