# Messages on the channel "locking": JSON, one message per event, none for
# renewals.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Encode ();
use JSON::PP;
use Test::More;

# notify-after-commit.pl runs this file with the library preloaded.
our $preloaded;
my $node = new_node('main', conf => [ 'log_statement = none', $preloaded ? "shared_preload_libraries = 'locking'" : () ], init => { extra => [ '-E', 'UTF8', '--locale=C' ] });
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE SCHEMA "Shop";
CREATE TABLE article (id integer PRIMARY KEY, body text);
CREATE TABLE "Shop"."Big ""one""" (name text PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 20) g;
SELECT locking.protect('article');
SELECT locking.protect('"Shop"."Big ""one"""');
CREATE TABLE marker (id integer PRIMARY KEY);
INSERT INTO marker VALUES (1);
SELECT locking.protect('marker');
CREATE ROLE brenda LOGIN;
COMMENT ON ROLE brenda IS 'Brenda Smith';
GRANT SELECT, UPDATE, DELETE ON article TO brenda;
SQL

my $listener = session($node);
$listener->query('LISTEN locking');

# The messages since the last call.  A lock on another table marks the end, as
# messages arrive in the order of commits.
sub heard
{
	my $token = sql($node, "SELECT locking.acquire('marker', 1)", owner => 'marker');
	sql($node, "SELECT locking.release($token)", owner => 'marker');
	my @payloads;
	until (@payloads && $payloads[-1] =~ /"event": "released", "table": "public.marker".*"token": "$token",/)
	{
		push @payloads, $listener->query('SELECT') =~
		  /^Asynchronous notification "locking" with payload "(.*)" received from server process with PID \d+\.$/mg;
	}
	return grep { !/"table": "public.marker"/ } @payloads;
}

my $json = JSON::PP->new->utf8;
my @members = sort qw(event table key owner owner_name token expires_at at);

# Events that are in the history, too, as SQL.
my @recorded;

# The messages as hashes, each checked against the documented form.
sub events
{
	my ($name) = @_;
	my @events;
	for my $payload (heard())
	{
		my $event = eval { $json->decode($payload) };
		ok($event, "$name: valid JSON") or diag("$payload\n$@");
		next unless $event;
		is(join(' ', sort keys %$event), "@members", "$name: the members");
		like($payload, qr/"token": ?"\d+"[,}]/, "$name: the token is a text");
		like($event->{expires_at}, qr/^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)|infinity)$/, "$name: the time of expiry");
		push @recorded, "('$event->{event}', $event->{token}, '$event->{at}'::timestamptz)"
		  unless $event->{event} =~ /requested|withdrawn/ || $name =~ /without history/;
		cmp_ok(length $payload, '<', 8000, "$name: the length");
		push @events, $event;
	}
	return @events;
}

sub heard_exactly
{
	my ($name, @expected) = @_;
	my @got = map { my $e = $_; join ' ', map { defined $e->{$_} ? $e->{$_} : 'null' } qw(event table key owner owner_name token) }
	  events($name);
	is(join("\n", @got), join("\n", @expected), "$name: the message");
	return;
}

sub lapse
{
	my ($token) = @_;
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE token = $token");
	return;
}

# ---- each event ----

my $token = sql($node, "SELECT locking.acquire('article', 1)", user => 'brenda');
heard_exactly('acquired', "acquired public.article 1 brenda Brenda Smith $token");

sql($node, <<"SQL", user => 'brenda');
SELECT locking.renew($token);
SELECT locking.renew($token, ttl => '1 hour', draft => '{}');
SELECT locking.acquire('article', 1);
SELECT * FROM locking.try_acquire('article', 1);
BEGIN;
SELECT locking.confirm($token);
UPDATE article SET body = 'saved' WHERE id = 1;
COMMIT;
SELECT locking.save_draft($token, '{}');
SQL
sql($node, "SELECT locking.acquire('article', 1)", user => 'brenda');
sql($node, "SELECT * FROM locking.try_acquire('article', 1)", owner => 'bob');
sql($node, "SELECT locking.is_locked('article', 1), locking.lock_applies('article', 1); SELECT count(*) FROM locking.locks");
heard_exactly('renewals');

lapse($token);
sql($node, "SELECT locking.renew($token)", user => 'brenda');
heard_exactly('resumed by renew()', "resumed public.article 1 brenda Brenda Smith $token");
lapse($token);
sql($node, "SELECT locking.acquire('article', 1)", user => 'brenda');
heard_exactly('resumed by acquire()', "resumed public.article 1 brenda Brenda Smith $token");
lapse($token);
sql($node, "SELECT locking.confirm($token)", user => 'brenda');
heard_exactly('resumed by confirm()', "resumed public.article 1 brenda Brenda Smith $token");

my $other = sql($node, "SELECT locking.take_over('article', 1, 'she is on holiday')", owner => 'bob');
heard_exactly('taken over', "taken_over public.article 1 brenda Brenda Smith $token", "acquired public.article 1 bob null $other");

sql($node, "SELECT locking.break_lock('article', 1, 'enough')");
heard_exactly('broken', "broken public.article 1 bob null $other");

$token = sql($node, "SELECT locking.acquire('article', 1)", owner => 'bob');
sql($node, "SELECT locking.release($token)", owner => 'bob');
sql($node, "SELECT locking.release($token)", owner => 'bob');
heard_exactly('released', "acquired public.article 1 bob null $token", "released public.article 1 bob null $token");

$token = sql($node, "SELECT locking.acquire('article', 1)", owner => 'bob');
lapse($token);
$other = sql($node, "SELECT locking.acquire('article', 1)", owner => 'ann');
heard_exactly('expired', "acquired public.article 1 bob null $token", "expired public.article 1 bob null $token",
	"acquired public.article 1 ann null $other");

sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 year' WHERE token = $other");
sql($node, 'SELECT locking.reap()');
heard_exactly('expired and reaped', "expired public.article 1 ann null $other");

my ($first, $second) = split /\n/, sql($node, "SELECT token FROM locking.acquire_all('article', ARRAY['3', '2'])", owner => 'ann');
heard_exactly('acquire_all()', "acquired public.article 2 ann null $first", "acquired public.article 3 ann null $second");
sql($node, 'DELETE FROM article WHERE id = 2', owner => 'ann');
heard_exactly('the row deleted', "released public.article 2 ann null $first");
sql($node, 'SELECT locking.release_all()', owner => 'ann');
heard_exactly('release_all()', "released public.article 3 ann null $second");

$token = sql($node, "SELECT locking.acquire('article', 4)", owner => 'ann');
sql($node, "SELECT locking.request('article', 4)", owner => 'bob');
sql($node, "SELECT locking.withdraw('article', 4)", owner => 'bob');
heard_exactly('requests', "acquired public.article 4 ann null $token", "requested public.article 4 bob null $token",
	"withdrawn public.article 4 bob null $token");
sql($node, "SELECT locking.request('article', 4)", owner => 'bob');
sql($node, "SELECT locking.request('article', 4)", owner => 'carla');
heard();
sql($node, "SELECT locking.decline('article', 4, 'carla', 'not \"today\"')", owner => 'ann');
my @declined = heard();
is(scalar(@declined), 1, 'declined: one message');
my $declined = JSON::PP->new->utf8->decode($declined[0]);
is(join(' ', map { "$_=$declined->{$_}" } qw(event table key owner token message)),
	"event=declined table=public.article key=4 owner=carla token=$token message=not \"today\"", 'declined: the message');
sql($node, "SELECT locking.release($token)", owner => 'ann');
$other = sql($node, "SELECT max(token) FROM locking.lock WHERE key = '4'");
heard_exactly('handed over', "released public.article 4 ann null $token", "handed_over public.article 4 bob null $other");
sql($node, "SELECT locking.acquire('article', 4)", owner => 'bob');
heard_exactly('taken', "acquired public.article 4 bob null $other");
sql($node, 'SELECT locking.release_all()', owner => 'bob');
heard();

# ---- transactions ----

sql($node, "BEGIN; SELECT locking.acquire('article', 5); ROLLBACK", owner => 'ann');
sql($node, "BEGIN; SAVEPOINT s; SELECT locking.acquire('article', 5); ROLLBACK TO s; COMMIT", owner => 'ann');
heard_exactly('rolled back');
{
	my $session = session($node, owner => 'ann');
	$session->query("BEGIN");
	$token = $session->query("SELECT locking.acquire('article', 5)");
	heard_exactly('not committed yet');
	$session->query('COMMIT');
	heard_exactly('committed', "acquired public.article 5 ann null $token");
	$session->query('SELECT locking.release_all()');
	heard();
	$session->quit;
}

# ---- texts ----

my %text = (
	'quotes' => q(O'Brien "the \\ lock"),
	'control characters' => "tab\tnewline\nreturn\rbell\x07escape\x1bdelete\x7f",
	'other scripts' => "\xc3\xa9\xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x94\x92",
	'line separators' => "\xe2\x80\xa8 and \xe2\x80\xa9",
	'braces' => '{"event": "broken"}, </script>',
);
for my $kind (sort keys %text)
{
	my $sql_text = 'convert_from(\'\\x' . unpack('H*', $text{$kind}) . "', 'UTF8')";
	my $expected = Encode::decode('UTF-8', $text{$kind});
	# owner names cannot contain them
	my $owner = $kind eq 'control characters' ? "'ann'" : $sql_text;
	my $expected_owner = $kind eq 'control characters' ? 'ann' : $expected;
	sql($node, "INSERT INTO \"Shop\".\"Big \"\"one\"\"\" VALUES ($sql_text)");
	sql($node, "BEGIN; SELECT locking.set_owner($owner, 'name of ' || $owner); SELECT locking.acquire('\"Shop\".\"Big \"\"one\"\"\"', $sql_text); COMMIT");
	my ($event) = events($kind);
	is($event->{key}, $expected, "$kind in a key");
	is($event->{owner}, $expected_owner, "$kind in an owner");
	is($event->{owner_name}, "name of $expected_owner", "$kind in a name");
	is($event->{table}, '"Shop"."Big ""one"""', 'a table whose name needs quotes');
	is(sql($node, "SELECT '" . $event->{table} . "'::regclass::oid = (SELECT relation FROM locking.lock WHERE token = $event->{token})"), 't',
		'the table can be looked up by that name');
}

# Too long for a notification, which PostgreSQL would refuse with an error.
my %long = (
	'key' => [ "repeat('k', 9000)", "'ann'", "'Ann'" ],
	'key that JSON makes long' => [ "repeat(chr(7), 1500)", "'ann'", "'Ann'" ],
	'everything' => [ "repeat('K', 9000)", "repeat('O', 255)", "repeat('N', 255)" ],
);
for my $what (sort keys %long)
{
	my ($key, $owner, $owner_name) = @{ $long{$what} };
	sql($node, "INSERT INTO \"Shop\".\"Big \"\"one\"\"\" VALUES ($key)");
	$token = accepted("an overlong $what can be locked", $node,
		"BEGIN; SELECT FROM locking.set_owner($owner, $owner_name); SELECT locking.acquire('\"Shop\".\"Big \"\"one\"\"\"', $key); COMMIT");
	($token) = $token =~ /(\d+)/;
	my ($event, @more) = events("overlong $what");
	is(scalar(@more), 0, 'one message');
	is("$event->{event} $event->{token} $event->{table}", "acquired $token \"Shop\".\"Big \"\"one\"\"\"", 'the message identifies the lock');
	accepted("an overlong $what can be released", $node, "BEGIN; SELECT FROM locking.set_owner($owner); SELECT locking.release($token); COMMIT");
	events("released, overlong $what");
}
# Around the limit, byte by byte.
sql($node, 'SELECT locking.release_all()', owner => 'ann');
heard();
for my $length (7740 .. 7820)
{
	sql($node, "INSERT INTO \"Shop\".\"Big \"\"one\"\"\" VALUES (repeat('e', $length)); BEGIN; SELECT FROM locking.set_owner('ann', 'name');"
		  . " SELECT locking.acquire('\"Shop\".\"Big \"\"one\"\"\"', repeat('e', $length)); SELECT locking.release_all(); COMMIT");
}
my @edge = heard();
is(scalar(@edge), 2 * 81, 'messages of every length are sent');
is(scalar(grep { !eval { $json->decode($_) } } @edge), 0, 'as JSON');
ok((grep { /"owner": ?null/ } @edge) && (grep { !/"owner": ?null/ } @edge), 'below and above the limit');

my $far = sql($node, "SELECT locking.acquire('article', 6)", owner => 'ann');
events('acquired, to be extended by hand');
sql($node, "UPDATE locking.lock SET expires_at = '100000-01-01' WHERE token = $far; SELECT locking.release($far)", owner => 'ann');
heard_exactly('a time after the year 9999', "released public.article 6 ann null $far");
sql($node, "SET datestyle = 'German'; SET timezone = 'Asia/Tokyo'; SET lc_messages = 'C'; SELECT locking.acquire('article', 7)", owner => 'ann');
my ($event) = events('another DateStyle and time zone');
is(sql($node, "SET timezone = 'America/Lima'; SELECT '$event->{expires_at}'::timestamptz = expires_at FROM locking.lock WHERE token = $event->{token}"), 't',
	'the time is the same in every session');

# ---- off ----

sql($node, <<'SQL', owner => 'ann');
SET locking.notify = off;
SELECT locking.release_all();
SELECT locking.acquire('article', 8);
SELECT locking.take_over('article', 8, 'x');
SELECT locking.break_lock('article', 8, 'x');
SELECT locking.release(locking.acquire('article', 8));
SELECT locking.request('article', 8);
SQL
heard_exactly('locking.notify = off');
is(sql($node, "SELECT count(*) FROM locking.history WHERE key = '8'") > 3, 1, 'the history is still written');
sql($node, "SET locking.history = off; SELECT locking.acquire('article', 9)", owner => 'ann');
heard_exactly('without history', 'acquired public.article 9 ann null ' . sql($node, "SELECT token FROM locking.locks WHERE key = '9'"));
is(sql($node, 'SELECT count(*) FROM (VALUES ' . join(', ', @recorded) . ') heard(event, token, at)'
	  . ' WHERE NOT EXISTS (SELECT FROM locking.event e WHERE e.event = heard.event AND e.token = heard.token AND e.at = heard.at)'), 0,
	'the times are those in the history');
refused('only a superuser can turn locking.notify off', $node, '42501', "SELECT locking.owner(); SET locking.notify = off", user => 'brenda');

$listener->quit;
done_testing();
