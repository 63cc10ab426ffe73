# A copy of PostgreSQL with another build of the library: with points at which
# tests can hold a backend (src/inject.h, inject.c), and with changed sources
# where a test has to show that it fails.
package LockingVariant;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin;
use LockingTest qw(tmp_folder);

my $checkout = "$FindBin::RealBin/../..";
my $shell_library = "$checkout/test/lib.sh";

# Object files of the unchanged sources, which the tests of a run share.
my $objects = defined $ENV{TMPDIR} ? "$ENV{TMPDIR}/variant-objects" : undef;

# Servers that are started afterwards are the copy's.
sub new
{
	my ($class) = @_;
	my $self = bless { folder => tmp_folder() }, $class;
	$self->{source} = "$self->{folder}/source";
	$self->copy_installation;
	make_path($self->{source});
	run("cp -a $checkout/Makefile $checkout/src $self->{source}");
	run("cp -a $checkout/test/t/lib/inject.c $self->{source}/src");
	unlink glob "$self->{source}/src/*.o";
	run("cp -a $objects/. $self->{source}/src") if defined $objects && -d $objects;
	$self->{pg_config} = output("bash -c '. $shell_library; find_postgres; echo \$PG_CONFIG'");
	$ENV{PATH} = "$self->{folder}" . dir('bindir') . ":$ENV{PATH}";
	return $self;
}

# Programs find their libraries and files relative to themselves.
sub copy_installation
{
	my ($self) = @_;
	for my $path (map { dir($_) } qw(bindir pkglibdir sharedir))
	{
		make_path("$self->{folder}$path");
		run("cp -a $path/. $self->{folder}$path/");
	}
	$self->{library} = "$self->{folder}" . dir('pkglibdir') . '/locking.so';
	return;
}

sub run
{
	my ($command) = @_;
	my $output = qx($command 2>&1);
	die "failed: $command\n$output" if $?;
	return;
}

sub output
{
	my ($command) = @_;
	my $output = qx($command);
	die "failed: $command\n" if $?;
	chomp $output;
	return $output;
}

sub dir
{
	my ($kind) = @_;
	return output("pg_config --$kind");
}

# Builds and installs.  With pairs of a file and a function: each function
# changes its file's text, in $_, and returns false if the change does not
# fit, as it may after the source has changed.
sub build
{
	my ($self, @changes) = @_;
	my %original;
	for (my $i = 0; $i < @changes; $i += 2)
	{
		my $path = "$self->{source}/$changes[$i]";
		local $_ = read_file($path);
		$original{$path} = $_ unless defined $original{$path};
		$changes[ $i + 1 ]->() or die "the change does not fit the text of $changes[$i]\n";
		write_file($path, $_);
	}
	run("make -s -j2 -C $self->{source} locking.so PG_CONFIG=$self->{pg_config} with_llvm=no "
		. "LOCKING_CFLAGS='-DLOCKING_INJECTION -DGetCurrentTimestamp=locking_injected_clock'");
	# replaced, not overwritten, as a server may have it mapped
	run("cp $self->{source}/locking.so $self->{library}.new && mv $self->{library}.new $self->{library}");
	write_file($_, $original{$_}) for keys %original;
	$self->share_objects unless @changes;
	return;
}

# Complete at once, for tests that run at the same time.
sub share_objects
{
	my ($self) = @_;
	return if !defined $objects || -d $objects;
	run("cp -a $self->{source}/src $objects.$$ && rm -f $objects.$$/*.[ch]");
	run("rm -rf $objects.$$") if !rename "$objects.$$", $objects;
	return;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

sub write_file
{
	my ($path, $text) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	print $file $text;
	close $file or die "$path: $!\n";
	return;
}

1;
