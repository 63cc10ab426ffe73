# Reasons of failures: what the database, a type, a trigger or the extension
# refuses is told as what it is, whatever SQLSTATE it has.
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
my $server = web_server($node, '--lock-timeout', 1, '--statement-timeout', 3);
my ($anna, $bert) = map { $server->sign_in($_) } qw(anna bert);

# ---- codes that code of users raises ----

# A trigger that raises the code in the column "code", in four ways.
sql($node, <<'SQL');
CREATE TABLE rude (id integer PRIMARY KEY, code text, way text);
INSERT INTO rude SELECT g FROM generate_series(1, 3) g;
CREATE FUNCTION be_rude() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
IF NEW.way = 'raise' THEN RAISE EXCEPTION 'rude words' USING ERRCODE = NEW.code, HINT = 'be kind';
ELSIF NEW.way = 'with table' THEN RAISE EXCEPTION 'rude words' USING ERRCODE = NEW.code, TABLE = 'rude', SCHEMA = 'public';
ELSIF NEW.way = 'with column' THEN RAISE EXCEPTION 'rude words' USING ERRCODE = NEW.code, COLUMN = 'code';
END IF; RETURN NEW; END$$;
CREATE TRIGGER be_rude BEFORE INSERT OR UPDATE ON rude FOR EACH ROW WHEN (NEW.way <> 'late') EXECUTE FUNCTION be_rude();
CREATE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'late words' USING ERRCODE = NEW.code; END$$;
CREATE CONSTRAINT TRIGGER be_late AFTER INSERT OR UPDATE ON rude DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.way = 'late') EXECUTE FUNCTION be_late();
SELECT locking.protect('rude'); GRANT ALL ON rude TO anna;
SQL
my $rude = path('rude', 1);
my $token = token_of($anna, $rude);
my @classes = qw(P0001 P0002 P0003 P0004 LK001 LK002 LK003 55P03 55000 55006 42P01 42601 42602 42703 42704 3F000 3D000 23505 22023 21000
	0A000 25006 25P03 25P02 26000 28000 2BP01 34000 38000 39P01 40001 40P01 44000 53100 53200 53300 53400 54000 57014 57P01 57P03 58030 08006 F0000 HV000 XX000 XX001 ZZ999);
for my $code (@classes)
{
	for my $way (qw(raise late), 'with table')
	{
		my $problem = refused_as($anna->put($rude, { token => $token, values => { code => $code, way => $way } }), 422, 'invalid', "$way: $code");
		is("$problem->{detail} $problem->{sqlstate} " . ($problem->{column} // 'no column'), ($way eq 'late' ? 'late' : 'rude') . " words $code no column", 'the words and the code are those of the trigger');
	}
}
for my $way (qw(raise late))
{
	is(refused_as($anna->put($rude, { token => $token, values => { code => '42501', way => $way } }), 403, 'forbidden', "$way: 42501")->{detail} =~ /words/, 1, 'the words are those of the trigger');
}
is(refused_as($anna->put($rude, { token => $token, values => { code => 'P0001', way => 'with column' } }), 422, 'invalid', 'a trigger that names a column')->{column}, 'code', 'the column is named');
is(refused_as($anna->post('/tables/rude/rows', { values => { id => '9', code => 'P0002', way => 'raise' } }), 422, 'invalid', 'inserting')->{hint}, 'be kind', 'with the hint of the trigger');
is($anna->get("$rude/lock")->{json}{lock}{token}, $token, 'the lock is kept');
is(sql($node, 'SELECT count(code) FROM rude'), 0, 'nothing was written');

# ---- errors that code of users only meets ----

sql($node, <<'SQL');
CREATE TABLE audit (id integer PRIMARY KEY, code text NOT NULL, token bigint);
INSERT INTO audit VALUES (1, 'x'), (2, 'x');
CREATE TABLE counter (id integer PRIMARY KEY, what text);
INSERT INTO counter VALUES (1, 'v');
CREATE TABLE secret (id integer);
CREATE SEQUENCE counted; GRANT USAGE ON SEQUENCE counted TO anna;
SELECT locking.protect('audit', required => true);
CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
IF NEW.what = 'locked' THEN UPDATE audit SET code = 'y' WHERE id = 1;
ELSIF NEW.what = 'required' THEN UPDATE audit SET code = 'y' WHERE id = 2;
ELSIF NEW.what = 'null' THEN INSERT INTO audit (id) VALUES (3);
ELSIF NEW.what = 'missing' THEN EXECUTE 'SELECT FROM no_such_table';
ELSIF NEW.what = 'lost' THEN PERFORM locking.confirm(999999);
ELSIF NEW.what = 'row' THEN PERFORM locking.acquire('audit', 99);
ELSIF NEW.what = 'currval' THEN PERFORM currval('counted');
ELSIF NEW.what = 'secret' THEN PERFORM FROM secret;
ELSIF NEW.what = 'nowait' THEN PERFORM FROM article WHERE id = 1 FOR UPDATE NOWAIT;
ELSIF NEW.what = 'slow' THEN PERFORM pg_sleep(20);
ELSIF NEW.what = 'waits' THEN UPDATE article SET body = 'y' WHERE id = 1;
END IF; RETURN NEW; END$$;
CREATE TRIGGER meet BEFORE UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION meet();
SELECT locking.protect('counter'); GRANT ALL ON counter, audit TO anna, bert;
SQL
my $counter = path('counter', 1);
$token = token_of($anna, $counter);
token_of($bert, path('audit', 1));
my $writer = session($node);
$writer->query("BEGIN; UPDATE article SET body = 'being written' WHERE id = 1");
sub meets
{
	my ($what, $status, $kind, $words) = @_;
	my $problem = refused_as($anna->put($counter, { token => $token, values => { what => $what } }), $status, $kind, "a trigger meets: $what");
	like($problem->{detail} // '', $words, 'the words say what');
	is($problem->{column}, undef, 'no column is blamed');
	return $problem;
}
is(meets('locked', 423, 'locked', qr/row "1" of table "audit" is locked by bert/)->{lock}{token}, $token, "a row that a trigger writes is locked: the user's own lock is as it was");
meets('required', 422, 'invalid', qr/audit/);
meets('null', 422, 'invalid', qr/null value/);
meets('missing', 422, 'invalid', qr/no_such_table/);
meets('lost', 422, 'invalid', qr/999999 is lost/);
meets('row', 422, 'invalid', qr/audit/);
meets('currval', 422, 'invalid', qr/currval/);
meets('secret', 403, 'forbidden', qr/permission denied for table secret/);
meets('nowait', 503, 'busy', qr/could not obtain lock/);
meets('waits', 503, 'busy', qr/lock timeout/);
meets('slow', 503, 'timeout', qr/statement timeout/);
is($anna->get("$counter/lock")->{json}{lock}{token}, $token, 'the lock is kept');

# ---- a row that is being written ----

my $row = path('article', 1);
for my $reply ([ $anna->post("$row/lock"), 'locking' ], [ $anna->post("$row/lock", { wait => 0.1 }), 'locking with a time to wait' ])
{
	refused_as($reply->[0], 503, 'busy', "$reply->[1] a row that another transaction is writing");
	like($reply->[0]{headers}{'retry-after'} // '', qr/^\d+$/, 'with Retry-After');
	is($reply->[0]{json}{lock}, undef, 'no lock is blamed');
}
$writer->query('ROLLBACK');
my $free = token_of($anna, $row);
$writer->query("BEGIN; SET LOCAL locking.enforce = off; UPDATE article SET body = 'being written' WHERE id = 1");
refused_as($anna->put($row, { token => $free, values => { body => 'mine' } }), 503, 'busy', 'saving a row that another transaction is writing');
$writer->query('ROLLBACK');
$writer->quit;
is($anna->get("$row/lock")->{json}{lock}{token}, $free, 'the lock is kept');
gives($anna->put($row, { token => $free, values => { body => 'mine' } }), 200, 'and the next attempt succeeds');

# ---- values that input functions refuse, with any code ----

# A domain whose check raises the code that the value names.
sql($node, <<'SQL');
CREATE FUNCTION refuses(v text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
IF v ~ '^[0-9A-Z]{5}$' THEN RAISE EXCEPTION 'not %', v USING ERRCODE = v; END IF; RETURN true; END$$;
CREATE DOMAIN picky AS text CHECK (refuses(VALUE));
CREATE TABLE picked (id integer PRIMARY KEY, first text, picky picky, bounds text, deep jsonb, place regclass, space regnamespace, words tsquery);
CREATE INDEX picked_bounds ON picked (bounds);
INSERT INTO picked VALUES (1);
SELECT locking.protect('picked'); GRANT ALL ON picked TO anna;
SQL
my $picked = path('picked', 1);
$token = token_of($anna, $picked);
for my $code (@classes, '42501')
{
	my $problem = $anna->put($picked, { token => $token, values => { first => 'a', picky => $code } })->{json};
	next if $code eq '42501' && is($problem->{type}, 'urn:locking:problem:forbidden', 'a domain that raises 42501');
	is("$problem->{status} " . ($problem->{column} // 'no column') . " $problem->{detail}", "422 picky not $code", "a domain that raises $code");
}
my %bad = (deep => '[' x 20_000, place => 'no_such_table', space => 'no_such_schema', words => q(a & 'b));
for my $column (sort keys %bad)
{
	is(refused_as($anna->put($picked, { token => $token, values => { first => 'a', $column => $bad{$column} } }), 422, 'invalid', "a bad value for $column")->{column}, $column, 'the column is named');
}
like(refused_as($anna->put($picked, { token => $token, values => { bounds => join '', map { chr(33 + ($_ * 7919) % 90) . $_ } 1 .. 3000 } }), 422, 'invalid', 'a text too long for its index')->{detail}, qr/index row/, 'the words say so');

SKIP:
{
	skip 'hstore is not installed', 2 if $node->psql('postgres', 'CREATE EXTENSION hstore') != 0;
	sql($node, 'ALTER TABLE picked ADD pairs hstore');
	my $problem = refused_as($anna->put($picked, { token => $token, values => { first => 'a', pairs => 'x=>' } }), 422, 'invalid', 'a bad value for hstore, whose input function raises an internal error before PostgreSQL 16');
	is($problem->{column}, 'pairs', 'the column is named');
}
is($anna->get("$picked/lock")->{json}{lock}{token}, $token, 'the lock is kept');

# ---- what is not the fault of anybody's code ----

sql($node, 'ALTER ROLE bert SET locking.max_locks_per_owner = 1');
is(refused_as($server->sign_in('bert')->post(path('article', 5) . '/lock'), 403, 'limit', 'more locks than an owner may have')->{detail}, 'owner "bert" has too many locks', 'the words say so');
sql($node, 'ALTER ROLE bert RESET ALL');

# ---- a database that is read-only ----

sql($node, "ALTER ROLE reader SET default_transaction_read_only = on; GRANT ALL ON article TO reader");
my $reader = $server->sign_in('reader');
is($reader->get('/session')->{json}{read_only}, $true, 'the session says that it is read-only');
is($anna->get('/session')->{json}{read_only}, $false, 'and others that they are not');
my $may = $reader->get('/tables/article')->{json}{may};
is_deeply([ map { $may->{$_} } qw(select insert update delete) ], [ $true, $false, $false, $false ], 'rows may be read only');
refused_as($reader->post(path('article', 6) . '/lock'), 403, 'read-only', 'locking');
refused_as($reader->post('/tables/article/rows', { values => { id => '200', title => 'x' } }), 403, 'read-only', 'inserting');
gives($reader->get(path('article', 6)), 200, 'reading');

$server->stop_ok;
done_testing();
