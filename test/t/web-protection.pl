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

# ---- protecting ----

sql($node, 'CREATE TABLE plain (id integer PRIMARY KEY, a text, b text); INSERT INTO plain VALUES (1, \'a\', \'b\'); GRANT ALL ON plain TO anna, bert, boss');
my $plain = path('plain', 1);
gives($anna->put($plain, { values => { a => 'free' } }), 200, 'a table that is not protected is written without lock');
refused_as($anna->post("$plain/lock"), 409, 'not-protected', 'and cannot be locked');
refused_as($anna->put('/tables/plain/protection', {}), 403, 'forbidden', 'not everybody protects');
my $settings = gives($boss->put('/tables/plain/protection', { hard => $false, columns => ['a'], ttl => 30, warning => 10.5 }), 200, 'protected');
is_deeply($settings, { hard => $false, required => $false, columns => ['a'], ttl => 30, warning => 10.5, parent => undef, guarded => $true }, 'with these settings');
is($anna->get('/tables/plain')->{json}{time_until_expiration}, 30, 'which the table shows');
gives($boss->put('/tables/plain/protection', { columns => ['a'] }), 200, 'settings anew');
my $token = token_of($bert, $plain);
gives($anna->put($plain, { values => { b => 'unguarded' } }), 200, 'a column that is not guarded is free');
refused_as($anna->put($plain, { values => { a => 'x' } }), 423, 'locked', 'a guarded one is not');
refused_as($boss->put('/tables/plain/protection', $_), 422, 'invalid', 'a bad setting: ' . json_of($_))
  for { ttl => 0 }, { ttl => -1 }, { ttl => 'x' }, { columns => ['nix'] }, { columns => 'a' }, { parent => 'nix' }, { hard => 'x' }, [], 'x';
gives($boss->delete('/tables/plain/protection'), 204, 'unprotected');
gives($anna->put($plain, { values => { a => 'free again' } }), 200, 'free again');
refused_as($boss->delete('/tables/plain/protection'), 409, 'not-protected', 'again');

# Who needs a lock to write.
sql($node, <<'SQL');
CREATE TABLE strict (id integer PRIMARY KEY, v text); INSERT INTO strict VALUES (1, 'v'), (2, 'v');
SELECT locking.protect('strict', required => true); GRANT ALL ON strict TO anna, bert;
SQL
my $strict = path('strict', 1);
refused_as($bert->put($strict, { values => { v => 'x' } }), 423, 'lock-required', 'a table that requires locks');
refused_as($bert->delete($strict), 423, 'lock-required', 'deleting there');
$token = token_of($anna, $strict, hard => $false);
refused_as($bert->put($strict, { values => { v => 'x' } }), 423, 'lock-required', 'a soft lock of another is none of one\'s own');
gives($anna->put($strict, { token => $token, values => { v => 'w' }, keep => $true }), 200, 'with the lock it goes');
gives($anna->delete($strict, { token => $token }), 204, 'deleting, too');
is(sql($node, 'SELECT count(*) FROM strict'), 1, 'it is gone');

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
refused_as($anna->get($his), 404, 'not-found', 'a row that one may not see is not there');
refused_as($anna->post("$his/lock"), 404, 'not-found', 'nor to be locked');
refused_as($anna->put($his, { values => { v => 'x' } }), 404, 'not-found', 'nor written');
refused_as($anna->delete($his), 404, 'not-found', 'nor deleted');
is($anna->get("$his/lock")->{json}{lock}, undef, 'its lock is not shown');
is_deeply([ map { $_->{key} } @{ $anna->get('/locks?table=mine')->{json}{locks} } ], ['2'], 'nor among all locks');
is_deeply([ grep { $_->{key} % 2 } @{ $anna->get('/tables/mine/rows')->{json}{rows} } ], [], 'nor among the rows');
is_deeply([ grep { $_->{key} eq '1' } @{ $anna->get('/history?table=mine')->{json}{events} } ], [], 'nor in the history');
is_deeply([ map { $_->{key} } @{ $anna->get('/tables/mine/rows?locked=true')->{json}{rows} } ], ['2'], 'nor among the locked ones');
refused_as($anna->put($hers, { token => $token, values => { who => 'bert' } }), 403, 'forbidden', 'giving a row away');
refused_as($anna->post('/tables/mine/rows', { values => { id => '50', who => 'bert' } }), 403, 'forbidden', 'making one for another');

$server->stop_ok;
done_testing();
