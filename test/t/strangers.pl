# A role with a schema of its own can neither make other roles wait or fail,
# nor read what it may not: locks are taken after the check of privileges,
# lists of all locks wait for no table and run no other role's policy, and
# event triggers process only their own command.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', "lock_timeout = '5s'" ]);
my $major = major_version($node);

sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE mallory LOGIN;
GRANT CREATE ON DATABASE postgres TO app, mallory;
CREATE SCHEMA app AUTHORIZATION app;
CREATE SCHEMA m AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA app, m TO PUBLIC;
SQL
sql($node, <<'SQL', user => 'app');
CREATE TABLE app.doc (id integer PRIMARY KEY, body text);
INSERT INTO app.doc SELECT g, 'body' FROM generate_series(1, 9) g;
SELECT locking.protect('app.doc');
GRANT SELECT, UPDATE ON app.doc TO anna;
SQL

# The statement does not wait, although another session holds the table.
sub not_waiting
{
	my ($name, $sql, %options) = @_;
	return accepted($name, $node, "SET lock_timeout = '50ms';\n$sql", %options);
}

sub refused_without_waiting
{
	my ($name, $state, $sql, %options) = @_;
	refused($name, $node, $state, "SET lock_timeout = '50ms';\n$sql", %options);
	return;
}

# ---- locks are taken after privileges were checked ----

my $holder = session($node, user => 'app');
$holder->query('BEGIN; LOCK TABLE app.doc IN ACCESS EXCLUSIVE MODE');
for my $call (
	"acquire('app.doc', 1)", "try_acquire('app.doc', 1)", "acquire_all('app.doc', '{1}')", "is_locked('app.doc', 1)",
	"lock_applies('app.doc', 1)", "lock_seconds_remaining('app.doc', 1)", "request('app.doc', 1)", "withdraw('app.doc', 1)",
	"discard_draft('app.doc', 1)", "locks_of('app.doc', '{1}')", "history_of('app.doc', '1')",
	"protect('app.doc')", "unprotect('app.doc')")
{
	refused_without_waiting("$call by a role without rights", '42501', "SELECT locking.$call", user => 'mallory');
}
is(not_waiting('row_visible() of it', "SELECT locking.row_visible('app.doc', '1')", user => 'mallory'), 'f', 'row_visible() by a role without rights');
$holder->query('COMMIT');

# a parent on which the child's owner has no privileges any more
sql($node, 'GRANT REFERENCES ON app.doc TO mallory', user => 'app');
sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.child (id integer PRIMARY KEY, doc integer CONSTRAINT doc REFERENCES app.doc);
CREATE TABLE m.guarded (id integer PRIMARY KEY, doc integer CONSTRAINT doc REFERENCES app.doc);
SELECT locking.protect('m.guarded', parent => 'doc');
SQL
sql($node, 'REVOKE REFERENCES ON app.doc FROM mallory', user => 'app');
my $reader = session($node, user => 'anna');
$reader->query('BEGIN; SELECT * FROM app.doc FOR UPDATE');
refused_without_waiting('protect() with that parent', '42501', "SELECT locking.protect('m.child', parent => 'doc')", user => 'mallory');
refused_without_waiting('TRUNCATE of its child', '42501', 'TRUNCATE m.guarded', user => 'mallory');
$reader->query('COMMIT');

# ---- lists of all locks ----

sql($node, <<'SQL', user => 'mallory');
CREATE FUNCTION m.policy() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'mallory' THEN
		RAISE LOG 'policy runs as %', current_user;
		PERFORM pg_advisory_lock(7);
	END IF;
	RETURN true;
END $$;
CREATE TABLE m.trap (id integer PRIMARY KEY);
INSERT INTO m.trap VALUES (1), (2);
ALTER TABLE m.trap ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON m.trap USING (m.policy());
GRANT SELECT, UPDATE ON m.trap TO PUBLIC;
SELECT locking.protect('m.trap');
SELECT locking.acquire('m.trap', 1, ttl => '1 hour'), locking.request('m.trap', 2);
SQL
my %lists = (
	locks => 'SELECT count(*) FROM locking.locks',
	history => 'SELECT count(*) FROM locking.history',
	requests => 'SELECT count(*) FROM locking.requests',
	drafts => 'SELECT count(*) FROM locking.drafts',
	protected_tables => 'SELECT count(*) FROM locking.protected_tables');
my $mallory = session($node, user => 'mallory');
$mallory->query('SELECT pg_advisory_lock(7)');
for my $list (sort keys %lists)
{
	not_waiting("a policy that waits does not hold up $list", $lists{$list}, user => 'anna');
}
$mallory->query('SELECT pg_advisory_unlock(7)');
is(in_log($node, qr/policy runs as/), 0, 'the policy did not run');
is(sql($node, "SELECT count(*) FROM locking.locks WHERE relation = 'm.trap'::regclass", user => 'anna'), '1',
	'a query that names the table in a constant');
is(sql($node, "PREPARE q(regclass) AS SELECT count(*) FROM locking.locks WHERE relation = \$1;\n"
	  . join('', map { "EXECUTE q('m.trap');\n" } 1 .. 8), user => 'anna'), join("\n", ('1') x 8), 'a query that names the table by a parameter, in any kind of plan');
is(sql($node, 'SELECT count(*) FROM m.trap t LEFT JOIN locking.locks l ON l.relation = t.tableoid::regclass AND l.key = t.id::text'
	  . ' WHERE l.token IS NOT NULL', user => 'anna'), '1', 'a query that names the table in FROM');
is(sql($node, "SELECT count(*) FROM locking.locks_of('m.trap', '{1,2}')", user => 'anna'), '1', 'a query that names the table in an argument');
cmp_ok(in_log($node, qr/policy runs as anna/), '>', 0, 'queries that name the table run the policy');
is(sql($node, 'SELECT count(*) FROM locking.locks', user => 'mallory'), '1', 'the policy also runs for the owner');
# membership in a group role does not make its other members trusted, whose
# tables may have forced policies
sql($node, 'ALTER TABLE m.trap FORCE ROW LEVEL SECURITY', user => 'mallory');
sql($node, 'GRANT mallory TO anna');
my $ran = in_log($node, qr/policy runs as anna/);
is(sql($node, 'SELECT count(*) FROM locking.locks', user => 'anna'), '0', 'a forced policy hides the rows from a member of the owner');
is(in_log($node, qr/policy runs as anna/), $ran, 'the policy did not run for a member of the owner');
sql($node, 'REVOKE mallory FROM anna');

$mallory->query('BEGIN; LOCK TABLE m.trap IN ACCESS EXCLUSIVE MODE');
for my $list (sort keys %lists)
{
	not_waiting("a locked table does not hold up $list", $lists{$list}, user => 'anna');
	not_waiting("a superuser's $list", $lists{$list});
}
$mallory->query('COMMIT');
sql($node, 'DROP TABLE m.trap', user => 'mallory');

# lists do not wait for a table whose policies do run either, as an ALTER
# TABLE may take long
sql($node, <<'SQL');
CREATE TABLE public.trusted (id integer PRIMARY KEY);
INSERT INTO public.trusted VALUES (1), (2);
ALTER TABLE public.trusted ENABLE ROW LEVEL SECURITY;
CREATE POLICY trusted ON public.trusted USING (true);
GRANT SELECT, UPDATE ON public.trusted TO PUBLIC;
SELECT locking.protect('public.trusted');
SELECT locking.acquire('public.trusted', 1, ttl => '1 hour'), locking.request('public.trusted', 2);
SQL
is(sql($node, 'SELECT count(*) FROM locking.locks', user => 'anna'), '1', 'policies of a superuser do run');
my $altering = session($node);
$altering->query('BEGIN; LOCK TABLE public.trusted IN ACCESS EXCLUSIVE MODE');
for my $list (sort keys %lists)
{
	not_waiting("$list while a table whose policies run is locked", $lists{$list}, user => 'anna');
}
$altering->query('COMMIT');
$altering->quit;

# a write of a child whose parent is locked runs no policy of the parent, as
# it names only the child
sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.above (id integer PRIMARY KEY);
INSERT INTO m.above VALUES (1);
ALTER TABLE m.above ENABLE ROW LEVEL SECURITY;
CREATE POLICY above ON m.above USING (m.policy());
GRANT SELECT, UPDATE, REFERENCES ON m.above TO app, anna;
SELECT locking.protect('m.above');
SELECT locking.acquire('m.above', 1, ttl => '1 hour');
SQL
sql($node, <<'SQL', user => 'app');
CREATE TABLE app.below (id integer PRIMARY KEY, above integer CONSTRAINT above REFERENCES m.above, body text);
INSERT INTO app.below VALUES (1, NULL);
GRANT SELECT, UPDATE ON app.below TO anna;
SELECT locking.protect('app.below', parent => 'above');
SQL
$ran = in_log($node, qr/policy runs as anna/);
refused('the write of a child of a locked row', $node, '55P03', 'UPDATE app.below SET above = 1', user => 'anna');
is(in_log($node, qr/policy runs as anna/), $ran, 'the write of a child runs no policy of its parent');
sql($node, 'DROP TABLE m.above CASCADE');

# ---- event triggers ----

# Settings of a partition, as an older version or a superuser may have left
# them, do not make other roles' DDL fail.  A partition without its trigger
# that another session writes does not make others wait.
sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE m.part1 PARTITION OF m.parts FOR VALUES FROM (0) TO (10);
SELECT locking.protect('m.parts');
SQL
sql($node, "INSERT INTO locking.protected (relation, key) VALUES ('m.part1', '{id}')");
sql($node, 'DROP TRIGGER "~locking_guard_truncate" ON m.part1', user => 'mallory');
$mallory->query('BEGIN; INSERT INTO m.part1 VALUES (1)');
not_waiting('CREATE SCHEMA', 'CREATE SCHEMA harmless', user => 'app');
not_waiting('CREATE SCHEMA with tables', 'CREATE SCHEMA more CREATE TABLE t (id integer PRIMARY KEY) CREATE VIEW v AS SELECT 1', user => 'app');
not_waiting('CREATE TABLE ... PARTITION OF, ATTACH and DETACH', <<'SQL', user => 'app');
CREATE TABLE app.parts (id integer PRIMARY KEY, body text) PARTITION BY RANGE (id);
SELECT locking.protect('app.parts');
CREATE TABLE app.part1 PARTITION OF app.parts FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE app.part11 (id integer NOT NULL, body text);
ALTER TABLE app.part1 ATTACH PARTITION app.part11 FOR VALUES FROM (0) TO (5);
CREATE TABLE IF NOT EXISTS app.part11 PARTITION OF app.part1 FOR VALUES FROM (0) TO (5);
ALTER TABLE IF EXISTS app.none ATTACH PARTITION m.part1 FOR VALUES FROM (0) TO (5);
ALTER TABLE app.doc RENAME body TO text;
ALTER TABLE app.doc RENAME text TO body;
CREATE TABLE app.gone (id integer PRIMARY KEY);
DROP TABLE app.gone;
DROP SCHEMA more CASCADE;
SQL
is(sql($node, "SELECT guarded FROM locking.protected_tables WHERE relation = 'app.parts'::regclass"), 't', 'new partitions are guarded');
$mallory->query('COMMIT');
sql($node, "DELETE FROM locking.protected WHERE relation = 'm.part1'::regclass");

# ATTACH of a table that is being protected, in either order
sql($node, "CREATE TABLE m.late (id integer NOT NULL PRIMARY KEY)", user => 'mallory');
$mallory->query('BEGIN; ALTER TABLE m.parts ATTACH PARTITION m.late FOR VALUES FROM (10) TO (20)');
my $other = session($node, user => 'mallory');
$other->send_sql("SELECT locking.protect('m.late', hard => false)");
$other->await_block;
$mallory->query('COMMIT');
$other->finish;
is($other->last_state, '', 'protect() of a table that has become a partition');
is(sql($node, "SELECT string_agg(relation::text || ' ' || hard, ', ') FROM locking.protected_tables WHERE relation::text LIKE 'm.%' AND parent IS NULL"),
	'm.parts false', 'protect() of a partition protects its root');
sql($node, "CREATE TABLE m.alone (id integer NOT NULL PRIMARY KEY); SELECT locking.protect('m.alone')", user => 'mallory');
sql($node, 'CREATE TABLE m.plain (id integer PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE m.loose (id integer NOT NULL)', user => 'mallory');
my $alone = 'ATTACH PARTITION m.alone FOR VALUES FROM (20) TO (30)';
for my $root ('m.plain', 'm.parts')
{
	refused("ATTACH of a protected table to $root", $node, '55000', "ALTER TABLE $root $alone", user => 'mallory',
		message => qr/protected table "alone" cannot become a partition/);
	refused("ATTACH to $root by a role that does not own the partition", $node, '42501', "ALTER TABLE $root $alone", user => 'app');
}
# protect() while ATTACH waits for the table
for my $root ('m.plain', 'm.parts')
{
	sql($node, "SELECT locking.unprotect('m.alone')", user => 'mallory');
	$mallory->query("BEGIN; SELECT locking.protect('m.alone')");
	$other->send_sql("ALTER TABLE $root $alone");
	$other->await_block;
	$mallory->query('COMMIT');
	$other->finish;
	is($other->last_state, '55000', "protect() of a table while ATTACH to $root waits for it");
}
# ATTACH waits for the root as the command itself does
$mallory->query('BEGIN; LOCK TABLE m.plain IN SHARE MODE');
$other->send_sql('ALTER TABLE m.plain ATTACH PARTITION m.loose FOR VALUES FROM (30) TO (40)');
$other->await_block;
refused_without_waiting('a role without rights on the root does not wait for it', '42501', "ALTER TABLE m.plain $alone", user => 'app');
$mallory->query('COMMIT');
$other->finish;
is($other->last_state, '', 'ATTACH of a table that is not protected');

# a partition attached below while protect() waits for its parent gets its
# trigger
sql($node, <<'SQL', user => 'mallory');
CREATE TABLE m.top (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE m.middle PARTITION OF m.top FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE m.leaf (id integer NOT NULL PRIMARY KEY);
SQL
$mallory->query('BEGIN; ALTER TABLE m.middle ATTACH PARTITION m.leaf FOR VALUES FROM (0) TO (5)');
$other->send_sql("SELECT locking.protect('m.top')");
$other->await_block;
$mallory->query('COMMIT');
$other->finish;
is(sql($node, "SELECT guarded FROM locking.protected_tables WHERE relation = 'm.top'::regclass"), 't',
	'protect() of a root while a partition is attached below');

# ---- "guarded" ----

sub guarded
{
	my ($name, $expected, $command) = @_;
	sql($node, $command);
	is(sql($node, "SELECT guarded FROM locking.protected_tables WHERE relation = 'app.parts'::regclass"), $expected, "guarded: $name");
	return;
}

guarded('ENABLE REPLICA TRIGGER', 'f', 'ALTER TABLE app.parts ENABLE REPLICA TRIGGER "~locking_guard"');
guarded('ENABLE ALWAYS TRIGGER', 't', 'ALTER TABLE app.parts ENABLE ALWAYS TRIGGER "~locking_guard"');
guarded('DISABLE TRIGGER on a partition', 'f', 'ALTER TABLE app.part11 DISABLE TRIGGER "~locking_guard"');
guarded('enabled again', 't', 'ALTER TABLE app.part11 ENABLE TRIGGER "~locking_guard"');
guarded('no TRUNCATE trigger on a partition', 'f', 'DROP TRIGGER "~locking_guard_truncate" ON app.part11');
guarded('protect() again', 't', "SELECT locking.protect('app.parts')");
guarded('a disabled TRUNCATE trigger', 'f', 'ALTER TABLE app.part1 DISABLE TRIGGER "~locking_guard_truncate"');
guarded('protect() once more', 't', "SELECT locking.protect('app.parts')");
for my $trigger ('"~locking_guard" BEFORE UPDATE OF body OR DELETE ON app.parts FOR EACH ROW EXECUTE FUNCTION locking.guard()',
	'"~locking_guard" BEFORE UPDATE ON app.parts FOR EACH ROW EXECUTE FUNCTION locking.guard()',
	'"~locking_guard" BEFORE UPDATE OR DELETE ON app.parts FOR EACH ROW WHEN (old.id > 5) EXECUTE FUNCTION locking.guard()',
	'"~locking_guard" BEFORE UPDATE OR DELETE ON app.parts FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'aaa BEFORE UPDATE OR DELETE ON app.parts FOR EACH ROW EXECUTE FUNCTION locking.guard()')
{
	sql($node, 'DROP TRIGGER "~locking_guard" ON app.parts; CREATE TRIGGER ' . $trigger, user => 'app');
	guarded($trigger, 'f', 'SELECT 1');
	sql($node, "DROP TRIGGER IF EXISTS aaa ON app.parts; SELECT locking.protect('app.parts')");
}
guarded('DISABLE TRIGGER USER', 'f', 'ALTER TABLE app.part1 ENABLE TRIGGER "~locking_guard_truncate"; ALTER TABLE ONLY app.parts DISABLE TRIGGER USER');

is(in_log($node, qr/TRAP:|terminated by signal|XX00\d/), 0, 'no crash or internal error in the log');
$_->quit for $holder, $reader, $mallory, $other;
$node->stop('fast');
done_testing();
