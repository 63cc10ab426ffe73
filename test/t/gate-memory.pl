# The gate without preloading, where shared memory cannot be allocated or has
# another layout (from PostgreSQL 17 on): a backend that must raise a slot
# errors out, one that checks a row looks up the records, and no lock is
# passed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use SourceChanges;
use Test::More;

plan(skip_all => 'without preloading there is no gate before 17')
  if LockingVariant::output('pg_config --version') =~ /^PostgreSQL (\d+)/ && $1 < 17;

my $variant = LockingVariant->new;
$variant->build;

# With mmap, segments are files, so the mode of their folder decides whether a
# backend can attach.
my $node = new_node('memory', conf => [ 'log_statement = none', 'max_connections = 20', 'autovacuum = off', 'dynamic_shared_memory_type = mmap' ]);
my $folder = $node->data_dir . '/pg_dynshmem';
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 100) g;
SELECT locking.protect('article', ttl => '1 hour');
SQL

# VACUUM, as a filling raises the slots of dead versions, too.
sub no_locks { sql($node, 'DELETE FROM locking.lock'); sql($node, 'VACUUM locking.lock'); return; }

sub write_of { my ($key) = @_; return "UPDATE article SET body = 'written' WHERE id = $key"; }
sub acquire { my ($key) = @_; return "SELECT locking.acquire('article', $key)"; }
sub close_folder { my ($mode) = @_; chmod $mode, $folder or die "$folder: $!\n"; return; }
sub open_folder { close_folder(0700); return; }

# A statement's SQLSTATE, and the number of warnings about the gate.
sub outcome
{
	my ($session, $sql) = @_;
	my $state = $session->state_of($sql) || 'done';
	my $warnings = () = $session->{err} =~ /WARNING: .*cannot use the gate/g;
	return $warnings ? "$state, warned " . ($warnings == 1 ? 'once' : $warnings) : $state;
}

my $by_hand = "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '50', 'bob', 'infinity')";

subtest 'no backend can attach' => sub {
	sql($node, acquire(1), owner => 'ann');
	$node->restart;
	close_folder(0500);
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	is(outcome($bob, write_of(2)), 'done, warned once', 'a free row is written, with a warning');
	is(outcome($bob, write_of(3)), 'done', 'a second free row is written, without a warning');
	is(outcome($bob, write_of(1)), '55P03', 'a locked row is not written');
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 'f|f', 'gate()');
	is(outcome($bob, acquire(4)), '42501', 'no lock can be acquired');
	is(outcome($bob, $by_hand), '42501', 'no lock can be inserted by SQL');
	is(outcome($bob, write_of(5)), 'done', 'the failed transactions left nothing behind');
	is($ann->query('SELECT locking.release_all()'), 1, 'locks can be released');
	is(outcome($bob, write_of(1)), 'done', 'the released row is written');
	open_folder();
	is(outcome($bob, write_of(6)), 'done', 'memory available: a backend that has warned writes, too');
	is(outcome($bob, acquire(4)), 'done', 'a backend that has warned can acquire a lock');
	is($bob->query('SELECT enabled FROM locking.gate()'), 't', 'acquiring attaches the backend to the gate');
	is(outcome($ann, write_of(4)), '55P03', 'the lock is enforced');
	is(outcome($bob, write_of(7)), 'done', 'a free row is written');
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 't|t', 'the write of a free row fills the gate');
	$bob->query('SELECT locking.release_all()');
	$_->quit for $ann, $bob;
};

# A session that cannot attach, while another has attached and relies on the
# gate.
sub only_one_attached
{
	$node->restart;
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	$ann->query(acquire(1));
	$ann->query(write_of(10));
	close_folder(0);
	my @outcomes = map { outcome($bob, $_) } write_of(11), write_of(1), acquire(12), $by_hand;
	open_folder();
	push @outcomes, map { outcome($ann, $_) } write_of(12), write_of(50);
	$_->quit for $ann, $bob;
	no_locks();
	return join '; ', @outcomes;
}

# A session with a library that was replaced while the server runs, and one
# with the new library.
sub two_versions
{
	my ($change) = @_;
	$variant->build;
	$node->restart;
	my $ann = session($node, owner => 'ann');
	$ann->query(acquire(1));
	$ann->query(write_of(10));
	$variant->build(source_change($change));
	my $bob = session($node, owner => 'bob');
	my @outcomes = map { outcome($bob, $_) } write_of(11), write_of(1), acquire(12);
	push @outcomes, outcome($ann, write_of(12));
	$_->quit for $ann, $bob;
	no_locks() if $outcomes[2] eq 'done';
	$node->restart;
	my $later = session($node, owner => 'bob');
	push @outcomes, outcome($later, acquire(13));
	$later->quit;
	no_locks();
	return join '; ', @outcomes;
}

is(only_one_attached(), 'done, warned once; 55P03; 42501; 42501; done; done', 'only one session attached');
is(two_versions('another gate version'), 'done, warned once; 55P03; 55000; done; done', 'two versions of the library');
is(two_versions('another gate size'), 'done, warned once; 55P03; XX000; done; done', 'two versions of the library with gates of different sizes');

# ---- broken: what the tests above would miss ----

is(two_versions('another gate name'), 'done; 55P03; done; done; done',
	'two versions, a gate each; broken: a locked row is written');
$variant->build(source_change('raise only in an attached gate'));
is(only_one_attached(), 'done, warned once; 55P03; done; done; done; done', 'only one session attached, raising is optional; broken: locked rows are written');

is(in_log($node, qr/TRAP:|XX000|leak|terminated by signal/), 0, 'no crash or internal error in the log');
$node->stop;

done_testing();
