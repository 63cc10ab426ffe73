# The gate: whatever way a lock came to be, and whatever happened to the
# server since, the first write that it forbids is rejected, and rows without
# one are written.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my @conf = ('log_statement = none', 'max_prepared_transactions = 5', 'max_connections = 20', 'autovacuum = off',
	'wal_level = replica');
my $node = new_node('main', init => { allows_streaming => 1 },
	conf => [ @conf, "shared_preload_libraries = 'locking'", 'locking.gate_slots = 4096' ]);
my $version = major_version($node);
my $schema = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 1000) g;
SELECT locking.protect('article', ttl => '1 hour');
CREATE TABLE line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article, body text);
INSERT INTO line SELECT g, g, 'line' FROM generate_series(1, 1000) g;
SELECT locking.protect('line', parent => 'of_article');
CREATE TABLE form (id integer PRIMARY KEY, body text);
INSERT INTO form SELECT g, 'form' FROM generate_series(1, 20) g;
SELECT locking.protect('form', required => true, ttl => '1 hour');
SQL
sql($node, $schema);

# What locking.gate() says, as a hash.
sub gate
{
	my ($server, %options) = @_;
	my %gate;
	@gate{qw(enabled filled slots occupied checks lookups false_positives)} =
	  split /\|/, sql($server, 'SELECT * FROM locking.gate()', %options), -1;
	return \%gate;
}

# How much checks, lookups and false_positives grow by this SQL.
sub growth
{
	my ($statement, %options) = @_;
	my $before = gate($node, %options);
	sql($node, $statement, %options);
	my $after = gate($node, %options);
	return { map { $_ => $after->{$_} - $before->{$_} } qw(checks lookups false_positives) };
}

sub write_of
{
	my ($key) = @_;
	return "UPDATE article SET body = 'written' WHERE id = $key";
}

# The first write after something rejects; and a free row is written.
sub check_row
{
	my ($name, $key, %options) = @_;
	my $server = delete $options{node} || $node;
	refused("$name: locked", $server, '55P03', write_of($key), owner => 'zoe', message => qr/is locked by/, %options);
	is(sql($server, write_of(1000) . ' RETURNING id', owner => 'zoe', %options), 1000, "$name: another row is free");
	return;
}

sub is_free
{
	my ($name, $key, %options) = @_;
	is(sql($node, write_of($key) . ' RETURNING id', owner => 'zoe', %options), $key, "$name: free");
	return;
}

sub is_filled
{
	my ($name, $expected, %options) = @_;
	my $server = delete $options{node} || $node;
	my $gate = gate($server, %options);
	is("$gate->{enabled}|$gate->{filled}", "t|$expected", "$name: on, and " . ($expected eq 't' ? 'filled' : 'not filled'));
	return $gate;
}

sub acquire
{
	my ($key, %options) = @_;
	return sql($node, "SELECT locking.acquire('article', $key)", owner => 'ann', %options);
}

sub release_all
{
	my (%options) = @_;
	return sql($node, 'SELECT locking.release_all()', owner => 'ann', %options);
}

sub lapse
{
	my ($token, $when) = @_;
	$when = $when ? "'$when'" : "clock_timestamp() - interval '1 minute'";
	return sql($node, "UPDATE locking.lock SET expires_at = $when WHERE token = $token");
}

# Until the server has seen that a session was killed, and has started all
# others anew.
sub all_anew
{
	my ($server, $victim) = @_;
	my $done;
	$victim->abandon;
	# a psql that is not let in may be gone before it has been given the query
	until (defined $done)
	{
		$done = eval { $server->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $victim->{pid}") };
		die $@ if $@ && $@ !~ /Broken pipe/;
	}
	return $done;
}

# Without versions of records that are dead: those raise their slots as well.
sub restart_with
{
	my (@lines) = @_;
	sql($node, q(VACUUM locking.lock));
	$node->stop;
	$node->append_conf('postgresql.conf', join("\n", @lines, ''));
	$node->start;
	return;
}

# ---- what gate() says ----

subtest 'gate()' => sub {
	my $gate = is_filled('nothing was written yet', 'f');
	is($gate->{slots}, 4096, 'slots');
	is($gate->{occupied}, 0, 'none raised');
	is($gate->{$_}, 0, "nothing $_") for qw(checks lookups false_positives);
	my $grown = growth('UPDATE article SET body = body');
	is($grown->{checks}, 1000, 'asked for every row');
	is($grown->{lookups}, 0, 'without locks no record is looked at');
	is_filled('a guarded write', 't');

	my $token = acquire(1);
	is(gate($node)->{occupied}, 1, 'one lock raises one slot');
	$grown = growth(write_of(1), owner => 'ann');
	is("@$grown{qw(checks lookups false_positives)}", '1 1 0', 'the holder writes: looked at, and found');
	$grown = growth("SET locking.on_locked = 'skip'; UPDATE article SET body = body", owner => 'zoe');
	is($grown->{checks}, 1000, 'asked for every row again');
	cmp_ok($grown->{lookups}, '>=', 1, 'looked at for the one locked');
	cmp_ok($grown->{lookups}, '<', 50, 'and hardly more');
	is($grown->{lookups} - $grown->{false_positives}, 1, 'all but that one in vain');
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	$grown = growth(write_of(1), owner => 'zoe');
	is("@$grown{qw(checks lookups false_positives)}", '1 1 1', 'released: a look in vain');
	is(gate($node)->{occupied}, 1, 'time alone lowers a slot');
	is_filled('a transaction that fails', 't');
	$grown = growth('BEGIN; UPDATE article SET body = body; ROLLBACK');
	is($grown->{checks}, 1000, 'counts outlive a rollback');
};

# ---- crashes ----

subtest 'kill -9 of the postmaster' => sub {
	my $token = acquire(1);
	sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', $_); PREPARE TRANSACTION 'p$_'", owner => 'ann') for 2, 3;
	$node->kill9;
	start_again($node);
	is_filled('started again', 'f');
	check_row('the first write', 1);
	is_filled('the write', 't');
	refused('a lock that is prepared is waited for', $node, '55P03', "SET lock_timeout = '100ms'; " . write_of(2),
		owner => 'zoe', message => qr/lock timeout/);
	sql($node, "COMMIT PREPARED 'p2'");
	check_row('committed after the gate was filled', 2);
	sql($node, "ROLLBACK PREPARED 'p3'");
	is_free('rolled back', 3);
	is(sql($node, "SELECT locking.renew($token) > clock_timestamp()", owner => 'ann'), 't', 'the lock is renewed');
	check_row('renewed after the crash', 1);
	release_all();
	is_free('released', 1);
};

subtest 'an immediate stop' => sub {
	acquire(4);
	$node->stop('immediate');
	start_again($node);
	refused('DELETE comes first', $node, '55P03', 'DELETE FROM article WHERE id = 4', owner => 'zoe');
	is_filled('a rejected write', 't');
	release_all();
};

subtest 'a backend is killed' => sub {
	$node->append_conf('postgresql.conf', 'restart_after_crash = on');
	$node->reload;
	acquire(5);
	my $victim = session($node, owner => 'bob');
	$victim->query('BEGIN');
	$victim->query("SELECT locking.acquire('article', 6)");
	kill 'KILL', $victim->{pid};
	all_anew($node, $victim);
	is_filled('all of shared memory is new', 'f');
	check_row('after the crash', 5);
	is_free('what had not committed', 6);
	release_all();
};

# ---- records that no function has written ----

subtest 'records by COPY, INSERT, UPDATE' => sub {
	sql($node, write_of(1000));
	is_filled('beforehand', 't');
	for my $role ('origin', 'replica')
	{
		my $set = "SET session_replication_role = $role";
		sql($node, <<"SQL");
$set;
COPY locking.lock (relation, key, owner, expires_at) FROM stdin;
article	10	ann	2200-01-01 00:00:00+00
article	11	ann	infinity
article	12	ann	2001-01-01 00:00:00+00
\\.
SQL
		check_row("COPY, $role", $_) for 10, 11;
		is_free("COPY of a lapsed one, $role", 12);
		sql($node, "$set; INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '13', 'ann', clock_timestamp() + interval '1 hour')");
		check_row("INSERT, $role", 13);
		sql($node, "$set; UPDATE locking.lock SET expires_at = clock_timestamp() + interval '1 hour' WHERE key = '12'");
		check_row("UPDATE of expires_at, $role", 12);
		sql($node, "$set; UPDATE locking.lock SET key = '14' WHERE key = '13'");
		check_row("UPDATE of key, $role", 14);
		is_free("the key that it had, $role", 13);
		sql($node, <<"SQL");
$set;
INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '15', 'ann', '2001-01-01');
INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '15', 'ann', '2001-01-01')
	ON CONFLICT (relation, key) DO UPDATE SET expires_at = clock_timestamp() + interval '1 hour';
SQL
		check_row("ON CONFLICT DO UPDATE, $role", 15);
		sql($node, 'DELETE FROM locking.lock');
		is_free("deleted by hand, $role", $_) for 10 .. 15;
	}
	my $bob = session($node, owner => 'bob');
	$bob->query(write_of(16));
	sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '16', 'ann', 'infinity')");
	is($bob->state_of(write_of(16)), '55P03', 'a session that found it free a moment ago');
	$bob->quit;
	sql($node, 'VACUUM FULL locking.lock');
	check_row('rewritten by VACUUM FULL', 16);
	sql($node, 'TRUNCATE locking.lock');
	is_free('truncated', 16);
};

# An archive of records, as of any other table: that of an extension would not
# be dumped.
subtest 'records by pg_restore' => sub {
	my $archive = tmp_folder() . '/locks.dump';
	my %kept = (db => 'kept');
	sql($node, 'CREATE DATABASE kept');
	sql($node, $schema, %kept);
	acquire($_, %kept) for 17, 18;
	sql($node, 'ALTER EXTENSION locking DROP TABLE locking.lock', %kept);
	my $bob = session($node, owner => 'bob');
	my $restore = sub {
		my ($name, @options) = @_;
		$bob->query(write_of(1000));
		is_filled("$name, beforehand", 't');
		run_ok("$name, pg_dump", $node, qw(pg_dump -Fc --data-only -t locking.lock -f), $archive, 'kept');
		run_ok($name, $node, 'pg_restore', @options, '-d', 'postgres', $archive);
	};

	$restore->('pg_restore');
	is($bob->state_of(write_of(17)), '55P03', 'a session that the gate told a moment ago that it is filled');
	check_row('pg_restore', $_) for 17, 18;
	is_filled('pg_restore', 't');

	# this leaves the trigger enabled, but no more ALWAYS
	sql($node, 'DELETE FROM locking.lock');
	sql($node, "UPDATE locking.lock SET key = (key::integer + 6)::text", %kept);
	$restore->('--disable-triggers', '--disable-triggers');
	is($bob->state_of(write_of(23)), '55P03', 'a session that the gate told a moment ago that it is filled');
	check_row('--disable-triggers', $_) for 23, 24;
	is_filled('--disable-triggers', 'f');
	sql($node, 'ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER "~raise_gate"');
	is($bob->state_of(write_of(23)), '55P03', 'the same session, the trigger enabled again');
	check_row('enabled again', $_) for 23, 24;
	is_filled('enabled again', 't');
	$bob->quit;
	sql($node, 'DELETE FROM locking.lock');
	sql($node, 'DROP DATABASE kept');
};

subtest 'records by logical replication' => sub {
	my $publisher = new_node('publisher', init => { allows_streaming => 'logical' }, conf => [ 'log_statement = none' ]);
	my %there = (owner => 'ann');
	sql($publisher, $schema);
	my $token = sql($publisher, "SELECT locking.acquire('article', 20)", %there);
	sql($publisher, 'CREATE PUBLICATION locks FOR TABLE locking.lock');
	my $bob = session($node, owner => 'bob');
	$bob->query(write_of($_)) for 20, 21, 22;
	is_filled('beforehand', 't');
	sql($node, "CREATE SUBSCRIPTION locks CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION locks");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')");
	my $caught_up = sub { $publisher->wait_for_catchup('locks') };
	is($bob->state_of(write_of(20)), '55P03', 'the first copy');
	sql($publisher, "SELECT locking.acquire('article', 21)", %there);
	$caught_up->();
	is($bob->state_of(write_of(21)), '55P03', 'an acquisition');
	sql($publisher, "UPDATE locking.lock SET key = '22' WHERE token = $token");
	$caught_up->();
	is($bob->state_of(write_of(22)), '55P03', 'an UPDATE of the key');
	is($bob->state_of(write_of(20)), '', 'the key that it had');
	sql($publisher, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 minute' WHERE token = $token");
	$caught_up->();
	is($bob->state_of(write_of(22)), '', 'it has lapsed');
	is_filled('all the time', 't');
	sql($publisher, 'SELECT locking.release_all()', %there);
	$caught_up->();
	is($bob->state_of(write_of(21)), '', 'a release');
	$bob->quit;
	sql($node, 'DROP SUBSCRIPTION locks');
	sql($node, 'DELETE FROM locking.lock');
	$publisher->stop;
};

# ---- standby ----

subtest 'a promoted standby' => sub {
	my $token = acquire(1);
	sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 2); PREPARE TRANSACTION 'p2'", owner => 'ann');
	sql($node, 'CHECKPOINT');
	$node->backup('base');
	my $standby = copy_of_node('standby', $node, 'base', has_streaming => 1);
	$standby->append_conf('postgresql.conf', 'hot_standby = on');
	$standby->start;
	acquire(3);
	sql($node, "SELECT locking.renew($token, '2 hours')", owner => 'ann');
	$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
	is_filled('as a standby', 'f', node => $standby);
	is(sql($standby, "SELECT locking.is_locked('article', 1), locking.is_locked('article', 3), locking.is_locked('article', 4)"),
		't|t|f', 'it can be asked about locks');
	refused('but not write', $standby, '25006', write_of(1000));
	is(sql($standby, "SELECT count(*) FROM (SELECT FROM article WHERE id < 10) a"), 9, 'reading asks nothing');
	my $gate = is_filled('after that', 'f', node => $standby);
	is($gate->{checks}, 0, 'nothing was asked');
	my $old = session($standby, owner => 'zoe');
	$old->query("SELECT locking.is_locked('article', 1)");
	$standby->promote;
	is($old->state_of(write_of(3)), '55P03', 'a session of before the promotion');
	is($old->query(write_of(1000) . ' RETURNING id'), 1000, 'and a free row');
	is_filled('the first write', 't', node => $standby);
	check_row('promoted', $_, node => $standby) for 1, 3;
	sql($standby, "COMMIT PREPARED 'p2'");
	check_row('prepared on the old primary', 2, node => $standby);
	is(sql($standby, "SELECT locking.renew($token) IS NOT NULL", owner => 'ann'), 't', 'the holder goes on there');
	$old->quit;
	is(in_log($standby, qr/TRAP:|terminated by signal|XX000|leak/), 0, 'nothing unforeseen in its log');
	$standby->stop;
	sql($node, "ROLLBACK PREPARED 'p2'");
	release_all();
};

# ---- databases ----

subtest 'databases' => sub {
	sql($node, 'CREATE DATABASE one');
	my %one = (db => 'one');
	my %two = (db => 'two');
	sql($node, $schema, %one);
	sql($node, write_of(1000), %one);
	acquire($_, %one) for 1, 2;
	is_filled('the one', 't', %one);
	sql($node, 'CREATE DATABASE two TEMPLATE one');
	is_filled('made from a template', 'f', %two);
	check_row('a lock of the template', $_, %two) for 1, 2;
	is_filled('written', 't', %two);
	is(sql($node, "SELECT 'article'::regclass::oid", %one), sql($node, "SELECT 'article'::regclass::oid", %two), 'the tables have the same OIDs');
	release_all(%two);
	is_free('released in the copy', 1, %two);
	check_row('in the template it is not', 1, %one);
	acquire(3, %two);
	is_free('in the template a lock of the copy does not matter', 3, %one);
	is(growth('UPDATE article SET body = body')->{checks}, 1000, 'a third database');
	is_free('is of no concern', $_) for 1 .. 3;

	my $oid = sql($node, "SELECT oid FROM pg_database WHERE datname = 'two'");
	sql($node, 'DROP DATABASE two');
	sql($node, 'CREATE DATABASE two');
	is(sql($node, "SELECT oid <> $oid FROM pg_database WHERE datname = 'two'"), 't', 'a new database');
	sql($node, $schema, %two);
	is_filled('it starts', 'f', %two);
	is_free('without locks', 3, %two);
	acquire(3, %two);
	check_row('and gets its own', 3, %two);
	sql($node, 'ALTER DATABASE two RENAME TO three');
	check_row('renamed', 3, db => 'three');
	sql($node, 'DROP DATABASE three; ');
	check_row('others are dropped', 1, %one);
	refused('a DROP DATABASE that fails', $node, '55006|25001', 'BEGIN; DROP DATABASE one; ');
	check_row('changes nothing', 1, %one);
	# the same OID again, with locks in it that nobody has seen
	if ($version >= 15)
	{
		my $same = sql($node, "SELECT oid FROM pg_database WHERE datname = 'one'");
		sql($node, 'CREATE DATABASE kept TEMPLATE one');
		sql($node, "UPDATE article SET body = 'x'; SELECT locking.release_all()", %one, owner => 'ann');
		is_filled('filled', 't', %one);
		sql($node, 'DROP DATABASE one');
		sql($node, "CREATE DATABASE one TEMPLATE kept OID $same");
		is_filled('with the OID of one that was dropped', 'f', %one);
		check_row('and locks from a template', $_, %one) for 1, 2;
		sql($node, 'DROP DATABASE kept');
	}
	sql($node, 'DROP DATABASE one');
};

# ---- the extension goes and comes ----

subtest 'DROP and CREATE EXTENSION' => sub {
	sql($node, 'CREATE DATABASE again');
	my %db = (db => 'again');
	sql($node, $schema, %db);
	my ($ann, $bob) = map { session($node, owner => $_, %db) } qw(ann bob);
	$ann->query("SELECT locking.acquire('article', 1)");
	is($bob->state_of(write_of(1)), '55P03', 'locked');
	$bob->query(write_of(2));
	$ann->query('BEGIN');
	$ann->query('DROP EXTENSION locking CASCADE');
	$ann->query('ROLLBACK');
	is($bob->state_of(write_of(1)), '55P03', 'a DROP that is rolled back');
	my $protect = "CREATE EXTENSION locking; SELECT locking.protect('article', ttl => '1 hour')";
	$ann->query('BEGIN');
	$ann->query('DROP EXTENSION locking CASCADE');
	$ann->query($protect);
	$ann->query("SELECT locking.acquire('article', 2)");
	$ann->query(write_of(3));
	$ann->query('ROLLBACK');
	is($bob->state_of(write_of(1)), '55P03', 'rolled back with all that came after it');
	$bob->query(write_of(2));
	is($ann->query('SELECT filled FROM locking.gate()'), 't', 'it is filled still');

	for my $round (1, 2)
	{
		$ann->query('DROP EXTENSION locking CASCADE');
		$bob->query(write_of(1));
		$ann->query($protect);
		is($ann->query('SELECT enabled, filled FROM locking.gate()'), 't|f', 'made anew it is not filled');
		$ann->query(write_of(7)) if $round == 2;
		$ann->query("SELECT locking.acquire('article', 1)");
		is($bob->state_of(write_of(1)), '55P03', 'a session that knew the old one meets the lock');
		is($bob->query('SELECT filled FROM locking.gate()'), 't', 'and it is filled');
		$bob->query(write_of(2));
		$ann->query(write_of(1));
		is($ann->query("SELECT locking.release_all()"), 1, 'released');
		is($bob->state_of(write_of(1)), '', 'free');
		$ann->query("SELECT locking.acquire('article', 2)");
		check_row('a new session', 2, %db);
	}
	$_->quit for $ann, $bob;
	sql($node, 'DROP DATABASE again');
};

# ---- 64 slots ----

subtest '64 slots, 10,000 locks' => sub {
	restart_with('locking.gate_slots = 64', 'max_locks_per_transaction = 128');
	sql($node, "CREATE TABLE many (id integer PRIMARY KEY, n integer DEFAULT 0); INSERT INTO many SELECT generate_series(1, 20000); SELECT locking.protect('many')");
	my $grown = growth('UPDATE many SET n = 0');
	is("@$grown{qw(checks lookups)}", '20000 0', 'without locks no record is looked at');
	is(sql($node, "SELECT count(*) FROM locking.acquire_all('many', (SELECT array_agg(id::text) FROM many WHERE id % 2 = 0), ttl => '1 hour')", owner => 'ann'),
		10000, 'locked');
	for my $round ('at once', 'after a crash')
	{
		my $gate = gate($node);
		is($gate->{slots}, 64, "$round: 64 slots");
		is($gate->{occupied}, $round eq 'at once' ? 64 : 0, "$round: raised");
		is(sql($node, <<'SQL', owner => 'bob'), '10000|0', "$round: every locked row is rejected, each by itself");
CREATE FUNCTION pg_temp.rejected(OUT refused integer, OUT written integer) AS $$
DECLARE
	i integer;
BEGIN
	refused := 0;
	written := 0;
	FOR i IN 2..20000 BY 2 LOOP
		BEGIN
			UPDATE many SET n = -1 WHERE id = i;
			written := written + 1;
		EXCEPTION WHEN lock_not_available THEN
			refused := refused + 1;
		END;
	END LOOP;
END $$ LANGUAGE plpgsql;
SELECT * FROM pg_temp.rejected();
SQL
		$grown = growth("SET locking.on_locked = 'skip'; UPDATE many SET n = n + 1", owner => 'bob');
		is("@$grown{qw(checks lookups false_positives)}", '20000 20000 10000', "$round: looked at all of them, at the free ones in vain");
		is(sql($node, 'SELECT n, id % 2, count(*) FROM many GROUP BY 1, 2 ORDER BY 1, 2'),
			$round eq 'at once' ? "0|0|10000\n1|1|10000" : "0|0|10000\n2|1|10000", "$round: in bulk exactly the free rows are written");
		is(gate($node)->{occupied}, 64, "$round: all slots are raised now");
		if ($round eq 'at once')
		{
			$node->kill9;
			start_again($node);
		}
	}
	sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) SELECT 'many', i::text, 'zoe', '2001-01-01' FROM generate_series(1, 3999, 2) i");
	is(sql($node, "SET locking.on_locked = 'skip'; WITH w AS (UPDATE many SET n = 4 RETURNING 1) SELECT count(*) FROM w", owner => 'bob'),
		10000, 'locks that have ended lower no slot');
	is(sql($node, 'SELECT locking.release_all()', owner => 'ann'), 10000, 'released');
	is(sql($node, 'WITH w AS (UPDATE many SET n = 5 RETURNING 1) SELECT count(*) FROM w', owner => 'bob'), 20000, 'all rows are free');
	restart_with('locking.gate_slots = 4096');
	$grown = growth('UPDATE many SET n = 6', owner => 'bob');
	is("$grown->{checks}", 20000, 'started anew');
	sql($node, 'VACUUM locking.lock; DROP TABLE many');
};

# ---- long leases ----

subtest 'a lock that outlives us' => sub {
	my $ttl = '68 years';
	my $allowed = 'SET locking.max_ttl = 2147483647';
	sql($node, write_of(1000));
	my $token = sql($node, "$allowed; SELECT locking.acquire('article', 20, ttl => '$ttl')", owner => 'ann');
	check_row($ttl, 20);
	restart_with();
	check_row("$ttl, started again", 20);
	is(sql($node, "$allowed; SELECT locking.renew($token) > 'now'::timestamptz + interval '60 years'", owner => 'ann'), 't', 'renewed');
	check_row("$ttl, renewed", 20);
	is(sql($node, "SELECT locking.renew($token) < 'now'::timestamptz + interval '25 hours'", owner => 'ann'), 't', 'renewed where that is not allowed');
	check_row("$ttl, cut", 20);
	release_all();
	is_free('released', 20);
	refused('longer than an ordinary user may', $node, '22023', "SELECT locking.acquire('article', 20, ttl => '" . ($version >= 17 ? 'infinity' : '300000 years') . "')", owner => 'ann');
};

# Whatever a role does that may lock rows: no slot stays raised for longer
# than locking.max_ttl.
subtest 'locking.max_ttl bounds the slots' => sub {
	restart_with();
	sql($node, write_of(1000));
	sql($node, "ALTER DATABASE postgres SET locking.max_ttl = '1s'");
	sql($node, <<'SQL', owner => 'ann');
SET locking.time_until_expiration = 2147483647;
DO $$
DECLARE
	token bigint;
BEGIN
	FOR i IN 1 .. 20 LOOP
		token := locking.acquire('form', i);
		PERFORM locking.renew(token), locking.confirm(token), locking.acquire('form', i), locking.acquire('form', i, '1 s');
		BEGIN
			PERFORM locking.acquire('form', i, '1 day');
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		END;
	END LOOP;
END $$;
UPDATE form SET id = id + 100;
UPDATE form SET id = id - 100;
SQL
	cmp_ok(gate($node)->{occupied}, '>', 10, 'raised');
	select(undef, undef, undef, 1.1);
	is(gate($node)->{occupied}, 0, 'and a second later no more');
	sql($node, 'ALTER DATABASE postgres RESET locking.max_ttl');
	release_all();
};

# ---- lapses ----

subtest 'lapsed, and renewed' => sub {
	my %token;
	$token{$_} = acquire($_) for 30 .. 36;
	lapse($token{$_}) for 30 .. 36;
	restart_with();
	is_filled('started', 'f');
	sql($node, write_of(1000));
	is(gate($node)->{occupied}, 0, 'no slot stands for a lapsed lock');
	is(growth(write_of(30), owner => 'zoe')->{lookups}, 0, 'a lapsed one is not looked at');
	refused('written meanwhile it does not resume', $node, 'LK001', "SELECT locking.renew($token{30})", owner => 'ann');
	is_free('nor is it in the way', 30);
	sql($node, "SELECT locking.renew($token{31})", owner => 'ann');
	check_row('resumed by renew()', 31);
	is(acquire(32), $token{32}, 'resumed by acquire()');
	check_row('resumed by acquire()', 32);
	sql($node, "SELECT locking.confirm($token{33})", owner => 'ann');
	check_row('resumed by confirm()', 33);
	sql($node, "SELECT locking.try_acquire('article', 34)", owner => 'ann');
	check_row('resumed by try_acquire()', 34);
	sql($node, "SELECT locking.acquire('article', 35)", owner => 'bob');
	check_row('taken by another', 35);
	sql($node, "SELECT locking.take_over('article', 36, 'why not')", owner => 'bob');
	check_row('taken over', 36);
	sql($node, "BEGIN; SELECT locking.renew($token{31}, '3 hours'); ROLLBACK", owner => 'ann');
	check_row('a renewal that is rolled back', 31);
	sql($node, 'SELECT locking.release_all()', owner => $_) for qw(ann bob);
	is_free('released', $_) for 30 .. 36;

	# a renewal that has not committed is waited for
	my $token = acquire(37);
	lapse($token);
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	$ann->query('BEGIN');
	$ann->query("SELECT locking.renew($token)");
	$bob->send_sql(write_of(37));
	ok($bob->await_block, 'a writer waits for a renewal');
	$ann->query('COMMIT');
	$bob->finish;
	is($bob->last_state, '55P03', 'and meets the lock');
	$_->quit for $ann, $bob;
	release_all();
};

# ---- keys, required locks, children ----

subtest 'the key changes' => sub {
	sql($node, 'DELETE FROM line WHERE id BETWEEN 40 AND 45');
	my $token = acquire(40);
	sql($node, 'UPDATE article SET id = 4000 WHERE id = 40', owner => 'ann');
	check_row('the new key', 4000);
	refused('also for DELETE', $node, '55P03', 'DELETE FROM article WHERE id = 4000', owner => 'zoe');
	sql($node, "INSERT INTO article VALUES (40, 'new')");
	is_free('the old key', 40);
	sql($node, "SELECT locking.renew($token)", owner => 'ann');
	check_row('renewed at the new key', 4000);
	sql($node, 'BEGIN; SAVEPOINT s; UPDATE article SET id = 4001 WHERE id = 4000; ROLLBACK TO s; COMMIT', owner => 'ann');
	check_row('a change that is rolled back', 4000);
	sql($node, 'DELETE FROM article WHERE id = 41; UPDATE article SET id = 41 WHERE id = 42', owner => 'zoe');
	refused('nobody makes another row that of the lock', $node, '55P03|23505', 'UPDATE article SET id = 4000 WHERE id = 43', owner => 'zoe');
	sql($node, 'DELETE FROM article WHERE id = 4000', owner => 'ann');
	sql($node, "INSERT INTO article VALUES (4000, 'new')");
	is_free('the owner has deleted it', 4000);
};

# Keys are found in the gate by their text, also where the guard spares itself
# making it.
subtest "a cast to text of one's own" => sub {
	my %db = (db => 'cast');
	sql($node, 'CREATE DATABASE "cast"');
	sql($node, <<'SQL' . $schema, %db);
CREATE FUNCTION padded(integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lpad($1::varchar, 8, '0') $$;
CREATE CAST (integer AS text) WITH FUNCTION padded(integer);
SQL
	acquire(5, %db);
	is(sql($node, 'SELECT key FROM locking.lock', %db), '00000005', 'the key');
	is(sql($node, write_of(1000) . ' RETURNING id', %db), 1000, 'a free row');
	check_row('acquired', 5, %db);
	sql($node, 'DELETE FROM line WHERE id = 5; UPDATE article SET id = 5000 WHERE id = 5', %db, owner => 'ann');
	check_row('another key', 5000, %db);
	sql($node, 'DROP DATABASE "cast"');
};

subtest 'required locks' => sub {
	my $write = "UPDATE form SET body = 'x' WHERE id = 1";
	sql($node, "SELECT locking.acquire('form', 3)", owner => 'bob');
	refused('no lock', $node, 'LK002', $write, owner => 'zoe');
	is_filled('by then', 't');
	my $token = sql($node, "SELECT locking.acquire('form', 1)", owner => 'ann');
	refused("another's", $node, '55P03', $write, owner => 'zoe');
	accepted('the holder', $node, $write, owner => 'ann');
	refused('the holder, another row', $node, 'LK002', "UPDATE form SET body = 'x' WHERE id = 2", owner => 'ann');
	lapse($token);
	refused('lapsed', $node, 'LK002', $write, owner => 'ann');
	restart_with();
	refused('lapsed, and started again', $node, 'LK002', $write, owner => 'ann');
	refused("another's, started again", $node, '55P03', "DELETE FROM form WHERE id = 3", owner => 'ann');
	sql($node, "SELECT locking.acquire('form', 1)", owner => 'ann');
	accepted('again', $node, $write, owner => 'ann');
	sql($node, 'SELECT locking.release_all()', owner => $_) for qw(ann bob);
	refused('released', $node, 'LK002', $write, owner => 'ann');
};

subtest "a parent's lock" => sub {
	my %token;
	$token{$_} = acquire($_) for 50 .. 56;
	restart_with();
	refused("a child's write comes first", $node, '55P03', "UPDATE line SET body = 'x' WHERE id = 50", owner => 'zoe');
	is_filled('after it', 't');
	is(sql($node, "UPDATE line SET body = 'x' WHERE id = 60 RETURNING id", owner => 'zoe'), 60, 'a child of a free row');
	refused('INSERT', $node, '55P03', "INSERT INTO line VALUES (5000, 51, 'new')", owner => 'zoe');
	refused('moved to it', $node, '55P03', 'UPDATE line SET article = 51 WHERE id = 60', owner => 'zoe');
	refused('moved away', $node, '55P03', 'UPDATE line SET article = 60 WHERE id = 51', owner => 'zoe');
	accepted('the holder', $node, "UPDATE line SET body = 'ann' WHERE id = 51", owner => 'ann');

	lapse($token{$_}) for 50 .. 53;
	restart_with();
	sql($node, write_of(1000));
	is_filled('with lapsed locks', 't');
	sql($node, "UPDATE line SET body = 'x' WHERE id = 50", owner => 'zoe');
	sql($node, "INSERT INTO line VALUES (5002, 52, 'new')", owner => 'zoe');
	refused('a child was written: it does not resume', $node, 'LK001', "SELECT locking.renew($token{50})", owner => 'ann');
	sql($node, "SELECT locking.renew($token{51})", owner => 'ann');
	refused('none was: it does', $node, '55P03', "UPDATE line SET body = 'x' WHERE id = 51", owner => 'zoe');
	refused('a child was made: it does not resume', $node, 'LK001', "SELECT locking.confirm($token{52})", owner => 'ann');
	sql($node, 'BEGIN; DELETE FROM line WHERE id = 53; ROLLBACK', owner => 'zoe');
	sql($node, "SELECT locking.renew($token{53})", owner => 'ann');
	refused('a child was not deleted after all: it does', $node, '55P03', 'DELETE FROM line WHERE id = 53', owner => 'zoe');

	# ends that are not after the beginning of time, which a slot starts with
	my %end = (54 => '2000-01-01 00:00:00+00', 55 => '1999-12-31 00:00:00+00', 56 => '-infinity');
	lapse($token{$_}, $end{$_}) for keys %end;
	restart_with();
	sql($node, write_of(1000));
	for my $row (sort keys %end)
	{
		sql($node, "UPDATE line SET body = 'x' WHERE id = $row", owner => 'zoe');
		refused("lapsed $end{$row}, a child was written: it does not resume", $node, 'LK001', "SELECT locking.renew($token{$row})", owner => 'ann');
	}
	release_all();
	sql($node, 'DELETE FROM locking.lock');
	accepted('released', $node, "UPDATE line SET body = 'x' WHERE id = 51", owner => 'zoe');
};

# ---- rollback and release ----

subtest 'rolled back, released' => sub {
	sql($node, "BEGIN; SAVEPOINT a; SELECT locking.acquire('article', 60); ROLLBACK TO a; SELECT locking.acquire('article', 61); COMMIT", owner => 'ann');
	is_free('acquired in a savepoint that was rolled back', 60);
	check_row('acquired after it', 61);
	sql($node, "BEGIN; SELECT locking.acquire('article', 62); ROLLBACK", owner => 'ann');
	is_free('acquired and rolled back', 62);
	my $bob = session($node, owner => 'bob');
	my $token = acquire(63);
	is($bob->state_of(write_of(63)), '55P03', 'locked');
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	is($bob->state_of(write_of(63)), '', 'released it is free at once');
	acquire(63);
	is($bob->state_of(write_of(63)), '55P03', 'and locked again');
	sql($node, "BEGIN; SELECT locking.release_all(); ROLLBACK", owner => 'ann');
	is($bob->state_of(write_of(63)), '55P03', 'a release that is rolled back');
	sql($node, "SELECT locking.break_lock('article', 63, 'go on')");
	is($bob->state_of(write_of(63)), '', 'broken it is free at once');
	$bob->quit;
	release_all();
};

# ---- versions of records that are dead ----

# Their long values may be gone already: TOAST tables are vacuumed on their
# own.
subtest 'dead records with long values' => sub {
	my $long = "(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 2000) g)";
	my $key = "(SELECT left(string_agg(md5(g::text), ''), 2500) FROM generate_series(1, 100) g)";	# leaves the record for TOAST, too
	sql($node, "ALTER DATABASE postgres SET locking.max_text_length = '1MB'");
	my $token = sql($node, "SELECT locking.acquire('article', 70, note => $long)", owner => 'ann');
	check_row('a long note', 70);
	$node->restart;
	check_row('a long note, started again', 70);
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	sql($node, "BEGIN; SELECT locking.acquire('article', 71, note => $long); ROLLBACK", owner => 'ann');
	sql($node, "CREATE TABLE named (id text PRIMARY KEY); INSERT INTO named VALUES ($key), ('b'); SELECT locking.protect('named')");
	sql($node, "SELECT locking.release(locking.acquire('named', $key, note => $long))", owner => 'ann');
	acquire(72);
	my $toast = sql($node, "SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'locking.lock'::regclass");
	sql($node, "VACUUM $toast");
	$node->restart;
	refused('the first write', $node, '55P03', write_of(72), owner => 'zoe', message => qr/is locked by/);
	accepted('the next one', $node, write_of(70), owner => 'zoe');
	is_filled('then', 't');
	sql($node, "SELECT locking.acquire('named', $key, note => $long)", owner => 'ann');
	$node->restart;
	refused('a long key', $node, '55P03', 'DELETE FROM named WHERE length(id) = 2500', owner => 'zoe');
	sql($node, 'VACUUM locking.lock');
	release_all();
	sql($node, 'ALTER DATABASE postgres RESET locking.max_text_length');
};

is(in_log($node, qr/TRAP:|XX000|leak|not owned|terminated by signal (?!9)/), 0, 'nothing unforeseen in the log');
$node->stop;

# ---- not preloaded ----

subtest 'not preloaded' => sub {
	my $plain = new_node('plain', conf => [ @conf, 'restart_after_crash = on' ]);
	sql($plain, $schema);
	my ($ann, $bob) = map { session($plain, owner => $_) } qw(ann bob);
	if ($version < 17)
	{
		$bob->query(write_of(1));
		is($bob->query('SELECT * FROM locking.gate()'), 'f|f|||||', 'before 17 there is no gate');
		$ann->query("SELECT locking.acquire('article', 1)");
		is($bob->state_of(write_of(1)), '55P03', 'the guard does without');
		is($bob->state_of(write_of(2)), '', 'a free row');
		$_->quit for $ann, $bob;
		return;
	}
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 't|f', 'on, and not yet filled');
	$bob->query(write_of(1));
	is($bob->query('SELECT enabled, filled, slots, occupied, checks, lookups, false_positives FROM locking.gate()'), 't|t|65536|0|1|0|0', 'filled by the first write');
	is($ann->query('SELECT enabled, filled, slots, occupied, checks FROM locking.gate()'), 't|t|65536|0|1', 'the other session sees the same');
	$ann->query("SELECT locking.acquire('article', 1)");
	is($bob->state_of(write_of(1)), '55P03', 'and each the lock of the other');
	is($bob->query('SELECT occupied, checks, lookups, false_positives FROM locking.gate()'), '1|2|1|0', 'raised, and looked at');
	$bob->query("SELECT locking.acquire('article', 2)");
	is($ann->state_of(write_of(2)), '55P03', 'both ways');
	is($ann->state_of(write_of(3)), '', 'a free row');
	sql($plain, "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '4', 'ann', 'infinity')");
	is($bob->state_of(write_of(4)), '55P03', 'a record by hand');
	$_->quit for $ann, $bob;
	check_row('nobody has it open any more', 1, node => $plain);
	is_filled('it stays', 't', node => $plain);
	$plain->kill9;
	start_again($plain);
	check_row('kill -9 of the postmaster', 1, node => $plain);
	my $victim = session($plain);
	$victim->query("SELECT locking.owner()");
	kill 'KILL', $victim->{pid};
	all_anew($plain, $victim);
	is_filled('a backend is killed', 'f', node => $plain);
	check_row('then', 1, node => $plain);

	# the same OID again, dropped by a session that knows nothing of the
	# library
	sql($plain, 'CREATE DATABASE one');
	my %one = (db => 'one');
	sql($plain, $schema, %one);
	sql($plain, "SELECT locking.acquire('article', 1)", %one, owner => 'ann');
	my $oid = sql($plain, 'CREATE DATABASE kept TEMPLATE one; SELECT oid FROM pg_database WHERE datname = $$one$$');
	sql($plain, 'SELECT locking.release_all(); VACUUM locking.lock', %one, owner => 'ann');
	$plain->restart;
	sql($plain, write_of(1), %one);
	sql($plain, 'DROP DATABASE one');
	sql($plain, "CREATE DATABASE one TEMPLATE kept OID $oid");
	check_row('with the OID of a database that was dropped', 1, node => $plain, %one);
	is(in_log($plain, qr/TRAP:|XX000|leak|terminated by signal (?!9)/), 0, 'nothing unforeseen in the log');
};

done_testing();
