# The tables of the DDL race, and statements that repair whatever DDL did or
# left half done, each where it is needed.  A query whose results are
# statements ends with \gexec.
package DdlRace::Tables;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(@tables @integer_tables %up %bounds %mend @mend_order $finalize $protect_again $stable_tables mend_all);

our @tables = qw(plain part part1 part2 part3 part3a part3b word multi c_plain c_root c_leaf c_part heir single);
our @integer_tables = grep { $_ ne 'word' && $_ ne 'multi' } @tables;
our %up = (c_plain => 'plain', c_root => 'part', c_leaf => 'part1', c_part => 'plain');
our %bounds = (
	part1 => [ 'part', 'FROM (0) TO (10)' ],
	part2 => [ 'part', 'FROM (10) TO (20)' ],
	part3 => [ 'part', 'FROM (20) TO (40)' ],
	part3a => [ 'part3', 'FROM (20) TO (30)' ],
	part3b => [ 'part3', 'FROM (30) TO (40)' ],
	c_part1 => [ 'c_part', 'FROM (0) TO (20)' ],
	c_part2 => [ 'c_part', 'FROM (20) TO (40)' ]);

our $finalize = <<'SQL';
SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, inhrelid::regclass)
	FROM pg_inherits i WHERE (to_jsonb(i)->>'inhdetachpending')::boolean \gexec
SQL

my @create = (
	'CREATE TABLE IF NOT EXISTS s.plain (id integer CONSTRAINT plain_pkey PRIMARY KEY, t text, n integer);',
	'CREATE TABLE IF NOT EXISTS s.part (id integer CONSTRAINT part_pkey PRIMARY KEY, t text) PARTITION BY RANGE (id);',
	(map { "CREATE TABLE IF NOT EXISTS s.$_ PARTITION OF s.$bounds{$_}[0] FOR VALUES $bounds{$_}[1]" . ($_ eq 'part3' ? ' PARTITION BY RANGE (id);' : ';') }
		qw(part1 part2 part3 part3a part3b)),
	'CREATE TABLE IF NOT EXISTS s.word (k text PRIMARY KEY, t text);',
	'CREATE TABLE IF NOT EXISTS s.multi (a integer, b text, t text, PRIMARY KEY (a, b));',
	'CREATE TABLE IF NOT EXISTS s.c_plain (id integer PRIMARY KEY, up integer, t text);',
	'CREATE TABLE IF NOT EXISTS s.c_root (id integer PRIMARY KEY, up integer, t text);',
	'CREATE TABLE IF NOT EXISTS s.c_leaf (id integer PRIMARY KEY, up integer, t text);',
	'CREATE TABLE IF NOT EXISTS s.c_part (id integer PRIMARY KEY, up integer, t text) PARTITION BY RANGE (id);',
	(map { "CREATE TABLE IF NOT EXISTS s.$_ PARTITION OF s.$bounds{$_}[0] FOR VALUES $bounds{$_}[1];" } qw(c_part1 c_part2)),
	'CREATE TABLE IF NOT EXISTS s.heir (PRIMARY KEY (id)) INHERITS (s.plain);',
	'CREATE TABLE IF NOT EXISTS s.single (id integer PRIMARY KEY, t text);',
);

# Statements by a query on pg_class, once for each table.
sub for_tables
{
	my ($statement, $condition) = @_;
	my $list = join ', ', map { "'$_'" } @tables, qw(c_part1 c_part2);
	return "SELECT format('$statement', c.relname) FROM pg_class c WHERE c.relname IN ($list) AND c.relkind IN ('r', 'p')"
	  . " AND c.relnamespace = to_regnamespace('s') AND $condition ORDER BY c.oid \\gexec\n";
}

my $no_key = q{NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')};
our %mend = (
	names => [
		"SELECT 'ALTER SCHEMA sx RENAME TO s' WHERE to_regnamespace('s') IS NULL AND to_regnamespace('sx') IS NOT NULL \\gexec\n",
		'CREATE SCHEMA IF NOT EXISTS s AUTHORIZATION mona;',
		'CREATE SCHEMA IF NOT EXISTS q AUTHORIZATION mona;',
		"SELECT format('ALTER TABLE q.%I SET SCHEMA s', relname) FROM pg_class WHERE relnamespace = to_regnamespace('q') AND relkind IN ('r', 'p') \\gexec\n",
		"SELECT format('ALTER TABLE s.%I RENAME TO %I', relname, left(relname, -1)) FROM pg_class"
		  . " WHERE relnamespace = to_regnamespace('s') AND relkind IN ('r', 'p') AND relname LIKE '%x' \\gexec\n",
		"SELECT format('ALTER TABLE s.%I RENAME COLUMN %I TO %I', c.relname, a.attname, left(a.attname, -1)) FROM pg_attribute a"
		  . " JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = to_regnamespace('s') AND c.relkind IN ('r', 'p')"
		  . " AND a.attname LIKE '%x' AND a.attinhcount = 0 AND a.attnum > 0 \\gexec\n",
		"SELECT format('ALTER TABLE s.%I RENAME CONSTRAINT %I TO %I', c.relname, k.conname, left(k.conname, -1)) FROM pg_constraint k"
		  . " JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = to_regnamespace('s') AND k.conname LIKE '%x'"
		  . " AND k.contype IN ('p', 'f') AND k.conparentid = 0 \\gexec\n",
		for_tables('DROP TABLE s.%I CASCADE', "c.relname NOT IN ('word', 'multi') AND NOT c.relispartition AND "
			. q{NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'id')}),
		'GRANT USAGE ON SCHEMA s TO PUBLIC;' ],
	tables => [ @create, 'GRANT ALL ON ALL TABLES IN SCHEMA s TO PUBLIC;' ],
	columns => [ for_tables('ALTER TABLE s.%I ADD COLUMN t text',
			q{NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 't')}),
		for_tables('ALTER TABLE s.%I ALTER COLUMN id TYPE integer',
			q{NOT c.relispartition AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'id' AND a.atttypid <> 'integer'::regtype)}) ],
	keys => [ "SELECT format('ALTER TABLE s.%I DROP CONSTRAINT %I CASCADE', c.relname, k.conname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
		  . " WHERE c.relnamespace = to_regnamespace('s') AND c.relname <> 'multi' AND k.contype = 'p' AND k.conparentid = 0 AND cardinality(k.conkey) > 1 \\gexec\n",
		for_tables('DELETE FROM s.%1$I a WHERE id IS NULL OR EXISTS (SELECT FROM s.%1$I b WHERE b.id = a.id AND (b.tableoid, b.ctid) > (a.tableoid, a.ctid))',
			"c.relname NOT IN ('word', 'multi') AND $no_key"),
		for_tables('ALTER TABLE s.%I ADD PRIMARY KEY (id)', "c.relname NOT IN ('word', 'multi') AND $no_key") ],
	partitions => [ $finalize,
		"SELECT format('SELECT locking.unprotect(%s::oid::regclass)', p.relation::oid) FROM locking.protected_tables p JOIN pg_class c ON c.oid = p.relation"
		  . " WHERE c.relname LIKE '%part_' AND NOT c.relispartition \\gexec\n",
		(map { my $name = $_; "SELECT 'ALTER TABLE s.$bounds{$name}[0] ATTACH PARTITION s.$name FOR VALUES $bounds{$name}[1]'"
			  . " FROM pg_class WHERE oid = to_regclass('s.$name') AND NOT relispartition \\gexec\n" } sort keys %bounds),
		"SELECT 'ALTER TABLE s.part DETACH PARTITION s.single' FROM pg_class WHERE oid = to_regclass('s.single') AND relispartition \\gexec\n",
		$finalize ],
	references => [ 'UPDATE s.c_part c SET up = NULL WHERE NOT EXISTS (SELECT FROM s.plain p WHERE p.id = c.up);',
		map { "SELECT 'ALTER TABLE s.$_ ADD CONSTRAINT ${_}_up FOREIGN KEY (up) REFERENCES s.$up{$_} ON UPDATE CASCADE ON DELETE CASCADE" . ($_ eq 'c_part' ? '' : ' NOT VALID') . "'"
			. " WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('s.$_') AND conname = '${_}_up') \\gexec\n" } sort keys %up ],
	rights => [ for_tables('ALTER TABLE s.%I OWNER TO mona', q{c.relowner <> 'mona'::regrole}),
		for_tables('ALTER TABLE s.%I DISABLE ROW LEVEL SECURITY', 'c.relrowsecurity') ],
	extension => [ 'CREATE EXTENSION IF NOT EXISTS locking;',
		'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA locking TO bob, anna;',
		"SELECT format('SELECT locking.protect(%L)', t) FROM unnest('{keep.stable, keep.other, s.plain, s.part, s.word, s.multi, s.heir}'::text[]) t"
		  . " WHERE to_regclass(t) IS NOT NULL AND NOT EXISTS (SELECT FROM locking.protected_tables WHERE relation = to_regclass(t)) \\gexec\n",
		"SELECT 'SELECT locking.protect(''keep.line'', parent => ''of_stable'')' WHERE NOT EXISTS"
		  . " (SELECT FROM locking.protected_tables WHERE relation = to_regclass('keep.line')) \\gexec\n",
		map { "SELECT 'SELECT locking.protect(''s.$_'', parent => ''${_}_up'')' WHERE to_regclass('s.$_') IS NOT NULL AND NOT EXISTS"
			. " (SELECT FROM locking.protected_tables WHERE relation = to_regclass('s.$_')) \\gexec\n" } sort keys %up ],
	rows => [ "INSERT INTO s.part (id, t) SELECT g, 'new' FROM generate_series(1, 39, 3) g ON CONFLICT DO NOTHING;",
		(map { "INSERT INTO s.$_ (id, t) SELECT g, 'new' FROM generate_series(1, 9) g ON CONFLICT DO NOTHING;" } qw(plain heir)),
		"INSERT INTO s.word (k, t) SELECT g, 'new' FROM generate_series(1, 9) g ON CONFLICT DO NOTHING;",
		"INSERT INTO s.multi (a, b, t) SELECT g, g, 'new' FROM generate_series(1, 9) g ON CONFLICT DO NOTHING;",
		(map { "INSERT INTO s.$_ (id, up, t) SELECT g, CASE WHEN g % 3 = 1 THEN g END, 'new' FROM generate_series(1, 9) g ON CONFLICT DO NOTHING;" } sort keys %up) ],
);
our @mend_order = qw(names tables columns keys partitions references rights extension rows);

sub mend_all { return map { @{ $mend{$_} } } @mend_order }

# Tables that no session changes.
our $stable_tables = <<'SQL';
CREATE SCHEMA keep;
CREATE TABLE keep.stable (id integer PRIMARY KEY, t text);
CREATE TABLE keep.line (id integer PRIMARY KEY, up integer CONSTRAINT of_stable REFERENCES keep.stable ON UPDATE CASCADE, t text);
INSERT INTO keep.stable SELECT g, 'new' FROM generate_series(1, 9) g;
INSERT INTO keep.line SELECT g, g, 'new' FROM generate_series(1, 9) g;
CREATE TABLE keep.other (id integer PRIMARY KEY, t text);
INSERT INTO keep.other SELECT g, 'new' FROM generate_series(1, 9) g;
CREATE VIEW keep.view AS SELECT * FROM keep.stable;
GRANT USAGE ON SCHEMA keep TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA keep TO PUBLIC;
CREATE FUNCTION keep.write(r text, i integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE %s SET t = $1 WHERE id = $2', r) USING 'by plpgsql', i;
END $$;
CREATE FUNCTION keep.write_part(i integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE s.part SET t = 'by plpgsql' WHERE id = i;
	UPDATE s.c_leaf SET t = 'by plpgsql' WHERE up = i;
EXCEPTION WHEN lock_not_available THEN NULL;
END $$;
SQL

# Protects again, so that the settings use the present keys and references.
our $protect_again = "SELECT format('SELECT locking.protect(%s::oid::regclass, parent => %L)', relation::oid, parent) FROM locking.protected_tables \\gexec\n";

1;
