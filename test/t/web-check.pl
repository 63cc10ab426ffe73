# --check: a line for each thing that the program needs, and how to get what
# is missing. Each command of the program's is then run.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
my $folder = tmp_folder();
my $where = 'host=' . $node->host . ' port=' . $node->port;
my $dsn = "$where dbname=postgres user=locking_web password=locking_web-pw";

sub check
{
	my ($own_dsn, @options) = @_;
	my ($status, $out, $err) = run_web({ LOCKING_WEB_DSN => $own_dsn }, '--check', '--listen', '127.0.0.1:0', @options);
	is($err, '', 'no other output');
	return { status => $status, out => $out, missing => [ $out =~ /^missing +(.*)$/mg ], lines => scalar(() = $out =~ /^(?:ok|missing) +\S+: ./mg) };
}

sub is_complete
{
	my ($name, @arguments) = @_;
	my $got = check(@arguments);
	is("$got->{status} @{ $got->{missing} }", '0 ', "$name: nothing is missing");
	is($got->{lines}, scalar(() = $got->{out} =~ /\n/g), "$name: each line has its form") or diag($got->{out});
	return $got->{out};
}

sub is_missing
{
	my ($name, $patterns, @arguments) = @_;
	my $got = check(@arguments);
	is($got->{status}, 1, "$name: exit status");
	is(scalar @{ $got->{missing} }, scalar @$patterns, "$name: what is missing") or diag($got->{out});
	like($got->{missing}[$_] // '', $patterns->[$_], "$name: what, and how to get it") for 0 .. $#$patterns;
	return $got->{out};
}

my $complete = is_complete('all there', $dsn);
like($complete, qr/^ok +connection: role locking_web, database postgres, PostgreSQL \d/m, 'the connection');
like($complete, qr/^ok +extension: version \d/m, 'the extension');
like($complete, qr/^ok +sign-in: /m, 'sign-in by password');

is_missing('a wrong password', [qr/^connection: .*28P01: password authentication failed.*\\password locking_web/], $dsn =~ s/password=\S+/password=x/r);
is_missing('no server', [qr/^connection: .*No such file.*Start the server/], "host=$folder dbname=postgres user=locking_web");
is_missing('no database', [qr/^connection: .*createdb nix\b/], $dsn =~ s/dbname=postgres/dbname=nix/r);
is_missing('no password file', [ qr/^password-file: .*No such file/, qr/^connection: .*No such file/ ], $dsn, '--password-file', "$folder/none");

my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!\n";
my $port = $taken->sockport;
is_missing('an address in use', [qr/^listen: 127\.0\.0\.1:$port: Address already in use/], $dsn, '--listen', "127.0.0.1:$port");
is_missing('a certificate that is not there', [ qr/^tls-cert: .*No such file/, qr/^tls-key: / ], $dsn, '--tls-cert', "$folder/none", '--tls-key', "$folder/none");

sql($node, 'CREATE DATABASE empty');
my ($command) = is_missing('no extension', [qr/^extension: /], $dsn =~ s/dbname=postgres/dbname=empty/r) =~ /(CREATE EXTENSION .*;)$/m;
$node->safe_psql('empty', $command);
is_complete('the extension created', $dsn =~ s/dbname=postgres/dbname=empty/r);
sql($node, q(UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'locking'));
is_missing('an old extension', [qr/^extension: version 0\.9, .*ALTER EXTENSION locking UPDATE TO '\d/], $dsn);
sql($node, q(UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'locking'));

# ---- behind a sign-on proxy ----

my @proxied = ('--user-header', 'X-User', '--group-header', 'X-Groups', '--take-over-group', 'chiefs', '--trusted-proxy', '127.0.0.1');
sql($node, 'CREATE SCHEMA "Own"; CREATE TABLE "Own"."a b" (id integer PRIMARY KEY)');
sql($node, q(SELECT locking.protect('"Own"."a b"')));
my $lacking = is_missing('rights', [ (qr/^rights: EXECUTE on FUNCTION locking\./) x 3, qr/^rights: SELECT on TABLE "Own"\."a b"/, qr/^rights: SELECT on TABLE public\.article/,
	qr/^rights: UPDATE on TABLE "Own"/, qr/^rights: UPDATE on TABLE public/, qr/^rights: USAGE on SCHEMA "Own"/ ], $dsn, @proxied);
sql($node, $_) for $lacking =~ /(GRANT .*;)$/mg;
unlike(is_complete('rights granted', $dsn, @proxied), qr/sign-in/, 'users of a proxy do not sign in');

# ---- pg_hba.conf ----

set_hba($node, 'local all all peer');
my ($first) = is_missing('peer for the role', [qr/^connection: .*Peer authentication failed.*pg_hba\.conf/], $dsn) =~ /: (local postgres locking_web +scram-sha-256);/;
set_hba($node, $first, 'local all all peer');
my ($second) = is_missing('peer for users', [qr/^sign-in: .*Peer authentication failed.*pg_hba\.conf/], $dsn) =~ /: (local postgres all +scram-sha-256);/;
set_hba($node, $first, $second, 'local all all peer');
is_complete('the lines added', $dsn);

done_testing();
