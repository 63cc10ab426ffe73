# All of openapi.json: each operation is made to give each documented
# response, which must match its schema.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
sql($node, <<'SQL');
CREATE TABLE line (article integer NOT NULL REFERENCES article, n integer, said text, PRIMARY KEY (article, n));
SELECT locking.protect('line', parent => 'line_article_fkey');
CREATE TABLE spare (id integer PRIMARY KEY);
CREATE TABLE keyless (body text);
CREATE TABLE secret (id integer PRIMARY KEY, other integer REFERENCES secret);
SELECT locking.protect('secret');
GRANT ALL ON line, spare, keyless TO anna, bert, boss;
SQL

my $server = web_server($node, '--max-body', 2000);
my %client = map { $_ => $server->sign_in($_) } qw(anna bert boss);
my ($anna, $bert, $boss) = @client{qw(anna bert boss)};
my $nobody = $server->client;

# The operations with a documented status: method, path, status, and the path
# with its parameters filled in.
my %sample = (table => 'article', key => '1', id => 'none');
sub operations_with
{
	my ($status) = @_;
	return map { [ @$_, $_->[1] =~ s/\{(\w+)\}/$sample{$1}/gr ] } grep { $_->[2] == $status } openapi()->outcomes;
}

sub gives
{
	my ($status, $reply, $name) = @_;
	is($reply->{status}, $status, $name) or diag($reply->{content});
	return $reply->{json};
}

# ---- the document itself ----

is_deeply([ openapi()->unknown_keywords ], [], 'schemas have no keyword that the validator would ignore');
is_deeply([ openapi()->wrong_examples ], [], 'the examples match their schemas');
is_deeply($anna->get('/openapi.json')->{json}, openapi()->{document}, 'the server serves it');
{
	open my $routes, '<', "$FindBin::RealBin/../../contrib_web/src/server/routes.c" or die "routes.c: $!\n";
	my @served = map { m{\{METHOD_(\w+), "/api/v1(/[^"]*)"} ? "$1 $2" : () } <$routes>;
	my %named = map { ("$_->[0] $_->[1]" => 1) } openapi()->outcomes;
	is_deeply([ sort @served ], [ sort keys %named ], 'the operations are the routes of the server');
}

# ---- successes, and refusals of single operations ----

my $row = '/tables/article/rows/1';
my $token = gives(201, $anna->post("$row/lock", { client => 'one', note => 'spelling' }), 'acquired')->{lock}{token};
gives(200, $anna->post("$row/lock", { client => 'one' }), 'renewed by acquiring');
gives(200, $anna->put("$row/lock", { token => $token, draft => { title => 'x' } }), 'renewed');
gives(200, $bert->get("$row/lock"), 'the lock');
gives(201, $bert->post("$row/request", { message => 'please' }), 'requested');
gives(200, $anna->get("$row/request"), 'the queue');
gives(204, $bert->delete("$row/request"), 'withdrawn');
$bert->post("$row/request");
gives(200, $anna->post("$row/request/decline", { owner => 'bert', message => 'not now' }), 'declined');
gives(204, $anna->put("$row/draft", { token => $token, data => { title => 'y' } }), 'a draft kept');
gives(200, $anna->get("$row/draft"), 'a draft read');
gives(204, $anna->post("$row/draft", { data => { title => 'y' }, client => 'two' }), 'a draft kept without a lock');
gives(204, $anna->put('/tables/article/draft', { data => { values => { title => 'z' }, label => 'z' }, client => 'two' }), 'a draft of a new row kept');
gives(204, $anna->post('/tables/article/draft', { data => 1 }), 'another');
gives(200, $anna->get('/tables/article/draft'), 'drafts of new rows read');
is_deeply([ map { $_->{key} } @{ gives(200, $anna->get('/drafts'), 'all drafts')->{drafts} } ], [ undef, undef, '1', '1' ], 'all drafts, the latest first');
gives(204, $anna->delete('/tables/article/draft'), 'drafts of new rows discarded');
gives(200, $anna->get($row), 'a row');
gives(200, $anna->get('/tables/article/rows'), 'rows');
gives(200, $anna->get('/tables/article/count?q=new'), 'a count');
gives(200, $anna->get('/tables/article/csv'), 'CSV');
gives(200, $anna->get('/tables/article/csv?columns=' . segment('[]')), 'CSV without columns');
gives(200, $anna->get('/tables/article/labels?keys=' . segment('["1"]')), 'labels');
gives(422, $anna->get('/tables/article/count?filter=' . segment('{"none": "1"}')), 'a count by a column that does not exist');
gives(200, $boss->get('/locks'), 'locks');
gives(200, $anna->put($row, { token => $token, values => { title => 'new' }, keep => JSON::PP::true }), 'saved');
gives(412, $anna->put($row, { token => $token, values => { title => 'x' } }, 'If-Match' => '"0"'), 'saving another version');
gives(412, $anna->delete($row, { token => $token }, 'If-Match' => '"0"'), 'deleting another version');
gives(204, $anna->delete("$row/draft"), 'a draft discarded');
gives(204, $anna->delete("$row/lock?token=$token"), 'released');
gives(409, $anna->put("$row/lock", { token => $token }), 'renewing a lock that has ended');
gives(409, $anna->put("$row/draft", { token => $token, data => {} }), 'a draft for a lock that has ended');
gives(409, $anna->post("$row/draft", { token => $token, data => {} }), 'a draft of a beacon for a lock that has ended');
gives(409, $anna->put($row, { token => $token, values => { title => 'z' } }), 'saving with a lock that has ended');
gives(409, $anna->delete($row, { token => $token }), 'deleting with a lock that has ended');
gives(409, $anna->post('/tables/line/rows', { token => $token, values => { article => '1', n => '1' } }), 'inserting with a lock that has ended');

# A repetition of a write whose row is gone
my %once = ('Idempotency-Key' => 'once');
gives(201, $anna->post('/tables/spare/rows', { values => { id => '7' } }, %once), 'inserted');
gives(200, $bert->put('/tables/spare/rows/7', { values => {} }, %once), 'saved');
gives(204, $anna->delete('/tables/spare/rows/7', undef, 'Idempotency-Key' => 'another'), 'deleted');
gives(410, $anna->post('/tables/spare/rows', { values => { id => '7' } }, %once), 'inserting again what has been deleted since');
gives(410, $bert->put('/tables/spare/rows/7', { values => {} }, %once), 'saving again what has been deleted since');

my $sessions = gives(200, $anna->get('/sessions'), 'the sessions')->{sessions};
is_deeply([ map { $_->{is_current} } @$sessions ], [ JSON::PP::true ], 'one session, this one');
$server->sign_in('anna');
gives(204, $anna->delete("/sessions/$_->{id}"), 'another session ended') for grep { !$_->{is_current} } @{ $anna->get('/sessions')->{json}{sessions} };

$token = $anna->post("$row/lock")->{json}{lock}{token};
gives(200, $anna->post("$row/lock/handover", { token => $token }), 'handed over to nobody');

$token = gives(200, $boss->post("$row/lock/takeover", { reason => 'tonight' }), 'taken over')->{lock}{token};
gives(423, $anna->post("$row/lock"), 'locked by another owner');
gives(423, $anna->put($row, { values => { title => 'z' } }), 'saving a row locked by another owner');
gives(423, $anna->delete($row), 'deleting a row locked by another owner');
gives(422, $anna->delete('/tables/article/rows/NaN', { values => { nope => '1' } }), 'deleting a row by a key that is none, with values of no column');
gives(423, $anna->post('/tables/line/rows', { values => { article => '1', n => '1' } }), 'inserting a child of a row locked by another owner');
gives(204, $boss->post("$row/lock/release", { token => $token }), 'released by beacon');
$anna->post("$row/lock");
gives(200, $boss->post("$row/lock/break"), 'broken');
gives(200, $boss->post('/locks/break', { locks => [ { table => 'article', key => '1' }, { table => 'nowhere', key => '1' } ] }), 'several broken');
gives(200, $anna->get('/history'), 'history');
sql($node, 'GRANT pg_monitor TO boss');
gives(200, $boss->get('/overview'), 'figures');
gives(200, $anna->post("$row/presence", { client => 'one', state => 'typing', field => 'title' }), 'present');
gives(200, $bert->get('/tables/article/presence'), 'who is present');
$anna->post("$row/presence", { client => "tab $_", state => 'idle' }) for 1 .. 49;
gives(429, $anna->post("$row/presence", { client => 'two' }), 'present too often');

gives(201, $anna->post('/tables/line/rows', { values => { article => '2', n => '1', said => 'hello' } }), 'inserted');
my $lines = '/tables/line/rows/' . segment('{2,1}');
$token = $anna->post("$lines/lock")->{json}{lock}{token};
gives(204, $anna->delete($lines, { token => $token }), 'deleted');
gives(200, $anna->get('/tables/line/choices?column=article'), 'choices');
gives(200, $anna->get('/tables'), 'tables');
gives(200, $anna->get('/tables/article'), 'a table');
gives(200, $boss->put('/tables/spare/protection', { ttl => 60 }), 'protected');
gives(204, $boss->delete('/tables/spare/protection'), 'unprotected');
gives(200, $anna->get('/session'), 'a session');
gives(204, $nobody->get('/session?optional=true'), 'no session, as optional');
{
	my $other = $server->sign_in('bert');
	gives(204, $other->delete('/session'), 'signed out');
}
# Only the head; streams are tested in web-events*.pl.
sub stream
{
	my ($client, %headers) = @_;
	my $wire = $server->wire->send_request($client, 'GET', '/events', undef, %headers);
	my $head = $wire->read_until(qr/\r\n\r\n/);
	my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
	my ($type) = $head =~ m{^Content-Type: (.*)\r$}m;
	$server->observe('GET', '/events', { status => $status, headers => { 'content-type' => $type }, content => '' }) if $status == 200;
	my ($id) = $status == 200 ? $wire->read_until(qr/^id: .*$/m) =~ /id: (.*)/ : ();
	$wire->close;
	return ($status, $id);
}
my ($status, $place) = stream($anna);
is($status, 200, 'a stream');
$anna->post("$row/lock");	# an event that this place has not seen

# ---- refusals common to all operations ----

sub refused_everywhere
{
	my ($status, $name, $ask) = @_;
	for my $operation (operations_with($status))
	{
		my ($method, $template, undef, $path) = @$operation;
		my $reply = $ask->($method, $path, $template) or next;
		gives($status, $reply, "$name: $method $template");
	}
	return;
}

my %has_body = map { ("$_->[0] $_->[3]" => 1) } operations_with(415);
sub body_of
{
	my ($method, $path) = @_;
	return undef unless $has_body{"$method $path"};
	return $path =~ /presence$/ ? { client => 'one' } : {};
}

refused_everywhere(400, 'broken encoding', sub { my ($method, $path) = @_; return $anna->request($method, "$path?q=%zz", body_of($method, $path)) });
refused_everywhere(401, 'not signed in', sub {
	my ($method, $path, $template) = @_;
	return "$method $template" eq 'POST /session' ? $nobody->sign_in('anna', 'wrong') : $nobody->request($method, $path, body_of($method, $path));
});
refused_everywhere(413, 'body too large', sub { my ($method, $path) = @_; return $anna->request($method, $path, { values => {}, more => 'x' x 3000 }) });
refused_everywhere(415, 'another content type', sub { my ($method, $path) = @_; return $anna->request($method, $path, \'<a/>', 'Content-Type' => 'text/html') });
refused_everywhere(403, 'no privilege', sub {
	my ($method, $path, $template) = @_;
	# only without the proxy, see below
	return if $method eq 'GET' && $template !~ /\{table\}/;
	return $method eq 'GET' ? $anna->get($template =~ s/\{table\}/secret/r =~ s/\{key\}/1/r . ($path =~ /choices/ ? '?column=other' : ''))
	  : $anna->request($method, $path, body_of($method, $path), 'X-CSRF-Token' => 'wrong', Origin => 'https://example.com');
});
refused_everywhere(404, 'no such table', sub {
	my ($method, $path, $template) = @_;
	my $asked = $template =~ s/\{table\}/nowhere/r =~ s/\{key\}/1/r;
	return $boss->request($method, $asked eq $template ? "$path?table=nowhere" : $asked,
		$path =~ /draft$|lock$|release$/ && $method ne 'GET' && !($path =~ /draft$/ && $method eq 'DELETE') ? { token => 1, data => {} }
		: $path =~ /rows/ && $has_body{"$method $path"} ? { values => {}, client => 'one' } : body_of($method, $path));
});
refused_everywhere(409, 'no key', sub {
	my ($method, $path, $template) = @_;
	my $key = $method eq 'GET' || $template =~ /protection|request|draft|takeover|break|presence|lock$/;
	return $key && !$server->{outcomes}{"$method $template 409"} && $boss->request($method, $template =~ s/\{table\}/keyless/r =~ s/\{key\}/1/r,
		$template =~ /decline/ ? { owner => 'bert' } : body_of($method, $path));
});
refused_everywhere(422, 'invalid JSON or values', sub {
	my ($method, $path, $template) = @_;
	return if $template =~ /count$/; # above
	return $anna->request($method, $path, \'{"token": ') if $has_body{"$method $path"};
	return $anna->request($method, $template =~ s/\{table\}/article/r =~ s/\{key\}/abc/r . '?limit=0&client=' . 'c' x 2000);
});

# A role that may not read a table does not learn whether it is protected.
sql($node, 'CREATE TABLE hidden (id integer PRIMARY KEY)');
for my $ask ([ 'GET', 'lock' ], [ 'POST', 'lock' ], [ 'POST', 'request' ], [ 'DELETE', 'request' ], [ 'GET', 'draft' ], [ 'DELETE', 'draft' ])
{
	my ($method, $what) = @$ask;
	my @refusals = map { $anna->request($method, "/tables/$_/rows/1/$what", body_of($method, $what)) } qw(secret hidden);
	is($_->{status}, 403, "$method $what of a table without SELECT") for @refusals;
}

# ---- the authenticating proxy: requests around it, too many through it ----

sql($node, 'GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web');
sub proxied { return web_server($node, '--user-header', 'X-Remote-User', @_) }
sub noted { my ($reply, @operation) = @_; $server->observe(@operation, $reply); return $reply }
{
	my $proxied = proxied('--trusted-proxy', '192.0.2.1');
	my $client = $proxied->client(headers => { 'X-Remote-User' => 'ann' });
	for my $operation (operations_with(403))
	{
		my ($method, $template, undef, $path) = @$operation;
		gives(403, noted($client->request($method, $path, body_of($method, $path)), $method, $path), "not through the proxy: $method $template");
	}
	$proxied->stop_ok;
}
{
	my $proxied = proxied('--trusted-proxy', '127.0.0.1', '--max-sessions', 1, '--max-streams', 1);
	my $ann = $proxied->client(headers => { 'X-Remote-User' => 'ann' });
	$ann->enter($ann->get('/session'));
	gives(429, noted($proxied->client(headers => { 'X-Remote-User' => 'bob' })->get('/session'), 'GET', '/session'), 'one session too many');
	my $stream = $proxied->wire->send_request($ann, 'GET', '/events', undef, 'X-Remote-User' => 'ann');
	$stream->read_until(qr/^id: /m);
	gives(429, noted($ann->get('/events'), 'GET', '/events'), 'one stream too many');
	$proxied->stop_ok;
}

# ---- too many attempts and requests, no database ----

{
	my $throttling = web_server($node);
	my ($reply) = guess_until_throttled('anna', $throttling->client);
	$server->observe('POST', '/session', $reply);
	gives(429, $reply, 'too many attempts');
	$throttling->stop_ok;
}
{
	my $busy = web_server($node, '--workers', 1, '--queue', 1);
	my $client = $busy->sign_in('anna');
	my $session = session($node);
	$session->query('BEGIN; LOCK TABLE article');
	my $wire = $busy->wire->send_request($client, 'GET', '/tables/article/rows');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted"), 'the only worker waits');
	my $behind = $busy->wire->send_request($client, 'GET', '/tables/article/rows');
	like($busy->client->get('//metrics')->{content}, qr/^locking_web_requests_waiting 1$/m, 'a request waits for it');
	my $reply = $client->delete('/session');
	gives(503, $reply, 'the queue is full');
	$server->observe('DELETE', '/session', $reply);
	$session->query('COMMIT');
	is($_->read_reply->{status}, 200, 'waiting requests are answered') for $wire, $behind;
	$session->quit;
	$busy->stop_ok;
}
$node->stop('fast');
refused_everywhere(503, 'no database', sub {
	my ($method, $path, $template) = @_;
	return $server->client->sign_in('bert', 'bert-pw') if "$method $template" eq 'POST /session';
	return if "$method $template" eq 'DELETE /session';
	return $anna->request($method, $path, body_of($method, $path), $template eq '/events' ? ('Last-Event-ID' => $place) : ());
});

# ---- completeness ----

for my $outcome (map { "@$_" } openapi()->outcomes)
{
	ok($server->{outcomes}{$outcome}, "$outcome was provoked");
}
$server->stop_ok;
done_testing();
