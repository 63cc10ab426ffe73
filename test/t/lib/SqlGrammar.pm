# A grammar of statements that call the extension's functions with bad and
# odd arguments.  The same seed gives the same statements.
package SqlGrammar;

use strict;
use warnings;

# Expressions by the type of a parameter.  Those of a type that is not here
# are texts.
my %pools = (
	regclass => [ map({ "'$_'" } qw(app.doc app.line app.part app.part_low app.free app.keyless app.a_view app.a_matview app.a_sequence
			  app.foreign_table app.ruled app.uuids app.floats app.times app.bytes app.arrays app.ranges app.composites app.enums
			  app.domains app.nested app.hidden app.doc_pkey app.pair pg_class locking.lock locking.locks locking.event locking.draft
			  pg_toast.pg_toast_1262 nowhere odd_temp), '', '0', '4294967295'), q{'app."Ta ""b''le ✓"'},
		'0::regclass', '4294967295::regclass', "'app.doc'::regclass::oid", 'tableoid::regclass' ],
	key => [ qw(1 2 3 -1 0 2147483647 2147483648 9223372036854775807 1.5 1e400 true), "'1'", "'2'", "'3'", "' 1'", "'1 '", "'01'", "'+1'",
		"''", "'x'", "E'\\u0001'", "'NaN'", "'-Infinity'", "'infinity'::timestamptz", "'NaN'::float8", "'-0'::float8", "'-infinity'::date",
		"ARRAY['it''s \"quoted\"', '2']", "ARRAY['✓ ,{}\\', NULL]", "ARRAY['', '1.50']", "'{\"it''s \\\\\"quoted\\\\\"\",2}'", "'{a'", "'{}'", "'{NULL}'",
		"ARRAY[1, 2]", "ARRAY[NULL]::text[]", "ARRAY[]::text[]", "'[5:6]={a,2}'::text[]", "'{{a,2},{b,3}}'::text[]", "'{{{{{{1}}}}}}'::integer[]",
		"'00000000-0000-0000-0000-000000000001'::uuid", "'00000000-0000-0000-0000-00000000000g'", "'\\x00ff'::bytea", "'\\x'::bytea",
		"'[1,5)'::int4range", "'empty'::int4range", "ROW(1, 'a')", "ROW(1, 'a')::app.pair", "ROW()", "'(1,a)'::app.pair", "'red'::app.color", "'red'",
		"1::app.positive", "'{\"a\": 1}'::jsonb", "'1 day'::interval", "1::smallint", "1::oid", "'1'::\"char\"", "'1'::name", "'1'::varchar(1)",
		"B'101'", "'(1,2)'::point", "'pg_class'::regclass", "repeat('9', 100000)", "repeat('x', 3000)", "repeat('é', 300000)",
		"(SELECT id FROM app.doc ORDER BY id LIMIT 1)", "(SELECT d FROM app.doc d ORDER BY id LIMIT 1)" ],
	keys => [ "ARRAY['1', '2']", "ARRAY['2', '1', '2']", "ARRAY[1, 2, 3]", "'{}'", "ARRAY[]::text[]", "ARRAY[NULL]::text[]", "ARRAY['1', NULL]",
		"'{{1,2},{3,1}}'::text[]", "'[-3:-2]={1,2}'::text[]", "'[2147483646:2147483646]={1}'::text[]", "array_fill('1'::text, ARRAY[3000])",
		"array_fill('x'::text, ARRAY[1,1,1,1,1,1])", "ARRAY[ARRAY['it''s \"quoted\"', '2'], ARRAY['✓', '1']]", "'{\"{a,2}\",\"{b,3}\"}'::text[]",
		"(SELECT array_agg(id) FROM app.doc)", "'{1,2}'", "'{1'", "'x'", "ARRAY['infinity'::timestamptz]", "ARRAY['NaN'::float8, 'NaN']",
		"ARRAY[ROW(1, 'a')::app.pair]", "ARRAY['\\x00'::bytea]", "ARRAY[1.0, 1.50]", "ARRAY[repeat('k', 100000)]", "ARRAY[int4range(1, 2)]", "1" ],
	interval => [ map { "'$_'::interval" } '1 s', '1 ms', '1 us', '0', '-1 s', '30 s', '1 mon', '-1 mon 31 days', '178000000 years', '-178000000 years',
		'2147483647 mons 2147483647 days', '290000 years', 'infinity', '-infinity', '1 day -25 hours', '' ],
	boolean => [ qw(true false NULL::boolean), "'t'", "'maybe'" ],
	bigint => [ qw(0 1 -1 2 17 9223372036854775807 -9223372036854775808), "(SELECT max(token) FROM locking.locks)", "'x'", '1.5', "'9223372036854775808'",
		"(SELECT min(token) FROM locking.locks)" ],
	integer => [ qw(0 1 -1 10 2147483647 -2147483648), "'x'", '1.5' ],
	text => [ map({ "'$_'" } '', 'x', 'anna', 'bert', 'anna ', 'public', '"quoted"', '%s%n', '✓', "tab\tand ''quote''", '\\', '{}', 'NULL'), "E'\\x07\\r\\n'",
		"E'\\u202e\\U0001F600'", "repeat('x', 255)", "repeat('é', 256)", "repeat('x', 8193)", "repeat('x', 1000000)", "'x' COLLATE \"C\"", 'current_user' ],
	jsonb => [ "'{}'", "'[]'", "'null'", "'1e400'", "'\"x\"'", "'{\"a\": {\"b\": [1, null, \"✓\"]}}'", "'{'", "''", "'{\"a\": 1, \"a\": 2}'",
		"'\"\\u0000\"'", "repeat('[', 5000)::jsonb", "(repeat('[', 1000) || repeat(']', 1000))::jsonb", "to_jsonb(repeat('x', 2000000))" ],
	bytea => [ "''", "'\\x00'", "'\\x0'", "'abc'", "decode(repeat('00', 64), 'hex')", "decode(repeat('00', 65), 'hex')" ],
	name => [ "'of_doc'", "'of_part'", "'doc_pkey'", "'nowhere'", "''", "repeat('n', 100)::name" ],
	names => [ "'{}'", "'{v}'", "'{id}'", "'{v,v}'", "'{nowhere}'", "'{NULL}'", "'{ctid}'", "'{{v},{id}}'", "'[3:3]={v}'", "'{\"\"}'" ],);

my %pool_of = ('anyelement' => 'key', 'anyarray' => 'keys', 'text[]' => 'keys', 'name[]' => 'names');

my @roles = qw(anna anna anna bert bert bert reader stranger);

# Values of a setting by its type; integers also at their limits.
my %setting_values = (
	bool => [ qw(on off) ],
	string => [ "''", "'anna'", "'bert'", "repeat", "'✓ \"''quoted'" ],);

# functions: [name, kind, [argument name or '', type, has default]...];
# settings: [name, type, minimum, maximum, [values of an enum]].
sub new
{
	my ($class, $seed, $functions, $settings) = @_;
	my $self = bless { functions => $functions, settings => $settings, called => {}, state => $seed % 2147483647 || 1 }, $class;
	return $self;
}

# Perl's own generator may differ between versions.
sub random
{
	my ($self, $below) = @_;
	$self->{state} = $self->{state} * 48271 % 2147483647;
	return int($self->{state} / 2147483647 * $below);
}

sub one_of { my ($self, @all) = @_; return $all[ $self->random(scalar @all) ] }
sub chance { my ($self, $percent) = @_; return $self->random(100) < $percent }

# ---- calls ----

sub argument
{
	my ($self, $name, $type) = @_;
	return $self->one_of('NULL', "NULL::" . ($type =~ /^any/ ? 'integer' : $type)) if $self->chance(6);
	$type = $self->one_of(sort keys %pools) if $self->chance(4);
	my $pool = $name eq 'key' ? 'key' : $pool_of{$type} // $type;
	return $self->one_of(@{ $pools{$pool} // $pools{text} });
}

# The fixture's keys of the tables, so that many calls get beyond the key.
my @rows = ("'app.doc', 1", "'app.doc', 2", "'app.doc', '3'", "'app.line', 1", "'app.part', ARRAY[1, 5]", "'app.free', 1",
	"'app.\"Ta \"\"b''le ✓\"', ARRAY['it''s \"quoted\"', '2']", "'app.uuids', '00000000-0000-0000-0000-000000000001'", "'app.floats', 'NaN'",
	"'app.times', 'infinity'", "'app.bytes', '\\x00ff'", "'app.arrays', ARRAY[1, 2]", "'app.ranges', 'empty'", "'app.composites', ROW(1, 'a')",
	"'app.enums', 'red'", "'app.domains', 1", "'app.hidden', 1", "'app.ruled', 1", "'odd_temp', 1");

sub arguments
{
	my ($self, @parameters) = @_;
	my @given;
	if (@parameters > 1 && $parameters[0][1] eq 'regclass' && $parameters[1][0] eq 'key' && $self->chance(60))
	{
		push @given, $self->one_of(@rows);
		splice @parameters, 0, 2;
	}
	my $named = 0;
	for my $parameter (@parameters)
	{
		my ($name, $type, $optional) = @$parameter;
		if ($optional && $self->chance(60)) { $named = 1; next }
		my $value = $self->argument($name, $type);
		push @given, $named && $name ne '' ? "\"$name\" => $value" : $value;
	}
	pop @given if @given && $self->chance(1);
	push @given, 'NULL' if !$named && $self->chance(1);
	return join ', ', @given;
}

sub call
{
	my ($self) = @_;
	my $function = $self->one_of(@{ $self->{functions} });
	my ($name, @parameters) = @$function;
	$self->{called}{$name}++;
	return "locking.$name(" . $self->arguments(@parameters) . ')';
}

# A statement quoted with a tag that it does not contain.
my $tags = 0;
sub quoted { my ($statement) = @_; my $tag = '$q' . ++$tags . '$'; return "$tag$statement$tag" }

my @forms = (
	(sub { return "SELECT $_[1]" }) x 6,
	(sub { return "SELECT * FROM $_[1]" }) x 2,
	sub { return "SELECT $_[1], $_[1]" },
	sub { return "SELECT $_[1] FROM app.doc d, app.line" },
	sub { return "SELECT 1 FROM app.doc WHERE $_[1] IS NULL" },
	sub { return "SELECT CASE WHEN id = 1 THEN $_[1] END FROM app.doc" },
	sub { return "UPDATE app.doc SET v = ($_[1])::text" },
	sub { return "INSERT INTO app.free (v) SELECT ($_[1])::text" },
	sub { return "DO " . quoted("BEGIN PERFORM $_[1]; EXCEPTION WHEN OTHERS THEN IF SQLSTATE LIKE 'XX%' THEN RAISE; END IF; END") },
	sub { return "DO " . quoted("BEGIN FOR i IN 1 .. 3 LOOP PERFORM $_[1]; END LOOP; END") },
	sub { return "PREPARE p AS SELECT $_[1]; EXECUTE p; EXECUTE p; DEALLOCATE ALL" },
	sub { return "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT $_[1]; FETCH 1 FROM c; COMMIT; CLOSE ALL" },
	sub { return "BEGIN; SAVEPOINT s; SELECT $_[1]; ROLLBACK TO s; SELECT $_[1]; COMMIT" },
	sub { return "BEGIN; SELECT $_[1]; PREPARE TRANSACTION 'odd'; ROLLBACK PREPARED 'odd'; ROLLBACK" },
	sub { return "BEGIN; SELECT $_[1]; PREPARE TRANSACTION 'odd'; COMMIT PREPARED 'odd'; ROLLBACK" },
	sub { return "INSERT INTO app.nested VALUES (" . quoted("SELECT $_[1]") . ")" },
	sub { return "INSERT INTO app.nested VALUES (" . quoted("INSERT INTO app.nested VALUES (" . quoted("SELECT $_[1]") . ")") . ")" },
	sub { return "WITH w AS MATERIALIZED (SELECT $_[1] AS x) SELECT * FROM w, w AS again" },
	sub { return "EXPLAIN (ANALYZE, COSTS OFF) SELECT $_[1]" },
	sub { return "COPY (SELECT $_[1]) TO STDOUT" },);

my @writes = (
	"UPDATE app.doc SET v = 'w' WHERE id = 1", "UPDATE app.doc SET id = id + 100 WHERE id = 3", "DELETE FROM app.doc WHERE id = 2",
	"INSERT INTO app.doc VALUES (2, 'again') ON CONFLICT (id) DO UPDATE SET v = 'upsert'", "INSERT INTO app.line VALUES (2, 1) ON CONFLICT DO NOTHING",
	"UPDATE app.part SET k = k + 1", "UPDATE app.part SET id = 11 WHERE id = 1", "TRUNCATE app.doc CASCADE", "DELETE FROM app.line",
	"UPDATE app.times SET v = 'x'", "UPDATE app.floats SET id = '-0' WHERE id = 0", "SELECT * FROM app.doc FOR UPDATE",
	"SELECT * FROM locking.lock FOR SHARE", "UPDATE locking.lock SET expires_at = '-infinity'", "DELETE FROM locking.lock",
	"UPDATE locking.lock SET expires_at = 'infinity', row_xmin = NULL", "INSERT INTO app.ruled VALUES (1)", "TRUNCATE app.part_low",
	"COPY app.doc (id, v) FROM PROGRAM 'echo 5'", "MERGE INTO app.doc USING app.line l ON l.doc = app.doc.id WHEN MATCHED THEN UPDATE SET v = 'm'");

my @changes = (
	"ALTER TABLE app.doc ADD COLUMN IF NOT EXISTS w integer DEFAULT 1", "ALTER TABLE app.doc DROP COLUMN IF EXISTS w", "ALTER TABLE app.line ALTER v TYPE varchar(20)",
	"ALTER TABLE app.part DETACH PARTITION app.part_low", "ALTER TABLE app.part ATTACH PARTITION app.part_low FOR VALUES FROM (0) TO (10)",
	"DROP TABLE app.line", "ALTER TABLE app.doc RENAME TO dox", "ALTER TABLE app.doc DISABLE TRIGGER ALL", "ALTER TABLE app.doc DROP CONSTRAINT doc_pkey CASCADE",
	"REINDEX TABLE app.doc", "CLUSTER app.doc USING doc_pkey", "CREATE TEMP TABLE odd_temp (id integer PRIMARY KEY, v text); INSERT INTO odd_temp VALUES (1)",
	"ANALYZE app.doc", "DISCARD ALL", "ALTER TABLE app.uuids ALTER id TYPE text", "REVOKE ALL ON app.doc FROM anna", "ALTER TABLE app.hidden FORCE ROW LEVEL SECURITY");

sub statement
{
	my ($self) = @_;
	return $self->one_of(@writes) if $self->chance(8);
	return $self->one_of(@forms)->($self, $self->call);
}

# ---- sessions ----

sub setting
{
	my ($self) = @_;
	my ($name, $type, $min, $max, $values) = @{ $self->one_of(@{ $self->{settings} }) };
	my @values = $type eq 'enum' ? @$values : $setting_values{$type} ? @{ $setting_values{$type} } : ($min, $max, 0, 1);
	my $value = $self->one_of(@values, 'DEFAULT');
	return $value eq 'repeat' ? "SELECT set_config('$name', repeat('x', 5000), false)" : "SET $name = $value";
}

# The statements before a group of calls, from one role, in or out of a
# transaction.
sub group_begin
{
	my ($self) = @_;
	my @statements = ('RESET SESSION AUTHORIZATION', $self->chance(40) ? map({ $self->setting } 0 .. $self->random(3)) : ());
	my @modes = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE, READ ONLY', 'SERIALIZABLE');
	push @statements, 'BEGIN ISOLATION LEVEL ' . $self->one_of(@modes) if $self->chance(35);
	push @statements, 'BEGIN', $self->one_of(@changes) if $self->chance(15);
	push @statements, 'SET SESSION AUTHORIZATION ' . $self->one_of(@roles) if $self->chance(70);
	push @statements, "SET locking.owner = " . $self->one_of("'anna'", "'bert'", "''") if $self->chance(30);
	return @statements;
}

# Those after it.  The transaction may stay open, so that the next group, of
# another session, meets its locks.
sub group_end
{
	my ($self) = @_;
	return () if $self->chance(15);
	return ($self->one_of('ROLLBACK', 'ROLLBACK', 'COMMIT'));
}

1;
