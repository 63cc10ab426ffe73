# Which rows can be locked and written: protection and its settings, required
# locks, row security.
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
my ($anna, $bert, $boss) = map { $server->sign_in($_) } qw(anna bert boss);

# ---- protect() and its settings ----

sql($node, 'CREATE TABLE plain (id integer PRIMARY KEY, a text, b text); INSERT INTO plain VALUES (1, \'a\', \'b\'); GRANT ALL ON plain TO anna, bert, boss');
my $plain = path('plain', 1);
gives($anna->put($plain, { values => { a => 'free' } }), 200, 'a table that is not protected is written without a lock');
refused_as($anna->post("$plain/lock"), 409, 'not-protected', 'a row of a table that is not protected cannot be locked');
refused_as($anna->put('/tables/plain/protection', {}), 403, 'forbidden', 'protecting needs a privilege');
my $settings = gives($boss->put('/tables/plain/protection', { hard => $false, columns => ['a'], ttl => 30, warning => 10.5 }), 200, 'protected');
is_deeply($settings, { hard => $false, required => $false, columns => ['a'], ttl => 30, warning => 10.5, parent => undef, guarded => $true }, 'the reply has the settings');
is($anna->get('/tables/plain')->{json}{time_until_expiration}, 30, 'the table has the duration');
gives($boss->put('/tables/plain/protection', { columns => ['a'] }), 200, 'other settings');
my $token = token_of($bert, $plain);
gives($anna->put($plain, { values => { b => 'unguarded' } }), 200, 'a column that is not guarded can be written');
refused_as($anna->put($plain, { values => { a => 'x' } }), 423, 'locked', 'a guarded column cannot be written');
refused_as($boss->put('/tables/plain/protection', $_), 422, 'invalid', 'a bad setting: ' . json_of($_))
  for { ttl => 0 }, { ttl => -1 }, { ttl => 'x' }, { columns => ['nix'] }, { columns => 'a' }, { parent => 'nix' }, { hard => 'x' }, [], 'x';
gives($boss->delete('/tables/plain/protection'), 204, 'unprotected');
gives($anna->put($plain, { values => { a => 'the table can be written again' } }), 200, 'the table can be written again');
refused_as($boss->delete('/tables/plain/protection'), 409, 'not-protected', 'unprotecting again');

# ---- required locks ----

sql($node, <<'SQL');
CREATE TABLE strict (id integer PRIMARY KEY, v text); INSERT INTO strict VALUES (1, 'v'), (2, 'v');
SELECT locking.protect('strict', required => true); GRANT ALL ON strict TO anna, bert;
SQL
my $strict = path('strict', 1);
refused_as($bert->put($strict, { values => { v => 'x' } }), 423, 'lock-required', 'a table that requires locks');
refused_as($bert->delete($strict), 423, 'lock-required', 'deleting from it');
$token = token_of($anna, $strict, hard => $false);
refused_as($bert->put($strict, { values => { v => 'x' } }), 423, 'lock-required', 'a soft lock of another owner does not help');
gives($anna->put($strict, { token => $token, values => { v => 'w' }, keep => $true }), 200, 'saving with a lock');
gives($anna->delete($strict, { token => $token }), 204, 'deleting with a lock');
is(sql($node, 'SELECT count(*) FROM strict'), 1, 'the row is deleted');

# ---- a table that loses its protection while it is read ----

# A read plans its statement, which then waits for the lock on the table.
for my $read ('/rows/1', '/rows')
{
	sql($node, q(CREATE TABLE left_open (id integer PRIMARY KEY, v text); INSERT INTO left_open VALUES (1, 'v'); SELECT locking.protect('left_open'); GRANT ALL ON left_open TO anna));
	my $writer = session($node);
	$writer->query('BEGIN; LOCK TABLE left_open');
	my $reader = $server->wire->send_request($anna, 'GET', "/tables/left_open$read");
	ok($node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'anna')), "$read waits");
	$writer->query(q(SELECT locking.unprotect('left_open'); COMMIT));
	gives($reader->read_reply, 200, "$read without the protection");
	$writer->quit;
	sql($node, 'DROP TABLE left_open');
}

# ---- row security ----

sql($node, <<'SQL');
CREATE TABLE mine (id integer PRIMARY KEY, who text, v text);
INSERT INTO mine SELECT g, (ARRAY['anna', 'bert'])[g % 2 + 1], 'v' FROM generate_series(1, 20) g;
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mine USING (who = current_user);
SELECT locking.protect('mine'); GRANT ALL ON mine TO anna, bert;
SQL
my ($hers, $his) = (path('mine', 2), path('mine', 1));
$token = token_of($anna, $hers);
token_of($bert, $his);
refused_as($anna->get($his), 404, 'not-found', 'a hidden row: read');
refused_as($anna->post("$his/lock"), 404, 'not-found', 'a hidden row: lock');
refused_as($anna->put($his, { values => { v => 'x' } }), 404, 'not-found', 'a hidden row: save');
refused_as($anna->delete($his), 404, 'not-found', 'a hidden row: delete');
is($anna->get("$his/lock")->{json}{lock}, undef, 'a hidden row: its lock');
is_deeply([ map { $_->{key} } @{ $anna->get('/locks?table=mine')->{json}{locks} } ], ['2'], 'hidden rows are not in the list of locks');
is_deeply([ grep { $_->{key} % 2 } @{ $anna->get('/tables/mine/rows')->{json}{rows} } ], [], 'hidden rows are not in the list of rows');
is_deeply([ grep { $_->{key} eq '1' } @{ $anna->get('/history?table=mine')->{json}{events} } ], [], 'hidden rows are not in the history');
is_deeply([ map { $_->{key} } @{ $anna->get('/tables/mine/rows?locked=true')->{json}{rows} } ], ['2'], 'hidden rows are not in the list of locked rows');
refused_as($anna->put($hers, { token => $token, values => { who => 'bert' } }), 403, 'forbidden', 'changing the owner of a row');
refused_as($anna->post('/tables/mine/rows', { values => { id => '50', who => 'bert' } }), 403, 'forbidden', 'inserting a row of another owner');

$server->stop_ok;
done_testing();
