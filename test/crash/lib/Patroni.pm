# Patroni and etcd, unpacked from Debian's packages.  They are not installed,
# since they would start services.
package Patroni;

use strict;
use warnings;

use IPC::Run ();
use LockingTest;

my @packages = qw(patroni etcd-server python3-etcd python3-psycopg2 python3-yaml python3-dateutil python3-urllib3 python3-six python3-click
  python3-prettytable python3-wcwidth python3-psutil python3-cdiff python3-dnspython python3-colorama python3-pkg-resources);

# Returns the folder, or nothing and the reason.
sub unpack_packages
{
	my $folder = tmp_folder();
	my $output = '';
	return $folder
	  if IPC::Run::run([ 'sh', '-c', 'cd "$0" && apt-get -qq download "$@" && for package in *.deb; do dpkg-deb -x "$package" .; done', $folder, @packages ],
		'<', \undef, '>&', \$output);
	return ('', $output =~ s/\n.*//sr);
}

1;
