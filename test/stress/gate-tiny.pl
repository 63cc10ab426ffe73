# The load with a gate so small that its buckets overflow, and a queue of
# events that is often full.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../t/lib";
use Stress;
use Test::More;

stress('gate-tiny', "shared_preload_libraries = 'locking'", 'locking.gate_slots = 64', 'locking.event_queue_size = 64kB',
	'locking.keep_lapsed = 0');
done_testing();
