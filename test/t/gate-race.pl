# The gate's races, each in the order that would hurt: a backend is held where
# the order matters (src/inject.h), others do something in between.  Where the
# order is taken away, in a build with the source changed, the same race must
# end wrong: a write passes a lock.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use Test::More;

my $normal = LockingVariant::read_file(LockingVariant::dir('pkglibdir') . '/locking.so');
my $variant = LockingVariant->new;
$variant->build;
my $node = new_node('race', conf => [ 'log_statement = none', 'max_prepared_transactions = 5', 'max_connections = 30',
	'autovacuum = off', 'restart_after_crash = on', "shared_preload_libraries = 'locking'", 'locking.gate_slots = 1048576' ]);

unlike($normal, qr/locking_inject|inject\.wait_at|fill-record|ask-slot/, 'a normal build knows nothing of injection');
like(LockingVariant::read_file($variant->{library}), qr/locking_inject/, 'this one does');

# ---- databases: each race has its own, in which the gate is not filled yet ----

my $schema = <<'SQL';
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 30000) g;
SELECT locking.protect('article', ttl => '10 minutes');
SQL
my $few = "SELECT locking.acquire('article', i) FROM generate_series(1, 5) i";
my $many = "INSERT INTO locking.lock (relation, key, owner, expires_at)
	SELECT 'article', g::text, 'ann', clock_timestamp() + interval '10 hours' FROM generate_series(1, 20000) g";

sub template
{
	my ($name, $locks) = @_;
	sql($node, "CREATE DATABASE $name");
	sql($node, $schema, db => $name);
	sql($node, $locks, db => $name, owner => 'ann');
	return;
}
template('few', $few);
template('many', $many);

my $db = 'race';

sub fresh
{
	my ($template) = @_;
	sql($node, "DROP DATABASE IF EXISTS $db WITH (FORCE)");
	sql($node, "CREATE DATABASE $db TEMPLATE $template");
	return;
}

sub here
{
	my ($sql, $owner) = @_;
	return sql($node, $sql, db => $db, owner => $owner);
}

sub user
{
	my ($owner) = @_;
	return session($node, db => $db, owner => $owner);
}

sub write_of
{
	my ($key) = @_;
	return "UPDATE article SET body = 'written' WHERE id = $key";
}

# What a write of somebody else's ends with: '' if it passes.
sub state_of_write
{
	my ($key) = @_;
	my $zoe = user('zoe');
	my $state = $zoe->state_of("SET lock_timeout = '200ms'; " . write_of($key));
	$state .= ' waiting' if $zoe->{err} =~ /lock timeout/;
	$zoe->quit;
	return $state;
}

sub states
{
	return join ' ', map { state_of_write($_) || 'free' } @_;
}

# Of many locked rows, does any let itself be written?  One of them alone may
# share its slot.
sub any_free
{
	my $locked = 'id::text IN (SELECT key FROM locking.lock)';
	my $written = here("SET locking.on_locked = 'skip';
		WITH w AS (UPDATE article SET body = 'written' WHERE $locked RETURNING 1) SELECT count(*) FROM w", 'zoe');
	return $written ? 'some free' : 'none free';
}

sub filled
{
	return here('SELECT filled FROM locking.gate()');
}

sub token_of
{
	my ($key) = @_;
	return here("SELECT token FROM locking.lock WHERE key = '$key'");
}

# ---- holding ----

# Who is held, and the keeper who lets go, sets the clock, and does other
# things by hand.
sub keeper
{
	my $keeper = user('keeper');
	$keeper->query('SELECT pg_advisory_lock(1)');
	return $keeper;
}

sub let_go
{
	my ($keeper) = @_;
	$keeper->query('SELECT pg_advisory_unlock(1)');
	return;
}

sub hours_pass
{
	my ($keeper) = @_;
	$keeper->query('SELECT pg_advisory_lock(2)');
	return;
}

sub set_clock_back
{
	my ($keeper) = @_;
	$keeper->query('SELECT pg_advisory_unlock(2)');
	return;
}

sub send_to
{
	my ($session, $point, $sql) = @_;
	$session->query("SET inject.wait_at = '$point'");
	$session->send_sql($sql);
	$node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $session->{pid}")
	  or die "not at $point\n";
	return;
}

sub end_of
{
	my ($session) = @_;
	$session->finish;
	return $session->last_state;
}

sub quit
{
	$_->quit for @_;
	return;
}

# ---- the guard and a renewal ----

# A guard that has read its clock, and not the slot yet, is overtaken by a
# renewal and by the lock's old end.
sub guard_between_clock_and_slot
{
	fresh('few');
	my ($ann, $zoe, $keeper) = (user('ann'), user('zoe'), keeper());
	$zoe->query(write_of(1000));
	send_to($zoe, 'ask-slot', write_of(1));
	$ann->query("SELECT locking.renew(" . token_of(1) . ", '10 hours')");
	hours_pass($keeper);
	let_go($keeper);
	my $state = end_of($zoe) || 'free';
	my $locked = $ann->query("SELECT locking.is_locked('article', 1)");
	quit($ann, $zoe, $keeper);
	return "$state, locked $locked";
}

# A renewal in time, held before or after its raise, is overtaken by the
# lock's old end and by a writer.
sub renewal_held_at
{
	my ($point) = @_;
	fresh('few');
	my ($ann, $zoe, $keeper) = (user('ann'), user('zoe'), keeper());
	$zoe->query(write_of(1000));
	send_to($ann, $point, "SELECT locking.renew(" . token_of(1) . ", '10 hours')");
	hours_pass($keeper);
	my $state = $zoe->state_of(write_of(1)) || 'written';
	let_go($keeper);
	my $renewed = end_of($ann) || 'renewed';
	quit($ann, $zoe, $keeper);
	return "$state, $renewed";
}

# A transaction that asked the gate while the clock was wrong, and a lock
# acquired since it is right.
sub clock_set_back
{
	fresh('few');
	my ($ann, $zoe, $keeper) = (user('ann'), user('zoe'), keeper());
	$zoe->query(write_of(1000));
	$zoe->query('BEGIN');
	hours_pass($keeper);
	$zoe->query(write_of(1000));
	set_clock_back($keeper);
	$ann->query("SELECT locking.acquire('article', 2000, ttl => '10 minutes')");
	my $state = $zoe->state_of(write_of(2000)) || 'free';
	quit($ann, $zoe, $keeper);
	return $state;
}

# ---- filling ----

# A backend that fills, held at a point, and what another's write of a locked
# row ends with.
sub write_while_filling
{
	my ($point) = @_;
	fresh('few');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, $point, write_of(1000));
	my $state = state_of_write(1) || 'free';
	let_go($keeper);
	end_of($bob);
	quit($bob, $keeper);
	return $state;
}

# All that can happen to records, while a backend that fills is held: what
# writes end with then, and afterwards.
sub everything_while_filling
{
	my ($point) = @_;
	fresh('few');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, $point, write_of(1000));
	here("SELECT locking.renew(" . token_of(1) . ", '10 hours'); SELECT locking.release(" . token_of(2) . ')', 'ann');
	here("DELETE FROM locking.lock WHERE key = '3'");
	here("UPDATE article SET id = 40000 WHERE id = 4", 'ann');
	here("SELECT locking.take_over('article', 5, 'why not')", 'carl');
	here("SELECT locking.acquire('article', 10)", 'ann');
	here("INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '11', 'ann', 'infinity')");
	here("COPY locking.lock (relation, key, owner, expires_at) FROM stdin;\narticle\t12\tann\tinfinity\n\\.\n");
	here("SET locking.notify = off; BEGIN; SELECT locking.acquire('article', 13); PREPARE TRANSACTION 'p13'", 'ann');
	here("BEGIN; SELECT locking.acquire('article', 14); ROLLBACK", 'ann');
	here('VACUUM locking.lock');
	my @rows = (1, 2, 3, 40000, 5, 10, 11, 12, 13, 14);
	my $while = states(@rows) . ', filled ' . filled();
	let_go($keeper);
	end_of($bob);
	quit($bob, $keeper);
	my $after = states(@rows) . ', filled ' . filled();
	here("COMMIT PREPARED 'p13'");
	return "$while; $after; " . states(13);
}
my $everything = '55P03 free free 55P03 55P03 55P03 55P03 55P03 55P03 waiting free';

# A backend that fills comes to an end of this kind; another fills.
sub filler_ends
{
	my ($how) = @_;
	fresh('few');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, 'fill-record', write_of(1000));
	$how->($bob, $keeper);
	quit($keeper);
	return states(1, 10) . ', filled ' . filled();
}

sub cancel
{
	my ($bob, $keeper) = @_;
	$keeper->query("SELECT pg_cancel_backend($bob->{pid})");
	$bob->finish;
	quit($bob);
	return;
}

sub is_gone
{
	my ($session) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $session->{pid}") or die "still there\n";
	$session->abandon;
	return;
}

sub terminate
{
	my ($bob, $keeper) = @_;
	$keeper->query("SELECT pg_terminate_backend($bob->{pid})");
	is_gone($bob);
	return;
}

# Everybody's session ends, as shared memory may be broken.
sub kill_9
{
	my ($bob, $keeper) = @_;
	kill 'KILL', $bob->{pid};
	is_gone($bob);
	$keeper->abandon;
	return;
}

# A statement that may not last as long as the filling does.
sub timeout
{
	fresh('few');
	my ($bob, $keeper) = (user('bob'), keeper());
	$bob->query("SET inject.wait_at = 'fill-record'; SET statement_timeout = '200ms'");
	my $state = $bob->state_of(write_of(1000));
	quit($bob, $keeper);
	return "$state, then " . states(1, 10) . ', filled ' . filled();
}

# Another that would be held, too, if it filled.
sub second_to_fill
{
	fresh('few');
	my ($bob, $carl, $keeper) = (user('bob'), user('carl'), keeper());
	send_to($bob, 'fill-record', write_of(1000));
	$carl->query("SET inject.wait_at = 'fill-record'; SET lock_timeout = '200ms'");
	my $state = $carl->state_of(write_of(1001)) || 'free';
	let_go($keeper);
	end_of($bob);
	quit($bob, $carl, $keeper);
	return "$state, filled " . filled();
}

# A lock that is acquired once the scan is over, and the gate not yet marked.
sub acquired_behind_the_scan
{
	fresh('few');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, 'fill-mark', write_of(1000));
	here("SELECT locking.acquire('article', 10)", 'ann');
	let_go($keeper);
	end_of($bob);
	quit($bob, $keeper);
	return states(10) . ', filled ' . filled();
}

# A filling that is cancelled while it reads its first stretch.
sub cancelled_in_a_stretch
{
	fresh('many');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, 'fill-record', write_of(30000));
	$keeper->query("SELECT pg_cancel_backend($bob->{pid})");
	my $state = end_of($bob);
	let_go($keeper);
	quit($bob, $keeper);
	return "$state, then " . any_free() . ', filled ' . filled();
}

# A filling that was cancelled after its first stretch; then the records have
# moved.
sub cancelled_after_a_stretch
{
	my ($then) = @_;
	fresh('many');
	my ($bob, $keeper) = (user('bob'), keeper());
	send_to($bob, 'fill-stretch', write_of(30000));
	$keeper->query("SELECT pg_cancel_backend($bob->{pid})");
	my $state = end_of($bob);
	let_go($keeper);
	quit($bob, $keeper);
	here($_) for @$then;
	return "$state, then " . any_free() . ', filled ' . filled();
}
my @move_forward = ("DELETE FROM locking.lock WHERE ctid < '(64,0)'", 'VACUUM FULL locking.lock');
my @cut_short = ("DELETE FROM locking.lock WHERE ctid >= '(10,0)'", 'VACUUM locking.lock');

# The same; then a lock whose owner calls so that it keeps its later end gets
# a new version where the filling was already.  The table's own time is ten
# minutes.
sub kept_end
{
	my ($call) = @_;
	fresh('many');
	my ($ann, $bob, $dump, $keeper) = (user('ann'), user('bob'), user('dump'), keeper());
	send_to($bob, 'fill-stretch', write_of(30000));
	$keeper->query("SELECT pg_cancel_backend($bob->{pid})");
	end_of($bob);
	let_go($keeper);
	here("DELETE FROM locking.lock WHERE ctid < '(30,0)'");
	here('VACUUM locking.lock');
	my $key = here("SELECT key FROM locking.lock WHERE ctid >= '(100,0)' ORDER BY ctid LIMIT 1");
	$dump->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM article LIMIT 1');	# keeps versions, so that the page fills up
	$ann->query(sprintf $call, $key) for 1 .. 60;
	$dump->query('COMMIT');
	my $moved = here("SELECT ctid < '(30,0)' FROM locking.lock WHERE key = '$key'");
	here('VACUUM locking.lock');
	state_of_write(30000);
	hours_pass($keeper);
	my $state = states($key) . ', filled ' . filled();
	quit($ann, $bob, $dump, $keeper);
	return "moved $moved, $state";
}
my $acquired_again = "SELECT locking.acquire('article', %s)";
my $renewed = "SELECT locking.renew(token) FROM locking.lock WHERE key = '%s'";
my $raise_kept = sub { s/\tgate_raise\(lock->relation, lock->key, lock->expires_at\);\n// };

# As many fillings as there are stretches, each cancelled after the first that
# it has read; then one that must not have to read any.
sub cancelled_each_time
{
	fresh('many');
	my $stretches = here("SELECT ceil(pg_relation_size('locking.lock') / 8192 / 64.0)::integer");
	my ($bob, $keeper) = (user('bob'), keeper());
	for (1 .. $stretches)
	{
		send_to($bob, 'fill-stretch', write_of(30000));
		$keeper->query("SELECT pg_cancel_backend($bob->{pid})");
		$bob->finish;
	}
	my $state = $bob->state_of("SET lock_timeout = '200ms'; " . write_of(30000)) || 'free';
	quit($bob, $keeper);
	return ($stretches > 3 ? 'some' : 'few') . " stretches, $state, filled " . filled() . ', ' . any_free();
}

# ---- what one knows, while it changes ----

# The trigger that raises for records by hand goes off, and on again or not,
# while a backend finds out that the gate is filled: what that very statement
# ends with at a record made in between, the next one, another's.
sub trigger_goes_off
{
	my (@then) = @_;
	fresh('few');
	my ($zoe, $keeper) = (user('zoe'), keeper());
	send_to($zoe, 'find-out', "UPDATE article SET body = 'written' WHERE id IN (6, 10)");
	$keeper->query('ALTER TABLE locking.lock DISABLE TRIGGER "~raise_gate"');
	$keeper->query("INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '10', 'ann', 'infinity')");
	$keeper->query($_) for @then;
	let_go($keeper);
	my $same = end_of($zoe) || 'free';
	my $next = $zoe->state_of(write_of(10)) || 'free';
	quit($zoe, $keeper);
	return "$same, $next, " . states(10);
}
my @on_again = ('ALTER TABLE locking.lock ENABLE ALWAYS TRIGGER "~raise_gate"');

# The settings change while a backend builds its picture of the table.
sub settings_change
{
	fresh('few');
	my ($zoe, $keeper) = (user('zoe'), keeper());
	send_to($zoe, 'table-settings', write_of(10));
	$keeper->query("UPDATE locking.protected SET required = true WHERE relation = 'article'::regclass");
	let_go($keeper);
	my $state = end_of($zoe) || 'free';
	my $next = $zoe->state_of(write_of(10)) || 'free';
	quit($zoe, $keeper);
	return "$state, $next";
}

# ---- right, and wrong ----

# name, race, its right end; and what to change, how, and its wrong end then
my @races = (
	[ 'a guard between clock and slot, a renewal, the old end', \&guard_between_clock_and_slot, '55P03, locked t',
		'the slot before the clock', 'src/gate.c',
		sub { s/now = clock_now\(\);(.*?)\(TimestampTz\) pg_atomic_read_u64\(slot\) <= now/now = pg_atomic_read_u64(slot);$1now <= clock_now()/s },
		'free, locked t' ],
	[ 'a renewal before its raise, the old end, a writer', sub { renewal_held_at('raise') }, 'written, LK001',
		'the clock before the raise', 'src/renew.c',
		sub {
			s/(\tgate_raise\(lock->relation, key, expires_at\);\n)(.*?\tlapsed = has_lapsed\(lock, now\);\n)/$2$1/s
		},
		'written, renewed' ],
	[ 'a renewal after its raise, the old end, a writer', sub { renewal_held_at('raised') }, 'written, LK001' ],
	[ 'a clock that was hours ahead', \&clock_set_back, '55P03',
		'a time for the whole transaction', 'src/gate.c',
		sub { s/(\thour_before_statement = clock_now)/\tif (!relied_on)\n\t$1/ }, 'free' ],
	[ 'a write while another fills', sub { write_while_filling('fill-record') }, '55P03',
		'the mark before the scan', 'src/gate.c', sub { s/mark->filling = true;/mark->filling = mark->filled = true;/ }, 'free' ],
	[ 'everything while another fills', sub { everything_while_filling('fill-record') }, "$everything, filled f; $everything, filled t; 55P03" ],
	[ 'everything before the mark', sub { everything_while_filling('fill-mark') }, "$everything, filled f; $everything, filled t; 55P03" ],
	[ 'two want to fill', \&second_to_fill, 'free, filled t',
		'a claim that is none', 'src/gate.c', sub { s/ && !mark->filling;/;/ }, '55P03, filled t' ],
	[ 'who fills is cancelled', sub { filler_ends(\&cancel) }, '55P03 free, filled t',
		'a claim that is kept', 'src/gate.c', sub { s/\*mark = \*claimed;/(void) claimed;/ }, '55P03 free, filled f' ],
	[ 'who fills is terminated', sub { filler_ends(\&terminate) }, '55P03 free, filled t' ],
	[ 'who fills is killed', sub { filler_ends(\&kill_9) }, '55P03 free, filled t' ],
	[ "who fills has no time", \&timeout, '57014, then 55P03 free, filled t' ],
	[ 'a write before the mark', sub { write_while_filling('fill-mark') }, '55P03' ],
	[ 'a lock acquired behind the scan', \&acquired_behind_the_scan, '55P03, filled t',
		'raised only where the gate is filled', 'src/gate.c',
		sub { s/if \(ensure_attached\(\)\)\n(\t+raise_place)/if (ensure_attached() && OidIsValid(filled_table))\n$1/ }, 'free, filled t' ],
	[ 'the same', \&acquired_behind_the_scan, '55P03, filled t',
		'a summary that is not raised', 'src/gate.c', sub { s/\traise_slot\(summary_of\(hash\), expires_at\);\n// }, 'free, filled t' ],
	[ 'a filling that is cancelled in a stretch', \&cancelled_in_a_stretch, '57014, then none free, filled t',
		'a stretch that counts before it is read', 'src/gate.c',
		sub { s/(\t+raise_scanned\(.*?;\n)(\t+mark->scanned \+= chunk;\n)/$2$1/ }, '57014, then some free, filled t' ],
	[ 'one that is cancelled each time', \&cancelled_each_time, 'some stretches, free, filled t, none free',
		'one that starts anew', 'src/gate.c', sub { s/wanted->scanned = mark->scanned;/wanted->scanned = 0;/ },
		'some stretches, 55P03, filled f, none free' ],
	[ 'one that is cancelled, and a new file', sub { cancelled_after_a_stretch(\@move_forward) }, '57014, then none free, filled t',
		'any file', 'src/gate.c', sub { s/if \(mark->file == wanted->file\)// }, '57014, then some free, filled t' ],
	[ 'one that is cancelled, and a file cut short', sub { cancelled_after_a_stretch(\@cut_short) }, '57014, then none free, filled t' ],
	[ 'one that is cancelled, and an end that acquire() keeps', sub { kept_end($acquired_again) }, 'moved t, 55P03, filled t',
		'no raise of it', 'src/lease.c', $raise_kept, 'moved t, free, filled t' ],
	[ 'the same by renew()', sub { kept_end($renewed) }, 'moved t, 55P03, filled t',
		'no raise of it', 'src/lease.c', $raise_kept, 'moved t, free, filled t' ],
	[ 'the trigger goes off while a backend finds out', \&trigger_goes_off, '55P03, 55P03, 55P03',
		'what changed meanwhile is believed', 'src/gate.c', sub { s/filled = filled && started_in == generation;/(void) started_in;/ },
		'free, free, 55P03' ],
	[ 'it goes off and on again', sub { trigger_goes_off(@on_again) }, '55P03, 55P03, 55P03',
		'a mark that does not know since when', 'src/gate.c', sub { s/ && mark->trigger_xmin == wanted->trigger_xmin// }, 'free, free, free' ],
	[ 'the settings change while a backend reads them', \&settings_change, 'LK002, LK002',
		'what changed meanwhile is kept', 'src/table.c', sub { s/info->valid = !changed_during_build\(info\);/info->valid = true;/ }, 'free, free' ],
);

for my $race (@races)
{
	my ($name, $run, $right) = @$race;
	is($run->(), $right, $name);
}
for my $race (grep { @$_ > 3 } @races)
{
	my ($name, $run, undef, $what, $file, $change, $wrong) = @$race;
	$node->stop;
	$variant->build($file, $change);
	$node->start;
	is($run->(), $wrong, "$name, with $what: wrong");
}
$node->stop;

done_testing();
