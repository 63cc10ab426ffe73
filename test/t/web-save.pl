# The protocol of an editor: lock, read, save, delete; refused and lost locks;
# requests for a lock.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebRows;

my $node = new_web_node('main');
my $server = web_server($node);
my ($anna, $bert, $boss, $reader) = map { $server->sign_in($_) } qw(anna bert boss reader);
my $row = path('article', 1);

sub lapse
{
	my ($token) = @_;
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE token = $token");
	return;
}

# ---- lock, read, save ----

my $lock = gives($anna->post("$row/lock", { client => 'tab 1', note => 'spelling', ttl => 90 }), 201, 'locked')->{lock};
is("$lock->{table} $lock->{name} $lock->{key} $lock->{owner} $lock->{owner_name} $lock->{client} $lock->{note}",
	'public.article article 1 anna Anna Albers tab 1 spelling', 'the lock has table, key, owner and note');
ok($lock->{is_mine} && $lock->{hard} && $lock->{seconds_left} > 60 && $lock->{seconds_left} <= 90, 'the lock has its expiry');
my $token = $lock->{token};
my $read = gives($anna->get($row), 200, 'read');
is_deeply($read->{values}, { id => '1', title => 'title 1', body => 'body' }, 'all values are text');
is($read->{lock}{token}, $token, 'a row is read with its lock');
my $seen = gives($bert->get($row), 200, 'another user reads')->{lock};
is($seen->{token}, undef, 'another user does not get the token');
is($seen->{is_mine}, $false, 'is_mine is false for another user');

my $renewed = gives($anna->put("$row/lock", { token => $token, draft => { body => 'bod' } }), 200, 'renewed, with a draft');
cmp_ok($renewed->{seconds_left}, '>', 60, 'a renewal is for the ttl of the acquisition');
my $saved = gives($anna->put($row, { token => $token, values => { body => 'better' }, keep => $true, discard_draft => $false }), 200, 'saved, and kept');
is("$saved->{values}{body} $saved->{values}{title} $saved->{lock}{token}", "better title 1 $token", 'only the values sent have changed, the lock is the same');
is(gives($anna->get("$row/draft"), 200, 'the draft')->{drafts}[0]{data}{body}, 'bod', 'the draft is kept on request');
$saved = gives($anna->put($row, { token => $token, values => { body => 'best' } }), 200, 'saved, and released');
is($saved->{lock}, undef, 'released');
is($bert->get("$row/lock")->{json}{lock}, undef, 'the released lock is gone for all users');
is_deeply($anna->get("$row/draft")->{json}{drafts}, [], 'the draft is discarded');
is(sql($node, 'SELECT body FROM article WHERE id = 1'), 'best', 'the table has the saved value');

# ---- refused ----

$token = token_of($anna, $row);
for my $refusal ([ $bert->put($row, { values => { body => 'x' } }), 'saving' ], [ $bert->delete($row), 'deleting' ], [ $bert->post("$row/lock"), 'locking' ])
{
	my $problem = refused_as($refusal->[0], 423, 'locked', "$refusal->[1] a row that another user holds");
	is("$problem->{lock}{owner} $problem->{lock}{owner_name}", 'anna Anna Albers', 'the refusal has the holder');
	like($problem->{detail}, qr/Anna Albers/, 'the detail of the refusal has the holder');
	is($problem->{row}{values}{body}, 'best', 'the refusal has the values of the row');
}
refused_as($bert->put($row, { token => $token, values => { body => 'x' } }), 403, 'forbidden', 'saving with the token of the holder');
refused_as($bert->put("$row/lock", { token => $token }), 403, 'forbidden', 'renewing with the token of the holder');
refused_as($bert->delete("$row/lock", { token => $token }), 403, 'forbidden', 'releasing with the token of the holder');
refused_as($bert->put("$row/draft", { token => $token, data => 'x' }), 403, 'forbidden', 'a draft with the token of the holder');
refused_as($anna->put($row, { values => { body => 'x' } }), 423, 'lock-required', 'the holder without a token');
refused_as($anna->put(path('article', 2), { values => { body => 'x' } }), 423, 'lock-required', 'a row that is not locked');
my $other = token_of($anna, path('article', 2));
refused_as($anna->put($row, { token => $other, values => { body => 'x' } }), 409, 'lost', 'the token of another row');
refused_as($anna->delete($row, { token => $other }), 409, 'lost', 'deleting with the token of another row');
is(sql($node, 'SELECT body FROM article WHERE id = 1'), 'best', 'the row is unchanged');
is($anna->get("$row/lock")->{json}{lock}{token}, $token, 'the lock is unchanged');
refused_as($reader->post("$row/lock"), 403, 'forbidden', 'a role that may not write cannot lock');

my $soft = path('article', 3);
token_of($anna, $soft, hard => $false);
gives($bert->put($soft, { values => { body => 'soft' } }), 200, 'a soft lock does not keep others from saving');

# ---- lost ----

gives($anna->put("$row/lock", { token => $token, draft => { body => 'unsaved' } }), 200, 'a draft before the takeover');
refused_as($bert->post("$row/lock/takeover"), 403, 'forbidden', 'a takeover without the privilege');
refused_as($bert->post("$row/lock/break"), 403, 'forbidden', 'breaking without the privilege');
my $taken = gives($boss->post("$row/lock/takeover", { reason => 'print', client => 'boss tab' }), 200, 'taken over');
is("$taken->{outcome} $taken->{lock}{owner}", 'granted boss', 'the boss has the lock');
for my $refusal ([ $anna->put("$row/lock", { token => $token, draft => { body => 'later' } }), 'renewing' ],
	[ $anna->put($row, { token => $token, values => { body => 'x' } }), 'saving' ], [ $anna->delete($row, { token => $token }), 'deleting' ],
	[ $anna->put("$row/draft", { token => $token, data => {} }), 'a draft' ])
{
	my $problem = refused_as($refusal->[0], 409, 'lost', "$refusal->[1] after the takeover");
	is("$problem->{lock}{owner} $problem->{row}{values}{body}", 'boss best', 'the refusal has the present lock and row');
	like($problem->{detail}, qr/^the lock with token $token on row "1" of table "article" is lost$/, 'the detail names the row');
	like($problem->{cause}, qr/^It was taken over by boss at .*: print\.$/, 'the cause names actor and reason');
}
gives($anna->delete("$row/lock", { token => $token }), 204, 'releasing a lock that has ended is no error');
is(gives($anna->get("$row/draft"), 200, 'her draft')->{drafts}[0]{data}{body}, 'unsaved', 'the draft of the former holder is kept');
is_deeply($boss->get("$row/draft")->{json}{drafts}, [], 'a draft is visible only to its owner');
is($boss->get("$row/lock")->{json}{lock}{token}, $taken->{lock}{token}, 'the new lock is unchanged');
gives($boss->put($row, { token => $taken->{lock}{token}, values => { body => 'printed' } }), 200, 'the boss saves');

is_deeply(gives($boss->post("$row/lock/break", { reason => 'x' }), 200, 'breaking the lock of a free row')->{broken}, $false, 'no lock is broken');
$token = token_of($anna, $row);
is_deeply(gives($boss->post("$row/lock/break", { reason => 'gone home' }), 200, 'breaking a lock')->{broken}, $true, 'the lock is broken');
like(refused_as($anna->put($row, { token => $token, values => { body => 'x' } }), 409, 'lost', 'saving with a broken lock')->{cause},
	qr/^It was broken by boss at .*: gone home\.$/, 'the cause of a broken lock');
my @told = map { "$_->{event} $_->{owner} by $_->{actor}: " . ($_->{reason} // '') } grep { $_->{event} =~ /taken|broken/ }
  @{ gives($boss->get('/history?table=article&key=1'), 200, 'the history')->{events} };
is_deeply(\@told, [ 'broken anna by boss: gone home', 'taken_over anna by boss: print' ], 'the history has actors and reasons');

$token = token_of($anna, $row);
$anna->put("$row/draft", { token => $token, data => { body => 'lapsed' } });
lapse($token);
is(gives($anna->post("$row/lock"), 200, 'a lapsed lock')->{outcome}, 'resumed', 'a lapsed lock is resumed');
lapse($token);
gives($anna->put($row, { token => $token, values => { body => 'resumed' }, discard_draft => $false }), 200, 'saving also resumes a lapsed lock');
is($anna->get("$row/draft")->{json}{drafts}[0]{data}{body}, 'lapsed', 'the draft outlives the lock');
$token = token_of($anna, $row);
lapse($token);
sql($node, "UPDATE article SET body = 'meanwhile' WHERE id = 1");
is(refused_as($anna->put($row, { token => $token, values => { body => 'x' } }), 409, 'lost', 'a lapsed lock of a row that was changed')->{row}{values}{body},
	'meanwhile', 'the refusal has the new values');
gives($anna->delete("$row/draft"), 204, 'discarded');

# ---- another window ----

$token = token_of($anna, $row, client => 'tab 1');
my $elsewhere = refused_as($anna->post("$row/lock", { client => 'tab 2' }), 423, 'held-elsewhere', 'a second tab');
is("$elsewhere->{lock}{client} $elsewhere->{lock}{token}", "tab 1 $token", 'the second tab gets the lock of the first');
is(gives($anna->post("$row/lock", {}), 200, 'a request without a client')->{lock}{token}, $token, 'a request without a client shares the lock');

# ---- requests ----

gives($bert->post("$row/request", { message => 'please' }), 201, 'bert requests');
my $queue = gives($boss->post("$row/request"), 201, 'the boss requests')->{requests};
is_deeply([ map { [ @$_{qw(place owner message)} ] } @$queue ], [ [ 1, 'bert', 'please' ], [ 2, 'boss', undef ] ], 'requests are in the order of arrival');
is_deeply([ map { $_->{is_mine} } @$queue ], [ $false, $true ], "is_mine marks the reader's own request");
gives($bert->post("$row/request", { message => 'now' }), 201, 'requesting again');
is_deeply([ map { "$_->{owner} $_->{message}" } $anna->get("$row/request")->{json}{requests}[0] ], ['bert now'], 'a repeated request keeps its place');
gives($bert->delete("$row/request"), 204, 'withdrawn');
is_deeply([ map { $_->{owner} } @{ $anna->get("$row/request")->{json}{requests} } ], ['boss'], 'a withdrawn request is gone');

# ---- handing over, and turns ----

$anna->delete("$row/lock", { token => $token });
my $offered = $boss->get("$row/lock")->{json}{lock};
is_deeply([ @$offered{qw(owner is_mine handed_over)} ], [ 'boss', $true, $true ], 'a released row is handed over to the requester');
is(gives($boss->post("$row/lock", { client => 'tab 1' }), 201, 'locked by the requester')->{lock}{token}, $offered->{token}, 'the token is kept');
gives($anna->post("$row/request"), 201, 'anna requests');
lapse($offered->{token});
sql($node, "UPDATE article SET body = 'meanwhile' WHERE id = 1");
is(refused_as($bert->post("$row/lock"), 423, 'locked', 'in the turn of another user')->{detail},
	'the row is reserved for ' . ($anna->get("$row/request")->{json}{requests}[0]{owner_name} // 'anna') . ', who requested it earlier', 'the reason');
gives($anna->delete("$row/lock", { token => token_of($anna, $row) }), 204, 'anna locks and releases');

# ---- deleting, inserting, changing the key ----

my $made = $anna->post('/tables/article/rows', { values => { id => '100', title => 'new', body => '' } });
is(gives($made, 201, 'inserted')->{values}{body}, '', 'an empty text is not null');
is($made->{headers}{location}, '/api/v1/tables/article/rows/100', 'Location has the path');
my $new = path('article', 100);
$token = token_of($anna, $new);
is(gives($anna->put($new, { token => $token, values => { body => undef }, keep => $true }), 200, 'null')->{values}{body}, undef, 'a null is saved as null');
is(sql($node, 'SELECT body IS NULL FROM article WHERE id = 100'), 't', 'the table has the null');
$saved = gives($anna->put($new, { token => $token, values => { id => '101' }, keep => $true }), 200, 'another key');
is("$saved->{key} $saved->{lock}{key} $saved->{lock}{token}", "101 101 $token", 'another key moves the lock');
refused_as($anna->get($new), 404, 'not-found', 'the old key has no row');
gives($anna->delete(path('article', 101), { token => $token }), 204, 'deleted');
is(sql($node, "SELECT count(*) FROM locking.lock WHERE key = '101'"), 0, 'a deleted row has no lock');
refused_as($anna->put(path('article', 999), { values => { body => 'x' } }), 404, 'not-found', 'saving a row that does not exist');
refused_as($anna->delete(path('article', 999)), 404, 'not-found', 'deleting a row that does not exist');
refused_as($anna->post(path('article', 999) . '/lock'), 404, 'not-found', 'locking a row that does not exist');

# ---- the draft of a row that is gone ----

my $gone = path('article', 102);
gives($anna->post('/tables/article/rows', { values => { id => '102', title => 'short-lived' } }), 201, 'inserted');
gives($anna->put("$gone/draft", { data => { values => { body => 'my only copy' } }, client => 'tab 1' }), 204, 'a draft');
sql($node, 'DELETE FROM article WHERE id = 102');
my ($listed) = grep { ($_->{key} // '') eq '102' } @{ gives($anna->get('/drafts'), 200, 'all drafts')->{drafts} };
is($listed->{table}, 'public.article', 'the draft of a deleted row is listed');
is(gives($anna->get("$gone/draft"), 200, 'of a deleted row')->{drafts}[0]{data}{values}{body}, 'my only copy', 'the draft of a deleted row is read');
refused_as($bert->get("$gone/draft"), 404, 'not-found', 'a draft of another user, of a deleted row');
sql($node, 'REVOKE SELECT ON article FROM anna');
refused_as($anna->get("$gone/draft"), 403, 'forbidden', 'a draft of a deleted row of a table that is not readable any more');
sql($node, 'GRANT SELECT ON article TO anna');
gives($anna->delete("$gone/draft"), 204, 'discarded');
refused_as($anna->get("$gone/draft"), 404, 'not-found', 'a row that is gone, without a draft');

$server->stop_ok;
done_testing();
