# The files of the Debian packages, as test/packages.list has them.
package PackageFiles;

use strict;
use warnings;

use Exporter 'import';
use File::Find ();
use FindBin;

our @EXPORT = qw(package_files installed_files);

# Paths of the files that "make install" puts into a package, as it installs
# them: the manual page is not compressed.
sub package_files
{
	my ($package) = @_;
	open my $file, '<', "$FindBin::RealBin/../packages.list" or die "test/packages.list: $!\n";
	my @paths = sort map { /^\Q$package\E make (.*?)(?:\.gz)?$/ ? $1 : () } <$file>;
	return @paths;
}

# Paths of the files below a folder.
sub installed_files
{
	my ($root) = @_;
	my @files;
	File::Find::find(sub { push @files, $File::Find::name =~ s/^\Q$root\E//r if -f }, $root);
	@files = sort @files;
	return @files;
}

1;
