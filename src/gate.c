/*
 * gate.c
 *		The gate: an array in shared memory that tells at once of nearly every
 *		row that it is certainly not locked.
 *
 * Slot hash(database, table, key) holds the latest expires_at that any lock
 * hashing there ever had.  Nothing is ever cleared: time does that (an
 * endless lock's slot stays until the next start).  A slot may be too late
 * (release, rollback, collision: a look too many), it must never be too
 * early.  Neighbouring keys also share a slot of a smaller array, the
 * summary, which is asked first and fits the processor's cache where the
 * other does not.  Every lock raises both, in the same step of what follows,
 * so what is said of the slot holds for each by itself.
 *
 * Who orders what before what:
 *
 * 1. A lock that is acquired: the acquirer holds the target row (rule 1), raises
 *	  the slot, writes the record and commits; only then is the row let go.  A writer
 *	  asks the gate with the row locked.  If he got it after the acquirer, the passing
 *	  of the row lock (LWLocks on its page and on the proc array: one lets go, the other
 *	  takes) makes the raised slot visible to him.  If before, the acquirer has not decided yet.
 * 2. A lock that is renewed, without the target row: the renewal fixes the new end,
 *	  raises the slot (raise_slot(): an atomic, a full barrier), locks the record, and then
 *	  reads the clock that decides whether the old time has passed.  The guard reads
 *	  its clock, then (barrier) the slot.  If the guard does not see the new end, its look
 *	  at the slot came before the raise, so its clock before the renewal's clock; the old
 *	  end, which it did see, had passed by the guard's clock, so it has by the renewal's,
 *	  and the renewal has to get the target row first, which the writer holds (rule 5).
 *	  Read the other way round, slot and then clock, a renewal could pass between the two.
 *	  How long before the slot the clock is read does not matter, so what has passed for an hour
 *	  is told by a time that the statement read when it began.  A slot that is 0 needs none: there is no lock
 *	  to be renewed.
 * 3. Locks from before the start: the array says nothing until it has been filled,
 *	  once per database, from every version of every record that is physically there,
 *	  of transactions in progress or prepared too.  Records written since the start
 *	  were raised by who wrote them, filled or not, also where the end stays what it was, so the
 *	  scan need not see them; the mark is set after the scan (barrier), and looked at before the slot.
 *	  A filling that is given up leaves in the mark how far it got, and the next goes on
 *	  there: what was written behind it since was raised, too.  Records that were not raised get
 *	  there only with a new file (VACUUM FULL and the like), so the place is of one file; if the file
 *	  has become shorter than that, nothing is left to be read.
 * 4. Records that come by other ways than this library's functions are raised by a trigger
 *	  on the table, before they are written.  Without it, enabled ALWAYS, the gate says nothing;
 *	  a transaction that believes the gate holds a lock on the table which keeps its trigger as it
 *	  is; every backend looks again when the relation cache says that the table changed, and
 *	  what was filled before the trigger's row in pg_trigger changed is filled anew.
 * 5. On a standby nobody marks a database as filled; after promotion 3. applies.  Nor while
 *	  the table's file is of the own transaction's making: what it replaced may come back.
 * 6. Marks name the database by its row's xmin, too: an OID may come again.  A mark that is
 *	  given up for another only costs a second filling.
 * 7. Without preloading the memory may not be had: none is left.  Who raises then must not go
 *	  on, since others may have it and believe it: an error.  Who asks looks at the records.
 *
 * A clock that is set back can end a lock early for the guard and not for a
 * renewal, with the gate as without.  If it is set back by more than an hour,
 * a statement that had begun before also passes locks acquired since then,
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
#include "port/atomics.h"
#include "storage/bufmgr.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#endif

#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "inject.h"
#include "place.h"
#include "record.h"
#include "subtransaction.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(locking_gate);
PG_FUNCTION_INFO_V1(locking_raise_gate);

#define GATE_NAME "locking gate"

/* raise it with every change of the hash or of the layout */
#define GATE_VERSION 2

#define RAISE_TRIGGER "~raise_gate"
#define DEFAULT_SLOTS 65536

/*
 * so many neighbours have slots in a row, a page of memory, and one slot of
 * the summary
 */
#define RUN 512

/* so many slots have one of the summary */
#define SUMMARY_RATIO 64

/*
 * blocks read at a time; a filling that is given up goes on after the last of
 * them
 */
#define FILL_CHUNK 64

/* how many databases are remembered as filled */
#define MAX_MARKS 1024

/* a backend's counts go to shared memory after so many questions */
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
	TransactionId trigger_xmin; /* of the trigger's in pg_trigger */
	bool		filling;
	bool		filled;
	Oid			file;			/* of a filling that was given up: of this file of the records, */
	BlockNumber scanned;		/* all blocks before this one were read */
} Mark;

typedef struct Gate
{
	uint32		version;
	uint32		nslots;
	char		pad1[PG_CACHE_LINE_SIZE];	/* nslots is read for each row */
	pg_atomic_uint64 checks;
	pg_atomic_uint64 lookups;
	pg_atomic_uint64 false_positives;
	char		pad2[PG_CACHE_LINE_SIZE];
	slock_t		mutex;			/* of the marks */
	uint32		next_victim;
	Mark		marks[MAX_MARKS];
	pg_atomic_uint64 slots[FLEXIBLE_ARRAY_MEMBER];	/* nslots, and behind them the summary */
} Gate;

int			locking_gate_slots = DEFAULT_SLOTS;

static Gate *gate = NULL;

/* the records' table, if this backend knows that the gate is filled for it */
static Oid	filled_table = InvalidOid;

/* and this transaction keeps it from ceasing to be so */
static bool relied_on = false;

/* an hour before the guard's statement began: clocks are set back */
static TimestampTz hour_before_statement;

/*
 * raised by every invalidation: one may arrive while that is being found out
 */
static uint64 generation = 0;

/* not yet in shared memory */
static struct
{
	uint64		checks;
	uint64		lookups;
	uint64		false_positives;
}			counts;

static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void flush_at_exit(int code, Datum arg);

/* ---- shared memory ---- */

static inline Size
total_slots(Size nslots)
{
	return nslots + nslots / SUMMARY_RATIO;
}

static Size
gate_size(void)
{
	return add_size(offsetof(Gate, slots), mul_size(total_slots(locking_gate_slots), sizeof(pg_atomic_uint64)));
}

/*
 * Zeroed memory is a slot that was never raised, on every platform's atomics
 * of 64 bits.
 */
static void
initialize_gate(void *memory)
{
	Gate	   *new = memory;

	new->version = GATE_VERSION;
	new->nslots = locking_gate_slots;
	pg_atomic_init_u64(&new->checks, 0);
	pg_atomic_init_u64(&new->lookups, 0);
	pg_atomic_init_u64(&new->false_positives, 0);
	SpinLockInit(&new->mutex);
	new->next_victim = 0;
	memset(new->marks, 0, sizeof(new->marks));
	for (Size i = 0; i < total_slots(new->nslots); i++)
		pg_atomic_init_u64(&new->slots[i], 0);
}

static void
create_gate(void)
{
	bool		found;
	Gate	   *shared;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(GATE_NAME, gate_size(), &found);
	if (!found)
		initialize_gate(shared);
	gate = shared;
	LWLockRelease(AddinShmemInitLock);
}

#if PG_VERSION_NUM >= 150000
static shmem_request_hook_type prev_shmem_request_hook = NULL;

static void
request_memory(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(gate_size());
}
#endif

/*
 * Without preloading there is a gate from 17 on, of the default size.  It
 * always has the same name: sessions that run another version of the library
 * must not have a gate of their own, each raising only its own.
 */
static void
attach_segment(void)
{
#if PG_VERSION_NUM >= 170000
	bool		found;
	Gate	   *shared = GetNamedDSMSegment(GATE_NAME, gate_size(), initialize_gate, &found);

	if (shared->version != GATE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sessions of this server run another version of the library \"locking\""),
				 errhint("Restart the server.")));
	gate = shared;
#endif
}

/*
 * Is there a gate?  For whoever raises: if there is one and he cannot have
 * it, an error.
 */
static bool
ensure_attached(void)
{
	static bool prepared = false;

	if (gate == NULL && IsUnderPostmaster)
		attach_segment();
	if (gate && !prepared)
	{
		before_shmem_exit(flush_at_exit, (Datum) 0);
		prepared = true;
	}
	return gate != NULL;
}

#if PG_VERSION_NUM >= 170000
static bool
attach_body(void *arg)
{
	return ensure_attached();
}

/* In a subtransaction, as what fails may hold locks of the registry. */
static bool
try_to_attach(void)
{
	static bool tried = false;
	ErrorData  *error = NULL;

	if (tried)
		return false;
	tried = true;
	if (in_subtransaction(attach_body, NULL, &error))
		return true;
	if (error)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("this session does without the gate of \"locking\": %s", error->message),
				 errdetail("It looks at the record for each row that it writes, and cannot acquire or renew locks."),
				 errhint("%s", error->hint ? error->hint : "Restart the server if the library was replaced; otherwise preload it, or make room in shared memory.")));
	return false;
}
#else
#define try_to_attach() false
#endif

/* The same for whoever asks: without it he looks at the records. */
static bool
gate_available(void)
{
	return gate == NULL ? try_to_attach() : ensure_attached();
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

static void
flush_at_exit(int code, Datum arg)
{
	flush_counts();
}

/* ---- slots ---- */

/* Of RUN neighbours. Its upper half says where in an array they are. */
static inline uint64
hash_of_run(Oid relid, uint64 place)
{
	uint64		table = (uint64) (relid ^ (MyDatabaseId << 16 | MyDatabaseId >> 16)) << 32;

	return ((place / RUN) ^ table) * UINT64CONST(0x9e3779b97f4a7c15);
}

/*
 * Where a run begins is decided by multiplication with the golden ratio of
 * 2^64 (Knuth, The Art of Computer Programming, volume 3, 6.4): runs of one
 * table lie far apart, tables differ in the high half of what is multiplied.
 */
static inline pg_atomic_uint64 *
slot_of(uint64 hash, uint64 place)
{
	uint64		slot = (((hash >> 32) * gate->nslots) >> 32) + place % RUN;

	return &gate->slots[likely(slot < gate->nslots) ? slot : slot % gate->nslots];
}

static inline pg_atomic_uint64 *
summary_of(uint64 hash)
{
	return &gate->slots[gate->nslots + (((hash >> 32) * (gate->nslots / SUMMARY_RATIO)) >> 32)];
}

static void
raise_slot(pg_atomic_uint64 *slot, TimestampTz expires_at)
{
	uint64		now = pg_atomic_read_u64(slot);

	expires_at = Max(expires_at, 1);	/* 0 means that there never was one */
	while ((TimestampTz) now < expires_at)
		if (pg_atomic_compare_exchange_u64(slot, &now, (uint64) expires_at))
			break;
	pg_memory_barrier();		/* also if it was late enough already */
}

static void
raise_place(Oid relid, uint64 place, TimestampTz expires_at)
{
	uint64		hash = hash_of_run(relid, place);

	raise_slot(summary_of(hash), expires_at);
	raise_slot(slot_of(hash, place), expires_at);
}

/*
 * Before a record is locked and the clock read that decides: this is the
 * latest end that the record may get.
 */
void
gate_raise(Oid relid, const char *key, TimestampTz expires_at)
{
	INJECT("raise");
	if (ensure_attached())
		raise_place(relid, place_of_text(key, strlen(key)), expires_at);
	INJECT("raised");
}

/* ---- filling ---- */

static bool
marks_match(const Mark *mark, const Mark *wanted)
{
	return mark->database == wanted->database && mark->records == wanted->records &&
		mark->xmin == wanted->xmin && mark->trigger_xmin == wanted->trigger_xmin;
}

/* This database's mark, or NULL.  The caller has the mutex. */
static Mark *
find_mark(const Mark *wanted)
{
	for (int i = 0; i < MAX_MARKS; i++)
		if (marks_match(&gate->marks[i], wanted))
			return &gate->marks[i];
	return NULL;
}

/* A free mark, or another database's.  The caller has the mutex. */
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
 * Are we the one who fills?  Then "wanted" gets how far those came who gave
 * it up.  "filled": no need.
 */
static bool
claim_filling(Mark *wanted, bool *filled)
{
	Mark	   *mark;
	bool		claimed;

	SpinLockAcquire(&gate->mutex);
	mark = find_mark(wanted);
	if (mark == NULL && (mark = allocate_mark()) != NULL)
		*mark = *wanted;
	*filled = mark && mark->filled;
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

/* The filling is done; or given up, and the next may go on. */
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

/* All records that the scan finds. */
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
		record_read_end(slot, &relation, &key, &expires_at);
		raise_place(relation, place_of_text(key, strlen(key)), expires_at);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(per_record);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Stretch by stretch, so that whoever is cancelled leaves the next one less
 * to do. The records are a heap's tuples (record.c), and nobody makes the
 * file shorter while we have it open.
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
		INJECT("fill-stretch");
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

/* One backend fills, the others look at records until it has. */
static pg_noinline bool
fill_if_needed(Relation records, const Mark *wanted)
{
	static Mark filling;		/* for the cleanup, which may run at exit */
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
 * Is every record raised that comes by other ways?  "xmin" tells since when:
 * what came while the trigger was not enabled so was not.
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

/* This database's mark.  False: there cannot be one now. */
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
	ReleaseSysCache(database);
	return trigger_always_raises(mark->records, &mark->trigger_xmin) &&
		!locking_new_file(records) && !RecoveryInProgress();
}

/* For a backend that does not know yet, or not any more. */
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
	INJECT("find-out");
	AcceptInvalidationMessages();	/* a filling takes time */
	filled = filled && started_in == generation;	/* else ask anew next time */
	if (filled)
	{
		pg_memory_barrier();
		filled_table = RelationGetRelid(records);
	}
	table_close(records, AccessShareLock);
	return filled;
}

/* The table changed, or may have been replaced: look again. */
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
 * From here to the end of the transaction nobody can take the trigger of 4.
 * away, nor put records there without it: that takes a lock on the table
 * which conflicts with ours. Taking ours reads the invalidations that tell of
 * it.
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

/* If a subtransaction is undone, the table's lock may go with it. */
static void
end_subtransaction(SubXactEvent event, SubTransactionId subxid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		relied_on = false;
}

/* ---- asking ---- */

void
gate_begin_statement(void)
{
	hour_before_statement = clock_now() - USECS_PER_HOUR;
	pg_memory_barrier();		/* the clock before the slots */
}

/*
 * Was there never a lock, or has the latest end that was noted there passed
 * long ago?
 */
static inline bool
never_or_long_expired(pg_atomic_uint64 *slot, bool lapsed_too)
{
	TimestampTz end = (TimestampTz) pg_atomic_read_u64(slot);

	return end == 0 || (!lapsed_too && end <= hour_before_statement);
}

/* Has it passed by now? */
static pg_noinline bool
has_expired(pg_atomic_uint64 *slot)
{
	TimestampTz now = clock_now();

	pg_memory_barrier();		/* the clock before the slot */
	INJECT("ask-slot");
	return (TimestampTz) pg_atomic_read_u64(slot) <= now;
}

/*
 * Is the row certainly not locked?  The caller has it locked (or, for a
 * child's guard, the parent row), and has begun its statement.  "lapsed_too":
 * is there not even a lock whose time has passed?
 */
pg_attribute_hot bool
gate_proves_unlocked(Oid relid, uint64 place, bool lapsed_too)
{
	pg_atomic_uint64 *slot;
	uint64		hash;

	if (unlikely(!relied_on) && !rely_on_gate())
		return false;
	if (unlikely(++counts.checks >= FLUSH_EVERY))
		flush_counts();
	hash = hash_of_run(relid, place);
	if (likely(never_or_long_expired(summary_of(hash), lapsed_too)))
		return true;
	slot = slot_of(hash, place);
	if (likely(never_or_long_expired(slot, lapsed_too)) || (!lapsed_too && has_expired(slot)))
		return true;
	counts.lookups++;
	return false;
}

void
gate_count_false_positive(void)
{
	if (OidIsValid(filled_table))	/* otherwise it was not the gate that made us look */
		counts.false_positives++;
}

/* ---- functions ---- */

/*
 * The trigger on locking.lock, for records that no function of ours writes.
 */
Datum
locking_raise_gate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger_data(fcinfo, "raise_gate");
	TupleDesc	desc;
	HeapTuple	tuple = trigger_new_row(trigger);
	bool		isnull[3];
	Datum		relation;
	Datum		key;
	Datum		expires_at;

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
		gate_raise(DatumGetObjectId(relation), TextDatumGetCString(key), DatumGetTimestampTz(expires_at));
	return PointerGetDatum(tuple);
}

static bool
is_marked_filled(void)
{
	Relation	records = catalog_open("lock", AccessShareLock);
	Mark		wanted;
	Mark	   *mark;
	bool		filled = false;

	if (current_mark(records, &wanted))
	{
		SpinLockAcquire(&gate->mutex);
		mark = find_mark(&wanted);
		filled = mark && mark->filled;
		SpinLockRelease(&gate->mutex);
	}
	table_close(records, AccessShareLock);
	return filled;
}

static int64
occupied_slots(void)
{
	TimestampTz now = clock_now();
	int64		raised = 0;

	for (uint32 i = 0; i < gate->nslots; i++)
		raised += (TimestampTz) pg_atomic_read_u64(&gate->slots[i]) > now;
	return raised;
}

/* State of the gate: on, filled, slots, raised, asked, looked, false_positives. */
Datum
locking_gate(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[7] = {0};
	bool		nulls[7] = {0};
	bool		on = gate_available();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = BoolGetDatum(on);
	if (on)
	{
		flush_counts();
		values[1] = BoolGetDatum(is_marked_filled());
		values[2] = Int32GetDatum((int32) gate->nslots);
		values[3] = Int64GetDatum(occupied_slots());
		values[4] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->checks));
		values[5] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->lookups));
		values[6] = Int64GetDatum((int64) pg_atomic_read_u64(&gate->false_positives));
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

void
gate_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	CacheRegisterRelcacheCallback(invalidate_filled, (Datum) 0);
	if (!process_shared_preload_libraries_in_progress)
		return;

	DefineCustomIntVariable("locking.gate_slots",
							"Size of the gate, in slots of 8 bytes.",
							"At least four times the locks expected to live at a time.",
							&locking_gate_slots, DEFAULT_SLOTS, 64, 1 << 28,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
#if PG_VERSION_NUM >= 150000
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
#else
	RequestAddinShmemSpace(gate_size());
#endif
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = create_gate;
}
