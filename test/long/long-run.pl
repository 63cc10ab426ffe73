# Long run: acquire(), renew() and release() of random rows, each in a
# transaction of its own, with autovacuum at its defaults.  Tables, indexes,
# history, memory and WAL stay within the bounds below, from the time on at
# which a tenth is done.
#
# LOCKING_OPERATIONS is the number of calls (default: 100,000).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use IPC::Run ();
use List::Util qw(max);
use LockingTest;
use Test::More;

my $operations = $ENV{LOCKING_OPERATIONS} || 100_000;
my $rows = 10_000;
my $clients = 2;
my $cycles = 50;	# in each call of the client, so that statistics are reported
my $interval = 10;	# seconds between samples

my $KB = 1024;
my $MB = 1024 * $KB;

# What a sample must not exceed.  Sizes include indexes, and what autovacuum,
# which looks once a minute, has not removed yet, at up to 20,000 calls a
# second.  Memory is what a process does not share.
my %bound = (
	lock => 256 * $MB,
	event => 512 * $MB,
	backend => 16 * $MB,
	worker => 16 * $MB,
	wal => 2 * $KB,		# per call
);

my $node = new_node('main', conf => [ 'autovacuum = on', 'log_statement = none', 'log_min_messages = warning', 'max_wal_size = 256MB', 'checkpoint_timeout = 5min',
	"shared_preload_libraries = 'locking'", "locking.max_locks_per_owner = $rows", 'fsync = off' ]);
sql($node, <<"SQL");
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, $rows) g;
SELECT locking.protect('article');
ALTER DATABASE postgres SET locking.keep_history = '10s';
ALTER DATABASE postgres SET locking.owner = 'ann';
VACUUM ANALYZE;
-- clients use different rows, since their locks have one owner
CREATE PROCEDURE cycles(n integer, client integer) LANGUAGE plpgsql AS \$\$
DECLARE
	token bigint;
BEGIN
	FOR i IN 1 .. n LOOP
		token := locking.acquire('article', 1 + client + $clients * floor(random() * $rows / $clients)::integer, ttl => '2 s');
		COMMIT;
		PERFORM locking.renew(token);
		COMMIT;
		CONTINUE WHEN random() < 0.1;	-- it expires
		PERFORM locking.release(token);
		COMMIT;
	END LOOP;
END \$\$;
SQL

sub script
{
	my $file = tmp_folder() . '/script.sql';
	open my $out, '>', $file or die "$file: $!\n";
	print $out "CALL cycles($cycles, :client_id);\n";
	close $out;
	return $file;
}

# Private memory of a process, in bytes.
sub memory
{
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/status" or return 0;
	my ($kb) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$file>;
	return ($kb // 0) * $KB;
}

sub take_sample
{
	my ($xids, $lock, $event, $events, $wal, $backends, $worker) = split /\|/, sql($node, <<"SQL");
SELECT pg_snapshot_xmax(pg_current_snapshot()), pg_total_relation_size('locking.lock'), pg_total_relation_size('locking.event'),
	(SELECT count(*) FROM locking.event), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'),
	(SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'pgbench'), locking.event_worker()
SQL
	return { xids => $xids, lock => $lock, event => $event, events => $events, wal => $wal,
		backend => max(0, map { memory($_) } split / /, $backends // ''), worker => $worker ? memory($worker) : 0 };
}

my $each = int($operations / 2.9 / $cycles / $clients) || 1;
my $first = take_sample();
my $bench = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', $clients, '-j', $clients, '-t', $each, '-f', script(), 'postgres' ], '<', \undef, '>', \my $out, '2>', \my $err);
my @samples;
my $began = time;
while ($bench->pump_nb, $bench->pumpable)
{
	select(undef, undef, undef, $operations > 500_000 ? $interval : 1);
	my $sample = take_sample();
	push @samples, $sample if $sample->{backend} > 0;
}
ok($bench->finish, 'all calls were made') or diag($err);
my $last = take_sample();
my $seconds = time - $began || 1;
my $xids = $last->{xids} - $first->{xids};
my $calls = int(2.9 * $each * $cycles * $clients);
my @late = grep { $_->{xids} - $first->{xids} >= $xids / 10 } @samples;

note(sprintf '== long: %d calls in %d s, %d transactions, %d samples', $calls, $seconds, $xids, scalar @late);

# How much more the last third took than the second, at most: 1 where a size
# has reached a plateau.
sub growth
{
	my ($kind) = @_;
	my ($second, $last) = map { my $n = $_; max(0, map { $_->{$kind} } grep { int(3 * ($_->{xids} - $first->{xids}) / ($xids + 1)) == $n } @samples) } 1, 2;
	return $second ? sprintf('%.2f', $last / $second) : 'unknown';
}

my %figure = map { my $kind = $_; ($kind => [ $late[0]{$kind}, max(map { $_->{$kind} } @late), $late[-1]{$kind} ]) } qw(lock event events backend worker);
for my $kind (qw(lock event backend worker))
{
	my ($from, $most, $to) = @{ $figure{$kind} };
	note(sprintf '== long: %s: %.1f MB after a tenth, %.1f MB at most, %.1f MB at the end; the last third took %s times the second', $kind,
		map({ $_ / $MB } $from, $most, $to), growth($kind));
	cmp_ok($most, '<=', $bound{$kind}, "$kind stays within its bound");
}
note(sprintf '== long: history: %d events at most', $figure{events}[1]);
my $wal = ($last->{wal} - $first->{wal}) / $calls;
note(sprintf '== long: %d bytes of WAL per call', $wal);
cmp_ok($wal, '<=', $bound{wal}, 'WAL per call');
for my $kind (qw(backend worker))
{
	cmp_ok($figure{$kind}[2] - $figure{$kind}[0], '<=', $MB, "the memory of the $kind does not grow");
}
is(in_log($node, qr/TRAP:|terminated by signal|XX00\d|leak|PANIC|ERROR/), 0, 'no error in the log');
done_testing();
