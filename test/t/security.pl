# Security tests that need separate sessions: settings made before the library
# is loaded, at connecting or for a role; parallel workers; notifications;
# errors in the middle of an operation; a prepared schema.  Others are in
# test/pgtap.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'max_connections = 20' ]);
my $major = major_version($node);

# ---- a schema prepared before CREATE EXTENSION ----

sql($node, <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE bob LOGIN;
CREATE ROLE alice LOGIN;
CREATE ROLE svc LOGIN;
CREATE DATABASE prepared;
GRANT CREATE ON DATABASE prepared, postgres TO mallory;
SQL
sql($node, <<'SQL', user => 'mallory', db => 'prepared');
CREATE SCHEMA locking;
CREATE FUNCTION locking.owner() RETURNS text LANGUAGE sql AS 'SELECT ''bob''::text';
CREATE TABLE locking.lock (x integer);
SQL
refused('a schema "locking" that exists already', $node, '42P06', 'CREATE EXTENSION locking', db => 'prepared');

# ---- tables ----

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TABLE app.doc (id integer PRIMARY KEY, body text);
INSERT INTO app.doc SELECT g, 'body' FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE ON app.doc TO PUBLIC;
CREATE TABLE app.secret (id text PRIMARY KEY, body text);
INSERT INTO app.secret SELECT 'key ' || g, 'body' FROM generate_series(1, 9) g;
GRANT SELECT, UPDATE ON app.secret TO bob;
CREATE TABLE app.hidden (id text PRIMARY KEY, who name);
INSERT INTO app.hidden VALUES ('hidden key', 'bob');
ALTER TABLE app.hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.hidden USING (who = current_user);
GRANT SELECT, UPDATE ON app.hidden TO PUBLIC;
SELECT locking.protect('app.doc'), locking.protect('app.secret'), locking.protect('app.hidden');
SQL
sql($node, <<'SQL', user => 'mallory');
CREATE SCHEMA m;
GRANT USAGE ON SCHEMA m TO PUBLIC;
SQL

# ---- an owner cannot be forged ----

# The owner that a script's last statement sees, whether or not the others
# failed.
sub owner_after
{
	my ($script, %options) = @_;
	my $session = session($node, user => 'mallory', %options);
	$session->state_of($_) for split /;\n?/, $script;
	$session->state_of('ROLLBACK') if $session->state_of('SELECT locking.owner()') eq '25P02';
	my $owner = $session->query('SELECT locking.owner()');
	$session->quit;
	return $owner;
}

sub stays_mallory
{
	my ($name, $script, $preload) = @_;
	is(owner_after($script), 'mallory', "$name, $preload");
	return;
}

sub forge
{
	my ($preload) = @_;

	stays_mallory('SET before the first use', "SET locking.owner = 'bob'", $preload);
	stays_mallory('SET LOCAL before the first use', "BEGIN;\nSET LOCAL locking.owner = 'bob'", $preload);
	stays_mallory('set_config() before the first use', "SELECT set_config('locking.owner', 'bob', false)", $preload);
	stays_mallory('SET in a savepoint, then SET LOCAL',
		"BEGIN;\nSET locking.owner = 'bob';\nSAVEPOINT a;\nSET LOCAL locking.owner = 'alice';\nRELEASE a", $preload);
	stays_mallory('SET before LOAD', "SET locking.owner = 'bob';\nLOAD 'locking'", $preload);
	stays_mallory('SET, first use in a transaction that is rolled back',
		"SET locking.owner = 'bob';\nBEGIN;\nSELECT locking.owner();\nROLLBACK", $preload);
	stays_mallory('the display name', "SET locking.owner_name = 'Bob'", $preload);
	stays_mallory('ALTER ROLE of the own role',
		"ALTER ROLE mallory SET locking.owner = 'bob';\n\\c -", $preload);
	stays_mallory('ALTER ROLE of the own role in a database',
		"ALTER ROLE mallory IN DATABASE postgres SET locking.owner = 'bob';\n\\c -", $preload);
	stays_mallory('SET ROLE', "SET ROLE bob", $preload);
	stays_mallory('SET SESSION AUTHORIZATION', "SET SESSION AUTHORIZATION bob", $preload);
	stays_mallory('RESET ALL', "SET locking.owner = 'bob';\nRESET ALL", $preload);
	stays_mallory('DISCARD ALL', "SET locking.owner = 'bob';\nDISCARD ALL", $preload);
	stays_mallory('set_owner()', "SELECT locking.set_owner('bob')", $preload);

	# created while the setting is not defined, used in a session where it is
	# not defined either
	my $made = session($node, user => 'mallory');
	$made->state_of("CREATE OR REPLACE FUNCTION m.as_bob() RETURNS text LANGUAGE plpgsql SET locking.owner = 'bob'"
		. " AS 'BEGIN RETURN locking.owner(); END'");
	$made->quit;
	my $used = session($node, user => 'mallory');
	$used->send_sql('SELECT m.as_bob()');
	isnt($used->finish, 'bob', "a function's SET clause, $preload");
	is($used->query('SELECT locking.owner()'), 'mallory', "the owner after that function, $preload");
	$used->quit;

	# what is set to off before the library is loaded must not be off
	# afterwards
	my $enforce = session($node, user => 'mallory');
	$enforce->state_of('SET locking.enforce = off');
	$enforce->query('SELECT locking.owner()');
	is($enforce->query('SHOW locking.enforce'), 'on', "SET locking.enforce before the first use, $preload");
	$enforce->quit;

	{
		local $ENV{PGOPTIONS} = "-c locking.owner=bob -c locking.enforce=off";
		my ($owner, $enforce) = eval {
			my $session = session($node, user => 'mallory');
			my @got = ($session->query('SELECT locking.owner()'), $session->query('SHOW locking.enforce'));
			$session->quit;
			@got;
		};
		ok(!defined $owner || $owner eq 'mallory', "PGOPTIONS, $preload") or diag($owner);
		ok(!defined $enforce || $enforce eq 'on', "PGOPTIONS: locking.enforce, $preload");
	}

	# roles with the privilege
	accepted("a superuser sets a role's owner, $preload", $node, "ALTER ROLE svc SET locking.owner = 'carol'");
	is(owner_after('SELECT 1', user => 'svc'), 'carol', "the role has that owner, $preload");
	is(owner_after('RESET ALL', user => 'svc'), 'carol', "RESET ALL keeps the role's owner, $preload");
	sql($node, 'ALTER ROLE svc RESET ALL');
  SKIP:
	{
		skip 'GRANT SET ON PARAMETER came with 15', 2 if $major < 15;
		sql($node, 'GRANT SET ON PARAMETER locking.owner TO svc');
		is(owner_after("SET locking.owner = 'dave'", user => 'svc'), 'dave', "GRANT SET ON PARAMETER, $preload");
		sql($node, 'REVOKE SET ON PARAMETER locking.owner FROM svc');
		is(owner_after("SET locking.owner = 'dave'", user => 'svc'), 'svc', "and REVOKE, $preload");
	}
	sql($node, 'GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO svc');
	is(owner_after("SELECT locking.set_owner('erin', NULL, false)", user => 'svc'), 'erin', "set_owner() with EXECUTE, $preload");
	is(owner_after("SELECT locking.set_owner('erin')", user => 'svc'), 'svc', "set_owner() ends with its transaction, $preload");
	is(owner_after("SELECT locking.set_owner('erin', NULL, false);\nDISCARD ALL", user => 'svc'), 'svc', "DISCARD ALL makes the role the owner, $preload");
	sql($node, 'REVOKE EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) FROM svc');
	return;
}

forge('not preloaded');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'locking'");
$node->restart;
forge('preloaded');

# ---- parallel workers ----

sql($node, 'CREATE TABLE app.many AS SELECT generate_series(1, 50000) id; GRANT SELECT ON app.many TO PUBLIC; ANALYZE app.many;'
	  . ' GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO svc');
for my $who ('mallory', 'svc')
{
	my $session = session($node, user => $who);
	$session->query("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;"
		. ' SET parallel_leader_participation = off; SET max_parallel_workers_per_gather = 2');
	$session->query("SELECT locking.set_owner('frank', NULL, false)") if $who eq 'svc';
	like($session->query('EXPLAIN (COSTS off, VERBOSE) SELECT DISTINCT locking.owner() || id FROM app.many'),
		qr/owner\(\).*Gather/s, "$who: the leader of a parallel plan computes the owner");
	is($session->query('SELECT string_agg(DISTINCT o, $$,$$) FROM (SELECT locking.owner() o FROM app.many OFFSET 0) x'),
		$who eq 'svc' ? 'frank' : 'mallory', "$who: workers use the same owner");
	$session->quit;
}

# ---- notifications: LISTEN needs no privilege ----

# within the transaction, so that they have arrived when the session asks
sql($node, 'ALTER DATABASE postgres SET locking.notify = transaction');
my $spy = session($node, user => 'mallory');
$spy->query('LISTEN locking');
my $token = sql($node, "SELECT locking.acquire('app.secret', 'key 1', note => 'private note')", user => 'bob');
sql($node, "SELECT locking.acquire('app.hidden', 'hidden key')", user => 'bob');
sql($node, "SELECT locking.request('app.secret', 'key 1', 'private message')");
sql($node, "SELECT locking.release($token)", user => 'bob');
my $heard = $spy->query('SELECT 1');
unlike($heard, qr/private/, 'a notification contains no note or message');
sql($node, 'SELECT locking.release_all()');
$spy->query('SELECT 1');

# Any listener receives table, key and owner; the README documents this and
# how an administrator can prevent it.
sql($node, 'ALTER DATABASE postgres SET locking.notify = off');
sql($node, "SELECT locking.release(locking.acquire('app.secret', 'key 1'))", user => 'bob');
is($spy->query('SELECT 1'), '1', 'no notification with locking.notify off');
sql($node, 'ALTER DATABASE postgres RESET locking.notify');
$spy->quit;

# ---- errors in the middle of an operation ----

# Each is caught by the caller, so that anything left open shows.
sub survives
{
	my ($name, $command, %options) = @_;
	my $session = session($node, user => 'mallory');
	my $ok = eval {
		for (1 .. 3)
		{
			$session->query('BEGIN');
			$session->query("DO \$x\$BEGIN PERFORM $command; EXCEPTION WHEN OTHERS THEN NULL; END\$x\$");
			$session->query('SAVEPOINT a');
			$session->query('CREATE TEMP TABLE IF NOT EXISTS t (x integer); INSERT INTO t VALUES (1); DELETE FROM t');
			$session->query('RELEASE a');
			$session->query('COMMIT');
			$session->state_of("SELECT $command");
			$session->query('SELECT 1');
		}
		$session->{err} !~ /WARNING/;
	};
	ok($ok, "$name: an error leaves nothing open") or diag($@);
	eval { $session->quit };
	$node->poll_query_until('postgres', 'SELECT true');
	return;
}

sql($node, <<'SQL', user => 'mallory');
CREATE FUNCTION m.fail() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'failed' USING ERRCODE = 'TAP01'; END$$;
CREATE TABLE m.failing (id integer PRIMARY KEY, d integer DEFAULT 0);
INSERT INTO m.failing VALUES (1), (2);
SELECT locking.protect('m.failing');
GRANT SELECT, UPDATE ON m.failing TO bob;
SQL
sql($node, "SELECT locking.acquire('m.failing', 1, ttl => '1 hour'), locking.acquire('app.doc', 1, ttl => '1 hour')", user => 'bob');
sql($node, <<'SQL', user => 'mallory');
ALTER TABLE m.failing ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY fail ON m.failing USING (m.fail());
SQL
survives('acquire(wait) of an unreadable table', "locking.acquire('app.secret', 'key 1', wait => '30 ms')");
survives('acquire(wait) of no row', "locking.acquire('app.doc', 99, wait => '30 ms')");
survives('acquire(wait) of a held row', "locking.acquire('app.doc', 1, wait => '30 ms')");
survives('acquire(wait) with a policy that fails', "locking.acquire('m.failing', 2, wait => '30 ms')");
survives('acquire(wait) with a policy that fails, held', "locking.acquire('m.failing', 1, wait => '30 ms')");
survives('try_acquire() with a policy that fails, held', "locking.try_acquire('m.failing', 1)");
survives('request() with a policy that fails', "locking.request('m.failing', 1)");
survives('is_locked() with a policy that fails', "locking.is_locked('m.failing', 1)");
survives('locks with a policy that fails', "count(*) FROM locking.locks");
survives('row_visible() with a policy that fails', "locking.row_visible('m.failing', '1')");
survives('acquire_all() with a bad key', "locking.acquire_all('app.doc', '{2,x}')");

# ---- another role's policy, run as the reader of the list of locks ----

sql($node, <<'SQL', user => 'mallory');
DROP TABLE m.failing;
CREATE FUNCTION m.tell() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_user = 'alice' THEN
		PERFORM pg_notify('stolen', (SELECT string_agg(body, ',') FROM public.diary));
	END IF;
	RETURN true;
END $$;
CREATE TABLE m.trap (id integer PRIMARY KEY);
INSERT INTO m.trap VALUES (1);
ALTER TABLE m.trap ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON m.trap USING (m.tell());
GRANT SELECT ON m.trap TO PUBLIC;
SELECT locking.protect('m.trap');
SELECT locking.acquire('m.trap', 1, ttl => '1 hour');
SQL
sql($node, "CREATE TABLE public.diary (body text); ALTER TABLE public.diary OWNER TO alice;"
	  . " INSERT INTO public.diary VALUES ('dear diary')");
my $thief = session($node, user => 'mallory');
$thief->query('LISTEN stolen');
sql($node, 'SELECT * FROM locking.locks; SELECT * FROM locking.history', user => 'alice');
unlike($thief->query('SELECT 1'), qr/dear diary/, 'a policy of mallory\'s cannot disclose to her what a reader of locks may read');
$thief->quit;

# effects that are not writes and not undone with a subtransaction
sql($node, <<'SQL', user => 'mallory');
CREATE OR REPLACE FUNCTION m.tell() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_user = 'alice' THEN
		EXECUTE 'DEALLOCATE ALL';
		EXECUTE 'PREPARE mine AS SELECT 2';
	END IF;
	RETURN true;
END $$;
SQL
my $reader = session($node, user => 'alice');
$reader->query('PREPARE mine AS SELECT 1');
$reader->state_of('SELECT * FROM locking.locks');
is($reader->query('EXECUTE mine'), '1', 'the policy does not replace prepared statements of the reader');
$reader->quit;

sql($node, 'ALTER POLICY trap ON m.trap USING (pg_sleep(60) IS NULL)', user => 'mallory');
my $patient = session($node, user => 'alice');
$patient->query("SET statement_timeout = '1s'");
is($patient->state_of('SELECT * FROM locking.locks'), '', 'a slow policy does not hold up the list of all locks');
is($patient->state_of("SELECT * FROM locking.locks WHERE relation = 'm.trap'::regclass"), '57014',
	'a role that names the table can cancel a slow policy');
$patient->quit;
sql($node, 'DROP TABLE m.trap', user => 'mallory');

# ---- sizes ----

my $big = session($node, user => 'mallory');
is($big->state_of("SELECT locking.acquire('app.doc', 2, note => repeat('n', 100000000))"), '22023', 'a note of 100 MB');
is($big->state_of("SELECT locking.acquire('app.doc', 2)"), '', 'none');
is($big->state_of("SELECT locking.save_draft((SELECT token FROM locking.locks WHERE is_mine AND key = '2'), to_jsonb(repeat('d', 16777000)))"),
	'', 'a draft of 16 MB');
is($big->state_of("SELECT locking.save_draft((SELECT token FROM locking.locks WHERE is_mine AND key = '2'), to_jsonb(repeat('d', 100000000)))"),
	'22023', 'a draft of 100 MB');
isnt($big->state_of("SELECT locking.save_draft((SELECT token FROM locking.locks WHERE is_mine AND key = '2'), to_jsonb(repeat('d', 1000000000)))"),
	'', 'a draft of 1 GB is refused');
isnt($big->state_of("SELECT locking.acquire('app.doc', repeat('1', 1000000000))"), '', 'a key of 1 GB is refused');
is($big->state_of('SELECT * FROM locking.acquire_all($$app.doc$$, array_fill($$3$$::text, ARRAY[1000000]))'), '', 'a million keys');
isnt($big->state_of("SELECT locking.save_draft(1, repeat('[', 100000)::jsonb)"), '', 'deeply nested JSON');
$big->quit;

# ---- no lock released, no crash ----

my $log = server_log($node);
unlike($log, qr/was terminated by signal/, 'no server process crashed');
unlike($log, qr/WARNING:.*(leak|still referenced|not properly|not owned)/i, 'no resource was leaked');
$node->stop('fast');

done_testing();
