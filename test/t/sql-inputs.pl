# Every SQL function of the extension, called with generated bad and odd
# arguments, by several roles, in and out of transactions, with settings at
# their limits.  A call gives a result or an error that is the caller's, in
# the style of the extension's messages.  No session ends, no lock is left
# when a transaction has ended, and the server's log has no warning.
#
# LOCKING_CALLS  number of calls (default: 2,000; make inputs CALLS=)
# LOCKING_SEED   the seed of the random choices (default: 1)
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use SqlGrammar;
use Test::More;

my $calls = $ENV{LOCKING_CALLS} || 2000;
my $seed = $ENV{LOCKING_SEED} || 1;
my $group_size = 8;

# After so many groups the tables are made again, and the sessions begin anew.
my $groups_per_fixture = 40;

my $node = new_node('inputs', conf => [ 'log_statement = none', 'log_min_messages = warning', 'log_min_error_statement = fatal', 'log_error_verbosity = verbose',
	"shared_preload_libraries = 'locking'", 'max_prepared_transactions = 5', 'fsync = off', 'autovacuum = off', 'locking.gate_slots = 4096' ]);

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN;
CREATE ROLE bert LOGIN;
CREATE ROLE reader LOGIN;
CREATE ROLE stranger LOGIN;
CREATE FOREIGN DATA WRAPPER no_wrapper;
CREATE SERVER no_server FOREIGN DATA WRAPPER no_wrapper;
CREATE TABLE app_settings AS SELECT name, vartype, min_val, max_val, enumvals FROM pg_settings WHERE name LIKE 'locking.%' AND context IN ('user', 'superuser');
SQL

my $fixture = <<'SQL';
SET client_min_messages = error;
DROP SCHEMA IF EXISTS app CASCADE;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TYPE app.pair AS (a integer, b text);
CREATE TYPE app.color AS ENUM ('red', 'blue');
CREATE DOMAIN app.positive AS integer CHECK (VALUE > 0);
CREATE TABLE app.doc (id integer PRIMARY KEY, v text);
CREATE TABLE app.line (id integer PRIMARY KEY, doc integer CONSTRAINT of_doc REFERENCES app.doc ON UPDATE CASCADE ON DELETE CASCADE, v text);
CREATE TABLE app.part (id integer, k numeric, v text, PRIMARY KEY (id, k)) PARTITION BY RANGE (id);
CREATE TABLE app.part_low PARTITION OF app.part FOR VALUES FROM (0) TO (10);
CREATE TABLE app.part_rest PARTITION OF app.part DEFAULT PARTITION BY LIST (id);
CREATE TABLE app.part_rest_any PARTITION OF app.part_rest DEFAULT;
CREATE TABLE app."Ta ""b'le ✓" ("Kéy 'one'" text, "k,2" numeric, v text, PRIMARY KEY ("Kéy 'one'", "k,2"));
CREATE TABLE app.free (id serial PRIMARY KEY, v text);
CREATE TABLE app.keyless (v text);
CREATE VIEW app.a_view AS SELECT * FROM app.doc;
CREATE MATERIALIZED VIEW app.a_matview AS SELECT * FROM app.doc;
CREATE SEQUENCE app.a_sequence;
CREATE FOREIGN TABLE app.foreign_table (id integer) SERVER no_server;
CREATE TABLE app.ruled (id integer PRIMARY KEY);
CREATE RULE instead AS ON INSERT TO app.ruled DO INSTEAD SELECT locking.acquire('app.doc', 1);
CREATE TABLE app.uuids (id uuid PRIMARY KEY, v text);
CREATE TABLE app.floats (id double precision PRIMARY KEY, v text);
CREATE TABLE app.times (id timestamptz PRIMARY KEY, v text);
CREATE TABLE app.bytes (id bytea PRIMARY KEY, v text);
CREATE TABLE app.arrays (id integer[] PRIMARY KEY, v text);
CREATE TABLE app.ranges (id int4range PRIMARY KEY, v text);
CREATE TABLE app.composites (id app.pair PRIMARY KEY, v text);
CREATE TABLE app.enums (id app.color PRIMARY KEY, v text);
CREATE TABLE app.domains (id app.positive PRIMARY KEY, v text);
CREATE TABLE app.nested (command text);
CREATE TABLE app.hidden (id integer PRIMARY KEY, v text);
ALTER TABLE app.hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON app.hidden USING (id > 1 OR current_user = 'anna');
CREATE FUNCTION app.run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE NEW.command; RETURN NEW; END $$;
CREATE TRIGGER run BEFORE INSERT ON app.nested FOR EACH ROW EXECUTE FUNCTION app.run();
CREATE FUNCTION app.again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF pg_trigger_depth() < 3 AND NEW.v = 'w' THEN UPDATE app.doc SET v = 'w' WHERE id = NEW.id + 1; PERFORM locking.try_acquire('app.doc', NEW.id); END IF;
	RETURN NEW; END $$;
CREATE TRIGGER again AFTER UPDATE ON app.doc FOR EACH ROW EXECUTE FUNCTION app.again();
INSERT INTO app.doc SELECT g, 'v' FROM generate_series(1, 5) g;
INSERT INTO app.line VALUES (1, 1);
INSERT INTO app.part VALUES (1, 5), (12, 0.50);
INSERT INTO app."Ta ""b'le ✓" VALUES ('it''s "quoted"', 2), ('✓', 1.50), ('', 0);
INSERT INTO app.free (v) VALUES ('v');
INSERT INTO app.ruled SELECT 1 WHERE false;
INSERT INTO app.uuids VALUES ('00000000-0000-0000-0000-000000000001');
INSERT INTO app.floats VALUES ('NaN'), (0), ('-Infinity'), (1e-300);
INSERT INTO app.times VALUES ('infinity'), ('-infinity'), ('4713-01-01 BC'), ('294276-12-31');
INSERT INTO app.bytes VALUES ('\x00ff'), ('\x');
INSERT INTO app.arrays VALUES ('{1,2}'), ('{}'), ('[0:1]={NULL,1}'), ('{{1,2},{3,4}}');
INSERT INTO app.ranges VALUES ('empty'), ('[1,5)'), ('(,)');
INSERT INTO app.composites VALUES (ROW(1, 'a')), (ROW(NULL, '"'));
INSERT INTO app.enums VALUES ('red');
INSERT INTO app.domains VALUES (1);
INSERT INTO app.hidden VALUES (1), (2);
GRANT ALL ON ALL TABLES IN SCHEMA app TO anna, bert;
GRANT SELECT ON app.doc, app.line, app.part, app.hidden TO reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA locking TO bert;
SELECT count(locking.protect(c.oid::regclass)) FROM pg_class c WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
	AND relname NOT IN ('doc', 'line', 'free', 'keyless', 'nested', 'times');
SELECT locking.protect('app.doc'), locking.protect('app.line', parent => 'of_doc'), locking.protect('app.times', columns => '{v}');
SQL

# ---- functions and settings, from the catalogs so that none is missed ----

my @functions = map { [ split /\t/ ] } split /\n/, sql($node, <<'SQL');
SELECT concat_ws(E'\t', p.oid::regprocedure, proname, (SELECT string_agg(format('%s:%s:%s', coalesce(proargnames[n], ''), format_type(t, NULL), n > pronargs - pronargdefaults), ';' ORDER BY n)
	FROM unnest(proargtypes) WITH ORDINALITY AS a(t, n)))
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'locking'
WHERE prokind = 'f' ORDER BY p.oid::regprocedure::text COLLATE "C"
SQL
my %signature;
my @callable = map {
	my (undef, $name, $parameters) = @$_;
	[ $name, map { my @parts = split /:/; [ @parts[ 0, 1 ], $parts[2] eq 't' ] } split /;/, $parameters // '' ]
} @functions;
my @settings = map { my @f = split /\t/, $_, -1; [ @f[ 0 .. 3 ], [ split /,/, $f[4] // "" ] ] }
  split /\n/, sql($node, "SELECT concat_ws(E'\\t', name, vartype, coalesce(min_val, ''), coalesce(max_val, ''), coalesce(array_to_string(enumvals, ','), '')) FROM app_settings ORDER BY name COLLATE \"C\"");
cmp_ok(scalar @callable, '>=', 60, 'the functions of the extension');
cmp_ok(scalar @settings, '>=', 10, 'its settings');

# ---- checks of what a statement gives ----

my %own_files = map { m{([^/]+)$} ? ($1 => 1) : () } glob "$FindBin::RealBin/../../src/*.c";
my (@faults, %states);

# PostgreSQL's, of statements that the groups contain, and 55P03 where
# locking.on_locked is "warn"
my $known_warnings = qr/\b(?:25001|25P01|01003|01008|55P03)\b/;

sub fault
{
	my ($statement, $what) = @_;
	push @faults, substr($what, 0, 1000) . "\n\tby " . substr($statement, 0, 1000);
	return 0;
}

# Messages begin in lower case, or with a name, and have no period.  Details
# and hints are sentences.
sub check_style
{
	my ($statement, $message, $rest) = @_;
	my ($file) = $rest =~ /^LOCATION:  .*, (\w+\.c):\d+$/m or return;
	return unless $own_files{$file};
	fault($statement, "message of $file: $message") if $message !~ /^(?:[a-z"%]|MERGE|DELETE|TRUNCATE|UPDATE|INSERT|ALTER|DETACH|COPY)/ || $message =~ /[.!\n]$/;
	while ($rest =~ /^(DETAIL|HINT):  ((?s:.*?))\n(?=[A-Z ]+:  )/mg)
	{
		my ($field, $text) = ($1, $2);
		# which passes on what a type's input function says
		next if $file =~ /^key_/ && $field eq 'DETAIL';
		fault($statement, "$field of $file: $text") unless $text =~ /^[A-Z"].*[.?)]$/s;
	}
	return;
}

# The errors of a group, which psql wrote after the number of each statement.
sub check_errors
{
	my ($errors, @statements) = @_;
	my @parts = split /^#(\d+)\n/m, $errors, -1;
	shift @parts;
	while (my ($number, $part) = splice @parts, 0, 2)
	{
		my $statement = $statements[$number];
		while ($part =~ /^(?:psql:.*?: )?(WARNING|ERROR|FATAL|PANIC):  (\w{5}): (.*)\n((?:(?!psql:|ERROR|WARNING).*\n)*)/mg)
		{
			my ($severity, $state, $message, $rest) = ($1, $2, $3, $4);
			$states{$state}++;
			fault($statement, "$severity $state: $message\n$rest") if $state =~ /^XX/ || $severity eq 'FATAL' || $severity eq 'PANIC'
			  || ($severity eq 'WARNING' && $state !~ $known_warnings);
			check_style($statement, $message, $rest);
		}
	}
	return;
}

# ---- sessions ----

sub open_session
{
	my $session = session($node, timeout => 300);
	$session->query("\\o /dev/null\n\\set ON_ERROR_ROLLBACK on\nSELECT 1");
	$session->query("SET statement_timeout = '500ms'; SET lock_timeout = '20ms'; SET client_min_messages = warning; SET max_stack_depth = '1MB'");
	return $session;
}

# psql reads a statement from one line.
sub run_group
{
	my ($session, @statements) = @_;
	my $script = join "\n", map { "\\warn #$_\n$statements[$_];" } 0 .. $#statements;
	return eval { $session->send_sql($script); $session->finish; check_errors($session->{err}, @statements); 1 }
	  || fault(join("\n\t", @statements), "the session has ended: $@");
}

# Ends what a group has left, and looks for locks that outlive it.
sub end_group
{
	my ($session) = @_;
	my $left = '';
	eval {
		$session->send_sql("ROLLBACK;\nRESET SESSION AUTHORIZATION; RESET ALL; CLOSE ALL; DEALLOCATE ALL;\n"
			  . "SET statement_timeout = '500ms'; SET lock_timeout = '20ms'; SET client_min_messages = warning; SET max_stack_depth = '1MB'");
		$session->finish;
		$session->send_sql("\\o\nSELECT locktype, mode, relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid'"
			  . " AND relation IS DISTINCT FROM 'pg_locks'::regclass;\n\\o /dev/null");
		$left = $session->finish;
		1;
	} or return fault('the end of a group', "the session has ended: $@");
	fault('a group', "a lock is left: $left") if $left ne '';
	return 1;
}

my $grammar = SqlGrammar->new($seed, \@callable, \@settings);
my @sessions;
my $done = 0;
for (my $group = 0; $done < $calls && @faults < 20; $group++)
{
	if ($group % $groups_per_fixture == 0)
	{
		last if grep { !end_group($_) } @sessions;
		$_->quit for @sessions;
		sql($node, $fixture);
		@sessions = (open_session(), open_session());
	}
	my $session = $sessions[ $group % 2 ];
	my @begin = $grammar->group_begin;
	my @statements = (@begin, map({ $grammar->statement } 1 .. $group_size), $grammar->group_end);
	$done += $group_size;
	last unless run_group($session, @statements) && ($group % 4 < 2 || end_group($session));
}
end_group($_) for @sessions;
$_->quit for @sessions;

note(sprintf '%d calls; SQLSTATEs: %s', $done, join ', ', map { "$_ $states{$_}" } sort keys %states);
is_deeply(\@faults, [], "each call gives a result or an error of its caller's (LOCKING_SEED=$seed LOCKING_CALLS=$calls)") or diag(join "\n", @faults);
my %missing = map { $_->[0] => 1 } @callable;
delete @missing{ keys %{ $grammar->{called} } };
is_deeply([ sort keys %missing ], [], 'each function was called');
$node->stop('fast', fail_ok => 1);
my @complaints = grep { !/(?:WARNING|ERROR|FATAL|LOG):  (?:$known_warnings)/ }
  grep { /WARNING|PANIC|TRAP:|terminated by signal|XX\d\d\d|leak/ } split /\n/, server_log($node);
is_deeply(\@complaints, [], 'the log has no warning, and the server did not crash');
done_testing();
