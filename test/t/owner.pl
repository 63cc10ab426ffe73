# The owner of an application's locks: calls of set_owner() that would end
# unused, in each form and protocol, and locking.require_owner.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;
use WireClient;

my $node = new_node('main');
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 100) g;
SELECT locking.protect('article');
CREATE TABLE app_user (id integer PRIMARY KEY, name text);
INSERT INTO app_user VALUES (7, 'ann'), (8, 'bob');
CREATE ROLE webapp LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON article, app_user TO webapp;
GRANT EXECUTE ON FUNCTION locking.set_owner TO webapp;
CREATE FUNCTION sign_in(name text) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM locking.set_owner(name); END';
CREATE FUNCTION sign_in_sql(name text) RETURNS void LANGUAGE sql AS 'SELECT locking.set_owner(name)';
CREATE FUNCTION open_article(name text, row_id integer) RETURNS bigint LANGUAGE plpgsql AS
	'BEGIN PERFORM locking.set_owner(name); RETURN locking.acquire(''article'', row_id); END';
CREATE FUNCTION write_article(name text, row_id integer) RETURNS void LANGUAGE plpgsql AS
	'BEGIN PERFORM locking.set_owner(name); UPDATE article SET body = name WHERE id = row_id; END';
CREATE FUNCTION caught(name text, use boolean) RETURNS void LANGUAGE plpgsql AS
	'BEGIN
		BEGIN PERFORM locking.set_owner(name); EXCEPTION WHEN division_by_zero THEN NULL; END;
		IF use THEN PERFORM locking.owner(); END IF;
	END';
CREATE FUNCTION by_cursor(name text, use boolean) RETURNS void LANGUAGE plpgsql AS
	'DECLARE r record;
	BEGIN
		FOR r IN SELECT locking.set_owner(name) LOOP
			IF use THEN PERFORM locking.owner(); END IF;
		END LOOP;
	END';
CREATE PROCEDURE two_transactions(use boolean) LANGUAGE plpgsql AS
	'BEGIN
		PERFORM locking.set_owner(''ann'');
		IF use THEN PERFORM locking.owner(); END IF;
		COMMIT;
		PERFORM locking.owner();
	END';
SQL

# ---- set_owner() outside of a transaction block ----

my $error = 'ERROR 25P01';
my $warning = 'WARNING 25P01';
my $client = WireClient->new($node, 'webapp');

sub codes_of
{
	my ($reply) = @_;
	return join(', ', @{ $reply->{codes} }) || 'none';
}

# The same outcome by both protocols, for one statement.
sub outcome_is
{
	my ($sql, $expected) = @_;
	is(codes_of($client->simple($sql)), $expected, "simple query: $sql: $expected");
	is(codes_of($client->pipeline($sql)), $expected, "extended query: $sql: $expected");
	is($client->simple('SELECT locking.owner()')->{values}[0], 'webapp', "no owner is left after $sql");
	return;
}

outcome_is($_, $error) for
  "SELECT locking.set_owner('ann')",
  "SELECT locking.set_owner('ann', 'Ann Ames')",
  "SELECT locking.set_owner('ann', 'Ann Ames', true)",
  "SELECT locking.set_owner('ann', is_local => NULL)",
  "SELECT locking.set_owner('ann') AS done",
  "SELECT locking.set_owner(upper('ann')) WHERE now() > '2000-01-01'",
  "SELECT * FROM locking.set_owner('ann')",
  'SELECT locking.set_owner(name) FROM app_user WHERE id = 7',
  'SELECT locking.set_owner(name) FROM app_user ORDER BY id LIMIT 1',
  "WITH who AS MATERIALIZED (SELECT name FROM app_user WHERE id = 7) SELECT locking.set_owner(name) FROM who",
  "VALUES (locking.set_owner('ann'))";
outcome_is($_, $warning) for
  "SELECT locking.set_owner('ann'), 1",
  "SELECT FROM locking.set_owner('ann')",
  "SELECT locking.set_owner('ann') IS NULL",
  "SELECT sign_in('ann')",
  "SELECT sign_in_sql('ann')",
  "SELECT caught('ann', false)",
  "SELECT by_cursor('ann', false)",
  "DO 'BEGIN PERFORM locking.set_owner(''ann''); END'",
  "DO 'DECLARE x text; BEGIN x := locking.set_owner(''ann''); END'",
  "INSERT INTO app_user SELECT 9, 'cid' FROM locking.set_owner('ann') WHERE false OR random() < 0",
  'CALL two_transactions(false)';
outcome_is($_, 'none') for
  "SELECT locking.set_owner('ann'), locking.owner()",
  "SELECT locking.set_owner('ann'), (locking.try_acquire('article', 1)).outcome",
  "WITH o AS MATERIALIZED (SELECT locking.set_owner('ann')) SELECT locking.acquire('article', 1) FROM o",
  "SELECT locking.set_owner('ann'), locking.release_all()",
  "SELECT open_article('ann', 1)",
  "SELECT write_article('ann', 1)",
  "SELECT write_article('ann', 2)",
  "SELECT caught('ann', true)",
  "SELECT by_cursor('ann', true)",
  "DO 'BEGIN PERFORM locking.set_owner(''ann''); PERFORM locking.acquire(''article'', 1); END'",
  "UPDATE article SET body = 'x' FROM locking.set_owner('ann') WHERE id = 3",
  "SELECT locking.set_owner('', is_local => false)",
  "SELECT FROM locking.set_owner('', NULL, false)",
  'SELECT locking.set_owner(name) FROM app_user WHERE false',
  'CALL two_transactions(true)';

# prepared statements
$client->simple($_) for 'PREPARE o (text) AS SELECT locking.set_owner($1)', 'PREPARE used AS SELECT locking.set_owner(\'ann\'), locking.owner()';
outcome_is("EXECUTE o('ann')", $error) for 1 .. 7;    # generic plans, too
outcome_is('EXECUTE used', 'none');

# several statements form a transaction: of a block, of one message, of a
# pipeline
my $set = "SELECT locking.set_owner('ann')";
my $use = "SELECT locking.owner()";
for my $statements ([ 'BEGIN', $set, 'COMMIT' ], [ 'BEGIN', $set, 'SELECT 1', 'COMMIT' ], [ 'BEGIN', $set, $use, 'COMMIT' ],
	[ 'BEGIN', 'SAVEPOINT s', $set, 'COMMIT' ], [ $set, $use ], [ $set, 'SELECT 1' ], [ $use, $set ],
	[ $set, "UPDATE article SET body = 'x' WHERE id = 4" ], [ "SELECT sign_in('ann')", 'SELECT 1' ])
{
	my $what = join('; ', @$statements);
	is(codes_of($client->simple($what)), 'none', "one message: $what");
	is(codes_of($client->pipeline(@$statements)), 'none', "pipeline: $what");
	next if $statements->[0] ne 'BEGIN';
	is(join(', ', map { codes_of($client->simple($_)) } @$statements), join(', ', ('none') x @$statements), "separately: $what");
}
is($client->pipeline($set, $use)->{values}[1], 'ann', 'in a pipeline the owner lasts for the statements that follow');
is(codes_of($client->pipeline('SELECT 1 / 0')), 'ERROR 22012', 'an error of its own');
is(codes_of($client->pipeline($set)), $error, 'a pipeline of one statement');

# what it is for: without the error, all users would be one owner
is(codes_of($client->simple("$set; SELECT locking.acquire('article', 20)")), 'none', "ann's lock");
is(codes_of($client->simple("SELECT locking.set_owner('bob')")), $error, "bob's call by itself is refused");
is($client->simple("BEGIN; SELECT locking.set_owner('bob'); SELECT outcome FROM locking.try_acquire('article', 20); COMMIT")->{values}[1], 'held', 'so bob meets the lock of ann');

like((run_ok('psql shows message and hint', $node, 'psql', '-X', '-d', 'postgres', '-U', 'webapp', map { ('-c', $_) } 'BEGIN', $set, 'COMMIT') || ''), qr/set_owner/, 'a block in psql');
run_fails('psql', qr/ERROR:  locking\.set_owner\(\) can only be used in transaction blocks\nDETAIL: .*\nHINT:  Call it in a transaction block, or with is_local => false/, $node,
	'psql', '-X', '-d', 'postgres', '-U', 'webapp', '-c', $set);
$client->quit;

# ---- locking.require_owner ----

sql($node, <<'SQL');
ALTER ROLE webapp SET locking.require_owner = on;
CREATE TABLE review (id integer PRIMARY KEY, article integer CONSTRAINT review_article REFERENCES article ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO review VALUES (1, 30), (2, 31), (3, 32), (4, 33);
SELECT locking.protect('review', parent => 'review_article');
CREATE TABLE strict (id integer PRIMARY KEY);
INSERT INTO strict VALUES (1);
SELECT locking.protect('strict', required => true);
CREATE TABLE loose (id integer PRIMARY KEY, body text);
INSERT INTO loose VALUES (1, 'body');
SELECT locking.protect('loose', hard => false);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON review, strict, loose TO webapp;
GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, text, text), locking.break_lock(regclass, anyelement, text), locking.take_over(regclass, anyelement, text, interval, boolean, text, text) TO webapp;
SELECT locking.set_owner('ann', is_local => false);
SELECT locking.acquire('article', 30), locking.acquire('article', 31, hard => false), locking.acquire('loose', 1);
-- its own, if the role were an owner
SELECT locking.set_owner('webapp', is_local => false);
SELECT locking.acquire('article', 32);
SQL
my %token = split /[|\n]/, sql($node, 'SELECT owner, max(token) FROM locking.lock GROUP BY owner');

# Each in a session that has not loaded the library, and in one that has.
my $as_app = session($node, user => 'webapp');
$as_app->query('SELECT locking.gate()');

sub refused_unnamed
{
	my ($sql) = @_;
	refused("without an owner: $sql", $node, '42501', $sql, user => 'webapp');
	is($as_app->state_of($sql), '42501', "the same, with the library loaded");
	like($as_app->{err}, qr/no lock owner has been named\n.*locking\.require_owner.*\n.*HINT: .*locking\.set_owner\(\)/s, 'the message says so');
	return;
}

refused_unnamed($_) for
  "SELECT locking.acquire('article', 40)",
  "SELECT locking.acquire('article', 40, wait => '1 s')",
  "SELECT locking.try_acquire('article', 40)",
  "SELECT locking.acquire_all('article', ARRAY['40', '41'])",
  "SELECT locking.acquire_all('article', '{}')",
  "SELECT locking.take_over('article', 30, 'urgent')",
  "SELECT locking.renew($token{webapp})",
  "SELECT locking.renew($token{ann}, draft => '{}')",
  "SELECT locking.renew(0)",
  "SELECT locking.confirm($token{webapp})",
  "SELECT locking.release($token{webapp})",
  'SELECT locking.release(0)',
  'SELECT locking.release_all()',
  "SELECT locking.release_all('tab')",
  "SELECT locking.break_lock('article', 30, 'urgent')",
  "SELECT locking.save_draft($token{webapp}, '{}')",
  "SELECT locking.discard_draft('article', 32)",
  "SELECT locking.purge_drafts('1 s')",
  "SELECT locking.request('article', 30)",
  "SELECT locking.withdraw('article', 30)",
  "UPDATE article SET body = 'x' WHERE id = 30",
  "UPDATE article SET body = 'x' WHERE id = 31",
  "UPDATE article SET body = 'x' WHERE id = 32",
  "UPDATE article SET body = 'x'",
  "SET locking.on_locked = skip; UPDATE article SET body = 'x' WHERE id = 30",
  'UPDATE article SET id = 30 WHERE id = 50',
  'DELETE FROM article WHERE id = 32',
  "INSERT INTO article VALUES (30) ON CONFLICT (id) DO UPDATE SET body = 'x'",
  "UPDATE loose SET body = 'x'",
  'TRUNCATE loose',
  'TRUNCATE article CASCADE',
  'TRUNCATE review',
  'INSERT INTO review VALUES (9, 30)',
  'INSERT INTO review VALUES (9, 31)',
  'UPDATE review SET article = 31 WHERE id = 4',
  'DELETE FROM review WHERE id = 3',
  'DELETE FROM strict';
is(sql($node, "SELECT count(*) FROM article WHERE body = 'x' AND id >= 30"), 0, 'nothing was written');
is(sql($node, 'SELECT count(*) FROM locking.lock WHERE key IN (\'30\', \'31\', \'32\')'), 3, 'no lock has ended');

$as_app->query('RESET ALL');
is($as_app->query($_->[0]), $_->[1], "without an owner: $_->[0]") for
  [ "UPDATE article SET body = 'free' WHERE id = 50 RETURNING body", 'free' ],
  [ 'DELETE FROM article WHERE id = 33 RETURNING id', '33' ],
  [ 'SELECT count(*) FROM review WHERE article = 33', '0' ],
  [ 'SELECT locking.owner() IS NULL', 't' ],
  [ "SELECT locking.is_locked('article', 32), locking.lock_applies('article', 32)", 't|t' ],
  [ 'SELECT count(*) > 3, count(*) FILTER (WHERE is_mine) FROM locking.locks', 't|0' ];

# an owner that is named, for a transaction or the session
for my $begin ([ 'BEGIN', "SELECT locking.set_owner('webapp')" ], [ "SELECT locking.set_owner('webapp', is_local => false)" ])
{
	$as_app->query($_) for @$begin;
	is($as_app->query('SELECT locking.owner()'), 'webapp', "named: @$begin");
	is($as_app->state_of("UPDATE article SET body = 'y' WHERE id = 32"), '', 'the owner writes its row');
	is($as_app->query("SELECT locking.confirm($token{webapp}) > now(), locking.renew($token{webapp}) > now()"), 't|t', 'confirms and renews');
	is($as_app->query('SELECT count(*) FROM locking.locks WHERE is_mine'), '1', 'sees its lock');
	is($as_app->state_of("UPDATE article SET body = 'y' WHERE id = 30"), '55P03', "not another owner's row");
	$as_app->query('ROLLBACK') if @$begin == 2;
}
is($as_app->state_of("SELECT locking.set_owner('', is_local => false)"), '', 'an empty owner is none');
is($as_app->state_of('SELECT locking.release_all()'), '42501', 'which is no owner');

# only superusers turn it off
is($as_app->state_of($_), '42501', "not by the role: $_") for 'SET locking.require_owner = off', 'SET LOCAL locking.require_owner = off',
  "SELECT set_config('locking.require_owner', 'off', false)";
is($as_app->state_of('RESET locking.require_owner'), '42501', 'not by RESET');
$as_app->query('RESET ALL');
is($as_app->query('SHOW locking.require_owner'), 'on', 'RESET ALL keeps it');
refused('not before the library is loaded', $node, '42501', "SET locking.require_owner = off; SELECT locking.acquire('article', 40)", user => 'webapp');
$as_app->quit;

# code that has no owner by nature meets the lock itself
sql($node, <<'SQL');
CREATE TABLE folder (id integer PRIMARY KEY);
CREATE TABLE page (id integer PRIMARY KEY, folder integer REFERENCES folder ON DELETE CASCADE);
INSERT INTO folder VALUES (1), (2);
INSERT INTO page VALUES (1, 1), (2, 2);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE article SET body = ''z'' WHERE id = 30; RETURN OLD; END';
CREATE TRIGGER touch BEFORE DELETE ON page FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION touch();
SELECT locking.protect('page');
GRANT SELECT, DELETE ON folder TO webapp;
SELECT locking.acquire('page', 2);
SQL
refused('a trigger below a foreign key', $node, '55P03', 'DELETE FROM folder WHERE id = 1', user => 'webapp');
refused('a foreign key itself', $node, '42501', 'DELETE FROM folder WHERE id = 2', user => 'webapp');

done_testing();
