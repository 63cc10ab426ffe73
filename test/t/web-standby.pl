# The web server on a hot standby: rows, locks and history can be read, what
# would change something is refused as read-only, and no stream is live. After
# promotion everything works.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebRows;
use WebStreams;

my $primary = new_web_node('main', conf => [ 'wal_level = replica', 'max_wal_senders = 4', 'hot_standby = on' ]);
my $row = path('article', 1);
my $on_primary = web_server($primary);
my $anna = $on_primary->sign_in('anna');
my $token = token_of($anna, $row, note => 'spelling');

$primary->backup('copy');
my $standby = copy_of_node('standby', $primary, 'copy', has_streaming => 1);
$standby->start;
sql($primary, "UPDATE article SET body = 'replicated' WHERE id = 2");
ok($standby->poll_query_until('postgres', "SELECT body = 'replicated' FROM article WHERE id = 2"), 'the standby follows');

my $server = web_server($standby);
$anna = $server->sign_in('anna');

# ---- reading ----

is($anna->get('/session')->{json}{read_only}, $true, 'the session is read-only');
my $read = gives($anna->get($row), 200, 'a row');
is_deeply([ @{ $read->{lock} }{qw(owner note is_mine)} ], [ 'anna', 'spelling', $true ], 'with its lock on the primary');
my $table = gives($anna->get('/tables/article'), 200, 'its table');
is_deeply([ map { $table->{may}{$_} } qw(select insert update delete protect break_locks take_over) ], [ $true, ($false) x 6 ], 'it may be read only');
gives($anna->get($_), 200, $_) for '/tables', '/tables/article/rows', '/locks', '/history', '/history?table=article&key=1', "$row/lock", "$row/draft", "$row/request";
is($server->client->get('//readyz')->{status}, 200, 'ready');

# ---- changing ----

my @changes = (
	[ put => $row, { token => $token, values => { body => 'x' } } ],
	[ put => path('article', 3), { values => { body => 'x' } } ],
	[ delete => $row, { token => $token } ],
	[ post => '/tables/article/rows', { values => { id => '99', title => 'x' } } ],
	[ post => "$row/lock", {} ],
	[ put => "$row/lock", { token => $token } ],
	[ delete => "$row/lock", { token => $token } ],
	[ put => "$row/draft", { token => $token, data => { body => 'x' } } ],
	[ post => path('article', 2) . '/lock', {} ]);
for my $change (@changes)
{
	my ($method, @rest) = @$change;
	my $reply = $anna->$method(@rest);
	if ($method eq 'put' && $rest[0] eq path('article', 3)) { refused_as($reply, 423, 'lock-required', "$method $rest[0] without a lock") }
	else { refused_as($reply, 403, 'read-only', "$method $rest[0]") }
}

# ---- the stream ----

my $stream = stream($server, $anna);
my $said = part($stream);
is_deeply([ $said->{event}, $said->{json} ], [ 'live', { live => $false } ], 'a stream says that it is not live');

# ---- promotion ----

$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'promoted');
$said = part($stream) until !$said || ($said->{event} // '') eq 'live' && $said->{json}{live};
ok($said, 'the same stream says that it is live');
is($anna->get('/session')->{json}{read_only}, $false, 'the session is no longer read-only');
gives($anna->post(path('article', 2) . '/lock'), 201, 'a row can be locked');
gives($anna->put($row, { token => $token, values => { body => 'promoted' } }), 200, 'and the lock of the old primary be saved with');

$_->stop_ok for $server, $on_primary;
done_testing();
