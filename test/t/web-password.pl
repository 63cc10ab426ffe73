# Connections to the database: the file with the password of the program's
# role, and what is said of a role that the server does not let in.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $node = new_web_node('main');
my $folder = tmp_folder();
my $dsn = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres user=locking_web';

sub write_file
{
	my ($name, $text, $mode) = @_;
	open my $file, '>', "$folder/$name" or die "$name: $!\n";
	print $file $text;
	close $file;
	chmod $mode // oct 600, "$folder/$name" or die "$name: $!\n";
	return "$folder/$name";
}

# ---- the file ----

sub refused_as
{
	my ($message, $name, $file, %environment) = @_;
	my ($status, undef, $err) = run_web({ LOCKING_WEB_DSN => $dsn, %environment }, '--listen', '127.0.0.1:0', '--password-file', $file);
	is($status, 1, "$name: exit status");
	like($err, $message, "$name: message");
	return;
}
refused_as(qr/: No such file/, 'no file', "$folder/none");
refused_as(qr/: not a plain file/, 'a folder', $folder);
refused_as(qr/: no password in the first line/, 'an empty file', write_file('empty', ''));
refused_as(qr/: no password in the first line/, 'an empty line', write_file('line', "\nlocking_web-pw\n"));
refused_as(qr/: longer than/, 'a long file', write_file('long', 'x' x 1024));
refused_as(qr/: accessible to group or others/, sprintf('permissions %o', $_), write_file('open', "locking_web-pw\n", $_)) for oct 640, oct 604, oct 620;
mkdir "$folder/besi" or die "besi: $!\n";
refused_as(qr/: accessible to group or others/, 'a file beside the credentials', write_file('beside', "locking_web-pw\n", oct 440), CREDENTIALS_DIRECTORY => "$folder/besi");

# As systemd passes it: an ACL lets the service's user read it.
mkdir "$folder/credentials" or die "credentials: $!\n";
my $credential = write_file('credentials/password', 'locking_web-pw', oct 440);
for my $case ([ 'in a file', write_file('password', "locking_web-pw\n") ], [ 'as a credential', $credential, CREDENTIALS_DIRECTORY => "$folder/credentials" ])
{
	my ($name, $file, %environment) = @$case;
	local %ENV = (%ENV, %environment);
	my $server = web_server($node, '--dsn', $dsn, '--password-file', $file);
	is($server->client->get('//readyz')->{status}, 200, "the password $name connects the program's role");
	is($server->client->sign_in('locking_web', '')->{status}, 401, 'but no user');
	is($server->sign_in('anna')->get('/tables')->{status}, 200, 'and users sign in with their own');
	$server->stop_ok;
	unlike($server->log, qr/locking_web-pw/, 'the password is not in the log');
}
{
	my $file = write_file('changing', "wrong\n");
	my $server = web_server($node, '--dsn', $dsn, '--password-file', $file);
	is($server->client->get('//readyz')->{status}, 503, 'a wrong password');
	write_file('changing', "locking_web-pw\n");
	is($server->client->get('//readyz')->{status}, 200, 'a changed file needs no restart');
	$server->stop_ok;
	like($server->log, qr/GET \/readyz: 28P01: .*password authentication failed for user "locking_web"/, 'the log has the message of the server');
}

# ---- roles that the server does not let in ----

{
	my $server = web_server($node);
	my $wrong = is_problem($server->client->sign_in('anna', 'wrong'), 401, 'sign-in-failed', 'a wrong password');
	like($server->log, qr/sign-in failed: .*FATAL:  28P01: password authentication failed for user "anna"/, 'is logged with the message of the server');

	# The name of a role cannot pass for another failure, which would not
	# count as an attempt to guess the password.
	my $name = 'x:  53300: y';
	sql($node, qq(CREATE ROLE "$name" LOGIN PASSWORD 'pw'));
	is($server->client->sign_in($name, 'wrong')->{content}, $wrong->{content}, 'the name of a role looks like an error');

	sql($node, 'ALTER ROLE bert NOLOGIN');
	is($server->client->sign_in('bert', 'bert-pw')->{content}, $wrong->{content}, 'that the password of a role without LOGIN is right is not disclosed');
	like($server->log, qr/sign-in failed: .*role "bert" is not permitted to log in/, 'but logged');
	sql($node, 'ALTER ROLE bert LOGIN');
	$server->stop_ok;
}
for my $case ([ peer => 'local all all peer', qr/Peer authentication failed for user "\w+"/ ], [ reject => 'local all all reject', qr/pg_hba\.conf rejects connection/ ],
	[ 'no entry' => '# none', qr/no pg_hba\.conf entry/ ])
{
	my ($name, $line, $message) = @$case;
	set_hba($node, 'local all locking_web scram-sha-256', $line);
	my $server = web_server($node);
	my @replies = map { $server->client->sign_in(@$_) } [ 'anna', 'anna-pw' ], [ 'anna', 'wrong' ], [ 'nobody', 'wrong' ];
	is_problem($_, 403, 'sign-in-refused', "$name: not told as a wrong password") for @replies;
	is($_->{content}, $replies[0]{content}, "$name: the reply does not disclose whether role or password exist") for @replies;
	$server->stop_ok;
	like($server->log, qr/sign-in failed: .*$message/, "$name: the log has the message of the server");
}
{
	set_hba($node, 'local all locking_web scram-sha-256', 'local all all peer');
	my $server = web_server($node);
	my ($reply, @before) = guess_until_throttled('anna', $server->client);
	is_deeply([ $reply->{status}, grep { $_ != 403 } @before ], [429], 'such attempts count, too');
	$server->stop_ok;
}

done_testing();
