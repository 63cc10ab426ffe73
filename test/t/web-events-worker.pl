# Events that the extension's background worker sends: more than a single
# backend may send are passed on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node(conf => [ "shared_preload_libraries = 'locking'" ]);
sql($node, "DELETE FROM locking.lock; INSERT INTO article SELECT g, 'title', 'body' FROM generate_series(1001, 1700) g");
my $server = listening_server();
my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
my $annas = stream($server, $anna);
my $metric = sub { return ($server->client->get('//metrics')->{content} =~ /^locking_web_$_[0] (\d+)$/m)[0] };
my $resets = $metric->('stream_resets_total');

$bert->post('/tables/article/rows/20/lock');
hears($annas, 'an event of the worker', 'acquired public.article 20 bert');
sql($node, "SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT g::text FROM generate_series(1001, 1700) g))", owner => 'many');
my @burst = heard($annas);
push @burst, heard($annas) until @burst == 700 || $burst[-1] =~ /^(reset|nothing|end)$/;
is(join("\n", @burst), join("\n", map { "acquired public.article $_ many" } 1001 .. 1700), 'each event of a burst');
$bert->post('/tables/article/rows/19/lock');
hears($annas, 'an event after it', 'acquired public.article 19 bert');
is($metric->('events_dropped_total'), 0, 'no event is dropped');
is($metric->('stream_resets_total') - $resets, 0, 'no stream is reset');
$server->stop_ok;
done_testing();
