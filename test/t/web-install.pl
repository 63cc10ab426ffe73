# What "make install" installs beside the program: its manual page and the
# completion of its options, which agree with --help; unit and examples.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use LockingTest;
use LockingWeb;
use PackageFiles;
use Test::More;

my $web = abs_path("$FindBin::RealBin/../../contrib_web");
my $root = tmp_folder();
my $output;

# Runs a command, and returns what it prints.
sub output_of
{
	my (@command) = @_;
	my $out;
	IPC::Run::run(\@command, '<', \undef, '>&', \$out) or diag("@command: $out");
	return $out;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return scalar <$file>;
}

ok(IPC::Run::run([ 'make', '-s', '-C', $web, 'install', 'OUT=build/asan', '-o', 'build/asan/locking-web', "DESTDIR=$root", 'PREFIX=/opt/x' ], '<', \undef, '>&', \$output), 'make install') or diag($output);
is_deeply([ map { s{^/opt/x/}{/usr/}r } installed_files($root) ], [ package_files('locking-web') ], 'it installs what the Debian package has');

my (undef, $help) = run_web({}, '--help');
my @options = sort $help =~ /(?:^|,) +(--[a-z-]+)/mg;
cmp_ok(scalar @options, '>', 30, 'options of --help');

# ---- manual page ----

my $page = read_file("$root/opt/x/share/man/man8/locking-web.8");
my ($section) = $page =~ /^\.SH OPTIONS\n(.*?)^\.SH /ms;
my %described;
while ($section =~ /^\.TP\n\.B[IR] (\S+)(?: " (\S+)")?\n(.*?)(?=^\.TP\n|\z)/gms)
{
	my ($name, $argument, $text) = ($1, $2 // '', $3);
	$described{ $name =~ s/\\//gr } = { argument => $argument, text => $text };
}
is_deeply([ sort keys %described ], \@options, 'the manual page describes the options of --help');
my %argument = $help =~ /^  (--[a-z-]+) (\S+) /mg;
is_deeply({ map { ($_ => $described{$_}{argument} // '') } keys %argument }, \%argument, 'with their arguments');
my %default = map { /^  (--[a-z-]+) .*\(([^()]*)\)$/ ? ($1 => $2) : () } split /\n/, $help;
is_deeply({ map { $described{$_}{text} =~ /; default (.*)\.$/m ? ($_ => $1) : () } keys %described }, \%default, 'and their defaults');
SKIP:
{
	skip 'no groff', 1 unless grep { -x "$_/groff" } split /:/, $ENV{PATH};
	is(output_of('groff', '-man', '-Tascii', '-ww', '-z', "$root/opt/x/share/man/man8/locking-web.8"), '', 'groff has no warnings');
}

# ---- completion ----

sub completions
{
	my (@words) = @_;
	my $script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _locking_web; printf "%s\n" "${COMPREPLY[@]}"';
	my @found = sort split /\n/, output_of('bash', '-c', $script, "$root/opt/x/share/bash-completion/completions/locking-web", "$root/opt/x/bin/locking-web", @words);
	return @found;
}
is_deeply([ completions('--') ], \@options, 'bash completes the options of --help');
is_deeply([ completions('--tls-') ], [ '--tls-cert', '--tls-key' ], 'those with a prefix');
is_deeply([ completions('--access-log', 'o') ], [qw(off on)], 'values');
is_deeply([ completions('--access-log', '=', 'of') ], ['off'], 'values after =');
is_deeply([ completions('--config', "$web/locking-web.c") ], ["$web/locking-web.conf"], 'files');

# ---- service ----

my $unit = read_file("$root/lib/systemd/system/locking-web.service");
like($unit, qr{^ExecStart=/opt/x/bin/locking-web --config %d/locking-web\.conf$}m, 'the unit has the path of the program');
my %credential = $unit =~ /^LoadCredential=(\S+?):(\S+)$/mg;
my $conf = read_file("$root/opt/x/share/doc/locking-web/locking-web.conf");
is($credential{password}, $conf =~ /^password-file = (\S+)$/m ? $1 : 'none', 'the unit passes the file with the password of the example');
like($unit, qr{^Environment=LOCKING_WEB_PASSWORD_FILE=%d/password$}m, 'and the program reads what is passed');

# --check gets as far as the database.
my ($status, $out, $err) = run_web({ LOCKING_WEB_PASSWORD_FILE => "$root/none" }, '--check', '--config', "$root/opt/x/share/doc/locking-web/locking-web.conf");
is("$status $err", '1 ', 'the options of the example are valid');
like($out, qr{^missing  password-file: $root/none: }m, 'and the password is read from the file that the environment names');

done_testing();
