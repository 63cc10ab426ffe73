# A save is one transaction: constraints checked at its end, and triggers
# that reject it or disturb the connection. So is an acquisition, which a
# client that has gone does not get.
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
my $anna = $server->sign_in('anna');
my $row = path('article', 1);

# ---- failure at the end ----

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
my $token = token_of($anna, $late);
$anna->put("$late/draft", { token => $token, data => 'kept' });
refused_as($anna->put($late, { token => $token, values => { refers => '999', v => 'x' } }), 422, 'invalid', 'a constraint that fails at commit');
is(sql($node, 'SELECT refers, v FROM late WHERE id = 1'), '1|v', 'nothing was saved');
is($anna->get($late)->{json}{lock}{token}, $token, 'the lock is kept');
is($anna->get("$late/draft")->{json}{drafts}[0]{data}, 'kept', 'the draft is kept');
refused_as($anna->put($late, { token => $token, values => { v => 'never' } }), 403, 'forbidden', 'a trigger that skips the row');
like(refused_as($anna->put($late, { token => $token, values => { v => 'oops' } }), 422, 'invalid', 'a trigger that raises')->{detail}, qr/not this/, "the reply has the trigger's message");
is(gives($anna->put($late, { token => $token, values => { v => 'loud' } }), 200, 'a trigger that changes the row')->{values}{v}, 'LOUD', 'the reply has the stored value');
is(sql($node, "SELECT count(*) FROM late WHERE id = 1 AND xmin IN (SELECT xmin FROM locking.event WHERE relation = 'late'::regclass AND event = 'released')"), 1, 'the release is in the same transaction');

# ---- triggers that raise an error or disturb the connection ----

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
is_deeply([ grep { $_ != 200 && $_ != 503 } @after ], [], "a trigger that deallocates prepared statements costs a 503 at most: @after");
is($after[-1], 200, 'the next request succeeds');
gives($anna->put($rude, { values => { v => 'listen' } }), 200, 'a trigger that listens');
my $ear = sql($node, "SELECT pid FROM pg_stat_activity WHERE usename = 'anna' ORDER BY state_change DESC LIMIT 1");
sql($node, 'NOTIFY noise');
my $closed = eval { LockingWeb::in_seconds($LockingWeb::PATIENCE, 'another connection', sub {
	$anna->get($rude) while sql($node, "SELECT count(*) FROM pg_stat_activity WHERE pid = $ear");
	return 1;
}) };
ok($closed, 'a connection that listens is closed, since it would collect notifications');
gives($anna->get($rude), 200, 'another connection replaces it');

# ---- a page that is left while it acquires the lock ----

my $other = session($node);
my $works = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'boss' AND state <> 'idle'";
my $boss = $server->sign_in('boss');
for my $way ('lock', 'lock/takeover')
{
	$other->query('BEGIN; LOCK TABLE locking.lock IN EXCLUSIVE MODE');
	my $wire = $server->wire->send_request($boss, 'POST', path('article', 2) . "/$way", { client => 'left' });
	ok($node->poll_query_until('postgres', "$works AND wait_event_type = 'Lock'", '1'), "$way waits");
	$wire->close;
	$other->query('COMMIT');
	ok($node->poll_query_until('postgres', $works, '0'), "$way ends");
	is(sql($node, "SELECT count(*) FROM locking.lock WHERE relation = 'article'::regclass AND key = '2'"), 0, "$way by a client that has gone leaves no lock");
}
$other->quit;

# or when it was granted, and the page does not know it yet
my $left = path('article', 2);
my $known = token_of($anna, $left, client => 'left');
gives($anna->post("$left/lock/release", { client => 'another' }), 204, 'the lock of another client is not released');
is($anna->get("$left/lock")->{json}{lock}{token}, $known, 'it is kept');
gives($server->sign_in('bert')->post("$left/lock/release", { client => 'left' }), 204, "nor is another owner's");
is($anna->get("$left/lock")->{json}{lock}{token}, $known, 'it is kept, too');
gives($anna->post("$left/lock/release", { client => 'left' }), 204, 'the lock of this client is');
is($anna->get("$left/lock")->{json}{lock}, undef, 'it has ended');
gives($anna->post("$left/lock/release", { client => 'left' }), 204, 'again');

$server->stop_ok;
done_testing();
