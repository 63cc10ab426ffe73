# A short selection of make crash: the postmaster, and then another process of
# the server, is killed under load.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../crash/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use Kills;

crash_scenario('crash', sub { kill_under_load(@_, servers => 1, backends => 1) });
