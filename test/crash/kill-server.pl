# kill -9 of the postmaster, 20 times in a row.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../stress/lib", "$FindBin::RealBin/../t/lib";
use Crash;
use Kills;

crash_scenario('kill-server', sub { kill_under_load(@_, servers => 20) },
	'synchronous_commit = off' => { conf => ['synchronous_commit = off'] },
	'tokens from a sequence that a crash sets back' => { unlogged => 1, change => 'tokens as they come from the sequence' });
