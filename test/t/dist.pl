# "make dist": the archive for PGXN has what its META.json says.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use JSON::PP ();
use LockingTest;
use Test::More;

my $root = abs_path("$FindBin::RealBin/../..");
my $folder = tmp_folder();
my $output;

# Runs a command in a folder.
sub run_in
{
	my ($where, @command) = @_;
	return IPC::Run::run(\@command, '<', \undef, '>&', \$output, init => sub { chdir $where or die "$where: $!\n" });
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return scalar <$file>;
}

# A repository of the checkout, which may be a copy without one.
local %ENV = (%ENV, GIT_DIR => "$folder/git", GIT_WORK_TREE => $root, map { ("GIT_${_}_NAME" => 'test', "GIT_${_}_EMAIL" => 'test') } qw(AUTHOR COMMITTER));
run_in($root, 'sh', '-c', 'git init -q && git add -A && git commit -qm test') or BAIL_OUT($output);

ok(!run_in($root, qw(make dist)), 'the address of the repository is required');
like($output, qr/REPOSITORY=/, 'and the message says so');
ok(run_in($root, qw(make -s dist REPOSITORY=https://git.example.org/locking/)), 'make dist') or BAIL_OUT($output);
my ($name) = $output =~ /^(locking-\d+\.\d+\.\d+)\.zip$/m or BAIL_OUT($output);
ok(run_in($folder, qw(unzip -q), "$root/$name.zip"), 'the archive') or diag($output);
unlink "$root/$name.zip";

# ---- META.json ----

my $meta = JSON::PP->new->decode(read_file("$folder/$name/META.json"));
is("$meta->{name}-$meta->{version}", $name, 'META.json names the archive');
is_deeply($meta->{resources}, {
		homepage => 'https://git.example.org/locking',
		bugtracker => { web => 'https://git.example.org/locking/issues' },
		repository => { url => 'https://git.example.org/locking.git', web => 'https://git.example.org/locking', type => 'git' } },
	'where the project and its maintainers are found');
ok($meta->{$_}, "META.json has $_") for qw(abstract maintainer license provides meta-spec);
my $provided = $meta->{provides}{locking};
ok(-s "$folder/$name/$provided->{$_}", "the archive has the $_ of META.json") for qw(file docfile);
my ($version) = read_file("$folder/$name/locking.control") =~ /^default_version *= *'(.*)'/m;
is($provided->{file}, "sql/locking--$version.sql", 'the file is that of the default version');
is($meta->{version} =~ s/\.0$//r, $version, 'the version is that of the extension');
ok(-s "$folder/$name/$_", "the archive has $_") for qw(README.md CHANGELOG.md LICENSE Makefile contrib_web/Makefile);
is_deeply([ grep { -e "$folder/$name/$_" } qw(.git locking.so) ], [], 'nothing that was built');

done_testing();
