# The statements of the DDL race, chosen at random: writes, calls, DDL, and
# the scripts of whole sessions.
package DdlRace::Statements;

use strict;
use warnings;

use DdlRace::Choice;
use DdlRace::Tables;
use Exporter 'import';

our @EXPORT = qw(configure script_of @profiles);

# What the sessions do: discards (the server has debug_discard_caches),
# drops_extension, folder (for files), major (version), steps (of a session).
my %settings;

sub configure
{
	%settings = (%settings, @_);
	return;
}

# Without the choices that need a later major version, their third element.
sub available { return grep { ($_->[2] || 0) <= $settings{major} } @_ }

# ---- writes ----

# Mostly existing rows, and mostly the same few.
sub id { return chance(0.6) ? pick(1, 4, 7) : int rand 42 }
sub table { return 's.' . pick(@_ ? @_ : @tables) }

# In a file, as psql would take inline rows for statements after an error.
sub rows_file
{
	my ($first, $second) = (id(), id());
	my $file = "$settings{folder}/rows-$first-$second";
	open my $rows, '>', $file or die "$file: $!\n";
	print $rows "$first\tcopied\n$second\tcopied\n";
	close $rows;
	return $file;
}

sub copy
{
	my ($table) = @_;
	return "\\copy $table (id, t) FROM '" . rows_file() . "'";
}

my @prepared = (
	'PREPARE by_root (int) AS UPDATE s.part SET t = $$root$$ WHERE id = $1;',
	'PREPARE by_leaf (int) AS UPDATE s.part1 SET t = $$leaf$$ WHERE id = $1;',
	'PREPARE moved (int) AS UPDATE s.part SET id = (id + 10) % 40 WHERE id = $1;',
	'PREPARE child (int) AS UPDATE s.c_leaf SET t = $$child$$ WHERE up = $1;',
	'PREPARE seen (int) AS SELECT locking.is_locked($$s.part1$$::regclass, $1), count(*) FROM locking.locks;',
);

my @writes = (
	[ 10, sub { return 'UPDATE ' . table(@integer_tables) . " SET t = 'written' WHERE id = " . id() . ';' } ],
	[ 3, sub { return 'UPDATE ' . table() . " SET t = 'bulk';" } ],
	[ 5, sub { return 'UPDATE ' . table(@integer_tables) . ' SET id = ' . id() . ' WHERE id = ' . id() . ';' } ],
	[ 4, sub { return 'DELETE FROM ' . table(@integer_tables) . ' WHERE id = ' . id() . ';' } ],
	[ 6, sub { return 'INSERT INTO ' . table(@integer_tables) . ' (id, t) VALUES (' . id() . ", 'new') ON CONFLICT (id) DO UPDATE SET t = 'upsert';" } ],
	[ 4, sub { return 'INSERT INTO ' . table(@integer_tables) . ' (id, t) VALUES (' . id() . ", 'new');" } ],
	[ 4, sub { my $child = pick(keys %up); return "INSERT INTO s.$child (id, up, t) VALUES (" . id() . ', ' . id() . ", 'new') ON CONFLICT DO NOTHING;" } ],
	[ 4, sub { my $child = pick(keys %up); return "UPDATE s.$child SET " . (chance(0.5) ? 'up = ' . id() : "t = 'child'") . ' WHERE up = ' . id() . ';' } ],
	[ 2, sub { return copy(table(@integer_tables)) } ],
	[ 2, sub { return 'TRUNCATE ' . table() . pick('', ' CASCADE') . ';' } ],
	[ 2, sub { return "UPDATE s.word SET k = '" . id() . "' WHERE k = '" . id() . "';" } ],
	[ 2, sub { return "UPDATE s.multi SET a = " . id() . ", t = 'multi' WHERE b = '" . id() . "';" } ],
	[ 2, sub { return 'SELECT * FROM ' . table(@integer_tables) . ' WHERE id = ' . id() . ' FOR ' . pick('UPDATE', 'SHARE', 'NO KEY UPDATE SKIP LOCKED') . ';' } ],
	[ 5, sub { return 'EXECUTE ' . pick(qw(by_root by_leaf moved child seen)) . '(' . id() . ');' } ],
	[ 1, sub { return join "\n", 'DEALLOCATE ALL;', @prepared } ],
	[ 3, sub { return "SELECT keep.write('" . table(@integer_tables) . "', " . id() . ');' } ],
	[ 3, sub { return 'SELECT keep.write_part(' . id() . ');' } ],
	[ 2, sub {
		my $table = table(@integer_tables);
		return "BEGIN;\nDECLARE c CURSOR FOR SELECT * FROM $table FOR UPDATE;\nFETCH c;\nUPDATE $table SET t = 'cursor' WHERE CURRENT OF c;\nFETCH c;\n"
		  . "DELETE FROM $table WHERE CURRENT OF c;\n" . pick('COMMIT;', 'ROLLBACK;') } ],
	[ 2, sub { return "SET locking.on_locked = 'skip';\nUPDATE " . table(@integer_tables) . " SET t = 'skipping';\nRESET locking.on_locked;" } ],
	[ 4, sub {
		return 'MERGE INTO ' . table(@integer_tables) . ' x USING (VALUES (' . id() . '), (' . id() . ')) v (id) ON x.id = v.id'
		  . " WHEN MATCHED AND x.id % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET t = 'merged' WHEN NOT MATCHED THEN INSERT (id, t) VALUES (v.id, 'merged');" }, 15 ],
);

# ---- functions and views ----

# By name, or by an OID that may not exist any more.
sub relation
{
	return weighted([ 12, "'" . table() . "'" ], [ 4, "'s.part1'" ], [ 3, ':r' ], [ 1, "'" . pick(qw(keep.view s.part_pkey pg_class keep.other locking.lock)) . "'" ]) . '::regclass';
}

sub key { return weighted([ 8, "'" . id() . "'" ], [ 6, id() ], [ 1, 'ARRAY[' . id() . ']' ], [ 1, "ARRAY['" . id() . "', '3']" ], [ 1, "'no number'" ]) }

my @calls = (
	[ 10, sub { return 'SELECT locking.acquire(' . relation() . ', ' . key() . pick('', ", ttl => '50 ms'", ", wait => '30 ms'", ', hard => false') . ') AS tok \gset' } ],
	[ 4, sub { return 'SELECT token AS tok FROM locking.try_acquire(' . relation() . ', ' . key() . ') \gset' } ],
	[ 3, sub { return 'SELECT count(*) FROM locking.acquire_all(' . relation() . ", '{" . join(',', map { id() } 1 .. 3) . "}');" } ],
	[ 3, sub { return 'SELECT locking.take_over(' . relation() . ', ' . key() . ", 'why') AS tok \\gset" } ],
	[ 6, sub { return 'SELECT locking.renew(:tok' . pick('', ", '1 s'", ", '20 ms', '{}'") . ');' } ],
	[ 5, sub { return 'SELECT locking.confirm(:tok);' } ],
	[ 3, sub { return 'SELECT locking.release(:tok);' } ],
	[ 1, sub { return 'SELECT locking.release_all();' } ],
	[ 2, sub { return 'SELECT locking.break_lock(' . relation() . ', ' . key() . ", 'why');" } ],
	[ 8, sub { return 'SELECT locking.' . pick(qw(is_locked lock_applies lock_seconds_remaining)) . '(' . relation() . ', ' . key() . ');' } ],
	[ 3, sub { my $table = table(); return "SELECT locking.row_key(x) FROM $table x LIMIT 5;" } ],
	[ 3, sub { return 'SELECT locking.row_visible(' . relation() . ", '" . id() . "');" } ],
	[ 3, sub { return "SELECT locking.save_draft(:tok, '{}');" } ],
	[ 1, sub { return 'SELECT locking.discard_draft(' . relation() . ', ' . key() . ');' } ],
	[ 3, sub { return 'SELECT locking.request(' . relation() . ', ' . key() . ');' } ],
	[ 2, sub { return 'SELECT locking.withdraw(' . relation() . ', ' . key() . ');' } ],
	[ 1, sub { return "SELECT locking.reap(), locking.purge_history('1 s'), locking.purge_drafts('1 s');" } ],
	[ 1, sub { return 'SELECT locking.owner(), * FROM locking.gate();' } ],
	[ 8, sub { my $view = pick(qw(locks protected_tables history drafts requests)); return "SELECT count(*), max(v::text) FROM locking.$view v;" } ],
	[ 2, sub { return 'SELECT count(*) FROM locking.' . pick(qw(locks history)) . ' WHERE relation = ' . relation() . ';' } ],
	[ 3, sub { return "SELECT '" . table() . "'::regclass::oid AS r \\gset" } ],
	[ 1, sub { return "SELECT relation::oid AS r FROM locking.protected_tables WHERE relation::text NOT LIKE 'keep%' ORDER BY md5(relation::oid::text || '" . id() . "') LIMIT 1 \\gset" } ],
);

my @protections = (
	sub { return 'SELECT locking.protect(' . relation() . ');' },
	sub { my $child = pick(keys %up); return "SELECT locking.protect('s.$child', parent => '${child}_up');" },
	sub { return "SELECT locking.protect('" . table(@integer_tables) . "', columns => '{t}');" },
	sub { return "SELECT locking.protect('" . table(@integer_tables) . "', ttl => '1 s', hard => " . pick('true', 'false') . ');' },
	sub { return 'SELECT locking.unprotect(' . relation() . ');' },
);

# ---- DDL ----

# Each changes something and later reverts it.
my @partitions = qw(part1 part2 part3 part3a part3b c_part1);

sub attach { my ($name) = @_; return "ALTER TABLE s.$bounds{$name}[0] ATTACH PARTITION s.$name FOR VALUES $bounds{$name}[1];" }
sub detach { my ($name, $how) = @_; return "ALTER TABLE s.$bounds{$name}[0] DETACH PARTITION s.$name" . ($how || '') . ';' }

sub renamed
{
	my ($start, $what, $name) = @_;
	return [ "$start RENAME $what$name TO ${name}x;", pause(0.1), ($start eq 'ALTER SCHEMA s' ? 'ALTER SCHEMA sx' : $start) . " RENAME $what${name}x TO $name;" ];
}

my @ddl = (
	[ 6, sub { my $name = pick(@partitions); return [ detach($name), pause(0.1), attach($name) ] } ],
	[ 12, sub {
		my $name = pick(@partitions);
		return [ { alone => detach($name, ' CONCURRENTLY') }, pause(0.3), chance(0.6) ? detach($name, ' FINALIZE') : (), chance(0.7) ? attach($name) : () ] }, 14 ],
	[ 3, sub { my ($name) = pick(qw(part1 part2 part3 c_part2)); return [ "DROP TABLE s.$name" . pick('', ' CASCADE') . ';', pause(0.05), @{ $mend{tables} } ] } ],
	[ 2, sub { my ($name) = pick(qw(plain part c_leaf c_root c_part word heir)); return [ "DROP TABLE s.$name CASCADE;", pause(0.1), @{ $mend{tables} }, @{ $mend{references} } ] } ],
	[ 4, sub { my $name = pick(@tables); return [ "ALTER TABLE s.$name RENAME TO ${name}x;", pause(0.1), "ALTER TABLE s.${name}x RENAME TO $name;" ] } ],
	[ 4, sub { my $name = pick(@integer_tables); return renamed("ALTER TABLE s.$name", 'COLUMN ', pick('id', 't')) } ],
	[ 3, sub { my $name = pick(keys %up); return renamed("ALTER TABLE s.$name", 'CONSTRAINT ', "${name}_up") } ],
	[ 1, sub { return renamed('ALTER TABLE s.plain', 'CONSTRAINT ', 'plain_pkey') } ],
	[ 2, sub { return [ 'ALTER SCHEMA s RENAME TO sx;', pause(0.1), 'ALTER SCHEMA sx RENAME TO s;' ] } ],
	[ 2, sub { my $name = pick(@tables); return [ "ALTER TABLE s.$name SET SCHEMA q;", pause(0.1), "ALTER TABLE q.$name SET SCHEMA s;" ] } ],
	[ 4, sub {
		my $name = pick(qw(plain part c_plain c_part single));
		return [ "ALTER TABLE s.$name DROP CONSTRAINT ${name}_pkey CASCADE;", pause(0.1),
			"ALTER TABLE s.$name ADD CONSTRAINT ${name}_pkey PRIMARY KEY (" . pick('id', 'id', 'id, t') . ');', @{ $mend{references} },
			chance(0.5) ? "SELECT locking.protect('s.$name');" : () ] } ],
	[ 3, sub { my $name = pick(qw(plain c_plain c_root single word)); my $column = $name eq 'word' ? 'k' : 'id';
		return [ "ALTER TABLE s.$name ALTER COLUMN $column TYPE " . ($name eq 'word' ? 'varchar' : 'bigint') . ';', pause(0.1),
			"ALTER TABLE s.$name ALTER COLUMN $column TYPE " . ($name eq 'word' ? 'text' : 'integer') . ';' ] } ],
	[ 5, sub { my $name = pick(keys %up); return [ "ALTER TABLE s.$name DROP CONSTRAINT ${name}_up;", pause(0.1), @{ $mend{references} } ] } ],
	[ 2, sub { my $name = pick(@integer_tables); return [ "ALTER TABLE s.$name DROP COLUMN " . pick('t', 't', 'id') . ' CASCADE;', pause(0.05), @{ $mend{columns} }, @{ $mend{keys} } ] } ],
	[ 3, sub { my $name = pick(@tables); return [ "ALTER TABLE s.$name OWNER TO nora;", pause(0.1), "ALTER TABLE s.$name OWNER TO mona;" ] } ],
	[ 1, sub { return [ 'REASSIGN OWNED BY mona TO nora;', 'REASSIGN OWNED BY nora TO mona;' ] } ],
	[ 5, sub {
		my $name = pick(@integer_tables);
		return [ "ALTER TABLE s.$name ENABLE ROW LEVEL SECURITY;", "CREATE POLICY p ON s.$name USING (" . pick('id > 3', 'true', 'EXISTS (SELECT FROM locking.locks)', '1 / (id - 4) IS NOT NULL') . ');', pause(0.15),
			chance(0.3) ? "ALTER TABLE s.$name FORCE ROW LEVEL SECURITY;" : (), "DROP POLICY p ON s.$name;", "ALTER TABLE s.$name DISABLE ROW LEVEL SECURITY;" ] } ],
	[ 4, sub { return [ 'CREATE TABLE s.part4 PARTITION OF s.part FOR VALUES FROM (40) TO (50);', pause(0.1), 'DROP TABLE s.part4;' ] } ],
	[ 2, sub { return [ 'CREATE TABLE s.part3c PARTITION OF s.part3 FOR VALUES FROM (38) TO (40);', 'DROP TABLE s.part3c;' ] } ],
	[ 4, sub { return [ "SELECT locking.protect('s.single');", pause(0.05), 'ALTER TABLE s.part ATTACH PARTITION s.single FOR VALUES FROM (50) TO (60);', pause(0.05), 'ALTER TABLE s.part DETACH PARTITION s.single;' ] } ],
	[ 4, sub { return [ "SELECT locking.unprotect('s.single');", 'ALTER TABLE s.part ATTACH PARTITION s.single FOR VALUES FROM (50) TO (60);', pause(0.05), 'ALTER TABLE s.part DETACH PARTITION s.single;' ] } ],
	[ 2, sub { return [ 'TRUNCATE ' . table() . ' CASCADE;', @{ $mend{rows} } ] } ],
	[ 2, sub { return [ { alone => 'VACUUM (FULL) ' . pick(table(), table(), 'locking.lock', 'locking.protected') . ';' } ] } ],
	[ 1, sub { return [ { alone => 'VACUUM (ANALYZE) ' . pick(table(), 'locking.lock') . ';' } ] } ],
	[ 2, sub { return [ { alone => pick('CLUSTER s.plain USING plain_pkey;', 'CLUSTER locking.lock USING lock_pkey;', 'CLUSTER s.part1 USING part1_pkey;') } ] } ],
	[ 2, sub { return [ { alone => 'REINDEX TABLE ' . pick('', 'CONCURRENTLY ') . pick(table(), 'locking.lock', 'locking.protected', 'locking.request_queue') . ';' } ] } ],
	[ 2, sub { my $name = pick(@tables); return [ "ALTER TABLE s.$name SET UNLOGGED;", pause(0.05), "ALTER TABLE s.$name SET LOGGED;" ] } ],
	[ 2, sub { return [ 'ALTER TABLE s.heir NO INHERIT s.plain;', pause(0.05), 'ALTER TABLE s.heir INHERIT s.plain;' ] } ],
	[ 2, sub { return [ 'CREATE SCHEMA r CREATE TABLE a (id integer PRIMARY KEY) PARTITION BY LIST (id);', 'CREATE TABLE r.a1 PARTITION OF r.a DEFAULT;', 'DROP SCHEMA r CASCADE;' ] } ],
	[ 1, sub { return [ 'CREATE INDEX i ON s.plain (t);', 'DROP INDEX s.i;' ] } ],
	[ 1, sub { return [ 'DROP SCHEMA s CASCADE;', pause(0.1), mend_all() ] } ],
	[ 12, sub { return [ map { @{ $mend{$_} } } pick(@mend_order) ] } ],
	[ 2, sub { return [ mend_all() ] } ],
	[ 8, sub { return [ map { pick(@protections)->() } 1 .. 2 ] } ],
);
my @drops_of_extension = (
	[ 2, sub { return [ 'DROP EXTENSION locking CASCADE;', pause(0.05), @{ $mend{extension} } ] } ],
	[ 1, sub { return [ 'DROP EXTENSION IF EXISTS locking;', @{ $mend{extension} } ] } ],
);

# Some DDL runs in a transaction, which may be rolled back, and some with
# savepoints.
sub ddl
{
	my @lines = @{ weighted(available(@ddl), $settings{drops_extension} ? @drops_of_extension : ())->() };
	my @plain = map { ref $_ ? $_->{alone} : $_ } @lines;
	return @plain if chance(0.7) || grep { ref $_ } @lines;
	return ('BEGIN' . isolation() . ';', (map { chance(0.2) ? ('SAVEPOINT s;', $_, 'ROLLBACK TO s;') : $_ } @plain), pick('COMMIT;', 'COMMIT;', 'ROLLBACK;'));
}

# ---- sessions ----

sub isolation { return pick('', '', ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE') }
sub write_something { return weighted(available(@writes))->() }
sub call_something { return weighted(available(@calls))->() }

# A transaction that stays open for a while, with or without an early
# snapshot.
sub transaction
{
	# psql sets a savepoint before each statement
	my $goes_on = chance(0.7);
	my @lines = ('\set ON_ERROR_ROLLBACK ' . ($goes_on ? 'on' : 'off'), 'BEGIN' . isolation() . ';', pick('SELECT count(*) FROM keep.stable;', 'SELECT count(*) FROM s.part;', ''));
	for (1 .. 2 + rand 4)
	{
		my $line = chance(0.5) ? write_something() : call_something();
		next if $line =~ /^(?:BEGIN|DEALLOCATE)/;
		push @lines, pause(0.15) if chance(0.5);
		push @lines, !$goes_on && chance(0.7) ? ('SAVEPOINT s;', $line, pick('RELEASE s;', 'ROLLBACK TO s;')) : $line;
	}
	return (@lines, pick('COMMIT;', 'COMMIT;', 'ROLLBACK;'), '\set ON_ERROR_ROLLBACK off');
}

sub prepared_transaction
{
	my $name = 'p' . int rand 1e9;
	return ('BEGIN;', 'SET LOCAL locking.notify = off;', write_something() =~ s/^(?:BEGIN|DEALLOCATE).*//sr, call_something(),
		"PREPARE TRANSACTION '$name';", pause(0.1), pick('COMMIT', 'ROLLBACK') . " PREPARED '$name';");
}

sub in_haste
{
	my ($line) = @_;
	my $setting = pick('statement_timeout', 'lock_timeout');
	my $usual = $setting eq 'lock_timeout' ? 200 : 3000;
	return ("SET $setting = " . (1 + int rand 20) . ';', $line, "SET $setting = $usual;");
}

# Drops every cache whenever an invalidation could arrive; slow.
sub with_discards
{
	my ($line) = @_;
	return ('SET debug_discard_caches = 1;', 'SET statement_timeout = 10000;', $line, 'SET debug_discard_caches = 0;', 'SET statement_timeout = 3000;');
}

sub cancel
{
	return (pause(0.05), "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'race' AND datname = current_database()"
		. " AND state = 'active' ORDER BY md5(pid::text || '" . id() . "') LIMIT 1;");
}

# Statements on tables that no session changes; none may fail.
sub stand_by
{
	my $id = 1 + int rand 9;
	return weighted(
		[ 3, "UPDATE keep.stable SET t = 'mine' WHERE id = $id;" ],
		[ 2, "UPDATE keep.line SET t = 'mine' WHERE up = $id;" ],
		[ 3, "SELECT locking.acquire('keep.stable', $id) AS tok \\gset\nSELECT locking.renew(:tok);\nUPDATE keep.stable SET t = 'saved' WHERE id = $id;\nSELECT locking.release(:tok);" ],
		[ 1, "INSERT INTO keep.stable VALUES (20, 'new');\nUPDATE keep.stable SET id = 21 WHERE id = 20;\nDELETE FROM keep.stable WHERE id = 21;" ],
		[ 1, "SELECT locking.is_locked('keep.stable', $id);" ],
		[ 2, 'SELECT count(*) FROM locking.' . pick(qw(locks history protected_tables requests drafts)) . ';' ],
		[ 2, 'CREATE SCHEMA mine CREATE TABLE a (id integer PRIMARY KEY);\nALTER TABLE mine.a RENAME COLUMN id TO number;\nDROP SCHEMA mine CASCADE;' =~ s/\\n/\n/gr ],
		[ 1, 'CREATE TABLE keep.p (id integer PRIMARY KEY) PARTITION BY LIST (id);\nCREATE TABLE keep.p1 PARTITION OF keep.p DEFAULT;\nDROP TABLE keep.p;' =~ s/\\n/\n/gr ],
	);
}

# user, owner, and the weights of what the session does
our @profiles = (
	{ user => 'postgres', owner => 'cid', ddl => 10, write => 2, call => 3, transaction => 1, discards => 1 },
	{ user => 'mona', ddl => 10, write => 2, call => 3, transaction => 1 },
	{ user => 'postgres', owner => 'dan', ddl => 6, write => 4, call => 6, transaction => 4, prepared => 1, discards => 1 },
	{ user => 'anna', write => 6, call => 8, transaction => 6, haste => 2 },
	{ user => 'bob', write => 6, call => 8, transaction => 6, haste => 2 },
	{ user => 'postgres', owner => 'eve', write => 4, call => 10, transaction => 6, haste => 2 },
	{ user => 'postgres', owner => 'fay', call => 1, cancel => 4 },
	{ user => 'postgres', owner => 'gil', bystander => 1 },
);

sub step
{
	my ($profile) = @_;
	my $any = sub { return chance(0.5) ? write_something() : call_something() };
	my %kinds = (
		ddl => \&ddl, write => \&write_something, call => \&call_something, transaction => \&transaction, prepared => \&prepared_transaction,
		haste => sub { return in_haste($any->()) }, cancel => \&cancel, bystander => \&stand_by,
		discards => sub { return $settings{discards} ? with_discards($any->()) : $any->() });
	return $kinds{ weighted(map { [ $profile->{$_}, $_ ] } grep { $profile->{$_} } sort keys %kinds) }->();
}

sub script_of
{
	my ($profile) = @_;
	my $steps_of_it = $profile->{bystander} ? $settings{steps} * 3 : $profile->{ddl} ? $settings{steps} / 2 : $settings{steps};
	my @lines = ("SET application_name = '" . ($profile->{bystander} ? 'bystander' : 'race') . "';", 'SET client_min_messages = error;',
		'SET statement_timeout = ' . ($profile->{bystander} ? 60000 : 3000) . ';', 'SET lock_timeout = ' . ($profile->{bystander} ? 0 : 200) . ';',
		$profile->{owner} ? "SET locking.owner = '$profile->{owner}';" : (), '\set tok 0', '\set r 0', $profile->{bystander} ? () : @prepared);
	push @lines, step($profile) for 1 .. $steps_of_it;
	return join("\n", @lines, 'SELECT 1;', '');
}

1;
