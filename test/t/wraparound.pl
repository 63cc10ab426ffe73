# Transaction ids: rows and records are frozen and the ids pass two billion,
# and the wraparound, while locks are held and lapse.  The xmin that a record
# refers to is then far in the past, or seems to be in the future.  A lock
# whose row was written by another owner is lost all the same, and one whose
# row was not is resumed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none', 'autovacuum = off', 'fsync = off', "shared_preload_libraries = 'locking'", 'locking.max_ttl = 1y' ]);
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 12) g;
SELECT locking.protect('article');
UPDATE pg_database SET datallowconn = true;
SQL

# The locks of all rows, by key.
my %token = map { split /\|/ } split /\n/, sql($node, q{SET locking.owner = 'ann'; SELECT key, token FROM locking.acquire_all('article', (SELECT array_agg(id) FROM article))});
my $first = sql($node, "SELECT DISTINCT row_xmin FROM locking.lock");

sub as_ann
{
	my ($sql) = @_;
	my ($status, undef, $error) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSET locking.owner = 'ann';\n$sql", on_error_stop => 1);
	return $status == 0 ? 'ok' : $error =~ /(\w{5})$/ ? $1 : $error;
}

sub expire
{
	my ($key) = @_;
	sql($node, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE key = '$key'");
	return;
}

# Lets an id be the next one.  The server needs the page of the commit log
# that it is on; all older ids are frozen.
sub jump
{
	my ($xid, $epoch) = @_;
	run_ok('all is frozen', $node, qw(vacuumdb --all --freeze --quiet));
	$node->stop;
	my $segment = sprintf '%s/pg_xact/%04X', $node->data_dir, $xid / 2**20;
	if (!-e $segment)
	{
		open my $file, '>', $segment or die "$segment: $!\n";
		print $file "\0" x (256 * 1024);
		close $file or die "$segment: $!\n";
	}
	run_ok("the next id is $xid, of epoch $epoch", $node, 'pg_resetwal', '-x', $xid, '-e', $epoch, $node->data_dir);
	$node->start;
	cmp_ok(sql($node, 'SELECT pg_current_xact_id()::xid'), '>=', $xid, 'it is');
	return;
}

# Of three rows: one that another owner writes past the lapsed lock, one that
# no one writes, and one that its holder saves.
sub check
{
	my ($name, @keys) = @_;
	expire($_) for @keys[ 0, 1 ];
	sql($node, "SET locking.owner = 'bob'; UPDATE article SET body = 'bob' WHERE id = $keys[0]");
	is(as_ann("SELECT locking.renew($token{$keys[0]})"), 'LK001', "$name: written, so lost");
	is(as_ann("SELECT locking.renew($token{$keys[1]})"), 'ok', "$name: not written, so resumed");
	is(as_ann("BEGIN; SELECT locking.confirm($token{$keys[2]}); UPDATE article SET body = 'ann' WHERE id = $keys[2]; COMMIT"), 'ok', "$name: saved");
	expire($keys[2]);
	is(as_ann("SELECT locking.renew($token{$keys[2]})"), 'ok', "$name: not written since the save, so resumed");
	is(sql($node, "SELECT count(*) FROM article WHERE xmin = '$first' AND id = $keys[1]"), 1, "$name: the row's xmin is still that of its insertion");
	return;
}

check('at first', 1, 2, 3);
jump(2_000_000_000, 0);
check('two billion later', 4, 5, 6);
jump(4_000_000_000, 0);
check('four billion later', 7, 8, 9);
jump($first + 5000, 1);
check('after the wraparound', 10, 11, 12);
is(as_ann("SELECT locking.renew($token{$_})"), 'LK001', "row $_ remains lost") for 1, 4, 7, 10;
is(as_ann("SELECT locking.renew($token{$_})"), 'ok', "the lock of row $_ lasts") for 2, 3, 5, 6, 8, 9, 11, 12;
is(in_log($node, qr/TRAP:|terminated by signal|XX00\d|PANIC|ERROR:  could not/), 0, 'no internal error in the log');
done_testing();
