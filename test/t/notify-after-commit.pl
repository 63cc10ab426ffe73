# The messages of notify.pl, sent by the background worker.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
# now, since its INIT blocks do not run when the file below is read
use LockingTest;

our $preloaded = 1;
my $file = "$FindBin::RealBin/notify.pl";
my $done = do $file;
die $@ || "$file: $!\n" unless $done;
