/*
 * gate.c
 *		The gate: a filter in shared memory that proves most rows unlocked
 *		without a lookup.
 *
 * Its terms (place, slot, bucket, overflow, head, run, summary, mark,
 * filling, clearing) are defined in src/README.md, section "The gate".  Every
 * lock raises its row's key in a bucket and a slot of the summary in the same
 * step.  What follows about "the slot" applies to both: to the summary's
 * slot, and to the latest expiry that the bucket has for the key.  The latter
 * never decreases, except by clearing (point 8), also when other keys
 * displace it, and raising and reading it are like single steps (bucket.c).
 * The slot may be later than any lock requires, which costs a lookup, but it
 * must never be too early.  Times are compared in the slots' units, expiries
 * rounded up and clocks rounded down.
 *
 * Memory-ordering argument:
 *
 * 1. Acquisition.  The acquirer holds the target row (rule 1), raises the
 *    slot, writes the record and commits; only then is the row unlocked.  A
 *    writer consults the gate with the row locked.  If it locked the row
 *    after the acquirer, the handover of the row lock (LWLocks on its page
 *    and on the proc array: one releases, the other acquires) makes the
 *    raised slot visible.  If before, the acquirer has not reached its
 *    decision yet.
 * 2. Renewal, without the target row.  The renewal locks the record,
 *    computes the new expiry, raises the slot (raise_slot(): an atomic
 *    operation, a full barrier), and then reads the clock that decides
 *    whether the old expiry has passed.  The guard reads its clock, then
 *    (barrier) the slot.  If the guard misses the new expiry, it read the
 *    slot before the raise, so it read its clock before the renewal read its
 *    own; the old expiry, which the guard did see, had passed by the guard's
 *    clock, so it has by the renewal's, and the renewal has to lock the
 *    target row first, which the writer holds (rule 5).  In the other order,
 *    slot and then clock, a renewal could pass between the two.  How long
 *    before the slot the clock is read does not matter, so a time that the
 *    statement read at its start suffices for what expired an hour before.  A
 *    slot that is 0 needs no clock: there is no lock to be renewed.
 * 3. Locks from before the start.  The gate proves nothing until it has been
 *    filled, once per database, from every version of every record that
 *    exists physically, of transactions in progress or prepared too.  A
 *    writer raises the slot once it has written a version (record.c), filled
 *    or not, even where the expiry does not change.  So a version that the
 *    scan does not see, because it was written to a block that had been read,
 *    is raised after that, and until it commits, the scan sees the version
 *    that it replaces; the mark is set after the scan (barrier), and read
 *    before the slot.  A filling that is abandoned leaves its position in the
 *    mark, and the next one continues there: for what was written before that
 *    position since then, slots were raised, too.  Other records get there
 *    only with a new file (VACUUM FULL and the like), so the position belongs
 *    to one file; if the file has become shorter than that, nothing remains
 *    to be read.
 * 4. For records that are not written by this library's functions, a trigger
 *    on the table raises the slots before they are written.  Unless it is
 *    enabled ALWAYS, the gate proves nothing; a transaction that relies on
 *    the gate holds a lock on the table which keeps the trigger as it is;
 *    every backend checks again when the relation cache reports a change of
 *    the table, and what was filled before the trigger's row in pg_trigger
 *    changed is filled again.
 * 5. On a standby no database is marked as filled; after promotion 3
 *    applies.  Nor is a database marked by a transaction that created the
 *    table's file, since a rollback brings back the file that it replaced.
 * 6. Marks identify the database by the xmin of its row, too: an OID may
 *    be reused.  A mark that is reused for another database only costs a
 *    second filling.
 * 7. Without preloading, allocation of the memory may fail.  A backend
 *    that must raise a slot then errors out, since other backends may have
 *    the gate and rely on it.  A backend that consults the gate looks up the
 *    record instead.
 * 8. Clearing lowers to 0 what passed more than an hour ago, including what
 *    is there for lapsed locks whose records still exist.  So every database
 *    has to be filled again: a filling counts only in its own epoch, whose
 *    number is increased before the first slot is cleared (barrier) and again
 *    after the last one.  While it is odd, nothing is filled.  A check reads
 *    the slot, then (barrier) the epoch: if the slot had been cleared, the
 *    epoch is a later one than that of the filling, and the check proves
 *    nothing.
 *
 *    What was raised for a version that is not written yet may be cleared,
 *    and not filled again.  It is raised once more when the version is
 *    written (3), before the commit and so before the target row is unlocked
 *    (1).  A rollback in between leaves no version, or one that counts for
 *    nothing; so does an error or a cancellation between write and raise.
 *
 *    Only a renewal (2) needs the raise before the write.  What the guard
 *    misses then is the new expiry: the old one is in the record's version,
 *    and so in the slot.  But the new expiry is cleared only an hour after it
 *    has passed, and the guard reads the slot after that.  So whatever the
 *    renewal decides, the lock has ended when the guard lets the write pass,
 *    unless the old expiry is later, which the guard did see.  A slot that is
 *    0 after the filling still means that there is no record to be renewed.
 *
 *    The trigger (4) raises only before the record is written, but at least
 *    to the current time, so that it is not cleared within an hour.
 *
 *    The summary is never cleared.  It proves what it did before, so a check
 *    that it settles need not read the epoch.
 *
 * A clock that is set back can end a lock early for the guard but not for a
 * renewal, with the gate and without it.  If it is set back by more than an
 * hour, a statement that began before also passes locks acquired since then,
 * until it ends.
 */
#include "gate.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/pg_database.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/spin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "bucket.h"
#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "inject.h"
#include "place.h"
#include "record_expiry.h"
#include "sequence.h"
#include "shared.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(locking_gate);
PG_FUNCTION_INFO_V1(locking_raise_gate);

/* increase it with every change of the hash or of the layout */
#define GATE_VERSION 4

#define RAISE_TRIGGER "~raise_gate"
#define DEFAULT_SLOTS 65536

/*
 * number of buckets in a run: neighbouring places have neighbouring buckets
 * within a page of memory
 */
#define RUN 64

/* number of neighbouring places that share a slot of the summary */
#define SUMMARY_RUN 512

/* number of slots for each slot of the summary */
#define SUMMARY_RATIO 64

/*
 * blocks read at a time; after an abandoned filling the next one continues
 * after the last complete chunk
 */
#define FILL_CHUNK 64

/*
 * After so many checks in a row that the summary did not settle, it is not
 * read until so many checks have been made.
 */
#define SUMMARY_TRIES 64
#define SUMMARY_PERIOD 4096

/* number of spinlocks for all buckets */
#define MAX_MUTEXES 128

/* number of databases that can be marked */
#define MAX_MARKS 1024

/*
 * number of checks after which a backend adds its counts to those in shared
 * memory: within a transaction, and at its end
 */
#define FLUSH_EVERY 65536
#define FLUSH_AT_COMMIT 64

/*
 * A database with the extension, and whether the gate has been filled for it.
 */
typedef struct Mark
{
	Oid			database;
	Oid			records;
	TransactionId xmin;			/* of the database's row in pg_database */
	TransactionId trigger_xmin; /* of the trigger's row in pg_trigger */
	uint64		epoch;			/* in which the gate was filled */
	bool		filling;
	bool		filled;
	Oid			file;			/* file of an abandoned filling */
	BlockNumber scanned;		/* first block that it has not read */
} Mark;

/*
 * It is followed by the buckets, aligned to cache lines, their heads, and the
 * summary.
 */
typedef struct Gate
{
	uint32		version;
	uint32		nbuckets;
	uint64		start;			/* the time from which heads count, as a slot */
	pg_atomic_uint64 epoch;		/* odd while the gate is being cleared */
	slock_t		mutex;			/* protects the marks */
	uint32		next_victim;
	Mark		marks[MAX_MARKS];

	/* written often, and so apart from what each check reads */
	pg_atomic_uint64 outdated;	/* lookups that clearing would have saved */
	pg_atomic_uint64 scanned;	/* versions read by fillings since then */
	pg_atomic_uint64 checks;
	pg_atomic_uint64 lookups;
	pg_atomic_uint64 false_positives;
	slock_t		bucket_mutexes[MAX_MUTEXES];
} Gate;

#define BUCKETS_OFFSET TYPEALIGN(PG_CACHE_LINE_SIZE, sizeof(Gate))

/* the setting locking.gate_slots */
static int	locking_gate_slots = DEFAULT_SLOTS;

static Gate *gate = NULL;

/* where this backend has mapped the parts of the gate, and their sizes */
static Bucket *buckets;
static BucketHead *heads;
static uint64 nbuckets;
static pg_atomic_uint64 *summary;
static uint64 nsummary;

/* the table of records, if this backend has found the gate filled for it */
static Oid	filled_table = InvalidOid;

/* the epoch in which it was */
static uint64 filled_epoch;

/* the epoch, an odd one, that this backend began last; 0: none */
static uint64 clearing_epoch = 0;

/* whether this transaction relies on that, with a lock that keeps it true */
static bool relied_on = false;

/*
 * the latest slot, and the latest overflow in a head, that had passed an hour
 * before the guard's statement began; clocks may be set back
 */
static uint64 hour_before_statement;
static uint64 overflow_before_statement;

/* number of checks since the summary settled one, modulo SUMMARY_PERIOD */
static uint32 unsettled = 0;

/*
 * number of invalidations so far, to detect one that arrives during a check
 */
static uint64 generation = 0;

/* this backend's counts, not added to those in shared memory yet */
static struct
{
	uint64		checks;
	uint64		lookups;
	uint64		false_positives;
}			counts;

static void leave_at_exit(int code, Datum arg);

/* ---- shared memory ---- */

static Size
summary_size(Size number)
{
	return number * SLOTS_PER_BUCKET / SUMMARY_RATIO;
}

/* The number of atomics in so many buckets, their heads and the summary. */
static Size
total_atomics(Size number)
{
	return number * (SLOTS_PER_BUCKET + 1) + summary_size(number);
}

static Size
gate_size(void)
{
	return add_size(BUCKETS_OFFSET,
					mul_size(total_atomics(locking_gate_slots / SLOTS_PER_BUCKET), sizeof(pg_atomic_uint64)));
}

static pg_atomic_uint64 *
atomics_of(Gate *memory)
{
	return (pg_atomic_uint64 *) ((char *) memory + BUCKETS_OFFSET);
}

/*
 * Initialize a gate in which no slot has been raised and no database is
 * marked.
 */
static void
initialize_gate(void *memory)
{
	Gate	   *new = memory;

	new->version = GATE_VERSION;
	new->nbuckets = locking_gate_slots / SLOTS_PER_BUCKET;
	new->start = slot_of_now(clock_now());
	pg_atomic_init_u64(&new->epoch, 0);
	pg_atomic_init_u64(&new->outdated, 0);
	pg_atomic_init_u64(&new->scanned, 0);
	pg_atomic_init_u64(&new->checks, 0);
	pg_atomic_init_u64(&new->lookups, 0);
	pg_atomic_init_u64(&new->false_positives, 0);
	for (int i = 0; i < MAX_MUTEXES; i++)
		SpinLockInit(&new->bucket_mutexes[i]);
	SpinLockInit(&new->mutex);
	new->next_victim = 0;
	memset(new->marks, 0, sizeof(new->marks));
	for (Size i = 0; i < total_atomics(new->nbuckets); i++)
		pg_atomic_init_u64(&atomics_of(new)[i], 0);
}

/* Locate the parts of a gate. */
static void
map_gate(Gate *memory)
{
	nbuckets = memory->nbuckets;
	nsummary = summary_size(nbuckets);
	buckets = (Bucket *) atomics_of(memory);
	heads = (BucketHead *) (buckets + nbuckets);
	summary = heads + nbuckets;
	gate = memory;
}

static SharedArea area = {
	.name = "locking gate",
	.version = GATE_VERSION,
	.size = gate_size,
	.initialize = initialize_gate,
	.purpose = "the gate of \"locking\"",
	.consequence = "It looks up the lock record for each row that it writes, and cannot acquire or renew locks."
};

/* Use the gate if this backend is attached to it. */
static bool
use_gate(bool attached)
{
	if (attached && gate == NULL)
	{
		map_gate(area.memory);
		before_shmem_exit(leave_at_exit, (Datum) 0);
	}
	return attached;
}

/*
 * Attach to the gate.  Returns whether there is one, and raises an error if
 * it cannot be attached to.
 */
static bool
ensure_attached(void)
{
	return gate != NULL || use_gate(shared_attach(&area));
}

/*
 * Attach to the gate if possible.  If it is not, the backend looks up the
 * records instead.
 */
static bool
gate_available(void)
{
	return gate != NULL || use_gate(shared_try_to_attach(&area));
}

/* ---- counts ---- */

static pg_noinline void
flush_counts(void)
{
	if (gate == NULL || counts.checks == 0)
		return;
	pg_atomic_fetch_add_u64(&gate->checks, counts.checks);
	pg_atomic_fetch_add_u64(&gate->lookups, counts.lookups);
	pg_atomic_fetch_add_u64(&gate->false_positives, counts.false_positives);
	memset(&counts, 0, sizeof(counts));
}

static void
end_transaction(XactEvent event, void *arg)
{
	relied_on = false;
	if (counts.checks >= FLUSH_AT_COMMIT)
		flush_counts();
}

/* End this backend's clearing.  Nothing happens if it has ended already. */
static void
end_clearing(void)
{
	uint64		epoch = clearing_epoch;

	pg_atomic_compare_exchange_u64(&gate->epoch, &epoch, clearing_epoch + 1);
}

static void
leave_at_exit(int code, Datum arg)
{
	if (clearing_epoch != 0)
		end_clearing();
	flush_counts();
}

/* ---- slots ---- */

/* A number that differs from table to table, in its upper half. */
static inline uint64
table_number(Oid relid)
{
	return (uint64) (relid ^ (MyDatabaseId << 16 | MyDatabaseId >> 16)) << 32;
}

/*
 * The position of a run in an array, by multiplication with the golden ratio
 * of 2^64 (Knuth, The Art of Computer Programming, volume 3, 6.4): runs of
 * one table are far apart, and tables differ in the upper half of the
 * multiplicand.
 */
static inline uint64
position_of_run(Oid relid, uint64 run, uint64 size)
{
	return (((run ^ table_number(relid)) * UINT64CONST(0x9e3779b97f4a7c15) >> 32) * size) >> 32;
}

static inline pg_atomic_uint64 *
summary_of(Oid relid, uint64 place)
{
	return &summary[position_of_run(relid, place / SUMMARY_RUN, nsummary)];
}

static inline uint64
bucket_number(Oid relid, uint64 place)
{
	uint64		number = place / KEYS_PER_BUCKET;
	uint64		position = position_of_run(relid, number / RUN, nbuckets) + number % RUN;

	return likely(position < nbuckets) ? position : position % nbuckets;
}

/* A few bits that keys of the same bucket rarely have in common. */
static inline uint64
fingerprint_of(Oid relid, uint64 place)
{
	uint64		mixed = (place ^ place >> 32 ^ table_number(relid)) * UINT64CONST(0xbf58476d1ce4e5b9);

	return mixed >> (64 - FINGERPRINT_BITS);
}

static void
raise_place(Oid relid, uint64 place, TimestampTz expires_at)
{
	uint64		expiry = slot_of_expiry(expires_at);
	uint64		number = bucket_number(relid, place);

	slot_raise(summary_of(relid, place), expiry);
	bucket_raise(&buckets[number], &heads[number], &gate->bucket_mutexes[number % MAX_MUTEXES],
				 expiry | fingerprint_of(relid, place), gate->start);
}

/*
 * Raise the slot of a row to the latest expiry that its record may get,
 * before the record is locked and the clock is read that decides.
 */
void
gate_raise(Oid relid, const char *key, TimestampTz expires_at)
{
	INJECT("raise");
	gate_raise_written(relid, key, expires_at);
}

/*
 * Raise the slot of a row to the expiry in a version of its record that has
 * been written: a filling may have read its block before that.
 */
void
gate_raise_written(Oid relid, const char *key, TimestampTz expires_at)
{
	if (ensure_attached())
		raise_place(relid, place_of_text(key, strlen(key)), expires_at);
}

/* ---- clearing ---- */

/*
 * Do clearing and filling again cost no more than the lookups that clearing
 * would have saved?
 */
static bool
is_worn(uint64 outdated)
{
	return outdated >= nbuckets * SLOTS_PER_BUCKET + pg_atomic_read_u64(&gate->scanned);
}

/* Begin to clear the gate, unless another backend does. */
static bool
begin_clearing(void)
{
	uint64		epoch;
	bool		begins;

	SpinLockAcquire(&gate->mutex);
	epoch = pg_atomic_read_u64(&gate->epoch);
	begins = epoch % 2 == 0 && is_worn(pg_atomic_read_u64(&gate->outdated));
	if (begins)
	{
		clearing_epoch = epoch + 1;
		pg_atomic_fetch_add_u64(&gate->epoch, 1);
		pg_atomic_write_u64(&gate->outdated, 0);
		pg_atomic_write_u64(&gate->scanned, 0);
	}
	SpinLockRelease(&gate->mutex);
	return begins;
}

/*
 * Clear what passed more than an hour ago.  Interrupts are not processed
 * meanwhile, but a signal handler may end the process.  Then it ends the
 * clearing, too, and the rest is cleared another time.
 */
static void
clear_gate(void)
{
	uint64		passed = slot_of_now(clock_now() - USECS_PER_HOUR);

	INJECT("clear");
	for (uint64 i = 0; i < nbuckets; i++)
		bucket_clear(&buckets[i], &heads[i], &gate->bucket_mutexes[i % MAX_MUTEXES], passed, gate->start);
	end_clearing();
}

/*
 * Count a lookup that was made only because of what passed more than an hour
 * ago.  Lapsed locks whose records are gone, and keys displaced long ago,
 * would otherwise cost lookups until the server is restarted.
 */
static pg_noinline void
count_outdated(void)
{
	if (is_worn(pg_atomic_add_fetch_u64(&gate->outdated, 1)) && begin_clearing())
		clear_gate();
}

/* ---- filling ---- */

static bool
marks_match(const Mark *mark, const Mark *wanted)
{
	return mark->database == wanted->database && mark->records == wanted->records &&
		mark->xmin == wanted->xmin && mark->trigger_xmin == wanted->trigger_xmin;
}

/* This database's mark, or NULL.  The caller holds the mutex. */
static Mark *
find_mark(const Mark *wanted)
{
	for (int i = 0; i < MAX_MARKS; i++)
		if (marks_match(&gate->marks[i], wanted))
			return &gate->marks[i];
	return NULL;
}

/*
 * A mark that is free or belongs to another database.  The caller holds the
 * mutex.
 */
static Mark *
allocate_mark(void)
{
	for (int i = 0; i < MAX_MARKS; i++)
	{
		Mark	   *mark = &gate->marks[gate->next_victim++ % MAX_MARKS];

		if (!mark->filling)
			return mark;
	}
	return NULL;
}

/*
 * This database's mark, in the present epoch unless a filling of an earlier
 * one has not ended, or NULL if none is free.  The caller holds the mutex.
 */
static Mark *
provide_mark(const Mark *wanted)
{
	Mark	   *mark = find_mark(wanted);

	if (mark && (mark->epoch == wanted->epoch || mark->filling))
		return mark;
	if (mark == NULL)
		mark = allocate_mark();
	if (mark)
		*mark = *wanted;
	return mark;
}

/* Was the gate filled in the epoch that is wanted? */
static bool
is_filled(const Mark *mark, const Mark *wanted)
{
	return mark && mark->filled && mark->epoch == wanted->epoch;
}

/*
 * Claim the filling for this database.  Returns true if this backend is to
 * fill; "wanted" then receives the position of an abandoned filling.
 * "filled" receives whether the gate has been filled already.
 */
static bool
claim_filling(Mark *wanted, bool *filled)
{
	Mark	   *mark;
	bool		claimed;

	SpinLockAcquire(&gate->mutex);
	mark = provide_mark(wanted);
	*filled = is_filled(mark, wanted);
	claimed = mark && !mark->filled && !mark->filling;
	if (claimed)
	{
		mark->filling = true;
		if (mark->file == wanted->file)
			wanted->scanned = mark->scanned;
	}
	SpinLockRelease(&gate->mutex);
	return claimed;
}

/*
 * Mark a filling as done, or as abandoned, so that another backend may
 * continue.
 */
static void
finish_filling(const Mark *claimed, bool filled)
{
	Mark	   *mark;

	SpinLockAcquire(&gate->mutex);
	mark = find_mark(claimed);
	if (mark)
	{
		*mark = *claimed;
		mark->filled = filled;
	}
	SpinLockRelease(&gate->mutex);
}

/* Raise the slots of all records that the scan returns. */
static void
raise_scanned(TableScanDesc scan, TupleTableSlot *slot, MemoryContext per_record)
{
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext caller = MemoryContextSwitchTo(per_record);
		Oid			relation;
		char	   *key;
		TimestampTz expires_at;

		INJECT("fill-record");
		record_read_expiry(slot, &relation, &key, &expires_at);
		raise_place(relation, place_of_text(key, strlen(key)), expires_at);
		pg_atomic_fetch_add_u64(&gate->scanned, 1);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(per_record);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Fill chunk by chunk, so that a backend that is cancelled leaves less work
 * to the next one.  The records are tuples of a heap (record.c), and the file
 * cannot become shorter while it is open.
 */
static void
fill(Relation records, Mark *mark)
{
	BlockNumber end = RelationGetNumberOfBlocks(records);
	TableScanDesc scan = table_beginscan_strat(records, SnapshotAny, 0, NULL, true, false);
	TupleTableSlot *slot = table_slot_create(records, NULL);
	MemoryContext per_record = AllocSetContextCreate(CurrentMemoryContext, "locking fill", ALLOCSET_DEFAULT_SIZES);

	while (mark->scanned < end)
	{
		BlockNumber chunk = Min(FILL_CHUNK, end - mark->scanned);

		heap_setscanlimits(scan, mark->scanned, chunk);
		raise_scanned(scan, slot, per_record);
		mark->scanned += chunk;
		table_rescan(scan, NULL);
		INJECT("fill-chunk");
	}
	MemoryContextDelete(per_record);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

static void
abandon_filling(int code, Datum arg)
{
	finish_filling((const Mark *) DatumGetPointer(arg), false);
}

/*
 * Have one backend fill the gate.  Others look up records until it is done.
 */
static pg_noinline bool
fill_if_needed(Relation records, const Mark *wanted)
{
	static Mark filling;		/* the cleanup may run at exit */
	bool		filled;

	filling = *wanted;
	if (!claim_filling(&filling, &filled))
		return filled;
	PG_ENSURE_ERROR_CLEANUP(abandon_filling, PointerGetDatum(&filling));
	{
		fill(records, &filling);
		INJECT("fill-mark");
		pg_memory_barrier();
	}
	PG_END_ENSURE_ERROR_CLEANUP(abandon_filling, PointerGetDatum(&filling));
	finish_filling(&filling, true);
	return true;
}

/*
 * Does the trigger raise the slot of every record that is not written by this
 * library's functions?  "xmin" receives the version of the trigger: no slots
 * were raised for what was written while it was not enabled.
 */
static bool
trigger_always_raises(Oid relid, TransactionId *xmin)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		always = false;

	ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(RAISE_TRIGGER));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 2, keys);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		*xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		always = ((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled == TRIGGER_FIRES_ALWAYS &&
			!TransactionIdIsCurrentTransactionId(*xmin);
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return always;
}

/* Build the mark of this database.  False: it must not be marked now. */
static bool
current_mark(Relation records, Mark *mark)
{
	HeapTuple	database = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));

	if (!HeapTupleIsValid(database))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	memset(mark, 0, sizeof(Mark));
	mark->database = MyDatabaseId;
	mark->records = RelationGetRelid(records);
	mark->xmin = HeapTupleHeaderGetRawXmin(database->t_data);
	mark->file = records->rd_rel->relfilenode;
	mark->epoch = pg_atomic_read_u64(&gate->epoch);
	pg_memory_barrier();		/* the epoch before the scan raises slots */
	ReleaseSysCache(database);
	return mark->epoch % 2 == 0 && trigger_always_raises(mark->records, &mark->trigger_xmin) &&
		!locking_new_file(records) && !RecoveryInProgress();
}

/* Determine whether the gate is filled, and fill it if not. */
static pg_noinline bool
check_filled(void)
{
	Relation	records;
	uint64		started_in = generation;
	Mark		mark;
	bool		filled;

	if (!gate_available())
		return false;
	records = catalog_open("lock", AccessShareLock);
	filled = current_mark(records, &mark) && fill_if_needed(records, &mark);
	INJECT("filled-checked");
	AcceptInvalidationMessages();	/* filling takes time */
	/* if something has changed, check again next time */
	filled = filled && started_in == generation;
	if (filled)
	{
		pg_memory_barrier();
		filled_table = RelationGetRelid(records);
		filled_epoch = mark.epoch;
	}
	table_close(records, AccessShareLock);
	return filled;
}

/* The table of records changed, or may have been replaced: check again. */
static void
invalidate_filled(Datum arg, Oid relid)
{
	generation++;
	if (OidIsValid(relid) && relid != filled_table)
		return;
	filled_table = InvalidOid;
	relied_on = false;
}

/*
 * Rely on the gate until the end of the transaction.  No session can then
 * drop the trigger (point 4 above), or write records without it, since that
 * takes a lock on the table that conflicts with this one.  Acquiring the lock
 * processes the invalidations that report such a change.
 */
static pg_noinline bool
rely_on_gate(void)
{
	if (!OidIsValid(filled_table) && !check_filled())
		return false;
	LockRelationOid(filled_table, RowExclusiveLock);
	relied_on = OidIsValid(filled_table);
	return relied_on;
}

/*
 * If a subtransaction is rolled back, the lock on the table may be released.
 */
static void
end_subtransaction(SubXactEvent event, SubTransactionId subxid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		relied_on = false;
}

/* ---- checks ---- */

/* Read the clock for the checks of a statement. */
void
gate_begin_statement(void)
{
	hour_before_statement = slot_of_now(clock_now() - USECS_PER_HOUR);
	overflow_before_statement = gate ? overflow_passed(hour_before_statement, gate->start) : 0;
	pg_memory_barrier();		/* read the clock before the slots */
}

/*
 * Was the slot never raised, or did its latest expiry pass more than an hour
 * before the statement?
 */
static inline bool
never_or_long_expired(uint64 latest, bool lapsed_too)
{
	return latest == 0 || (!lapsed_too && latest <= hour_before_statement);
}

/* Has the latest expiry of a key passed? */
static pg_noinline bool
has_expired(Bucket *bucket, uint64 fingerprint)
{
	uint64		now = slot_of_now(clock_now());

	pg_memory_barrier();		/* the clock before the slots */
	INJECT("read-slot");
	return bucket_latest(bucket, fingerprint) <= now;
}

/*
 * Does the filling that a check relied on still count?  Not if the gate has
 * been cleared since, perhaps while the check read it (point 8).
 */
static inline bool
filling_counts(void)
{
	pg_read_barrier();			/* the slots before the epoch */
	if (likely(pg_atomic_read_u64(&gate->epoch) == filled_epoch))
		return true;
	filled_table = InvalidOid;
	relied_on = false;
	return false;
}

/* The check of a row where the summary proves nothing. */
static pg_noinline bool
bucket_proves_unlocked(Oid relid, uint64 place, bool lapsed_too)
{
	uint64		number = bucket_number(relid, place);
	uint64		fingerprint = fingerprint_of(relid, place);
	Bucket	   *bucket = &buckets[number];

	if ((likely(head_proves_passed(pg_atomic_read_u64(&heads[number]), fingerprint,
								   lapsed_too ? 0 : overflow_before_statement)) ||
		 never_or_long_expired(bucket_latest(bucket, fingerprint), lapsed_too) ||
		 (!lapsed_too && has_expired(bucket, fingerprint))) && filling_counts())
		return true;
	counts.lookups++;
	if (lapsed_too && bucket_latest(bucket, fingerprint) <= hour_before_statement)
		count_outdated();
	return false;
}

/*
 * Does the gate prove that there is no live lock on the row?  The caller has
 * locked the row (or, for the guard of a child, the parent row), and has
 * called gate_begin_statement().  "lapsed_too": nor a lapsed lock?
 */
pg_attribute_hot bool
gate_proves_unlocked(Oid relid, uint64 place, bool lapsed_too)
{
	if (unlikely(!relied_on) && !rely_on_gate())
		return false;
	if (unlikely(++counts.checks >= FLUSH_EVERY))
		flush_counts();
	if (likely(unsettled < SUMMARY_TRIES) &&
		likely(never_or_long_expired(pg_atomic_read_u64(summary_of(relid, place)), lapsed_too)))
	{
		unsettled = 0;
		return true;
	}
	unsettled = (unsettled + 1) % SUMMARY_PERIOD;
	return bucket_proves_unlocked(relid, place, lapsed_too);
}

/*
 * Have the processor fetch what the check of a row will read, if its key is
 * not an integer: that is far from what was read before.
 */
void
gate_prefetch(Oid relid, uint64 place)
{
	if (likely(relied_on))
		__builtin_prefetch(&heads[bucket_number(relid, place)]);
}

/* Count a lookup that found no record. */
void
gate_count_false_positive(void)
{
	/* before the gate is filled, every row is looked up */
	if (OidIsValid(filled_table))
		counts.false_positives++;
}

/* ---- functions ---- */

/*
 * The trigger on locking.lock, for records that are not written by this
 * library's functions.
 */
Datum
locking_raise_gate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger_data(fcinfo, "raise_gate");
	TupleDesc	desc;
	HeapTuple	tuple = trigger_new_row(trigger);
	bool		isnull[4];
	Datum		relation;
	Datum		key;
	Datum		expires_at;
	Datum		token;

	if (RelationGetRelid(trigger->tg_relation) != catalog_relid("lock"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"locking.raise_gate\" is for table \"locking.lock\"")));
	check_writer(trigger->tg_relation);
	if (tuple == NULL)
		return PointerGetDatum(trigger_old_row(trigger));
	desc = RelationGetDescr(trigger->tg_relation);
	relation = heap_getattr(tuple, SPI_fnumber(desc, "relation"), desc, &isnull[0]);
	key = heap_getattr(tuple, SPI_fnumber(desc, "key"), desc, &isnull[1]);
	expires_at = heap_getattr(tuple, SPI_fnumber(desc, "expires_at"), desc, &isnull[2]);
	if (!isnull[0] && !isnull[1] && !isnull[2])
		gate_raise(DatumGetObjectId(relation), TextDatumGetCString(key),
				   Max(DatumGetTimestampTz(expires_at), clock_now()));
	token = heap_getattr(tuple, SPI_fnumber(desc, "token"), desc, &isnull[3]);
	if (!isnull[3])
		token_seen(DatumGetInt64(token));
	return PointerGetDatum(tuple);
}

/* Is the gate marked as filled for this database? */
static bool
is_marked_filled(void)
{
	Relation	records = catalog_open("lock", AccessShareLock);
	Mark		wanted;
	bool		filled = false;

	if (current_mark(records, &wanted))
	{
		SpinLockAcquire(&gate->mutex);
		filled = is_filled(find_mark(&wanted), &wanted);
		SpinLockRelease(&gate->mutex);
	}
	table_close(records, AccessShareLock);
	return filled;
}

/*
 * The number of slots whose expiry has not passed, and how many of them are
 * overflow slots.
 */
static void
count_occupied(int64 *occupied, int64 *overflowed)
{
	uint64		now = slot_of_now(clock_now());

	*occupied = 0;
	*overflowed = 0;
	for (uint64 i = 0; i < nbuckets; i++)
	{
		for (int j = 0; j < KEYS_PER_BUCKET; j++)
			*occupied += pg_atomic_read_u64(&buckets[i].keys[j]) > now;
		*overflowed += pg_atomic_read_u64(&buckets[i].overflow) > now;
	}
	*occupied += *overflowed;
}

/*
 * State and counters of the gate: enabled, filled, slots, occupied,
 * overflowed, checks, lookups, false_positives.
 */
Datum
locking_gate(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[8] = {0};
	bool		nulls[8] = {0};
	bool		enabled = gate_available();
	int64		occupied;
	int64		overflowed;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = BoolGetDatum(enabled);
	if (enabled)
	{
		flush_counts();
		count_occupied(&occupied, &overflowed);
		values[1] = BoolGetDatum(is_marked_filled());
		values[2] = Int32GetDatum((int32) (nbuckets * SLOTS_PER_BUCKET));
		values[3] = Int64GetDatum(occupied);
		values[4] = Int64GetDatum(overflowed);
		values[5] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->checks));
		values[6] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->lookups));
		values[7] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->false_positives));
	}
	else
	{
		values[1] = BoolGetDatum(false);
		for (int i = 2; i < lengthof(nulls); i++)
			nulls[i] = true;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* ---- start ---- */

/*
 * Register callbacks and the memory.  Its size can be set only where the
 * server reserves it at its start.
 */
void
gate_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	CacheRegisterRelcacheCallback(invalidate_filled, (Datum) 0);
	shared_register(&area);
	if (!process_shared_preload_libraries_in_progress)
		return;

	DefineCustomIntVariable("locking.gate_slots",
							"Sets the size of the gate, in slots of about 9 bytes.",
							"Use at least three times the number of locks expected to be live at a time.",
							&locking_gate_slots, DEFAULT_SLOTS, 64, 1 << 28,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
}
