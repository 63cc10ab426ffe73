# The load without preloading: without gate and queues up to PostgreSQL 16, in
# dynamic shared memory from 17 on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../t/lib";
use Stress;
use Test::More;

stress('unpreloaded');
done_testing();
