# Faults for copies of the C sources, each of which breaks one rule of the
# protocol.  The load has to find them.
#
# Depends on the text of src/: a substitution that no longer matches its file
# fails the test (LockingVariant::build).
package Mutants;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(mutants);

# name => [ file, substitution in $_ that returns whether it matched ]
my %mutants = (

	# S1, rule 1
	'acquire locks no target row' => [ 'src/acquire.c',
		sub { s/target_fetch\(request->table, TARGET_LOCK, request->values, &key/target_fetch(request->table, TARGET_SEE, request->values, &key/ } ],
	'acquire replaces live locks' => [ 'src/acquire.c',
		sub { s/return request->take_over \?/return true ?/ } ],
	'tokens of replaced locks are kept' => [ 'src/acquire.c',
		sub { s/lock->token = next_token\(lock->token\);/(void) next_token;/ } ],

	# S2
	'the guard finds no lock' => [ 'src/guard.c',
		sub { s/return live && lock->hard;/return false;/ } ],
	'the guard is silent about children' => [ 'src/guard.c',
		sub { s/skip = check_parents\(write\) \|\| check_own_lock\(write\)/(void) check_parents; skip = check_own_lock(write)/ } ],
	'TRUNCATE is not guarded' => [ 'src/truncate.c',
		sub { s/\tcheck_own_locks\(records, table\);/\t(void) check_own_locks;/ } ],
	'a required lock is not required' => [ 'src/guard.c',
		sub { s/if \(!skip && write->table->required &&/if (false \&\&/ } ],

	# rule 2
	'the guard has the statement\'s snapshot' => [ 'src/record.c',
		sub { s/RegisterSnapshot\(GetCatalogSnapshot\(RelationGetRelid\(records\)\)\)/RegisterSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetCatalogSnapshot(RelationGetRelid(records)))/ } ],

	# rule 4
	'confirm locks no target row' => [ 'src/renew.c',
		sub { s/\tlock_target_first\(records, &target, &lock\);\n(\trenew_record\(records, &lock, &target, NULL, true\))/\ttarget.table = find_table(lock.relation);\n$1/ } ],

	# rule 5
	'every lapsed lock is resumable' => [ 'src/lease.c',
		sub { s/(lease_is_resumable\(const Lock \*lock, TransactionId xmin\)\n\{\n\treturn )/$1true || / } ],
	'a write that the row does not show marks nothing' => [ 'src/guard.c',
		sub { s/return OidIsValid\(child\) \|\| write->table->ncolumns > 0 \|\| /return false \&\& OidIsValid(child) || / } ],

	# rule 6
	'the owner\'s DELETE leaves the lock' => [ 'src/guard.c',
		sub { s/if \(record_lock\(records, lock, LockTupleExclusive, LockWaitBlock\)\)\n\t+release_record\(records, lock, EVENT_RELEASED, NULL\);\n\t\treturn;/return;/ } ],
	'a lock does not follow its key' => [ 'src/guard.c',
		sub { s/\tif \(moves\)\n\t\tmove_lock\(write, lock, new_key\);/\t(void) move_lock;/ } ],

	# rule 7
	'parents are locked in a mode that children share' => [ 'src/row_lock.c',
		sub { s/table->has_children \? LockTupleExclusive/false ? LockTupleExclusive/ } ],

	# S3, handing over
	'a lock is used before it is taken' => [ 'src/renew.c',
		sub { s/if \(lock->handed_over && !has_lapsed/if (false \&\& !has_lapsed/ } ],
	'the last requester is first' => [ 'src/request.c',
		sub { s/left->id < right->id \?/left->id > right->id ?/ } ],
	'a lock is handed over with its token' => [ 'src/handover.c',
		sub { s/lock->token = next_token\(lock->token\);/(void) next_token;/ } ],
	'waiters are served in no order' => [ 'src/waiting.c',
		sub { s/wait->entry == NONE \|\| is_first\(area\.memory, wait\)/true || is_first(area.memory, wait)/ } ],

	# the gate
	'the gate is not raised' => [ 'src/gate.c',
		sub { s/if \(ensure_attached\(\)\)\n(\t+raise_place)/if (false)\n$1/ } ],

	# expiry
	'readers see lapsed locks' => [ 'src/inspect.c',
		sub { s/ && !has_lapsed\(lock, clock_now\(\)\);/;/ } ],
	'readers see no locks' => [ 'src/inspect.c',
		sub { s/ && !has_lapsed\(lock, clock_now\(\)\);/ && has_lapsed(lock, clock_now());/ } ],

	# events
	'an event is lost now and then' => [ 'src/event.c',
		sub { s/if \(locking_notify != NOTIFY_OFF\)\n\t\tnotify/if (locking_notify != NOTIFY_OFF \&\& lock->token % 100 != 0)\n\t\tnotify/ } ],
	'events of a row have no order' => [ 'src/event.c',
		sub { s/(row_number\(EventKind kind, const Lock \*lock\)\n\{\n)/$1\tstatic uint64 number = 0;\n\n\treturn ++number;\n/ } ],
	'history without expiries' => [ 'src/event.c',
		sub { s/if \(locking_history && kind < EVENT_REQUESTED\)/if (locking_history \&\& kind < EVENT_REQUESTED \&\& kind != EVENT_EXPIRED)/ } ],
);

# Names => [ file, substitution ], as LockingVariant::build takes them.
sub mutants { return %mutants }

1;
