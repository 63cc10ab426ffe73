# Unit test of the budget of notifications; lib/budget.c provides the clock.
use strict;
use warnings;

use FindBin;
use File::Temp ();

my $program = ($ENV{TESTDIR} || File::Temp::tempdir()) . '/budget';
my $source = "$FindBin::RealBin/../../contrib_web/src";
system('cc', '-std=gnu11', '-Wall', '-Werror', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', "-I$source", '-o', $program, "$FindBin::RealBin/lib/budget.c") == 0
  or die "budget.c does not compile\n";
exec $program or die "$program: $!\n";
