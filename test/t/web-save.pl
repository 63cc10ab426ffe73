# The protocol as an editor lives it: lock, read, save; refused, lost, taken over; and rows of every kind.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
my $server = web_server($node);
my %client = map { $_ => $server->sign_in($_) } qw(anna bert boss reader);
my ($anna, $bert, $boss, $reader) = @client{qw(anna bert boss reader)};

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub gives
{
	my ($reply, $status, $name) = @_;
	is($reply->{status}, $status, $name) or diag("$reply->{content}\n", join ' ', (caller)[ 1, 2 ]);
	return $reply->{json};
}
sub refused_as
{
	my ($reply, $status, $kind, $name) = @_;
	is("$reply->{status} " . ($reply->{json}{type} // ''), "$status urn:locking:problem:$kind", $name)
	  or diag("$reply->{content}\n", join ' ', (caller)[ 1, 2 ]);
	return $reply->{json};
}

sub bytes { my ($text) = @_; utf8::encode($text); return $text }

# The token of a lock that is had without trouble.
sub token_of
{
	my ($client, $path, %body) = @_;
	my $reply = $client->post("$path/lock", \%body);
	die "no lock on $path: $reply->{content}\n" unless $reply->{status} =~ /^20[01]$/;
	return $reply->{json}{lock}{token};
}
sub lapse
{
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE token = $_[0]");
	return;
}
# Keys that a browser would take for a step in the path have a tilde before them.
sub path
{
	my ($table, $key) = @_;
	return '/tables/' . segment($table) . '/rows/' . segment($key =~ /^~*\.{0,2}$/ ? "~$key" : $key);
}

my $row = path('article', 1);

# ---- lock, read, save ----

my $lock = gives($anna->post("$row/lock", { client => 'tab 1', note => 'spelling', ttl => 90 }), 201, 'locked')->{lock};
is("$lock->{table} $lock->{name} $lock->{key} $lock->{owner} $lock->{owner_name} $lock->{client} $lock->{note}",
	'public.article article 1 anna Anna Albers tab 1 spelling', 'the lock says whose it is');
ok($lock->{is_mine} && $lock->{hard} && $lock->{seconds_left} > 60 && $lock->{seconds_left} <= 90, 'and until when');
my $token = $lock->{token};
my $read = gives($anna->get($row), 200, 'read');
is_deeply($read->{values}, { id => '1', title => 'title 1', body => 'body' }, 'values are text');
is($read->{lock}{token}, $token, 'with the lock');
my $seen = gives($bert->get($row), 200, 'another reads')->{lock};
is($seen->{token}, undef, 'without token');
is($seen->{is_mine}, $false, 'it is not his');

my $renewed = gives($anna->put("$row/lock", { token => $token, draft => { body => 'bod' } }), 200, 'renewed, with a draft');
cmp_ok($renewed->{seconds_left}, '>', 60, 'for as long as it was locked for');
my $saved = gives($anna->put($row, { token => $token, values => { body => 'better' }, keep => $true, discard_draft => $false }), 200, 'saved, and kept');
is("$saved->{values}{body} $saved->{values}{title} $saved->{lock}{token}", "better title 1 $token", 'only what was sent has changed, the lock is the same');
is(gives($anna->get("$row/draft"), 200, 'the draft')->{draft}{data}{body}, 'bod', 'is kept if that is asked for');
$saved = gives($anna->put($row, { token => $token, values => { body => 'best' } }), 200, 'saved, and released');
is($saved->{lock}, undef, 'released');
is($bert->get("$row/lock")->{json}{lock}, undef, 'for everybody');
is($anna->get("$row/draft")->{json}{draft}, undef, 'the draft is done with');
is(sql($node, 'SELECT body FROM article WHERE id = 1'), 'best', 'it is in the table');

# ---- refused ----

$token = token_of($anna, $row);
for my $refusal ([ $bert->put($row, { values => { body => 'x' } }), 'saving' ], [ $bert->delete($row), 'deleting' ], [ $bert->post("$row/lock"), 'locking' ])
{
	my $problem = refused_as($refusal->[0], 423, 'locked', "$refusal->[1] a row that another holds");
	is("$problem->{lock}{owner} $problem->{lock}{owner_name}", 'anna Anna Albers', 'it says who holds it');
	like($problem->{detail}, qr/Anna Albers/, 'in words, too');
	is($problem->{row}{values}{body}, 'best', 'and what the row holds');
}
refused_as($bert->put($row, { token => $token, values => { body => 'x' } }), 403, 'forbidden', 'with the holder\'s token');
refused_as($bert->put("$row/lock", { token => $token }), 403, 'forbidden', 'renewing with it');
refused_as($bert->delete("$row/lock", { token => $token }), 403, 'forbidden', 'releasing with it');
refused_as($bert->put("$row/draft", { token => $token, data => 'x' }), 403, 'forbidden', 'a draft with it');
refused_as($anna->put($row, { values => { body => 'x' } }), 423, 'lock-required', 'the holder without token');
refused_as($anna->put(path('article', 2), { values => { body => 'x' } }), 423, 'lock-required', 'a row that nobody has locked');
my $other = token_of($anna, path('article', 2));
refused_as($anna->put($row, { token => $other, values => { body => 'x' } }), 409, 'lost', 'the token of another row');
refused_as($anna->delete($row, { token => $other }), 409, 'lost', 'deleting with that');
is(sql($node, 'SELECT body FROM article WHERE id = 1'), 'best', 'none of that changed the row');
is($anna->get("$row/lock")->{json}{lock}{token}, $token, 'or the lock');
refused_as($reader->post("$row/lock"), 403, 'forbidden', 'who may not write cannot lock');

my $soft = path('article', 3);
token_of($anna, $soft, hard => $false);
gives($bert->put($soft, { values => { body => 'soft' } }), 200, 'a soft lock lets others save');

# ---- lost ----

gives($anna->put("$row/lock", { token => $token, draft => { body => 'unsaved' } }), 200, 'typed');
refused_as($bert->post("$row/lock/takeover"), 403, 'forbidden', 'who may not take over');
refused_as($bert->post("$row/lock/break"), 403, 'forbidden', 'nor break');
my $taken = gives($boss->post("$row/lock/takeover", { reason => 'print', client => 'boss tab' }), 200, 'taken over');
is("$taken->{outcome} $taken->{lock}{owner}", 'granted boss', 'by the boss');
for my $refusal ([ $anna->put("$row/lock", { token => $token, draft => { body => 'later' } }), 'renewing' ],
	[ $anna->put($row, { token => $token, values => { body => 'x' } }), 'saving' ], [ $anna->delete($row, { token => $token }), 'deleting' ],
	[ $anna->put("$row/draft", { token => $token, data => {} }), 'a draft' ])
{
	my $problem = refused_as($refusal->[0], 409, 'lost', "$refusal->[1] after the takeover");
	is("$problem->{lock}{owner} $problem->{row}{values}{body}", 'boss best', 'with the lock and the row as they are now');
}
gives($anna->delete("$row/lock", { token => $token }), 204, 'releasing what has ended is no error');
is(gives($anna->get($row), 200, 'her draft')->{draft}{data}{body}, 'unsaved', 'is kept');
is($boss->get($row)->{json}{draft}, undef, 'and hers alone');
is($boss->get("$row/lock")->{json}{lock}{token}, $taken->{lock}{token}, 'the new lock is untouched');
gives($boss->put($row, { token => $taken->{lock}{token}, values => { body => 'printed' } }), 200, 'the boss saves');

is_deeply(gives($boss->post("$row/lock/break", { reason => 'x' }), 200, 'breaking what is free')->{broken}, $false, 'breaks nothing');
$token = token_of($anna, $row);
is_deeply(gives($boss->post("$row/lock/break", { reason => 'gone home' }), 200, 'breaking')->{broken}, $true, 'breaks');
refused_as($anna->put($row, { token => $token, values => { body => 'x' } }), 409, 'lost', 'saving after that');
my @told = map { "$_->{event} $_->{owner} by $_->{actor}: " . ($_->{reason} // '') } grep { $_->{event} =~ /taken|broken/ }
  @{ gives($boss->get('/history?table=article&key=1'), 200, 'the history')->{events} };
is_deeply(\@told, [ 'broken anna by boss: gone home', 'taken_over anna by boss: print' ], 'tells who did it and why');

$token = token_of($anna, $row);
$anna->put("$row/draft", { token => $token, data => { body => 'lapsed' } });
lapse($token);
is(gives($anna->post("$row/lock"), 200, 'a lapsed lock')->{outcome}, 'resumed', 'is resumed');
lapse($token);
gives($anna->put($row, { token => $token, values => { body => 'resumed' }, discard_draft => $false }), 200, 'saving resumes, too');
is($anna->get($row)->{json}{draft}{data}{body}, 'lapsed', 'the draft outlives the lock');
$token = token_of($anna, $row);
lapse($token);
sql($node, "UPDATE article SET body = 'meanwhile' WHERE id = 1");
is(refused_as($anna->put($row, { token => $token, values => { body => 'x' } }), 409, 'lost', 'lapsed, and changed meanwhile')->{row}{values}{body},
	'meanwhile', 'it shows by what');
gives($anna->delete("$row/draft"), 204, 'discarded');

# ---- another window ----

$token = token_of($anna, $row, client => 'tab 1');
my $elsewhere = refused_as($anna->post("$row/lock", { client => 'tab 2' }), 423, 'held-elsewhere', 'a second tab');
is("$elsewhere->{lock}{client} $elsewhere->{lock}{token}", "tab 1 $token", 'learns of the first');
is(gives($anna->post("$row/lock", {}), 200, 'without a client')->{lock}{token}, $token, 'it shares the lock');

# ---- asking for it ----

gives($bert->post("$row/request", { message => 'please' }), 201, 'bert asks');
my $queue = gives($boss->post("$row/request"), 201, 'the boss asks')->{requests};
is_deeply([ map { [ @$_{qw(place owner message)} ] } @$queue ], [ [ 1, 'bert', 'please' ], [ 2, 'boss', undef ] ], 'first come, first served');
is_deeply([ map { $_->{is_mine} } @$queue ], [ $false, $true ], 'and knows himself');
gives($bert->post("$row/request", { message => 'now' }), 201, 'asking again');
is_deeply([ map { "$_->{owner} $_->{message}" } $anna->get("$row/request")->{json}{requests}[0] ], ['bert now'], 'keeps the place');
gives($bert->delete("$row/request"), 204, 'withdrawn');
is_deeply([ map { $_->{owner} } @{ $anna->get("$row/request")->{json}{requests} } ], ['boss'], 'is gone');
$anna->delete("$row/lock", { token => $token });

# ---- deleting, inserting, changing the key ----

my $made = $anna->post('/tables/article/rows', { values => { id => '100', title => 'new', body => '' } });
is(gives($made, 201, 'inserted')->{values}{body}, '', 'an empty text is not null');
is($made->{headers}{location}, '/api/v1/tables/article/rows/100', 'Location tells where');
my $new = path('article', 100);
$token = token_of($anna, $new);
is(gives($anna->put($new, { token => $token, values => { body => undef }, keep => $true }), 200, 'null')->{values}{body}, undef, 'is null');
is(sql($node, 'SELECT body IS NULL FROM article WHERE id = 100'), 't', 'in the table, too');
$saved = gives($anna->put($new, { token => $token, values => { id => '101' }, keep => $true }), 200, 'another key');
is("$saved->{key} $saved->{lock}{key} $saved->{lock}{token}", "101 101 $token", 'moves the lock');
refused_as($anna->get($new), 404, 'not-found', 'the row is no longer there');
gives($anna->delete(path('article', 101), { token => $token }), 204, 'deleted');
is(sql($node, "SELECT count(*) FROM locking.lock WHERE key = '101'"), 0, 'and with it the lock');
refused_as($anna->put(path('article', 999), { values => { body => 'x' } }), 404, 'not-found', 'saving a row that is not there');
refused_as($anna->delete(path('article', 999)), 404, 'not-found', 'deleting it');
refused_as($anna->post(path('article', 999) . '/lock'), 404, 'not-found', 'locking it');

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
$token = token_of($bert, $plain);
gives($anna->put($plain, { values => { b => 'unguarded' } }), 200, 'a column that is not guarded is free');
refused_as($anna->put($plain, { values => { a => 'x' } }), 423, 'locked', 'a guarded one is not');
refused_as($boss->put('/tables/plain/protection', $_), 422, 'invalid', 'a bad setting: ' . json_of($_))
  for { ttl => 0 }, { ttl => -1 }, { ttl => 'x' }, { columns => ['nix'] }, { columns => 'a' }, { parent => 'nix' }, { hard => 'x' }, [], 'x';
gives($boss->delete('/tables/plain/protection'), 204, 'unprotected');
gives($anna->put($plain, { values => { a => 'free again' } }), 200, 'free again');
refused_as($boss->delete('/tables/plain/protection'), 409, 'not-protected', 'again');

# ---- keys and names of every kind ----

sql($node, bytes(<<'SQL'));
CREATE SCHEMA "Sch""ema.'%";
CREATE TABLE "Sch""ema.'%"."T/a ble"";--" ("K'e""y %s" text PRIMARY KEY, "select" text, "%1$I" text, "t.*" text, "Ünï" text);
GRANT USAGE ON SCHEMA "Sch""ema.'%" TO anna; GRANT ALL ON "Sch""ema.'%"."T/a ble"";--" TO anna;
SELECT locking.protect('"Sch""ema.''%"."T/a ble"";--"');
SQL
my $table = q("Sch""ema.'%"."T/a ble"";--");
my @columns = (q(K'e"y %s), 'select', '%1$I', 't.*', 'Ünï');
is_deeply([ map { $_->{name} } @{ gives($anna->get('/tables/' . segment($table)), 200, "a table called $table")->{columns} } ], \@columns, 'its columns');
for my $key ('a/b', '100%', '%2F', ' lead', 'trail ', '{1,2}', '"q"', "O'Brien", 'back\\slash', '?x=1#y', '+', 'é日本🔒', "line\nbreak", "\x{2028}", '..;', '', '.', '..', '...', '~', '~~', '~..', '~x', 'null',
	'k' x 2000, "';DROP TABLE article;--")
{
	my $name = length $key > 50 ? 'a long key' : $key =~ s/([^ -~])/sprintf '\x{%x}', ord $1/ger;
	my $path = path($table, $key);
	my %values = map { ($_ => "$_ of $key") } @columns[ 1 .. $#columns ];
	gives($anna->post('/tables/' . segment($table) . '/rows', { values => { $columns[0] => $key, %values } }), 201, "inserted: $name");
	my $got = gives($anna->get($path), 200, "read: $name");
	is_deeply([ $got->{key}, $got->{values} ], [ $key, { $columns[0] => $key, %values } ], "the same: $name");
	my $token = token_of($anna, $path);
	is(gives($anna->get("$path/lock"), 200, "lock: $name")->{lock}{key}, $key, "of that key: $name");
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
	words => [ 'tsvector', 'cat', "'cat'", "'" ],	# of which it says that it is a syntax error
);
for my $name (sort keys %typed)
{
	my ($type, $key, $spelled, $bad) = @{ $typed{$name} };
	sql($node, "CREATE TABLE k_$name (id $type PRIMARY KEY, v text); INSERT INTO k_$name VALUES ('$key', 'v');"
		  . " SELECT locking.protect('k_$name'); GRANT ALL ON k_$name TO anna, bert");
	my $path = path("k_$name", $spelled);
	my $got = gives($anna->get($path), 200, "$type: read as $spelled");
	my $token = token_of($anna, $path);
	is($bert->get(path("k_$name", $got->{key}) . '/lock')->{json}{lock}{owner}, 'anna', "$type: every spelling is the same row");
	is($bert->get("$path/lock")->{json}{lock}{owner}, 'anna', "$type: in the spelling that was asked, too");
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
$token = token_of($anna, path('several', $several));
is(gives($bert->get(path('several', $several)), 200, 'a key of three columns')->{key}, $several, 'as the array\'s text');
gives($anna->put(path('several', $several), { token => $token, values => { v => 'w' } }), 200, 'saved');
refused_as($anna->get(path('several', '{a,7,2026-11-24}')), 404, 'not-found', 'a key of three columns without a row');
refused_as($anna->get(path('several', $_)), 422, 'invalid', "a bad key: $_") for 'x', '{', '{a,b,2026-11-24}';

# ---- values ----

sql($node, <<'SQL');
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE DOMAIN grade AS integer CHECK (VALUE BETWEEN 1 AND 6);
CREATE TABLE kinds (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, always integer GENERATED ALWAYS AS IDENTITY, twice integer GENERATED ALWAYS AS (small * 2) STORED,
 small smallint, big bigint, exact numeric(30, 2), approx double precision, truth boolean, day date, at timestamptz, span interval, mood mood, grade grade, list text[], matrix integer[],
 doc jsonb, old json, bin bytea, net inet, name varchar(5) UNIQUE, needed text NOT NULL DEFAULT 'x', secret text, refers integer REFERENCES article, CONSTRAINT positive CHECK (small > 0));
INSERT INTO kinds DEFAULT VALUES;
INSERT INTO kinds (name) VALUES ('taken');
SELECT locking.protect('kinds');
GRANT SELECT, DELETE ON kinds TO anna;
DO $$ BEGIN EXECUTE (SELECT format('GRANT UPDATE (%1$s), INSERT (%1$s) ON kinds TO anna', string_agg(quote_ident(attname), ', '))
 FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attnum > 0 AND attname <> 'secret'); END $$;
SQL
my $kinds = path('kinds', 1);
$token = token_of($anna, $kinds);
my %good = (small => '7', big => '9223372036854775807', exact => '1234567890123456789012345678.90', approx => '0.1', truth => 'true', day => '2026-11-23', at => '2026-11-23 10:00:00+00',
	span => '1 day 02:03:04', mood => q(it's "ok"), grade => '3', list => '{a,"b c",NULL,"\\"q\\""}', matrix => '{{1,2},{3,4}}', doc => '{"a": [1, "é", null]}', old => '{"b":  1}',
	bin => '\x00ff', net => '192.0.2.1/32', name => 'é"\'%', needed => '', refers => '5');
$saved = gives($anna->put($kinds, { token => $token, values => \%good, keep => $true }), 200, 'every type');
is_deeply({ map { ($_ => $saved->{values}{$_}) } keys %good }, \%good, 'comes back as it was sent');
is($saved->{values}{twice}, '14', 'with what was generated');
my @nullable = grep { $_ ne 'needed' } sort keys %good;
$saved = gives($anna->put($kinds, { token => $token, values => { map { ($_ => undef) } @nullable }, keep => $true }), 200, 'null for each');
is_deeply([ grep { defined $saved->{values}{$_} } @nullable ], [], 'is null');

my %bad = (small => '99999', big => '1.5', exact => '1' x 40, approx => 'x', truth => 'maybe', day => '2026-02-30', at => 'soon', span => 'x', mood => 'happy', grade => '7', list => '{a', matrix => '{a}',
	doc => '{', old => '', bin => '\xzz', net => '999.0.0.1', name => 'toolong', needed => undef, refers => '999', always => '1', twice => '1', secret => 'x', nix => 'x', 'small"; --' => '1');
for my $column (sort keys %bad)
{
	my $problem = refused_as($anna->put($kinds, { token => $token, values => { mood => 'sad', $column => $bad{$column} } }), 422, 'invalid', "a bad value for $column");
	is($problem->{column}, $column, "the column is named: $column");
	ok(length $problem->{detail}, "and what is wrong: $problem->{detail}");
}
for my $value (1, 1.5, $true, {}, [], ['a'])
{
	my $problem = refused_as($anna->put($kinds, { token => $token, values => { small => $value } }), 422, 'invalid', 'a value that is no text: ' . json_of($value));
	is($problem->{column}, 'small', 'the column is named');
}
is(refused_as($anna->put($kinds, { token => $token, values => { small => '-1' } }), 422, 'invalid', 'a check')->{constraint}, 'positive', 'the constraint is named');
is(refused_as($anna->put($kinds, { token => $token, values => { name => 'taken' } }), 422, 'invalid', 'a double')->{constraint}, 'kinds_name_key', 'the constraint is named');
is(sql($node, 'SELECT mood IS NULL AND small IS NULL FROM kinds WHERE id = 1'), 't', 'nothing of all that was written');
is($anna->get("$kinds/lock")->{json}{lock}{token}, $token, 'and the lock is still there');
is($anna->get($kinds)->{json}{values}{secret}, undef, 'what may be read is');
gives($anna->delete($kinds, { token => $token }), 204, 'deleted');

# Types made of others, and values that are none.
sql($node, <<'SQL');
CREATE TYPE pair AS (n integer, t text);
CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
CREATE DOMAIN small_even AS even NOT NULL DEFAULT 0 CHECK (VALUE < 100);
CREATE DOMAIN document AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
CREATE TABLE odd_kinds (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, pair pair, pairs pair[], within int4range, when_to tstzrange, odd numeric, wide double precision, forever timestamptz,
 never date, nested small_even, doc document, docs jsonb[], bits bit(3), spot point, cube integer[][], fixed char(4), one_char "char", words tsvector, place regclass);
INSERT INTO odd_kinds DEFAULT VALUES;
SELECT locking.protect('odd_kinds'); GRANT ALL ON odd_kinds TO anna;
SQL
my $has_xml = $node->psql('postgres', "SELECT '<a/>'::xml") == 0;
sql($node, 'ALTER TABLE odd_kinds ADD markup xml') if $has_xml;
my $odd = path('odd_kinds', 1);
$token = token_of($anna, $odd);
%good = (pair => '(1,"a ""b"", c")', pairs => '{"(1,a)","(,)"}', within => '[1,10)', when_to => '["2026-11-23 10:00:00+00",infinity)', odd => 'NaN', wide => '-Infinity', forever => 'infinity', never => '-infinity',
	nested => '42', doc => '{"a": 1}', docs => '{"{\\"a\\": 1}",NULL}', bits => '101', spot => '(1.5,-2)', cube => '[0:1][1:2]={{1,2},{3,NULL}}', fixed => 'abcd', one_char => 'x', words => q('cat':1 'rat':2B),
	place => 'article', $has_xml ? (markup => '<a b="c">é</a>') : ());
$saved = gives($anna->put($odd, { token => $token, values => \%good, keep => $true }), 200, 'composites, ranges, domains of domains, infinities');
is_deeply({ map { ($_ => $saved->{values}{$_}) } keys %good }, \%good, 'come back as they were sent');
%bad = (pair => '(x,1)', pairs => '{"(x,)"}', within => '[5,1)', when_to => '[later,)', odd => 'NaNN', wide => '1e999', forever => 'ever', never => '0000-00-00', nested => '43', doc => '[]', docs => '{"{"}',
	bits => '1011', spot => '1', cube => '{{1},{2,3}}', fixed => 'abcde', words => q('), place => 'no_such_table', $has_xml ? (markup => '<a>') : ());
for my $column (sort keys %bad)
{
	is(refused_as($anna->put($odd, { token => $token, values => { $column => $bad{$column} } }), 422, 'invalid', "a bad value for $column")->{column}, $column, "the column is named: $column");
}
is(refused_as($anna->put($odd, { token => $token, values => { nested => undef } }), 422, 'invalid', 'null for a domain that has none')->{column}, 'nested', 'the column is named');
$saved = gives($anna->put($odd, { token => $token, values => { id => '77' }, keep => $true }), 200, 'an identity by default may be written');
is("$saved->{key} $saved->{lock}{token}", "77 $token", 'and moves the lock, as it is the key');
is(gives($anna->post('/tables/odd_kinds/rows', { values => { nested => '2' } }), 201, 'inserted')->{values}{nested}, '2', 'what was not sent has its default');
is(refused_as($anna->post('/tables/odd_kinds/rows', { values => { nested => '3' } }), 422, 'invalid', 'inserting a bad value')->{column}, 'nested', 'the column is named');

# Keys whose segment needs care come back in Location.
sql($node, 'CREATE TABLE "names ~" (name text PRIMARY KEY, v text); GRANT ALL ON "names ~" TO anna');
for my $key ('', '.', '..', '~', '~..', '~x', 'a/b c', "é%\n", '{1}')
{
	my $made = $anna->post('/tables/' . segment('"names ~"') . '/rows', { values => { name => $key } });
	my $location = $made->{headers}{location} // '';
	is($location, '/api/v1' . path('"names ~"', $key), "Location: $location") or diag($made->{content});
	is($anna->get("/$location")->{json}{key}, $key, 'leads to the row');
}

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

# A save is one transaction: what fails at its end has not happened.
sql($node, <<'SQL');
CREATE TABLE late (id integer PRIMARY KEY, refers integer REFERENCES article DEFERRABLE INITIALLY DEFERRED, v text);
INSERT INTO late VALUES (1, 1, 'v'), (2, 2, 'v');
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
IF NEW.v = 'never' THEN RETURN NULL; ELSIF NEW.v = 'oops' THEN RAISE EXCEPTION 'not this' USING ERRCODE = 'ZZ123', HINT = 'another'; END IF;
NEW.v := upper(NEW.v); RETURN NEW; END$$;
CREATE TRIGGER meddle BEFORE UPDATE ON late FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT locking.protect('late'); GRANT ALL ON late TO anna;
SQL
my $late = path('late', 1);
$token = token_of($anna, $late);
$anna->put("$late/draft", { token => $token, data => 'kept' });
refused_as($anna->put($late, { token => $token, values => { refers => '999', v => 'x' } }), 422, 'invalid', 'a constraint that fails at commit');
is(sql($node, 'SELECT refers, v FROM late WHERE id = 1'), '1|v', 'nothing was saved');
is($anna->get($late)->{json}{lock}{token}, $token, 'the lock is kept');
is($anna->get($late)->{json}{draft}{data}, 'kept', 'the draft, too');
refused_as($anna->put($late, { token => $token, values => { v => 'never' } }), 403, 'forbidden', 'a trigger that does not want it');
like(refused_as($anna->put($late, { token => $token, values => { v => 'oops' } }), 422, 'invalid', 'a trigger that raises')->{detail}, qr/not this/, 'says so');
is(gives($anna->put($late, { token => $token, values => { v => 'loud' } }), 200, 'a trigger that changes it')->{values}{v}, 'LOUD', 'the answer shows what is stored');
is(sql($node, "SELECT count(*) FROM late WHERE id = 1 AND xmin IN (SELECT xmin FROM locking.event WHERE relation = 'late'::regclass AND event = 'released')"), 1, 'the release is of the same transaction');

# What a table's trigger does to the connection, or raises, is the table's business.
sql($node, <<'SQL');
CREATE TABLE rude (id integer PRIMARY KEY, v text); INSERT INTO rude VALUES (1, 'v');
CREATE FUNCTION be_rude() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
IF NEW.v = 'forget' THEN DEALLOCATE ALL; ELSIF NEW.v = 'listen' THEN LISTEN noise; ELSE RAISE EXCEPTION 'rude' USING ERRCODE = NEW.v; END IF; RETURN NEW; END$$;
CREATE TRIGGER be_rude BEFORE UPDATE ON rude FOR EACH ROW EXECUTE FUNCTION be_rude();
GRANT ALL ON rude TO anna;
SQL
my $rude = path('rude', 1);
refused_as($anna->put($rude, { values => { v => $_ } }), 422, 'invalid', "a trigger raises $_") for qw(ZZ001 XX000 28000 42601);
my @after = map { $_->{status} } $anna->put($rude, { values => { v => 'forget' } }), map { $anna->get($_) } ($rude, "$row/lock") x 4;
is_deeply([ grep { $_ != 200 && $_ != 503 } @after ], [], "a trigger that forgets what was prepared costs a 503 at most: @after");
is($after[-1], 200, 'and then all is well');
gives($anna->put($rude, { values => { v => 'listen' } }), 200, 'a trigger that listens');
my $ear = sql($node, "SELECT pid FROM pg_stat_activity WHERE usename = 'anna' ORDER BY state_change DESC LIMIT 1");
sql($node, 'NOTIFY noise');
my $closed = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'another connection', sub {
	$anna->get($rude) while sql($node, "SELECT count(*) FROM pg_stat_activity WHERE pid = $ear");
	return 1;
}) };
ok($closed, 'costs the connection, or all that is told would be kept for it');
gives($anna->get($rude), 200, 'another one takes its place');

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

# ---- pages of rows ----

sql($node, <<'SQL');
CREATE TABLE many (a integer, b text, grade integer, title text, PRIMARY KEY (a, b));
INSERT INTO many SELECT g, 'k' || g % 3, CASE WHEN g % 4 > 0 THEN g % 7 END, CASE WHEN g % 5 > 0 THEN 'title ' || g % 10 END FROM generate_series(1, 97) g;
SELECT locking.protect('many'); GRANT ALL ON many TO anna;
SQL

# All keys, page by page; what is to be done between two pages is.
sub walk
{
	my ($query, $way, $from, $between) = @_;
	my ($cursor, @keys) = ($from);
	for (1 .. 200)
	{
		my $page = $anna->get("/tables/many/rows?limit=7&$query" . (defined $cursor ? '&' . ($way eq 'next' ? 'after' : 'before') . "=$cursor" : ''))->{json};
		my @rows = map { $_->{key} } @{ $page->{rows} };
		@keys = $way eq 'next' ? (@keys, @rows) : (@rows, @keys);
		return ($page, @keys) unless defined $page->{$way};
		$cursor = $page->{$way};
		$between->() if $between;
	}
	die "no end of pages\n";
}

my $inserted = 1000;
for my $sort ('', 'a', 'b', 'grade', 'title')
{
	for my $dir ('asc', 'desc')
	{
		my $query = "dir=$dir" . ($sort ? "&sort=$sort" : '');
		my $order = join ', ', map { "$_ $dir" } $sort ? $sort : (), 'a', 'b';
		my @expected = split /\n/, sql($node, "SELECT ARRAY[a::text, b] FROM many ORDER BY " . ($order =~ s/(b|title)( \w+)/$1 COLLATE "C"$2/gr));
		my ($last, @forth) = walk($query, 'next');
		is_deeply(\@forth, \@expected, "$order: every row once, on to the end");
		my (undef, @back) = walk($query, 'prev', $last->{prev});
		is_deeply([ @back, map { $_->{key} } @{ $last->{rows} } ], \@expected, "$order: and back");

		# Rows that come in behind, before and among those that are looked at.
		my $more = sub {
			sql($node, "INSERT INTO many SELECT $inserted + n, 'n', g, t FROM (VALUES (1, NULL, NULL), (2, 0, 'title 0'), (3, 6, 'title 9'), (4, 3, 'a')) v(n, g, t)");
			$inserted += 10;
		};
		my %old = map { ($_ => 1) } @expected;
		my (undef, @meanwhile) = walk($query, 'next', undef, $more);
		is_deeply([ grep { $old{$_} } @meanwhile ], \@expected, "$order: none is lost or twice while others come in");
		my %seen;
		is_deeply([ grep { $seen{$_}++ } @meanwhile ], [], "$order: nor are those twice");
		sql($node, 'DELETE FROM many WHERE a > 97');
	}
}
sql($node, "UPDATE many SET title = v FROM (VALUES (1, '100%'), (2, 'a_b'), (3, 'axb'), (4, 'back\\slash'), (6, 'it''s')) v(n, v) WHERE a = n");
my %found = ('100%' => '1', 'a_b' => '2', '%' => '1', '_' => '2', '\\' => '4', "it's" => '6', 'A_B' => '2', '{97,k1}' => undef);
for my $q (sort keys %found)
{
	my @rows = map { $_->{values}{a} } @{ gives($anna->get('/tables/many/rows?limit=100&q=' . segment($q)), 200, "search for $q")->{rows} };
	is_deeply(\@rows, [ $found{$q} ], "$q is itself, and no pattern") if defined $found{$q};
}
is_deeply([ map { $_->{key} } @{ $anna->get('/tables/many/rows?filter=' . segment('{"grade": "1", "title": null}'))->{json}{rows} } ],
	[ split /\n/, sql($node, 'SELECT ARRAY[a::text, b] FROM many WHERE grade = 1 AND title IS NULL ORDER BY a, b') ], 'a filter with null');
my $cursor = $anna->get('/tables/many/rows?limit=5&sort=grade')->{json}{next};
for my $query ("after=$cursor", "sort=title&after=$cursor", "sort=grade&dir=desc&after=$cursor", 'after=x', 'after=', 'after=%7B%7D', 'after=W10', 'before=bnVsbA', "sort=grade&after=$cursor&before=$cursor",
	'limit=0', 'limit=1001', 'limit=x', 'limit=', 'limit=99999999999', 'dir=up', 'sort=nix', 'sort=a,b', 'filter=x', 'filter=[]', 'filter={%22nix%22:%221%22}', 'filter={%22a%22:%22x%22}',
	'locked=perhaps', "sort=grade&after=${cursor}x")
{
	refused_as($anna->get("/tables/many/rows?$query"), 422, 'invalid', "rows?$query");
}

$server->stop_ok;
done_testing();
