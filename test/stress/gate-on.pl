# The load with the library preloaded, and so with the gate.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../t/lib";
use Stress;
use Test::More;

stress('gate-on', "shared_preload_libraries = 'locking'");
done_testing();
