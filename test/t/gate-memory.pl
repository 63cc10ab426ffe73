# From PostgreSQL 17 on there is a gate without preloading, in shared memory that may not be had: who
# would raise it is refused then, who asks it looks at the records, and no lock is passed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingVariant;
use Test::More;

plan(skip_all => 'without preloading there is no gate before 17')
  if LockingVariant::output('pg_config --version') =~ /^PostgreSQL (\d+)/ && $1 < 17;

my $variant = LockingVariant->new;
$variant->build;

# Segments are files here, in a folder that can be closed.
my $node = new_node('memory', conf => [ 'log_statement = none', 'max_connections = 20', 'autovacuum = off', 'dynamic_shared_memory_type = mmap' ]);
my $folder = $node->data_dir . '/pg_dynshmem';
sql($node, <<'SQL');
CREATE EXTENSION locking;
CREATE TABLE article (id integer PRIMARY KEY, body text);
INSERT INTO article SELECT g, 'body' FROM generate_series(1, 100) g;
SELECT locking.protect('article', ttl => '1 hour');
SQL

# Without versions that are dead: a filling raises their slots as well.
sub no_locks { sql($node, 'DELETE FROM locking.lock'); sql($node, 'VACUUM locking.lock'); return; }

sub write_of { my ($key) = @_; return "UPDATE article SET body = 'written' WHERE id = $key"; }
sub acquire { my ($key) = @_; return "SELECT locking.acquire('article', $key)"; }
sub close_folder { my ($mode) = @_; chmod $mode, $folder or die "$folder: $!\n"; return; }
sub open_folder { close_folder(0700); return; }

# A statement's SQLSTATE, and how many warnings of the gate there were.
sub outcome
{
	my ($session, $sql) = @_;
	my $state = $session->state_of($sql) || 'done';
	my $warnings = () = $session->{err} =~ /WARNING: .*cannot use the gate/g;
	return $warnings ? "$state, warned " . ($warnings == 1 ? 'once' : $warnings) : $state;
}

my $by_hand = "INSERT INTO locking.lock (relation, key, owner, expires_at) VALUES ('article', '50', 'bob', 'infinity')";

subtest 'nobody can have it' => sub {
	sql($node, acquire(1), owner => 'ann');
	$node->restart;
	close_folder(0500);
	my ($ann, $bob) = map { session($node, owner => $_) } qw(ann bob);
	is(outcome($bob, write_of(2)), 'done, warned once', 'a free row is written');
	is(outcome($bob, write_of(3)), 'done', 'and the next');
	is(outcome($bob, write_of(1)), '55P03', 'a locked one is not');
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 'f|f', 'gate()');
	is(outcome($bob, acquire(4)), '42501', 'no lock is acquired');
	is(outcome($bob, $by_hand), '42501', 'nor made by hand');
	is(outcome($bob, write_of(5)), 'done', 'a transaction that failed leaves nothing behind');
	is($ann->query('SELECT locking.release_all()'), 1, 'but released');
	is(outcome($bob, write_of(1)), 'done', 'free');
	open_folder();
	is(outcome($bob, write_of(6)), 'done', 'who has warned goes on without it');
	is(outcome($bob, acquire(4)), 'done', 'until he acquires');
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 't|f', 'and has it');
	is(outcome($ann, write_of(4)), '55P03', 'the lock counts');
	is(outcome($bob, write_of(7)), 'done', 'a free row');
	is($bob->query('SELECT enabled, filled FROM locking.gate()'), 't|t', 'asked again');
	$bob->query('SELECT locking.release_all()');
	$_->quit for $ann, $bob;
};

# What a session that cannot have it does, while another has it and believes it.
sub only_one_has_it
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

# A session of a library that was replaced while the server runs, and one of the new one.
sub two_versions
{
	my ($change) = @_;
	$variant->build;
	$node->restart;
	my $ann = session($node, owner => 'ann');
	$ann->query(acquire(1));
	$ann->query(write_of(10));
	$variant->build('src/gate.c', $change);
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

is(only_one_has_it(), 'done, warned once; 55P03; 42501; 42501; done; done', 'only one has it');
is(two_versions(sub { s/GATE_VERSION \d+/GATE_VERSION 1000/ }), 'done, warned once; 55P03; 55000; done; done', 'two versions of the library');
is(two_versions(sub { s/MAX_MARKS 1024/MAX_MARKS 512/ }), 'done, warned once; 55P03; XX000; done; done', 'two versions that want it of other sizes');

# ---- and wrong ----

is(two_versions(sub { s/"locking gate"/"locking gate 2"/ }), 'done; 55P03; done; done; done',
	'two versions, with a gate each: wrong, a locked row is written');
$variant->build('src/gate.c', sub { s/if \(ensure_attached\(\)\)(\n\t+raise_place)/if (gate_available())$1/ });
is(only_one_has_it(), 'done, warned once; 55P03; done; done; done; done', 'only one has it, with raising where it can be: wrong, locked rows are written');

is(in_log($node, qr/TRAP:|XX000|leak|terminated by signal/), 0, 'nothing unforeseen in the log');
$node->stop;

done_testing();
