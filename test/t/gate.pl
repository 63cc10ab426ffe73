# The gate's counters, its behaviour with few slots, and slots of long leases.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingGate;
use LockingTest;
use Test::More;

my $node = start_gate_node();

subtest 'gate()' => sub {
	my $gate = is_filled('before the first write', 'f');
	is($gate->{slots}, 4096, 'slots');
	is($gate->{occupied}, 0, 'no slot occupied');
	is($gate->{$_}, 0, "nothing $_") for qw(checks lookups false_positives);
	my $grown = growth('UPDATE article SET body = body');
	is($grown->{checks}, 1000, 'a check for every row');
	is($grown->{lookups}, 0, 'no lookup without locks');
	is_filled('after a guarded write', 't');

	my $token = acquire(1);
	is(join(' ', @{ gate($node) }{qw(occupied overflowed)}), '1 0', 'one lock occupies one slot');
	$grown = growth(write_of(1), owner => 'ann');
	is("@$grown{qw(checks lookups false_positives)}", '1 1 0', 'the holder writes: a lookup that finds the lock');
	$grown = growth("SET locking.on_locked = 'skip'; UPDATE article SET body = body", owner => 'zoe');
	is($grown->{checks}, 1000, 'a check for every row again');
	cmp_ok($grown->{lookups}, '>=', 1, 'a lookup for the locked row');
	cmp_ok($grown->{lookups}, '<', 50, 'few lookups for other rows');
	is($grown->{lookups} - $grown->{false_positives}, 1, 'all lookups for other rows are false positives');
	sql($node, "SELECT locking.release($token)", owner => 'ann');
	$grown = growth(write_of(1), owner => 'zoe');
	is("@$grown{qw(checks lookups false_positives)}", '1 1 1', 'released: a false positive');
	is(gate($node)->{occupied}, 1, 'a slot stays occupied until the expiry');
	is_filled('after these transactions', 't');
	$grown = growth('BEGIN; UPDATE article SET body = body; ROLLBACK');
	is($grown->{checks}, 1000, 'counters survive a rollback');
};

subtest '64 slots, 10,000 locks' => sub {
	restart_with('locking.gate_slots = 64', 'max_locks_per_transaction = 128');
	sql($node, "CREATE TABLE many (id integer PRIMARY KEY, n integer DEFAULT 0); INSERT INTO many SELECT generate_series(1, 20000); SELECT locking.protect('many')");
	my $grown = growth('UPDATE many SET n = 0');
	is("@$grown{qw(checks lookups)}", '20000 0', 'no lookup without locks');

	# whatever was displaced has passed
	sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) SELECT 'many', i::text, 'zoe', '2001-01-01' FROM generate_series(1, 9999, 2) i");
	sql($node, "SELECT locking.acquire_all('many', '{1,10001,10003,10005,10007}', ttl => '1 hour')", owner => 'ann');
	is(join(' ', @{ gate($node) }{qw(occupied overflowed)}), '5 0', 'locks displace those that have lapsed');
	$grown = growth("SET locking.on_locked = 'skip'; UPDATE many SET n = 0", owner => 'bob');
	cmp_ok($grown->{lookups}, '>=', 5, 'lookups for the locked rows');
	cmp_ok($grown->{lookups}, '<', 10, 'few for 5,000 rows whose locks have lapsed');
	is($grown->{lookups} - $grown->{false_positives}, 5, 'all but the locked rows are free');
	sql($node, 'SELECT locking.release_all()', owner => 'ann');
	sql($node, 'DELETE FROM locking.lock');

	is(sql($node, "SELECT count(*) FROM locking.acquire_all('many', (SELECT array_agg(id::text) FROM many WHERE id % 2 = 0), ttl => '1 hour')", owner => 'ann'),
		10000, 'locked');
	for my $round ('at once', 'after a crash')
	{
		my $gate = gate($node);
		is($gate->{slots}, 64, "$round: 64 slots");
		is(join(' ', @{$gate}{qw(occupied overflowed)}), $round eq 'at once' ? '64 8' : '0 0', "$round: occupied slots");
		is(sql($node, <<'SQL', owner => 'bob'), '10000|0', "$round: every write of a locked row is rejected");
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
		is("@$grown{qw(checks lookups false_positives)}", '20000 20000 10000', "$round: a lookup for every row, the free ones are false positives");
		is(sql($node, 'SELECT n, id % 2, count(*) FROM many GROUP BY 1, 2 ORDER BY 1, 2'),
			$round eq 'at once' ? "0|0|10000\n1|1|10000" : "0|0|10000\n2|1|10000", "$round: a bulk update writes exactly the free rows");
		is(gate($node)->{occupied}, 64, "$round: all slots are occupied after the writes");
		if ($round eq 'at once')
		{
			$node->kill9;
			start_again($node);
		}
	}
	sql($node, "INSERT INTO locking.lock (relation, key, owner, expires_at) SELECT 'many', i::text, 'zoe', '2001-01-01' FROM generate_series(1, 3999, 2) i");
	is(sql($node, "SET locking.on_locked = 'skip'; WITH w AS (UPDATE many SET n = 4 RETURNING 1) SELECT count(*) FROM w", owner => 'bob'),
		10000, 'lapsed locks do not lower a slot');
	is(sql($node, 'SELECT locking.release_all()', owner => 'ann'), 10000, 'released');
	is(sql($node, 'WITH w AS (UPDATE many SET n = 5 RETURNING 1) SELECT count(*) FROM w', owner => 'bob'), 20000, 'all rows can be written');
	restart_with('locking.gate_slots = 4096');
	$grown = growth('UPDATE many SET n = 6', owner => 'bob');
	is("$grown->{checks}", 20000, 'after a restart: a check for every row');
	sql($node, 'VACUUM locking.lock; DROP TABLE many');
};

subtest 'a lease of 68 years' => sub {
	my $ttl = '68 years';
	my $allowed = 'SET locking.max_ttl = 2147483647';
	sql($node, write_of(1000));
	my $token = sql($node, "$allowed; SELECT locking.acquire('article', 20, ttl => '$ttl')", owner => 'ann');
	check_row($ttl, 20);
	restart_with();
	check_row("$ttl, restarted", 20);
	is(sql($node, "$allowed; SELECT locking.renew($token) > 'now'::timestamptz + interval '60 years'", owner => 'ann'), 't', 'renewed');
	check_row("$ttl, renewed", 20);
	is(sql($node, "SELECT locking.renew($token) < 'now'::timestamptz + interval '25 hours'", owner => 'ann'), 't', 'renewed under the default locking.max_ttl');
	check_row("$ttl, shortened", 20);
	release_all();
	is_free('released', 20);
	refused('longer than locking.max_ttl', $node, '22023', "SELECT locking.acquire('article', 20, ttl => '" . (major_version($node) >= 17 ? 'infinity' : '300000 years') . "')", owner => 'ann');
};

# Whatever functions a role calls, no slot stays occupied for longer than
# locking.max_ttl.
subtest 'locking.max_ttl bounds the slots' => sub {
	restart_with();
	sql($node, write_of(1000));
	my $all_functions = <<'SQL';
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
	# on a slow machine a second may be over before the slots are counted
	my $occupied = 0;
	for (my $seconds = 1; $occupied <= 10 && $seconds < 100; $seconds *= 2)
	{
		sql($node, "ALTER DATABASE postgres SET locking.max_ttl = '${seconds}s'");
		sql($node, $all_functions, owner => 'ann');
		$occupied = gate($node)->{occupied};
	}
	cmp_ok($occupied, '>', 10, 'occupied slots');
	my $end = time + 180;
	select(undef, undef, undef, 0.1) while ($occupied = gate($node)->{occupied}) && time < $end;
	is($occupied, 0, 'no slot stays occupied');
	sql($node, 'ALTER DATABASE postgres RESET locking.max_ttl');
	release_all();
};

stop_gate_node();
done_testing();
