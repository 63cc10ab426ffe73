/*
 * sequence.c
 *		Numbers from the extension's sequences: tokens and ids of events.
 *
 * A sequence can be behind the numbers that are stored: logical replication
 * copies tables, not sequences, so after a switchover the new server would
 * issue tokens again (S4), or fail with a unique violation; so would a
 * sequence that was set back.  So a number is compared
 *
 * - with the last one that this backend got, and with the token of the lock
 *   that it replaces, each time;
 * - with the highest one that had been drawn by any backend, or had arrived,
 *   since the server's start, as shared memory has it before the number is
 *   drawn.  Without shared memory, each number is looked up among the stored
 *   ones;
 * - with the highest stored one, at first and then from time to time: it is
 *   among the last entries of an index.
 *
 * Records and events that do not come from this library's functions (by
 * replication, COPY or INSERT) advance the sequences as they arrive, in
 * triggers: sessions in use need not look at what is stored each time.
 *
 * A sequence that is behind is advanced beyond all numbers that are stored.
 * It must not be set back, so backends advance it one after the other, under
 * a lock, and a short way by nextval().  A long way is done by setval(), and
 * MARGIN further than needed: nextval() does not take the lock, and so many
 * numbers are not drawn between reading the sequence and setting it.
 */
#include "sequence.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "common/int.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "compat.h"
#include "inject.h"
#include "shared.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(locking_event_arrives);

/* numbers after which the highest stored one is looked up again */
#define CHECK_EVERY 64

/* number of the last entries of an index that are read for that */
#define LATEST 32

#define SHORT_WAY 10000
#define MARGIN 1000000

/* how far the sequence is advanced beyond a number that arrives */
#define AHEAD 1000

#define NDRAWN 128

typedef struct Sequence
{
	const char *name;
	const char *table;
	const char *index;			/* on the numbers */
	const char *column;
	const char *stored;			/* query for the highest of all */
	bool		is_token;
	Oid			relid;			/* of what follows */
	pg_atomic_uint64 *highest;	/* in shared memory, or NULL */
	int64		last;			/* the last number of this backend */
	int64		seen;			/* the sequence is known to be here */
	uint32		calls;
} Sequence;

static Sequence tokens = {
	.name = "token_seq",
	.table = "lock",
	.index = "lock_token_key",
	.column = "token",
	.stored = "SELECT greatest((SELECT max(token) FROM locking.lock), (SELECT max(token) FROM locking.event),"
	" (SELECT max(token) FROM locking.draft), 0)",
	.is_token = true
};

static Sequence event_ids = {
	.name = "event_id_seq",
	.table = "event",
	.index = "event_pkey",
	.column = "id",
	.stored = "SELECT coalesce(max(id), 0) FROM locking.event"
};

/* ---- drawn numbers ---- */

/*
 * The highest number drawn from a sequence, or arrived.  ALTER SEQUENCE gives
 * a sequence a new file, and so begins anew; setval() does not.
 */
typedef struct DrawnNumber
{
	pg_atomic_uint64 sequence;	/* its database and file, or 0 */
	pg_atomic_uint64 highest;
} DrawnNumber;

typedef struct Drawn
{
	uint32		version;
	DrawnNumber numbers[NDRAWN];
} Drawn;

static Size
drawn_size(void)
{
	return sizeof(Drawn);
}

static void
drawn_initialize(void *memory)
{
	Drawn	   *drawn = memory;

	drawn->version = 1;
	for (int i = 0; i < NDRAWN; i++)
	{
		pg_atomic_init_u64(&drawn->numbers[i].sequence, 0);
		pg_atomic_init_u64(&drawn->numbers[i].highest, 0);
	}
}

static SharedArea area = {
	.name = "locking numbers",
	.version = 1,
	.size = drawn_size,
	.initialize = drawn_initialize,
	.purpose = "the highest numbers of \"locking\"",
	.consequence = NULL
};

static Oid
file_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			file = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
		ReleaseSysCache(tuple);
	}
	return file;
}

/* Find or take the place of a sequence.  NULL if there is none. */
static pg_atomic_uint64 *
find_highest(Oid relid)
{
	Drawn	   *drawn;
	uint64		id;

	if (!shared_try_to_attach(&area))
		return NULL;
	drawn = area.memory;
	id = (uint64) MyDatabaseId << 32 | file_of(relid);
	for (int i = 0; i < NDRAWN; i++)
	{
		uint64		owner = 0;

		if (pg_atomic_compare_exchange_u64(&drawn->numbers[i].sequence, &owner, id) || owner == id)
			return &drawn->numbers[i].highest;
	}
	return NULL;
}

/* A number has been drawn or has arrived. */
static void
raise_highest(const Sequence *sequence, int64 number)
{
	uint64		known;

	if (sequence->highest == NULL)
		return;
	known = pg_atomic_read_u64(sequence->highest);
	while (known < (uint64) number && !pg_atomic_compare_exchange_u64(sequence->highest, &known, number))
		;
}

/* ---- stored numbers ---- */

/*
 * The highest number in a column of those among the last entries of an index
 * whose rows exist, or 0.  Their number is limited, since any number of the
 * last rows may be dead.  A dirty snapshot takes no predicate locks, and lets
 * the scan mark entries of dead rows, as in record.c.
 */
static int64
highest_stored(const char *table_name, const char *index_name, const char *column_name)
{
	Relation	table = catalog_open(table_name, AccessShareLock);
	Relation	index = index_open(catalog_relid(index_name), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	int			column = SPI_fnumber(RelationGetDescr(table), column_name);
	int64		highest = 0;
	SnapshotData dirty;
	IndexScanDesc scan;

	InitDirtySnapshot(dirty);
	scan = locking_index_beginscan(table, index, &dirty, 0);
	index_rescan(scan, NULL, 0, NULL, 0);
	for (int i = 0; i < LATEST && index_getnext_tid(scan, BackwardScanDirection); i++)
	{
		bool		isnull;

		if (index_fetch_heap(scan, slot))
			highest = Max(highest, DatumGetInt64(slot_getattr(slot, column, &isnull)));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return highest;
}

/*
 * Is a number stored?  Usually the index has no such entry, and the table is
 * not read.
 */
static bool
is_stored(const Sequence *sequence, int64 number)
{
	Relation	table = catalog_open(sequence->table, AccessShareLock);
	Relation	index = index_open(catalog_relid(sequence->index), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	bool		found = false;
	SnapshotData dirty;
	ScanKeyData key;
	IndexScanDesc scan;

	InitDirtySnapshot(dirty);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
	scan = locking_index_beginscan(table, index, &dirty, 1);
	index_rescan(scan, &key, 1, NULL, 0);
	while (!found && index_getnext_tid(scan, ForwardScanDirection))
		found = index_fetch_heap(scan, slot);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return found;
}

/* A number that must have been drawn already, or 0. */
static int64
known_number(Sequence *sequence)
{
	int64		in_index = sequence->calls % CHECK_EVERY == 0 ?
	highest_stored(sequence->table, sequence->index, sequence->column) : 0;
	int64		in_history = sequence->calls == 0 && sequence->is_token ?
	highest_stored("event", "event_pkey", "token") : 0;

	sequence->calls++;
	return Max(sequence->last, Max(in_index, in_history));
}

/* ---- the sequence ---- */

/*
 * Forget the numbers of a sequence that was dropped with the extension, or
 * restarted by ALTER SEQUENCE, which is no accident.
 */
static void
forget_sequence(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == tokens.relid)
		tokens.relid = InvalidOid;
	if (!OidIsValid(relid) || relid == event_ids.relid)
		event_ids.relid = InvalidOid;
}

/* Register the shared memory. */
void
sequence_register(void)
{
	shared_register(&area);
}

/* Set up invalidation of what is known about the sequences. */
void
sequence_init(void)
{
	CacheRegisterRelcacheCallback(forget_sequence, (Datum) 0);
}

/* One that begins again at its end would issue each number again. */
static void
check_does_not_cycle(const Sequence *sequence, Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(relid));
	bool		cycles = HeapTupleIsValid(tuple) && ((Form_pg_sequence) GETSTRUCT(tuple))->seqcycle;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (cycles)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sequence \"locking.%s\" must not cycle", sequence->name),
				 errhint("Use ALTER SEQUENCE locking.%s NO CYCLE.", sequence->name)));
}

/* Look the sequence up, if nothing is known about it. */
static Oid
identify(Sequence *sequence)
{
	if (!OidIsValid(sequence->relid))
	{
		Oid			relid = catalog_relid(sequence->name);

		check_does_not_cycle(sequence, relid);
		sequence->last = sequence->seen = 0;
		sequence->calls = 0;
		sequence->highest = NULL;
		sequence->relid = relid;
	}
	if (unlikely(sequence->highest == NULL))
		sequence->highest = find_highest(sequence->relid);
	return sequence->relid;
}

/*
 * Draw a number, and look up the highest one from before, or 0 if that is not
 * known.
 */
static int64
draw(Sequence *sequence, int64 *before)
{
	Oid			relid = identify(sequence);
	int64		number;

	*before = sequence->highest ? pg_atomic_read_u64(sequence->highest) : 0;
	number = nextval_internal(relid, false);
	if (!OidIsValid(sequence->relid))	/* altered by then */
		*before = 0;
	(void) identify(sequence);
	return number;
}

static int64
query_number(const char *query)
{
	bool		isnull;

	return DatumGetInt64(catalog_query(query, 0, NULL, NULL, NULL, &isnull));
}

static int64
position(const Sequence *sequence)
{
	return query_number(psprintf("SELECT last_value FROM locking.%s", sequence->name));
}

static void
set_position(const Sequence *sequence, int64 number)
{
	static const Oid types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(number)};

	catalog_execute(psprintf("SELECT pg_catalog.setval('locking.%s', $1)", sequence->name),
					lengthof(types), types, values, NULL);
}

/* The sum, or the greatest number that a sequence can have. */
static int64
beyond(int64 number, int64 distance)
{
	int64		sum;

	return pg_add_s64_overflow(number, distance, &sum) ? PG_INT64_MAX : sum;
}

/* Advance the sequence to at least "number", unless it is there. */
static void
advance_to(Sequence *sequence, int64 number)
{
	int64		now = position(sequence);
	int64		before;

	INJECT("advance-sequence");
	if (number - now > SHORT_WAY)
		set_position(sequence, beyond(number, MARGIN));
	else
		while (now < number)
			now = draw(sequence, &before);
}

/*
 * Advance a sequence that is behind "known" beyond all stored numbers.  The
 * lock is one that only this function takes.
 */
static void
advance(Sequence *sequence, int64 known, int64 ahead)
{
	Oid			relid = identify(sequence);

	LockDatabaseObject(RelationRelationId, relid, 0, ExclusiveLock);
	if (position(sequence) < known)
	{
		int64		stored = query_number(sequence->stored);

		advance_to(sequence, beyond(Max(known, stored), ahead));
		ereport(LOG,
				(errmsg("sequence \"locking.%s\" was behind " INT64_FORMAT " and has been advanced",
						sequence->name, Max(known, stored)),
				 errdetail("Logical replication does not replicate sequences; or it was set back.")));
	}
	sequence->seen = position(sequence);
	UnlockDatabaseObject(RelationRelationId, relid, 0, ExclusiveLock);
}

/*
 * Is a number that was drawn at most "known", or stored?  Then "known" is
 * raised, if need be, to a number that the sequence has to be beyond.
 */
static bool
is_taken(const Sequence *sequence, int64 number, int64 *known)
{
	if (number <= *known)
		return true;
	if (likely(sequence->highest) || !is_stored(sequence, number))
		return false;
	*known = beyond(number, 1);
	return true;
}

/*
 * Draw a number greater than "above", and greater than all that are known to
 * have been drawn.  A first number that is not may be due to concurrent
 * backends, whose numbers have been stored since.
 */
static int64
next_number(Sequence *sequence, int64 above)
{
	int64		before;
	int64		number = draw(sequence, &before);
	int64		known = known_number(sequence);

	known = Max(known, above);
	if (unlikely(number <= known))
		number = draw(sequence, &before);
	known = Max(known, before);
	while (unlikely(is_taken(sequence, number, &known)))
	{
		advance(sequence, known, 0);
		number = draw(sequence, &before);
		known = Max(known, before);
	}
	raise_highest(sequence, number);
	return sequence->last = number;
}

/* ---- tokens and ids ---- */

/*
 * A new fencing token, greater than that of the lock that it replaces, or
 * than 0.
 */
int64
next_token(int64 above)
{
	return next_number(&tokens, above);
}

/* A new id of an event. */
int64
next_event_id(void)
{
	return next_number(&event_ids, 0);
}

/* A number arrives.  Others may follow soon, so go further. */
static void
number_arrives(Sequence *sequence, int64 number)
{
	(void) identify(sequence);
	raise_highest(sequence, number);
	if (number > sequence->seen)
		advance(sequence, number, AHEAD);
}

/* A record arrives with this token. */
void
token_seen(int64 token)
{
	number_arrives(&tokens, token);
}

/*
 * The trigger on locking.event, for events that are not recorded by this
 * library's functions.
 */
Datum
locking_event_arrives(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger_data(fcinfo, "event_arrives");
	HeapTuple	tuple = trigger_new_row(trigger);
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Datum		number;
	bool		isnull;

	if (RelationGetRelid(trigger->tg_relation) != catalog_relid("event"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"locking.event_arrives\" is for table \"locking.event\"")));
	if (tuple == NULL)
		return PointerGetDatum(trigger_old_row(trigger));
	check_writer(trigger->tg_relation);
	number = heap_getattr(tuple, SPI_fnumber(desc, "id"), desc, &isnull);
	if (!isnull)
		number_arrives(&event_ids, DatumGetInt64(number));
	number = heap_getattr(tuple, SPI_fnumber(desc, "token"), desc, &isnull);
	if (!isnull)
		number_arrives(&tokens, DatumGetInt64(number));
	return PointerGetDatum(tuple);
}
