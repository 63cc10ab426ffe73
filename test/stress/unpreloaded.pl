# The load without preloading: up to PostgreSQL 16 without gate and queues,
# from 17 on with both in dynamic shared memory.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../t/lib";
use Stress;
use Test::More;

stress('unpreloaded');
done_testing();
