# django-locking's AJAX contract: what pages written for it request, and the
# exact responses.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run ();
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
sql($node, <<'SQL');
CREATE TABLE news_story (id integer PRIMARY KEY, title text);
CREATE TABLE "My-App_Big_Thing" (id bigint PRIMARY KEY, title text);
CREATE TABLE news_free (id integer PRIMARY KEY);
CREATE TABLE news_private (id integer PRIMARY KEY);
CREATE TABLE news_hidden (id integer PRIMARY KEY);
INSERT INTO news_story SELECT g, 'title' FROM generate_series(1, 3) g;
INSERT INTO "My-App_Big_Thing" VALUES (9223372036854775807, 'title');
INSERT INTO news_private VALUES (1);
SELECT locking.protect(t) FROM unnest('{news_story,"\"My-App_Big_Thing\"",news_private}'::regclass[]) t;
GRANT ALL ON news_story, "My-App_Big_Thing", news_free TO anna, bert, boss;
GRANT SELECT ON news_story TO reader;
SQL

my $server = web_server($node);
my %client = map { $_ => $server->sign_in($_) } qw(anna bert boss reader);
my ($anna, $bert, $boss, $reader) = @client{qw(anna bert boss reader)};
my $nobody = $server->client;

# A request below the base, as jQuery sends it.
my %script = ('X-Requested-With' => 'XMLHttpRequest');
sub call
{
	my ($client, $path, %headers) = @_;
	return $client->get("//admin/ajax/$path", undef, %script, %headers);
}
sub is_empty
{
	my ($reply, $status, $name) = @_;
	return is("$reply->{status} '$reply->{content}'", "$status ''", $name);
}
sub lock_is
{
	my ($client, $path, $active, $user, $applies, $name) = @_;
	my $reply = call($client, $path);
	is("$reply->{status} $reply->{headers}{'content-type'}", '200 application/json', "$name: JSON");
	my ($true, $false) = (JSON::PP::true, JSON::PP::false);
	return is_deeply($reply->{json}, { is_active => $active ? $true : $false, for_user => $user, applies => $applies ? $true : $false }, $name);
}

# ---- one row, two editors ----

my $story = 'news/story/1';
lock_is($anna, "$story/is_locked/", 0, undef, 0, 'a free row');
is_empty(call($anna, "$story/unlock/"), 403, 'unlocking a free row');
is_empty(call($boss, "$story/unlock/"), 403, 'breaking the lock of a free row');
is_empty(call($anna, "$story/lock/"), 200, 'locked');
lock_is($anna, "$story/is_locked/", 1, 'anna', 0, 'the lock does not apply to its holder');
lock_is($bert, "$story/is_locked/", 1, 'anna', 1, 'it applies to others');
is_empty(call($anna, "$story/lock/"), 200, 'locking again renews');
is_empty(call($bert, "$story/lock/?_=1290000000000"), 403, 'another user cannot lock the row');
is_empty(call($bert, "$story/unlock/"), 403, 'another user cannot unlock the row');
lock_is($bert, "$story/is_locked/?_=1290000000000", 1, 'anna', 1, 'the lock is unchanged');
is_empty(call($anna, "$story/unlock/"), 200, 'unlocked');
lock_is($bert, "$story/is_locked/", 0, undef, 0, 'the row is free');
is_empty(call($bert, "$story/lock/"), 200, 'the other user locks it');
is(sql($node, 'SELECT count(*) FROM locking.lock'), 1, 'a row has one lock');
is_empty(call($boss, "$story/unlock/"), 200, 'a role that may break locks unlocks it');
is(sql($node, "SELECT string_agg(event || ' ' || actor, ', ' ORDER BY id) FROM locking.history WHERE event <> 'acquired'"), 'released anna, broken boss', 'the history has who ended each lock');
call($anna, "$story/lock/");
sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second'");
lock_is($bert, "$story/is_locked/", 0, undef, 0, 'a lapsed lock');

my $big = 'My-App/Big_Thing/9223372036854775807';
is_empty(call($anna, "$big/lock/"), 200, 'app and model name the table');
lock_is($bert, "$big/is_locked/", 1, 'anna', 1, 'the lock of that row');

# ---- how long a lock lasts ----

# Seconds from now until the lock of a story ends.
sub seconds_left { return sql($node, "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM locking.lock WHERE relation = 'news_story'::regclass AND key = '$_[0]' AND expires_at > clock_timestamp()") || 0 }
sub ends_in
{
	my ($id, $from, $to, $name) = @_;
	my $left = seconds_left($id);
	return ok($left > $from && $left <= $to, $name) || diag("$left seconds");
}
sub shorten
{
	my ($id) = @_;
	return sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() + interval '30 seconds' WHERE relation = 'news_story'::regclass AND key = '$id'");
}

sql($node, 'SELECT locking.break_lock(relation, key, NULL) FROM locking.locks');
is_empty(call($anna, 'news/story/2/lock/'), 200, 'a lock of a page that cannot unlock it');
ends_in(2, 60, 90, 'it is shorter than others');
shorten(2);
call($bert, 'news/story/2/is_locked/');
ends_in(2, 0, 30, 'others do not renew it by is_locked');
call($anna, 'news/story/2/is_locked/', 'X-Requested-With' => undef);
ends_in(2, 0, 30, 'what is not a script does not renew it');
lock_is($anna, 'news/story/2/is_locked/', 1, 'anna', 0, 'its page asks');
ends_in(2, 60, 90, 'its page renews it by is_locked');
call($anna, 'news/story/2/unlock/');
call($anna, 'news/story/2/is_locked/');
is(seconds_left(2), 0, 'is_locked locks nothing');
is($anna->post('/tables/news_story/rows/2/lock', { ttl => 600 })->{status}, 201, 'a lock of another page');
call($anna, 'news/story/2/lock/');
ends_in(2, 500, 600, 'it is not shortened');
shorten(2);
call($anna, 'news/story/2/is_locked/');
ends_in(2, 500, 600, 'it is renewed for its own time');
call($anna, 'news/story/2/unlock/');
sql($node, "SELECT locking.protect('news_story', ttl => '40 seconds')");
call($anna, 'news/story/2/lock/');
ends_in(2, 10, 40, 'a lock lasts at most as long as the table says');
call($anna, 'news/story/2/unlock/');
sql($node, "SELECT locking.protect('news_story', ttl => NULL)");

# ---- refused ----

is_empty(call($nobody, "$story/$_/"), 401, "not signed in: $_") for qw(is_locked lock unlock);
is_empty(call($reader, "$story/lock/"), 401, 'no permission to change the row');
lock_is($reader, "$story/is_locked/", 0, undef, 0, 'a role that may read the row sees its lock');
for my $call (qw(is_locked lock unlock))
{
	is_empty(call($anna, "news/private/1/$call/"), 401, "no permission on the table: $call");
	is_empty(call($anna, "news/hidden/1/$call/"), 401, "no permission on an unprotected table: $call");
	is_empty(call($anna, "news/free/1/$call/"), 409, "an unprotected table: $call");
	is_empty(call($anna, "$_/$call/"), 404, "not in the contract: $_/$call")
	  for 'news/nowhere/1', 'news/story/x', 'news/story/-1', 'news/story/1.0', 'news/story/', 'news/st%22ory/1', 'news/st.ory/1', 'n%C3%A9ws/story/1', 'news/story/1%20';
	is(call($anna, "$story/$call")->{status}, 404, "$call without a trailing slash");
	is($anna->post("//admin/ajax/$story/$call/", {})->{status}, 405, "$call needs GET");
}
is_empty(call($anna, "news/story/$_/lock/"), 404, "no such row: $_") for 999, 99_999_999_999, '9' x 30;
is(call($anna, "news/story/1%ff/lock/")->{status}, 400, 'not UTF-8');

# A GET that changes something must come from a page of the same site.
my %foreign = (Origin => 'https://example.com', Referer => 'https://example.com/page', 'Sec-Fetch-Site' => 'cross-site');
for my $call (qw(lock unlock))
{
	is_empty(call($anna, "news/story/2/$call/", $_ => $foreign{$_}), 403, "$call by a page of another site, by its $_") for sort keys %foreign;
}
lock_is($anna, 'news/story/2/is_locked/', 0, undef, 0, 'no lock was acquired');

# It must come from a script: other requests of a browser, also from a page of
# the same site, are refused.
my %sends = (
	'a typed address' => { 'Sec-Fetch-Site' => 'none', 'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document', 'Sec-Fetch-User' => '?1' },
	'a link' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document', Referer => $server->{url} },
	'an image' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'no-cors', 'Sec-Fetch-Dest' => 'image', Referer => $server->{url} },
	'an image with credentials' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Dest' => 'image', Origin => $server->{url} =~ s{/$}{}r },
	'a frame' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'iframe', Referer => $server->{url} },
	'a prefetch' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'no-cors', 'Sec-Fetch-Dest' => 'empty', 'Sec-Purpose' => 'prefetch', Referer => $server->{url} },
	'a preload' => { 'Sec-Fetch-Site' => 'same-origin', 'Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Dest' => 'empty', Referer => $server->{url} },
	'an old browser' => { Referer => $server->{url} },
	'a browser without these headers' => {},
	'another program' => { 'X-Requested-With' => 'com.example.app' },
);
call($anna, 'news/story/3/lock/');
for my $name (sort keys %sends)
{
	is_empty(call($anna, 'news/story/2/lock/', 'X-Requested-With' => undef, %{ $sends{$name} }), 403, "$name locks nothing");
	is_empty(call($anna, 'news/story/3/unlock/', 'X-Requested-With' => undef, %{ $sends{$name} }), 403, "$name unlocks nothing");
}
lock_is($bert, 'news/story/2/is_locked/', 0, undef, 0, 'nothing was locked');
lock_is($bert, 'news/story/3/is_locked/', 1, 'anna', 1, 'nothing was unlocked');
call($anna, 'news/story/3/unlock/');
{
	my $reply = $nobody->request('OPTIONS', '//admin/ajax/news/story/2/lock/', undef, Origin => 'https://example.com', 'Access-Control-Request-Method' => 'GET', 'Access-Control-Request-Headers' => 'x-requested-with');
	is($reply->{headers}{'access-control-allow-origin'}, undef, 'CORS does not allow the header to another site');
}
is_empty(call($anna, 'news/story/2/lock/', Referer => "$server->{url}admin/news/story/2/", 'Sec-Fetch-Site' => 'same-origin'), 200, 'a script of the same site may lock');

# ---- scripts ----

my $variables = call($nobody, 'variables.js');
like($variables->{headers}{'content-type'}, qr{^text/javascript\b}, 'variables.js is a script');
is($variables->{content}, qq(var locking = {"base_url": "/admin/ajax", "timeout": 1800, "time_until_expiration": 120, "time_until_warning": 60, "admin_url": "/admin"};\n),
	'variables.js has the variables that pages read, without a session');

# The times of variables.js, for a page at the address.
sub times_are
{
	my ($client, $expected, $name, %request) = @_;
	my $script = call($client, 'variables.js' . ($request{query} // ''), $request{page} ? (Referer => "$server->{url}/$request{page}") : ())->{content};
	return is(join(' ', $script =~ /"time_until_\w+": (\d+)/g), $expected, $name);
}
sql($node, <<'SQL');
ALTER DATABASE postgres SET locking.time_until_expiration = '10 min';
ALTER DATABASE postgres SET locking.time_until_warning = '7 min';
ALTER ROLE bert SET locking.time_until_expiration = '9 min';
SQL
$server->stop_ok;
$server = web_server($node); # with new connections
($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);
$nobody = $server->client;
times_are($nobody, '600 420', 'times: of the database');
times_are($bert, '540 420', 'times: of the role');
sql($node, q(SELECT locking.protect('news_story', ttl => '300 s', warning => '200 s'), locking.protect('"My-App_Big_Thing"', ttl => '240.7 s', warning => '230 s')));
times_are($nobody, '240 200', 'times: the shortest, where the page does not say its table');
times_are($anna, '300 200', "times: of the table of $_", page => $_) for 'admin/news/story/1/', 'admin/news/story/1/change/?_popup=1', 'admin/news/story/', 'news/story/1/';
times_are($anna, '300 200', 'times: of the table that the page names', query => '?app=news&model=story');
times_are($anna, '240 230', 'times: of a table with unusual names', page => 'admin/My-App/Big_Thing/5/');
times_are($anna, '240 200', "times: no table: $_", page => $_) for '', 'admin/', 'admin/news/', 'admin/news/nowhere/1/', 'admin/news/private/1/', 'admin/ne%22ws/story/1/', '%ff/%fe';
times_are($nobody, '240 200', 'times: a table that the reader may not read', page => 'admin/news/story/1/');
sql($node, q(SELECT locking.protect('news_story', ttl => '40 s')));
times_are($anna, '40 20', 'times: a short lock warns after half of its time', query => '?app=news&model=story');
{
	my $script = call($nobody, 'variables.js', 'Sec-Fetch-Dest' => 'script')->{content};
	is(($script =~ /\A(.*\n)/)[0], call($nobody, 'variables.js')->{content}, 'a browser gets the same variables');
	like($script, qr{/is_locked/}, 'and a script that asks');
}
my $texts = call($nobody, 'jsi18n/');
is($texts->{status}, 200, 'jsi18n/');
like($texts->{headers}{'content-type'}, qr{^text/javascript\b}, 'the file of texts is a script');
like($texts->{content}, qr/^function $_\b/m, "the file of texts defines $_") for qw(gettext interpolate);
SKIP:
{
	skip 'no node to run scripts', 1 unless grep { -x "$_/node" } split /:/, $ENV{PATH};
	my @expressions = (q(gettext('a')), q(interpolate('%s of %s', ['x', 'y'])), q(interpolate('%s of %s', ['x'])), q(interpolate('%(a)s %(b)s', {a: 1}, true)),
		q(interpolate('%(a)s', null, true)), q(interpolate('%(a)s', undefined, true)), q(interpolate('%s')), q(interpolate('%(a)s', {a: '$&'}, true)));
	IPC::Run::run([ 'node', '-e', "$texts->{content}; console.log(JSON.stringify([" . join(', ', @expressions) . ']))' ], '<', \undef, '>', \my $out);
	is_deeply($LockingWeb::json->decode($out || '[]'), [ 'a', 'x of y', 'x of %s', '1 %(b)s', '%(a)s', '%(a)s', '%s', '$&' ], 'interpolate() accepts missing data');
}
$server->stop_ok;

# ---- other tables than app_model, another time ----

sql($node, 'CREATE SCHEMA "The Press"; GRANT USAGE ON SCHEMA "The Press" TO anna; CREATE TABLE "The Press".piece (id integer PRIMARY KEY); INSERT INTO "The Press".piece VALUES (5);'
	  . q( SELECT locking.protect('"The Press".piece'); GRANT SELECT, UPDATE ON "The Press".piece TO anna));
{
	my $other = web_server($node, '--ajax-table', 'news/story=public.article', '--ajax-table', 'news/free="The Press', '--ajax-ttl', 7);
	my $writer = $other->sign_in('anna');
	is_empty(call($writer, 'news/story/20/lock/'), 200, 'a model with a table of another name');
	is(sql($node, "SELECT relation::regclass FROM locking.lock WHERE key = '20'"), 'article', 'its row is locked');
	cmp_ok(sql($node, "SELECT extract(epoch FROM expires_at - acquired_at) FROM locking.lock WHERE key = '20'"), '<=', 7.1, 'for as long as the option says');
	is_empty(call($writer, 'news/story/20/unlock/'), 200, 'and unlocked');
	is_empty(call($writer, 'news/free/1/lock/'), 404, 'a table whose name is not valid');
	is_empty(call($writer, 'news/storyx/1/lock/'), 404, 'a model with a longer name');
	$other->stop_ok;
}
{
	my $other = web_server($node, '--ajax-table', 'news/story=article, press/piece="The Press".piece');
	is_empty(call($other->sign_in('anna'), 'press/piece/5/lock/'), 200, 'a table of another schema');
	is(sql($node, q(SELECT relation::regclass FROM locking.lock WHERE key = '5')), '"The Press".piece', 'its row is locked');
	$other->stop_ok;
}

# ---- another base path ----

for my $mount ([ '/locks-of/django/', '/locks-of/django', '/locks-of' ], [ '/ajax/', '/ajax', '' ], [ '/', '', '' ])
{
	my ($base, $url, $admin) = @$mount;
	my $other = web_server($node, '--ajax-base', $base);
	is($other->client->get("/${base}variables.js")->{content} =~ s/"(?:time\w*)": \d+, //gr, qq(var locking = {"base_url": "$url", "admin_url": "$admin"};\n), "variables.js at $base");
	is_empty($other->sign_in('anna')->get("/${base}news/story/3/lock/", undef, %script), 200, "a lock by $base");
	is($other->client->get('//admin/ajax/variables.js')->{status}, 404, 'with another base the default one has nothing');
	$other->stop_ok;
}

done_testing();
