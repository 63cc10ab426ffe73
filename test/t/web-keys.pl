# Keys and names of every kind in paths and in Location.
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
my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);

sql($node, bytes(<<'SQL'));
CREATE SCHEMA "Sch""ema.'%";
CREATE TABLE "Sch""ema.'%"."T/a ble"";--" ("K'e""y %s" text PRIMARY KEY, "select" text, "%1$I" text, "t.*" text, "Ünï" text);
GRANT USAGE ON SCHEMA "Sch""ema.'%" TO anna; GRANT ALL ON "Sch""ema.'%"."T/a ble"";--" TO anna;
SELECT locking.protect('"Sch""ema.''%"."T/a ble"";--"');
SQL
my $table = q("Sch""ema.'%"."T/a ble"";--");
my @columns = (q(K'e"y %s), 'select', '%1$I', 't.*', 'Ünï');
is_deeply([ map { $_->{name} } @{ gives($anna->get('/tables/' . segment($table)), 200, "a table called $table")->{columns} } ], \@columns, 'the columns of that table');
for my $key ('a/b', '100%', '%2F', ' lead', 'trail ', '{1,2}', '"q"', "O'Brien", 'back\\slash', '?x=1#y', '+', 'é日本🔒', "line\nbreak", "\x{2028}", '..;', '', '.', '..', '...', '~', '~~', '~..', '~x', 'null',
	'k' x 2000, "';DROP TABLE article;--")
{
	my $name = length $key > 50 ? 'a long key' : $key =~ s/([^ -~])/sprintf '\x{%x}', ord $1/ger;
	my $path = path($table, $key);
	my %values = map { ($_ => "$_ of $key") } @columns[ 1 .. $#columns ];
	gives($anna->post('/tables/' . segment($table) . '/rows', { values => { $columns[0] => $key, %values } }), 201, "inserted: $name");
	my $got = gives($anna->get($path), 200, "read: $name");
	is_deeply([ $got->{key}, $got->{values} ], [ $key, { $columns[0] => $key, %values } ], "the same key and values: $name");
	my $token = token_of($anna, $path);
	is(gives($anna->get("$path/lock"), 200, "lock: $name")->{lock}{key}, $key, "lock of that key: $name");
	gives($anna->put($path, { token => $token, values => { select => "'; SELECT 1;--" }, keep => $true }), 200, "saved: $name");
	is(scalar @{ $anna->get('/tables/' . segment($table) . '/rows?q=' . segment($key))->{json}{rows} } > 0, 1, "found: $name") if length $key && length $key <= 1000;
	gives($anna->delete($path, { token => $token }), 204, "deleted: $name");
}

my %typed = (
	uuid => [ 'uuid', '0f6b0af6-1b7e-4f4c-9a0e-2d4c9f0a7b11', '{0F6B0AF6-1B7E-4F4C-9A0E-2D4C9F0A7B11}', 'x' ],
	bigint => [ 'bigint', '9223372036854775807', ' 9223372036854775807 ', '9223372036854775808' ],
	negative => [ 'integer', '-7', '-007', '1.5' ],
	numeric => [ 'numeric', '123456789012345678901234567890.12', '123456789012345678901234567890.120', 'x' ],
	date => [ 'date', '2026-11-23', 'Nov 23 2026', '2026-13-01' ],
	time => [ 'timestamptz', '2026-11-23 10:00:00+00', '2026-11-23 12:00:00+02', 'soon' ],
	bytes => [ 'bytea', '\x00ff', '\x00FF', '\x0' ],
	interval => [ 'interval', '1 day', '24:00:00', 'x' ],
	truth => [ 'boolean', 'true', 'yes', 'maybe' ],
	word => [ "varchar(10)", 'word', 'word', undef ],
	# invalid: reported as a syntax error
	words => [ 'tsvector', 'cat', "'cat'", "'" ],
);
for my $name (sort keys %typed)
{
	my ($type, $key, $spelled, $bad) = @{ $typed{$name} };
	sql($node, "CREATE TABLE k_$name (id $type PRIMARY KEY, v text); INSERT INTO k_$name VALUES ('$key', 'v');"
		  . " SELECT locking.protect('k_$name'); GRANT ALL ON k_$name TO anna, bert");
	my $path = path("k_$name", $spelled);
	my $got = gives($anna->get($path), 200, "$type: read as $spelled");
	my $token = token_of($anna, $path);
	is($bert->get(path("k_$name", $got->{key}) . '/lock')->{json}{lock}{owner}, 'anna', "$type: all spellings are the same row");
	is($bert->get("$path/lock")->{json}{lock}{owner}, 'anna', "$type: the requested spelling is the same row");
	gives($anna->put($path, { token => $token, values => { v => 'w' } }), 200, "$type: saved");
	next unless defined $bad;
	for my $ask ([ 'GET', '' ], [ 'GET', '/lock' ], [ 'POST', '/lock', {} ], [ 'DELETE', '' ], [ 'PUT', '', { values => { v => 'x' } } ], [ 'GET', '/request' ], [ 'GET', '/draft' ])
	{
		my ($method, $more, $body) = @$ask;
		refused_as($anna->request($method, path("k_$name", $bad) . $more, $body), 422, 'invalid', "$type: $method$more of $bad");
	}
}

sql($node, <<'SQL');
CREATE TABLE several (a integer, b text, c date, v text, PRIMARY KEY (b, a, c));
INSERT INTO several VALUES (7, 'x"y,{}\', '2026-11-23', 'v');
SELECT locking.protect('several'); GRANT ALL ON several TO anna, bert;
SQL
my $several = sql($node, q(SELECT ARRAY[b::text, a::text, c::text]::text FROM several));
my $token = token_of($anna, path('several', $several));
is(gives($bert->get(path('several', $several)), 200, 'a key of three columns')->{key}, $several, 'a key of three columns is the text of an array');
gives($anna->put(path('several', $several), { token => $token, values => { v => 'w' } }), 200, 'saved');
refused_as($anna->get(path('several', '{a,7,2026-11-24}')), 404, 'not-found', 'a key of three columns without a row');
refused_as($anna->get(path('several', $_)), 422, 'invalid', "a bad key: $_") for 'x', '{', '{a,b,2026-11-24}';

# Keys that need escaping in a segment come back in Location.
sql($node, 'CREATE TABLE "names ~" (name text PRIMARY KEY, v text); GRANT ALL ON "names ~" TO anna');
for my $key ('', '.', '..', '~', '~..', '~x', 'a/b c', "é%\n", '{1}')
{
	my $made = $anna->post('/tables/' . segment('"names ~"') . '/rows', { values => { name => $key } });
	my $location = $made->{headers}{location} // '';
	is($location, '/api/v1' . path('"names ~"', $key), "Location: $location") or diag($made->{content});
	is($anna->get("/$location")->{json}{key}, $key, 'Location leads to the row');
}

$server->stop_ok;
done_testing();
