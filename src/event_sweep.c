/*
 * event_sweep.c
 *		Removal of old events from the history.
 *
 * Events are removed in the order of their ids, which is mostly that of time,
 * from the first one on.  Events that were copied from elsewhere may be out
 * of order, so a sweep ends only after KEPT_IN_A_ROW that are not older than
 * locking.keep_history.  It examines more events than the acquisitions that
 * made it due can have recorded, so the history stops growing.  One backend
 * sweeps at a time, until its transaction ends: the next finds what the last
 * has left.
 *
 * Removed events remain in the index until vacuum.  There may be any number
 * of them, so the oldest event is not found by a scan, which would step over
 * them, but by a search for the first place that is not followed by removed
 * events only: first with doubling steps from where this backend found
 * events last, then by bisection.
 */
#include "event_sweep.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "locking.h"

/*
 * number of events that a sweep examines for each acquisition before it: more
 * than twice those that an acquisition and the end of its lock can record
 */
#define EVENTS_EXAMINED 8

/* number of removed events in a row after which a place counts as swept */
#define PROBE_SIZE 8

/* number of events to keep in a row after which a sweep ends */
#define KEPT_IN_A_ROW 64

/* columns of locking.event */
#define COL_ID 1
#define COL_AT 2

/*
 * A scan of the events from an id on.  Like a search for lock records, it
 * takes no predicate locks.  Each version is checked against a dirty
 * snapshot, so an event that is not seen has been removed.
 */
typedef struct EventScan
{
	Relation	events;
	Relation	index;
	IndexScanDesc scan;
	SnapshotData dirty;
	TupleTableSlot *slot;
	int64		id;				/* of the current event */
	TimestampTz at;
} EventScan;

static void
open_events(EventScan *scan, Relation events)
{
	scan->events = events;
	scan->index = index_open(catalog_relid("event_pkey"), AccessShareLock);
	scan->slot = table_slot_create(events, NULL);
	scan->scan = locking_index_beginscan(events, scan->index, SnapshotAny, 1);
	InitDirtySnapshot(scan->dirty);
}

static void
close_events(EventScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	index_close(scan->index, AccessShareLock);
}

static void
start_at(EventScan *scan, int64 id)
{
	ScanKeyData key;

	ScanKeyInit(&key, COL_ID, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(id));
	index_rescan(scan->scan, &key, 1, NULL, 0);
}

/* Go to the next event, removed or not.  False: there are no more. */
static bool
next_event(EventScan *scan, bool *removed)
{
	bool		isnull;

	if (!index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot))
		return false;
	*removed =
		!table_tuple_satisfies_snapshot(scan->events, scan->slot, &scan->dirty);
	scan->id = DatumGetInt64(slot_getattr(scan->slot, COL_ID, &isnull));
	scan->at = DatumGetTimestampTz(slot_getattr(scan->slot, COL_AT, &isnull));
	return true;
}

/*
 * Are the events that follow an id removed ones?  "last" receives the id of
 * the last one examined.
 */
static bool
is_swept(EventScan *scan, int64 id, int64 *last)
{
	bool		removed;

	start_at(scan, id);
	for (int i = 0; i < PROBE_SIZE; i++)
	{
		if (!next_event(scan, &removed) || !removed)
			return false;
		*last = scan->id;
	}
	return true;
}

/*
 * The first id that is not followed by removed events only, after one that is
 * followed by them up to "swept".
 */
static int64
find_oldest(EventScan *scan, int64 swept)
{
	int64		step = PROBE_SIZE;
	int64		end;

	while (is_swept(scan, swept + step, &swept))
		step *= 2;
	end = swept + step;
	while (end - swept > PROBE_SIZE)
	{
		int64		middle = swept + (end - swept) / 2;

		if (!is_swept(scan, middle, &swept))
			end = middle;
	}
	return swept;
}

/* Go to the oldest event. */
static void
start_at_oldest(EventScan *scan)
{
	static int64 oldest = 1;
	int64		swept;

	if (is_swept(scan, oldest, &swept))
		oldest = find_oldest(scan, swept);
	start_at(scan, oldest);
}

/* Remove an event, unless another transaction is removing it. */
static void
remove_event(EventScan *scan)
{
	TM_FailureData failure;

	(void) table_tuple_delete(scan->events, &scan->slot->tts_tid, GetCurrentCommandId(true), SnapshotAny,
							  InvalidSnapshot, false, &failure, false);
}

/*
 * An event of the future was recorded while the clock was ahead.  It is
 * passed over until its time has come; an event of a transaction in progress,
 * until that has ended.
 */
static void
remove_old_events(EventScan *scan, int64 examined)
{
	TimestampTz now = clock_now();
	TimestampTz oldest_kept = now - locking_keep_history * USECS_PER_SEC;
	bool		removed;
	int			kept = 0;

	start_at_oldest(scan);
	for (int64 i = 0; i < examined && kept < KEPT_IN_A_ROW && !InterruptPending && next_event(scan, &removed); i++)
	{
		if (removed || TransactionIdIsValid(scan->dirty.xmin) || scan->at > now)
			continue;
		kept = scan->at < oldest_kept ? 0 : kept + 1;
		if (kept == 0)
			remove_event(scan);
	}
}

/* Be the only backend that sweeps events, unless there is one already. */
static bool
become_sweeper(Oid events)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, events, COL_ID);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Remove some old events, as many as the number of acquisitions since the
 * last sweep requires.  False: another backend sweeps, or the table is
 * locked.
 */
bool
sweep_events(int64 acquisitions)
{
	Oid			relid = catalog_relid("event");
	EventScan	scan;
	Relation	events;

	if (locking_keep_history < 0)
		return true;
	if (!ConditionalLockRelationOid(relid, RowExclusiveLock) || !become_sweeper(relid))
		return false;
	events = catalog_open("event", NoLock);
	open_events(&scan, events);
	remove_old_events(&scan, EVENTS_EXAMINED * acquisitions);
	close_events(&scan);
	relation_close(events, NoLock);
	return true;
}
