# contrib_web/nginx.conf in Debian's nginx, as it stands and with its lines
# for single sign-on: only addresses, ports and the certificate are replaced.
# The package is unpacked, not installed, since it would start a server.
use strict;
use warnings;

use FindBin;
use HTTP::Tiny;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use IPC::Run ();
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $folder = tmp_folder();
my $output;

sub find_nginx
{
	my ($installed) = grep { -x "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin';
	return "$installed/nginx" if $installed;
	IPC::Run::run([ 'sh', '-c', 'cd "$0" && apt-get -qq download nginx && dpkg-deb -x nginx_*.deb .', $folder ], '<', \undef, '>&', \$output);
	return -x "$folder/usr/sbin/nginx" ? "$folder/usr/sbin/nginx" : undef;
}
my $nginx = find_nginx() or plan skip_all => "nginx is neither installed nor to be had: $output";

# The sockets are closed, and their ports free for the servers, when all
# ports are chosen.
sub free_ports
{
	my ($n) = @_;
	my @sockets = map { IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!\n" } 1 .. $n;
	return map { $_->sockport } @sockets;
}
my ($http, $https, $sso) = free_ports(3);

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

IPC::Run::run([ qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=locks.example.org -keyout), "$folder/key.pem", '-out', "$folder/cert.pem" ], '>&', \$output) or die "openssl: $output\n";

# The file as it stands, for these ports. change is applied to it first.
sub configure
{
	my ($web_port, $change) = @_;
	my $text = $change->(read_file("$FindBin::RealBin/../../contrib_web/nginx.conf"));
	$text =~ s{\n\tlisten \[::\]:[^\n]*}{}g;
	$text =~ s{listen 80;}{listen 127.0.0.1:$http;};
	$text =~ s{listen 443 ssl;}{listen 127.0.0.1:$https ssl;};
	$text =~ s{/etc/ssl/certs/ssl-cert-snakeoil\.pem}{$folder/cert.pem};
	$text =~ s{/etc/ssl/private/ssl-cert-snakeoil\.key}{$folder/key.pem};
	$text =~ s{127\.0\.0\.1:8080;}{127.0.0.1:$web_port;}g;
	$text =~ s{127\.0\.0\.1:9000;}{127.0.0.1:$sso;}g;
	my $paths = join '', map { "${_}_temp_path $folder/$_;\n" } qw(client_body proxy fastcgi uwsgi scgi);
	open my $file, '>', "$folder/nginx.conf" or die "nginx.conf: $!\n";
	print $file <<"CONF";
daemon off;
pid $folder/nginx.pid;
events {}
http {
access_log off;
$paths
# The service for single sign-on knows one user.
server {
	listen 127.0.0.1:$sso;
	location / {
		if (\$http_cookie !~ "sso=ann") { return 401; }
		add_header X-User ann;
		return 204;
	}
}
$text
}
CONF
	close $file;
	return;
}

my $pid;
sub start_nginx
{
	my @command = ($nginx, '-e', "$folder/error.log", '-p', $folder, '-c', "$folder/nginx.conf");
	ok(IPC::Run::run([ @command, '-t' ], '>&', \$output), 'nginx accepts the file') or BAIL_OUT($output);
	$pid = fork // die "fork: $!\n";
	if ($pid == 0)
	{
		exec { $nginx } @command or POSIX::_exit(127);
	}
	LockingWeb::in_seconds($LockingWeb::PATIENCE, 'nginx', sub {
		select undef, undef, undef, 0.05 until IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $https);
	});
	return;
}

sub stop_nginx
{
	return unless $pid;
	kill 'QUIT', $pid;
	waitpid $pid, 0;
	undef $pid;
	return;
}

END
{
	my $status = $?;
	kill 'TERM', $pid if $pid;
	$? = $status;
}

# A client that goes through nginx.
sub through
{
	my ($server, %headers) = @_;
	return $server->client(headers => \%headers, url => "https://127.0.0.1:$https");
}

my $node = new_web_node('main');
my $options = read_file("$FindBin::RealBin/../../contrib_web/nginx.conf") =~ /locking-web\.conf then needs\n#\n((?:#\t.*\n)+)/ ? $1 : die "no options\n";
my @options = map { /^#\t(\S+) = (\S+)$/ ? ("--$1", $2) : die "option: $_\n" } split /\n/, $options;

# ---- as it stands ----

{
	my $server = web_server($node, @options);
	configure($server->{port}, sub { $_[0] });
	start_nginx();
	my $plain = HTTP::Tiny->new(max_redirect => 0)->get("http://127.0.0.1:$http/tables?q=1");
	is("$plain->{status} $plain->{headers}{location}", '301 https://127.0.0.1/tables?q=1', 'HTTP leads to HTTPS');

	my $anna = through($server);
	is($anna->get('//')->{status}, 200, 'the page');
	my $reply = $anna->sign_in('anna', 'anna-pw');
	is($reply->{status}, 201, 'signed in');
	like($reply->{headers}{'set-cookie'}, qr/; Secure$/, 'the cookie is for HTTPS only');
	is($anna->post('/tables/article/rows/1/lock', {})->{status}, 201, 'a row is locked');
	is_problem($anna->get('/tables/article/rows/%2F'), 422, 'invalid', 'a key with a slash arrives as it is');
	is($anna->get('//metrics')->{status}, 403, '/metrics is closed');
	is($anna->put('/tables/article/rows/2', { token => 1, values => { body => 'x' x 2_000_000 } })->{status}, 409, 'a large body arrives');
	unlike($server->log, qr{^\S+ 127\.0\.0\.1 anna \S+ /metrics}m, 'without a request to the program');

	# An event arrives while the stream stays open.
	my ($in, $out, $err) = ('', '', '');
	my $stream = IPC::Run::start([ qw(openssl s_client -quiet -verify_quiet -connect), "127.0.0.1:$https" ], '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout($LockingWeb::PATIENCE));
	$in = "GET /api/v1/events HTTP/1.1\r\nHost: locks.example.org\r\nCookie: locking_session=$anna->{cookie}\r\n\r\n";
	ok(eval { $stream->pump until $out =~ /^id: /m; 1 }, 'the stream begins') or diag($@, $out, $err);
	$anna->post('/tables/article/rows/7/lock', {});
	ok(eval { $stream->pump until $out =~ /"key":"7"/; 1 }, 'an event is passed on at once') or diag($@, $out, $err);
	$stream->kill_kill;
	$server->stop_ok;
	stop_nginx();
}

# ---- single sign-on ----

{
	sql($node, 'GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web; GRANT SELECT, UPDATE ON article TO locking_web');
	my $server = web_server($node, @options, '--user-header', 'X-Remote-User');
	configure($server->{port}, sub { $_[0] =~ s/^\t#([^ ])/\t$1/mgr });
	start_nginx();
	# nginx itself replies, so openapi.json does not apply.
	my $status = sub { return HTTP::Tiny->new(verify_SSL => 0)->get("https://127.0.0.1:$https/api/v1/session", { headers => {@_} })->{status} };
	is($status->(), 401, 'without a sign-on the request is refused');
	is($status->('X-Remote-User' => 'root'), 401, 'the user that a client names is none');
	my $ann = through($server, Cookie => 'sso=ann', 'X-Remote-User' => 'root');
	is($ann->get('/session')->{json}{owner}, 'ann', 'the user is the one who signed on');
	is($ann->get('//sso')->{status}, 404, 'the service is not open to clients');
	$server->stop_ok;
	stop_nginx();
}

done_testing();
