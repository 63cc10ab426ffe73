# What must hold after the DDL race: no unexpected message in the log,
# settings and guards that match the tables, and functions that work.
package DdlRace::Checks;

use strict;
use warnings;

use DdlRace::Tables;
use Exporter 'import';
use LockingTest;
use Test::More;

our @EXPORT = qw(check_database check_log check_settings check_guards check_use here);

my ($node, $db);

sub check_database
{
	($node, $db) = @_;
	return;
}

# ---- the log ----

# Internal errors of PostgreSQL itself.  Each was seen, or provoked, in a
# server without this extension, and is allowed only where the extension takes
# no part: no function in the statement, no statement of a trigger (CONTEXT).
my @internal = (
	# two commands change one row of a catalog: GRANT does not lock the
	# table, ATTACH not all tables
	qr/ERROR:  XX000: tuple concurrently (?:updated|deleted)\n.*LOCATION:  simple_heap_(?:update|delete),/s,
	# the same for a table that has been dropped
	qr/ERROR:  XX000: cache lookup failed for relation \d+\n.*LOCATION:  ExecGrant_Relation,/s,
	qr/ERROR:  XX000: could not open relation with OID \d+\n.*STATEMENT:  REASSIGN OWNED/s,
	# an upsert through the root while its partition is attached or its
	# index rebuilt
	qr/ERROR:  XX000: invalid arbiter index list\n.*LOCATION:  ExecInitPartitionInfo,/s,
	# FINALIZE below a level that was detached before; 18 has constraints
	# for NOT NULL
	qr/ERROR:  XX000: \d+ unmatched constraints while removing inheritance .*LOCATION:  RemoveInheritance,/s,
	# ALTER COLUMN TYPE reads constraints with the transaction's snapshot,
	# which may be older
	qr/ERROR:  XX000: could not find tuple for constraint \d+\n.*LOCATION:  pg_get_constraintdef_worker,/s,
);

sub is_postgres_own
{
	my ($entry) = @_;
	return 0 if $entry =~ /CONTEXT: |STATEMENT: .*locking\./s;
	return scalar grep { $entry =~ $_ } @internal;
}

# The log since an offset: each message with its details, which may be
# separated from it by messages of other sessions.
sub entries_since
{
	my ($from) = @_;
	my (@entries, %last);
	for my $part (split /^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \w+ \[)/m, substr(server_log($node), $from))
	{
		my ($process) = $part =~ /\[(\d+)\]/;
		if (!defined $process || !$last{$process} || $part =~ / (?:LOG|WARNING|ERROR|FATAL|PANIC):  /)
		{
			push @entries, '';
			$last{ $process || 0 } = \$entries[-1];
		}
		${ $last{ $process || 0 } } .= $part;
	}
	return @entries;
}

my $bad = qr/TRAP:|terminated by signal|PANIC:|(?:ERROR|FATAL):  XX\d\d\d:|WARNING:.*(?:leak|was not closed|still referenced|don't own a lock)/;

sub check_log
{
	my ($from) = @_;
	my @found = grep { /$bad/ && !is_postgres_own($_) } entries_since($from);
	is(scalar @found, 0, 'no crash, no internal error, no leak in the log') or diag(join "\n", @found[ 0 .. ($#found > 9 ? 9 : $#found) ]);
	return;
}

# ---- the database ----

sub here { my ($statement, %options) = @_; return sql($node, $statement, db => $db, %options) }

sub none
{
	my ($name, $sql) = @_;
	is(here($sql), '', $name);
	return;
}

sub check_settings
{
	none('settings belong to existing relations that are no partitions', <<'SQL');
SELECT p.relation::oid, c.relname FROM locking.protected p LEFT JOIN pg_class c ON c.oid = p.relation
WHERE c.oid IS NULL OR c.relispartition
SQL
	none("no row of a dropped relation: $_", "SELECT relation::oid, key FROM locking.$_ x WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = x.relation)")
	  for qw(lock draft request_queue event);
	none('protected tables are guarded', 'SELECT relation FROM locking.protected_tables WHERE NOT guarded');
	none('no trigger depends on a dropped one', <<'SQL');
SELECT objid, refobjid FROM pg_depend d WHERE refclassid = 'pg_trigger'::regclass AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.oid = d.refobjid)
SQL
	none('no other tables are guarded', <<'SQL');
SELECT t.tgrelid::regclass FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgfoid = to_regproc('locking.guard') AND NOT c.relispartition AND NOT EXISTS (SELECT FROM locking.protected p WHERE p.relation = t.tgrelid)
SQL
	return;
}

# A lock on a row of each relation of each protected table, and a write by
# another owner.  Partitions with a pending detachment are left out, as new
# snapshots do not show their rows through the root; 18 cannot always complete
# it.
sub check_guards
{
	my ($when) = @_;
	here("DELETE FROM locking.lock; UPDATE locking.protected SET required = false WHERE required");
	my @pairs = split /\n/, here(<<'SQL');
WITH RECURSIVE tree AS (
	SELECT relation::oid AS root, relation::oid AS leaf FROM locking.protected
	UNION ALL SELECT t.root, i.inhrelid FROM tree t JOIN pg_class c ON c.oid = t.leaf AND c.relkind = 'p' JOIN pg_inherits i ON i.inhparent = t.leaf
		WHERE (to_jsonb(i)->>'inhdetachpending')::boolean IS NOT TRUE)
SELECT root::regclass, leaf::regclass FROM tree JOIN pg_class c ON c.oid = leaf AND c.relkind = 'r'
	JOIN pg_attribute a ON a.attrelid = leaf AND a.attname = 't' AND NOT attisdropped
SQL
	my $judged = 0;
	my @passed;
	for my $pair (@pairs)
	{
		my ($root, $leaf) = split /\|/, $pair;
		my $result = foreign_write($root, $leaf);
		$judged++ if $result ne 'no row';
		push @passed, "$root, $leaf: $result" if $result !~ /^(?:no row|(?:(?:55P03|55000) ?){3})$/;
	}
	is(join("\n", @passed), '', "$when: each protected table rejects a write by another owner");
	note("$when: $judged of " . scalar(@pairs) . ' relations checked');
	return;
}

sub foreign_write
{
	my ($root, $leaf) = @_;
	my $row = here("SELECT ctid FROM ONLY $leaf LIMIT 1");
	return 'no row' if $row eq '';
	my ($ann, $bob) = map { session($node, db => $db, owner => $_) } 'ann', 'bob';
	my $state = $ann->state_of("SELECT locking.acquire('$root', locking.row_key(x), hard => true) FROM ONLY $leaf x WHERE ctid = '$row'");
	my $written = join ' ', map { state_of_write($bob, $_) } "UPDATE $leaf SET t = clock_timestamp()::text WHERE ctid = '$row'",
		"UPDATE $root SET t = clock_timestamp()::text WHERE tableoid = '$leaf'::regclass AND ctid = '$row'", "TRUNCATE $leaf CASCADE";
	$ann->query('SELECT locking.release_all()');
	$_->quit for $ann, $bob;
	return $written if $state eq '' || $state eq '55000';
	return "acquire(): $state";
}

sub state_of_write
{
	my ($session, $write) = @_;
	$session->query('BEGIN');
	my $state = $session->state_of($write);
	$state = 'waits' if $state eq '55P03' && $session->{err} !~ /locked by/;
	$session->query('ROLLBACK');
	return $state || 'written';
}

sub check_use
{
	my %ann = (db => $db, owner => 'ann');
	my %bob = (db => $db, owner => 'bob');
	for my $table ('keep.stable', 's.plain', 's.part', 's.single')
	{
		accepted("protect('$table')", $node, "SELECT locking.protect('$table')", db => $db);
		accepted("$table is written by its owner", $node, "BEGIN; SET LOCAL ROLE mona; UPDATE $table SET t = 'by the owner'; ROLLBACK", db => $db) if $table =~ /^s\./;
		next if $table eq 's.single';
		# the race may have left a partitioned table without partitions for
		# these rows
		eval { here("INSERT INTO $table (id, t) VALUES (1, 'new'), (2, 'new') ON CONFLICT DO NOTHING"); 1 } or next;
		accepted("functions on $table", $node, <<"SQL", %ann);
SELECT locking.acquire('$table', 1) AS tok \\gset
SELECT * FROM locking.try_acquire('$table', 1);
SELECT * FROM locking.acquire_all('$table', '{1,2}');
SELECT locking.renew(:tok, '1 hour', '{}');
SELECT locking.confirm(:tok);
SELECT locking.save_draft(:tok, '{}');
SELECT locking.is_locked('$table', 1), locking.lock_applies('$table', '1'), locking.lock_seconds_remaining('$table', 1), locking.row_visible('$table', '1');
SELECT locking.row_key(x) FROM $table x;
SELECT * FROM locking.locks; SELECT * FROM locking.protected_tables; SELECT * FROM locking.history; SELECT * FROM locking.drafts; SELECT * FROM locking.requests;
SQL
		refused("a write of $table by another owner", $node, '55P03', "UPDATE $table SET t = 'bob' WHERE id = 1", %bob);
		accepted("functions of another owner on $table", $node, <<"SQL", %bob);
SELECT locking.request('$table', 1);
SELECT locking.withdraw('$table', 1);
SELECT locking.break_lock('$table', 1, 'why');
SELECT locking.take_over('$table', 2, 'why') AS tok \\gset
SELECT locking.release(:tok);
SELECT locking.discard_draft('$table', 1), locking.release_all(), locking.reap(), locking.purge_history('0'), locking.purge_drafts('0');
SELECT * FROM locking.gate();
SQL
		accepted("unprotect('$table')", $node, "SELECT locking.unprotect('$table')", db => $db);
		accepted("$table is written freely", $node, "UPDATE $table SET t = 'free'", %bob);
	}
	accepted('DROP EXTENSION', $node, 'DROP EXTENSION locking CASCADE', db => $db);
	none('no trigger is left', "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname LIKE '~locking%'");
	accepted('all tables are written without it', $node, join('', map { "UPDATE s.$_ SET t = 'free';" } @tables), db => $db);
	accepted('DROP SCHEMA', $node, 'DROP SCHEMA s CASCADE', db => $db);
	return;
}

1;
