# File systems of the tests' own, in which a server has its files.
package Volume;

use strict;
use warnings;

use Crash;
use LockingTest;

# Mounts an empty file system for the servers.  Arguments: those of mount(8)
# before the folder.
sub new
{
	my ($class, @mount) = @_;
	my $self = bless { folder => tmp_folder(), mount => \@mount }, $class;
	$self->mount;
	as_root('chown', $>, $self->{folder});
	return $self;
}

sub mount
{
	my ($self) = @_;
	as_root('mount', @{ $self->{mount} }, $self->{folder});
	$self->{mounted} = 1;
	return;
}

# The processes of a server that was killed may use it for another moment.
sub unmount
{
	my ($self) = @_;
	for (1 .. 100)
	{
		return $self->{mounted} = 0 if eval { as_root('umount', $self->{folder}); 1 };
		pause(0.1);
	}
	die "$self->{folder} is in use\n";
}

# A file system in a file, of as many megabytes.
sub in_file
{
	my ($class, $megabytes) = @_;
	my $image = tmp_folder() . '/image';
	open my $file, '>', $image or die "$image: $!\n";
	truncate $file, $megabytes << 20 or die "$image: $!\n";
	close $file;
	as_root('mkfs.ext4', '-q', '-F', $image);
	return $class->new('-o', 'loop', $image);
}

sub in_memory
{
	my ($class, $megabytes) = @_;
	return $class->new('-t', 'tmpfs', '-o', "size=${megabytes}m,mode=700", 'locking');
}

# Moves the files of a server that does not run.
sub take_server
{
	my ($self, $node) = @_;
	my $data = $node->data_dir;
	system("cp -a $data $self->{folder}/data && rm -rf $data && ln -s $self->{folder}/data $data") == 0 or die "cannot move $data\n";
	return;
}

# Fails all further accesses, and drops what was not flushed.  File systems
# are tested with this call of the kernel (EXT4_IOC_SHUTDOWN, without log).
sub cut_power
{
	my ($self) = @_;
	my $script = 'use Fcntl; sysopen my $folder, $ARGV[0], O_RDONLY or die; ioctl $folder, 0x8004587D, $_ = pack "L", 2 or die "$!\n"';
	as_root($^X, '-e', $script, $self->{folder});
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	eval { as_root('umount', '--lazy', $self->{folder}) } if $self->{mounted};
	return;
}

1;
