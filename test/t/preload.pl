# All ways to load the library, and invalid values of its settings.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'max_prepared_transactions = 5' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 20) g;
SELECT locking.protect('article');
CREATE ROLE app LOGIN;
GRANT SELECT, UPDATE, DELETE ON article TO app;
CREATE DATABASE without;
SQL

# Adds a line to the configuration; the last of several takes effect.
sub restart_with
{
	my (@lines) = @_;
	$node->stop;
	$node->append_conf('postgresql.conf', join("\n", @lines, ''));
	$node->start;
	return;
}

# ---- each way to load the library ----

sub check_works
{
	my ($how) = @_;
	subtest $how => sub {
		my $ann = session($node, owner => 'ann');
		my $token = $ann->query("SELECT locking.acquire('article', 1)");
		refused('the first statement of a session is refused', $node, '55P03', 'UPDATE article SET body = 1 WHERE id = 1', owner => 'bob');
		refused('a write in a session that has not loaded the library', $node, '55P03', 'DELETE FROM article WHERE id = 1', user => 'app');
		accepted('other rows are free', $node, "UPDATE article SET body = 'x' WHERE id = 2", user => 'app');
		refused('a renewed lock is enforced', $node, '55P03', 'TRUNCATE article', owner => 'bob')
		  if $ann->query("SELECT locking.renew($token)");
		accepted('the holder saves', $node,
			"BEGIN; SELECT locking.confirm($token); UPDATE article SET body = 'ann' WHERE id = 1; SELECT locking.release($token); COMMIT",
			owner => 'ann');
		accepted('a released row is free', $node, "UPDATE article SET body = 'y' WHERE id = 1", user => 'app');
		$token = $ann->query("SELECT locking.acquire('article', 3, ttl => '1 millisecond')");
		accepted('a row with a lapsed lock is free', $node, "SELECT pg_sleep(0.01); UPDATE article SET body = 'y' WHERE id = 3", user => 'app');
		$ann->query('BEGIN');
		$ann->query("SELECT locking.acquire('article', 4)");
		my $bob = session($node, owner => 'bob');
		$bob->send_sql("UPDATE article SET body = 'bob' WHERE id = 4");
		ok($bob->await_block, 'a writer waits for an acquire() that has not committed');
		$ann->query('COMMIT');
		$bob->finish;
		is($bob->last_state, '55P03', 'the writer is refused after the commit');
		$ann->query('SELECT locking.release_all()');
		sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 5); PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'", owner => 'ann');
		is($bob->state_of('DELETE FROM article WHERE id = 5'), '55P03', 'a prepared acquire() counts once committed');
		$ann->query('SELECT locking.release_all()');
		is($bob->state_of("SET locking.on_locked = 'skip'"), '', 'settings can be set');
		$_->quit for $ann, $bob;

		accepted('DDL works in a database without the extension', $node,
			'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t RENAME id TO i; DROP TABLE t', db => 'without');
		accepted('the extension can be dropped and created again', $node, <<'SQL', db => 'without');
CREATE EXTENSION locking;
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO t VALUES (1);
SELECT locking.protect('t');
SELECT locking.acquire('t', 1);
UPDATE t SET id = id;
DROP EXTENSION locking CASCADE;
UPDATE t SET id = id;
CREATE EXTENSION locking;
SELECT locking.protect('t');
SELECT locking.acquire('t', 1);
UPDATE t SET id = id;
DROP TABLE t;
DROP EXTENSION locking;
SQL
	};
	return;
}

my @ways = (
	[ 'without preloading', "shared_preload_libraries = ''", "session_preload_libraries = ''" ],
	[ 'session_preload_libraries', "shared_preload_libraries = ''", "session_preload_libraries = 'locking'" ],
	[ 'shared_preload_libraries', "shared_preload_libraries = 'locking'", "session_preload_libraries = ''" ],
	[ 'both', "shared_preload_libraries = 'locking'", "session_preload_libraries = 'locking'" ],
);
for my $way (@ways)
{
	my ($name, @conf) = @$way;
	restart_with(@conf);
	check_works($name);
	is(sql($node, 'SHOW locking.time_until_expiration', db => 'without'), '2min', "$name: settings are known without the extension")
	  unless $name eq 'without preloading';
}

# Preloaded: locks from before a restart are enforced from the first write on.
my $token = sql($node, "SELECT locking.acquire('article', 6, ttl => '1 hour')", owner => 'ann');
sql($node, "SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 7); PREPARE TRANSACTION 'over the restart'", owner => 'ann');
restart_with();
refused('a lock from before the restart', $node, '55P03', 'UPDATE article SET body = 1 WHERE id = 6', user => 'app', message => qr/locked by ann/);
sql($node, "COMMIT PREPARED 'over the restart'");
refused('a lock prepared before the restart', $node, '55P03', 'UPDATE article SET body = 1 WHERE id = 7', user => 'app', message => qr/locked by ann/);
sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() + interval '2 hours' WHERE key = '6'");
refused('a lock record changed by SQL', $node, '55P03', 'UPDATE article SET body = 1 WHERE id = 6', user => 'app');
sql($node, 'SELECT locking.release_all()', owner => 'ann');
sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '8', 'ann', clock_timestamp() + interval '1 hour')");
refused('a lock record inserted by SQL', $node, '55P03', 'UPDATE article SET body = 1 WHERE id = 8', user => 'app');
sql($node, 'SELECT locking.release_all()', owner => 'ann');

# ---- invalid values ----

my %bad = (
	'locking.time_until_expiration' => [ '0', '-1', "'abc'", "'2 parsecs'", "'1e30'" ],
	'locking.time_until_warning' => [ '0', '-1', "'abc'" ],
	'locking.keep_lapsed' => [ '-1', "'abc'" ],
	'locking.on_locked' => [ "'wait'", "''", '1' ],
	'locking.enforce' => [ "'perhaps'", '2' ],
	'locking.notify' => [ "'perhaps'" ],
	'locking.history' => [ "''" ],
);
for my $how ('preloaded', 'not preloaded')
{
	restart_with("shared_preload_libraries = ''", "session_preload_libraries = ''") if $how eq 'not preloaded';
	for my $setting (sort keys %bad)
	{
		my $right = sql($node, "SELECT locking.owner() \\g /dev/null\nSHOW $setting");
		for my $value (@{ $bad{$setting} })
		{
			refused("$how: SET $setting = $value", $node, '22023', "SELECT locking.owner(); SET $setting = $value");
			# set before the library is loaded, it is discarded with a warning
			is(sql($node, "SET $setting = $value; SELECT locking.owner() \\g /dev/null\nSHOW $setting"), $right,
				"$how: set before the library is loaded, the default is used") if $how eq 'not preloaded';
		}
	}
	refused("$how: a setting that does not exist", $node, '42704|42602', "SELECT locking.owner(); SET locking.nonsense = 1")
	  if major_version($node) >= 15;
	my %privileged = ('owner' => "'ann'", 'owner_name' => "'Ann'", 'enforce' => "'off'", 'notify' => "'off'", 'history' => "'off'", 'keep_lapsed' => "'0'");
	for my $setting (sort keys %privileged)
	{
		refused("$how: an ordinary role does not set $setting", $node, '42501',
			"SELECT locking.owner(); SET locking.$setting = $privileged{$setting}", user => 'app');
		my $right = sql($node, "SELECT locking.owner() \\g /dev/null\nSHOW locking.$setting", user => 'app');
		next if $how eq 'preloaded';
		for my $set ("SET locking.$setting = $privileged{$setting}", "BEGIN; SET LOCAL locking.$setting = $privileged{$setting}",
			"SELECT set_config('locking.$setting', $privileged{$setting}, false) \\g /dev/null\n",
			"ALTER ROLE app SET locking.$setting = $privileged{$setting}")
		{
			my $got = eval { sql($node, "$set;\nSELECT locking.owner() \\g /dev/null\nSHOW locking.$setting", user => 'app') };
			$got = eval { sql($node, "SELECT locking.owner() \\g /dev/null\nSHOW locking.$setting", user => 'app') } if $set =~ /^ALTER/;
			is($got, $right, "$how: also rejected before the library is loaded: " . ($set =~ s/ \\g .*//sr));
			sql($node, 'ALTER ROLE app RESET ALL');
		}
	}
}
{
	local $ENV{PGOPTIONS} = "-c locking.owner=ann -c locking.enforce=off";
	my $got = eval { sql($node, "SELECT locking.owner(), current_setting('locking.enforce')", user => 'app') };
	ok(!defined $got || $got eq 'app|on', 'also rejected in the options of the connection') or diag($got);
}

# In the configuration of a preloading server: logged, and the default is
# used.
restart_with("locking.on_locked = 'wait'", 'locking.time_until_expiration = 0', 'locking.keep_lapsed = -5',
	'locking.nonsense = 1', "shared_preload_libraries = 'locking'");
is(sql($node, "SELECT current_setting('locking.on_locked'), current_setting('locking.time_until_expiration'), current_setting('locking.keep_lapsed')"),
	'error|2min|1h', 'bad values in the configuration: the defaults');
cmp_ok(in_log($node, qr/invalid value for parameter "locking\.on_locked"/), '>', 0, 'bad values in the configuration are logged');
check_works('with bad values in the configuration');
restart_with("locking.on_locked = 'skip'", 'locking.time_until_expiration = 10min', 'locking.keep_lapsed = 0', 'locking.notify = off', 'locking.history = off');
is(sql($node, "SELECT current_setting('locking.on_locked'), current_setting('locking.time_until_expiration'), current_setting('locking.notify')"),
	'skip|10min|off', 'good values in the configuration are used');
is(sql($node, "BEGIN; SELECT locking.acquire('article', 1) \\g /dev/null\nSELECT round(locking.lock_seconds_remaining('article', 1))"), '600', 'locks use the duration in the configuration');

is(in_log($node, qr/TRAP:|terminated by signal|XX000|leak/), 0, 'no crash or internal error in the log');
done_testing();
