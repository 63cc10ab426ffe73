# debian/: version, control files and contents of the packages. "make
# test-packages" builds and installs them.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use JSON::PP ();
use LockingTest;
use PackageFiles;
use Test::More;

my $root = abs_path("$FindBin::RealBin/../..");

# Runs a command in a folder, and returns what it prints.
sub output_of
{
	my ($where, @command) = @_;
	my $output;
	IPC::Run::run(\@command, '<', \undef, '>&', \$output, init => sub { chdir $where or die "$where: $!\n" }) or diag("@command: $output");
	chomp $output;
	return $output;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return scalar <$file>;
}

# ---- version ----

my $meta = JSON::PP->new->decode(read_file("$root/META.json"));
my ($version) = read_file("$root/locking.control") =~ /^default_version *= *'(.*)'/m;
my ($upstream) = output_of($root, qw(dpkg-parsechangelog -S Version)) =~ /^(.+)-\d+$/;
is(output_of($root, qw(dpkg-parsechangelog -S Source)), $meta->{name}, 'the changelog is that of the source package');
is($upstream, $meta->{version}, 'its version is that of META.json');
is($upstream =~ s/\.0$//r, $version, 'and of the extension');

# ---- control files ----

# What pg_buildext makes of debian/control.in for a release that has these
# versions of PostgreSQL.
sub control_for
{
	my ($versions) = @_;
	my $folder = tmp_folder();
	output_of($root, 'cp', '-r', 'debian', "$folder/debian");
	local $ENV{PG_SUPPORTED_VERSIONS} = $versions;
	output_of($folder, qw(pg_buildext updatecontrol));
	return read_file("$folder/debian/control");
}

sub packages_of
{
	my ($control) = @_;
	return $control =~ /^Package: (.*)$/mg;
}

SKIP:
{
	skip 'no pg_buildext', 3 unless grep { -x "$_/pg_buildext" } split /:/, $ENV{PATH};
	is(read_file("$root/debian/control"), control_for('15'), 'debian/control is that of bookworm');
	is_deeply([ packages_of(control_for('13 17 18')) ], [ qw(postgresql-13-locking postgresql-17-locking postgresql-18-locking locking-web) ], 'a package for each PostgreSQL');
	is_deeply([ packages_of(control_for('12 16')) ], [ qw(postgresql-16-locking locking-web) ], 'that is supported');
}
like(read_file("$root/debian/copyright") =~ s/\s+\.?\s*/ /gr, qr/\Q$_\E/, 'the license: ' . substr $_, 0, 30)
  for map { s/\s+/ /gr =~ s/^ | $//gr } (split /\n\n/, read_file("$root/LICENSE"))[ 2 .. 4 ];

# ---- contents ----

my $pg_config = output_of($root, 'bash', '-c', '. test/lib.sh; find_postgres; echo "$PG_CONFIG"');
my $installed = tmp_folder();
output_of($root, qw(make -s with_llvm=no install), "PG_CONFIG=$pg_config", "DESTDIR=$installed");
my ($libraries, $shared) = map { output_of($root, $pg_config, $_) } qw(--pkglibdir --sharedir);
my @files = map { s{^\Q$libraries\E/}{/usr/lib/postgresql/N/lib/}r =~ s{^\Q$shared\E/}{/usr/share/postgresql/N/}r } installed_files($installed);
is_deeply(\@files, [ package_files('postgresql-N-locking') ], '"make install" installs what the package has');

# ---- installcheck ----

# What "make installcheck" runs with a PostgreSQL whose PGXS is in a folder.
sub installcheck
{
	my ($pgxs) = @_;
	my $fake = tmp_folder() . '/pg_config';
	open my $file, '>', $fake or die "$fake: $!\n";
	print {$file} qq(#!/bin/sh\n[ "\$*" = --pgxs ] && exec echo $pgxs/src/makefiles/pgxs.mk\nexec $pg_config "\$@"\n);
	close $file;
	chmod 0755, $fake;
	return output_of($root, qw(make -n installcheck), "PG_CONFIG=$fake");
}

my $copy = tmp_folder();
output_of($root, 'cp', '-r', output_of($root, $pg_config, '--pgxs') =~ s{/src/makefiles/pgxs\.mk$}{/.}r, $copy);
SKIP:
{
	skip 'no isolation tester', 1 unless -e "$copy/src/test/isolation/pg_isolation_regress";
	like(installcheck($copy), qr{/pg_isolation_regress }, 'installcheck runs the isolation tests');
	output_of($root, 'rm', '-r', "$copy/src/test/isolation");
}
like(installcheck($copy), qr{/pg_regress }, 'and the regression tests');
unlike(installcheck($copy), qr{/pg_isolation_regress}, 'alone, if there is no isolation tester');

done_testing();
