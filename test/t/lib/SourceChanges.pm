# Faults put into copies of the C sources: each takes away an order, a check
# or a version number that the gate depends on.
#
# Besides Mutants.pm of test/stress/lib, the only place where tests depend on
# the text of src/.  A change that no longer fits its file fails the test
# (LockingVariant::build), so that none is skipped silently after the sources
# have changed.
package SourceChanges;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(source_change);

# Functions for one of the changes below.
my $no_room = <<'C';
typedef struct Insertion
{
	EventKind	kind;
	const Lock *lock;
	TimestampTz at;
	const char *reason;
} Insertion;

static bool
insert_body(void *arg)
{
	Insertion  *insertion = arg;

	insert_history(insertion->kind, insertion->lock, insertion->at, insertion->reason);
	return true;
}

static void
insert_if_room(EventKind kind, const Lock *lock, TimestampTz at, const char *reason)
{
	Insertion	insertion = {kind, lock, at, reason};
	ErrorData  *error = NULL;

	if (!in_subtransaction(insert_body, &insertion, &error) && error->sqlerrcode != ERRCODE_DISK_FULL)
		ReThrowError(error);
}

C

# name => [ file, substitution in $_ that returns whether it fits ]
my %change = (

	# clock and slot
	'slot read before the clock' => [ 'src/gate.c',
		sub { s/now = (slot_of_now\(clock_now\(\)\));(.*?)(bucket_latest\(bucket, fingerprint\)) <= now/now = $3;$2now <= $1/s } ],
	'clock read before the raise' => [ 'src/renew.c',
		sub { s/(\tgate_raise\(lock->relation, lock->key, expires_at\);\n)(.*?\tlapsed = has_lapsed\(lock, now\);\n)/$2$1/s } ],
	'one clock reading per transaction' => [ 'src/gate.c',
		sub { s/(\thour_before_statement = slot_of_now)/\tif (!relied_on)\n\t$1/ } ],

	# filling
	'marked filled before the scan' => [ 'src/gate.c',
		sub { s/mark->filling = true;/mark->filling = mark->filled = true;/ } ],
	'claim that is not exclusive' => [ 'src/gate.c',
		sub { s/ && !mark->filling;/;/ } ],
	'claim never given up' => [ 'src/gate.c',
		sub { s/\*mark = \*claimed;/(void) claimed;/ } ],
	'raise only in a filled gate' => [ 'src/gate.c',
		sub { s/if \(ensure_attached\(\)\)\n(\t+raise_place)/if (ensure_attached() && OidIsValid(filled_table))\n$1/ } ],
	'summary not raised' => [ 'src/gate.c',
		sub { s/\tslot_raise\(summary_of\(relid, place\), expiry\);\n// } ],

	# buckets
	'displaced expiry dropped' => [ 'src/bucket.c',
		sub { s/Min\(current, raised\)/raised < current ? raised : 0/ } ],
	'own expiry dropped' => [ 'src/bucket.c',
		sub { s/Min\(current, raised\)/current < raised ? current : 0/ } ],
	'overflow raised after the slot' => [ 'src/bucket.c',
		sub { s/(\tif \(!same_fingerprint\(current, raised\)\)\n[^\n]*\n)(\tINJECT[^\n]*\n)(\tif \(current < raised\)\n[^\n]*\n)/$3$2$1/ } ],
	'raise that is not exclusive' => [ 'src/bucket.c',
		sub { s/\tSpinLockAcquire\(mutex\);\n//; s/\tSpinLockRelease\(mutex\);\n// } ],
	'head not written' => [ 'src/bucket.c',
		sub { s/\twrite_head\(bucket, head, start\);\n// } ],
	'head without the overflow' => [ 'src/bucket.c',
		sub { s/new_head = overflow_of_slot\(.*?;/new_head = 0;/ } ],
	'overflow read before the slots' => [ 'src/bucket.h',
		sub { s/(\tuint64\t\tlatest = )0;(\n\n\tfor.*?)\tINJECT\("read-overflow"\);\n(.*?)Max\(latest, (pg_atomic_read_u64\(&bucket->overflow\))\)/$1$4;\n\n\tINJECT("read-overflow");$2$3latest/s } ],
	'expiry rounded down' => [ 'src/bucket.h',
		sub { s/ \+ \(expires_at % unit != 0\)// } ],
	'late expiry not limited' => [ 'src/bucket.h',
		sub { s/Min\(units, MAX_EXPIRY_UNITS\)/units/ } ],
	'uuid not recognized in the text' => [ 'src/place.c',
		sub { s/if \(is_uuid\(key, length, uuid\)\)/if (false)/ } ],

	# filling in stretches
	'stretch counted before it is read' => [ 'src/gate.c',
		sub { s/(\t+raise_scanned\(.*?;\n)(\t+mark->scanned \+= chunk;\n)/$2$1/ } ],
	'scan restarted from the beginning' => [ 'src/gate.c',
		sub { s/wanted->scanned = mark->scanned;/wanted->scanned = 0;/ } ],
	'scan continued in another file' => [ 'src/gate.c',
		sub { s/if \(mark->file == wanted->file\)// } ],
	'kept expiry not raised by renew()' => [ 'src/record.c',
		sub { s/\tgate_raise_written\(lock->relation, lock->key, lock->expires_at\);\n//g } ],

	# clearing
	'gate not cleared' => [ 'src/gate.c',
		sub { s/ && begin_clearing\(\)\)/ && false)/ } ],
	'clearing not ended at exit' => [ 'src/gate.c',
		sub { s/if \(clearing_epoch != 0\)\n\t\tend_clearing\(\);\n// } ],
	'epoch not compared' => [ 'src/gate.c',
		sub { s/pg_atomic_read_u64\(&gate->epoch\) == filled_epoch/true || $&/ } ],
	'epoch read before the slots' => [ 'src/gate.c',
		sub { s/(\tBucket\t   \*bucket = &buckets\[number\];\n)(.*?)filling_counts\(\)/$1\tbool\t\tstill_counts = filling_counts();\n$2still_counts/s } ],
	'filled in every epoch' => [ 'src/gate.c',
		sub { s/ && mark->epoch == wanted->epoch;/;/; s/mark->epoch == wanted->epoch \|\| mark->filling/true/ } ],

	# invalidation
	'concurrent invalidation ignored' => [ 'src/gate.c',
		sub { s/filled = filled && started_in == generation;/(void) started_in;/ } ],
	'trigger version not compared' => [ 'src/gate.c',
		sub { s/ && mark->trigger_xmin == wanted->trigger_xmin// } ],
	'outdated settings kept' => [ 'src/table.c',
		sub { s/info->valid = !changed_during_build\(info\);/info->valid = true;/ } ],

	# waiting
	'waiters that do not look by themselves' => [ 'src/waiting.c', sub { s/MAX_SLEEP 1000L/MAX_SLEEP 600000L/ } ],
	'one entry for waiters' => [ 'src/waiting.c', sub { s/MAX_WAITERS 1024/MAX_WAITERS 1/ } ],
	'early releases that are not flushed' => [ 'src/early_release.c', sub { s/\tif \(!is_early\)\n\t+return;/\tif (true)\n\t\treturn;/ } ],
	'all releases may be early' => [ 'src/early_release.c', sub { s/is_prevented = true;/is_prevented = false;/ } ],
	# events
	'events removed when they are taken' => [ 'src/event_queue.c',
		sub { s/(\*commit = Max\(\*commit, entry->commit\);)/$1\n\t\tremove_entry(my_stream, entry);/ } ],
	'publisher not noted' => [ 'src/event_queue.c',
		sub { s/entry->publisher = publisher;(\s+\*commit)/entry->publisher = FrozenTransactionId;$1/
			&& s/entry->publisher == publisher \? remove_entry/entry->publisher == FrozenTransactionId ? remove_entry/
			&& s/(if \(TransactionIdIsValid\(entry->publisher\))\)(\s+\{)/$1 && entry->publisher != FrozenTransactionId)$2/ } ],
	'publisher not waited for' => [ 'src/event_queue.c', sub { s/\*busy = stream \? find_publisher\(stream, row\) :/(void) find_publisher; *busy =/ } ],
	'earlier events not claimed' => [ 'src/notification.c', sub { s/if \(attached\)\n\t+send_earlier/if (false)\n\t\tsend_earlier/ } ],
	'rolled-back claims kept' => [ 'src/event_queue.c',
		sub { s/if \(published != XACT_ABORTED\)\n\t+return [^;]*;/return published == XACT_RUNNING ? KEEP : REMOVE;/ } ],
	'end without looking at the queue' => [ 'src/event_queue.c', sub { s/(INJECT\("retire"\);.*?)empty = my_stream->first == NONE;/$1empty = true;/s } ],
	'each event by the present state' => [ 'src/event_queue.c',
		sub { s/XidInMVCCSnapshot\(xid, GetActiveSnapshot\(\)\)/TransactionIdIsInProgress(xid)/ && s/(#include "storage\/proc.h"\n)/$1#include "storage\/procarray.h"\n/ } ],
	'events of the same time' => [ 'src/event.c', sub { s/Max\(clock_now\(\), last \+ 1\)/clock_now()/ } ],
	'events before their commit is on disk' => [ 'src/event_worker.c', sub { s/XLogFlush\(commit\);/(void) commit;/ } ],

	# shared memory
	'another gate version' => [ 'src/gate.c', sub { s/GATE_VERSION \d+/GATE_VERSION 1000/ } ],
	'another gate size' => [ 'src/gate.c', sub { s/MAX_MARKS 1024/MAX_MARKS 512/ } ],
	'another gate name' => [ 'src/gate.c', sub { s/"locking gate"/"locking gate 2"/ } ],
	'raise only in an attached gate' => [ 'src/gate.c',
		sub { s/if \(ensure_attached\(\)\)(\n\t+raise_place)/if (gate_available())$1/ } ],

	# sequences
	'sequence advanced without the lock' => [ 'src/sequence.c',
		sub { s/\t(?:Unl|L)ockDatabaseObject\(.*?;\n//gs } ],

	# test/crash
	'tokens as they come from the sequence' => [ 'src/sequence.c',
		sub { s/(\tint64\t\tknown;\n\n\tnumber = draw\(sequence\);\n)/$1\tif (sequence->is_token)\n\t\treturn number;\n/ } ],
	'an event that finds no room is not recorded' => [ 'src/event.c',
		sub { s/(\/\*\n \* Record an event: count it)/$no_room$1/ && s/\t\tinsert_history\(kind, lock, at, reason\);/\t\tinsert_if_room(kind, lock, at, reason);/
			&& s/(#include "stats.h"\n)/$1#include "subtransaction.h"\n/ } ],
	'a lock that was passed is live again' => [ 'src/lease.c',
		sub { s/\tif \(lock->lost\)\n(\t\treturn )true;\n\treturn whole_row/\tif (lock->lost)\n$1false;\n\treturn false \&\& whole_row/ } ],
);

# The file and the substitution, as LockingVariant::build takes them.
sub source_change
{
	my ($name) = @_;
	my $change = $change{$name} or die "no such source change: $name\n";
	return @$change;
}

1;
