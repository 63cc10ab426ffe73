/*
 * sweep.c
 *		Housekeeping at commits: removal of records of lapsed locks, old
 *		events, and drafts and requests of rows that are gone.
 *
 * It only saves space: every reader of a record compares its expiry with the
 * clock.
 */
#include "sweep.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "clock.h"
#include "event_sweep.h"
#include "handover.h"
#include "locking.h"
#include "orphan.h"
#include "record.h"
#include "release.h"
#include "subtransaction.h"

PG_FUNCTION_INFO_V1(locking_reap);

/*
 * number of acquisitions after which a sweep is due, and number of records
 * that it examines for each acquisition since the last one: more are examined
 * than are added, by however few commits
 */
#define SWEEP_EVERY 16
#define RECORDS_EXAMINED 2

/* a multiple of it, after which the history is swept, too */
#define SWEEP_EVENTS_EVERY 64

/* number of records that are read at a time */
#define BATCH_SIZE 1000

/*
 * Did the lock lapse too long ago to be resumed, or does its table not exist
 * any more?  The setting is subtracted from the current time rather than
 * added to the expiry, which may be near the end of all timestamps, or
 * infinite.
 */
static bool
is_removable(const Lock *lock)
{
	return lock->expires_at <= clock_now() - locking_keep_lapsed * USECS_PER_SEC ||
		get_rel_name(lock->relation) == NULL;
}

/* Remove a record, unless another session has it locked and so uses it. */
static bool
remove_lapsed(Relation records, Lock *lock)
{
	if (!is_removable(lock) ||
		!record_lock(records, lock, LockTupleExclusive, LockWaitSkip) ||
		!is_removable(lock) || !turns_are_over(lock, clock_now()))
		return false;
	release_record(records, lock, EVENT_EXPIRED, NULL);
	return true;
}

/*
 * Examine at most "examined" records after a token, which is advanced, or
 * reset when there are no more.  Returns how many of the records have been
 * removed, at most "removed".
 */
static int64
remove_batch(Relation records, int64 *token, int64 examined, int64 removed)
{
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "lapsed locks", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(batch);
	int64		done = 0;
	ListCell   *cell;

	foreach(cell, records_after(records, token, Min(examined, BATCH_SIZE)))
	{
		if (done < removed)
			done += remove_lapsed(records, lfirst(cell));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(batch);
	return done;
}

/* ---- sweep ---- */

/* the greatest token that this backend has acquired */
static int64 newest_token = 0;

/* acquisitions of this backend since its last sweep of records, of events */
static int64 unswept = 0;
static int64 unswept_events = 0;

/*
 * Examine some records after those that this backend examined last, in the
 * order of their tokens, in a cycle.  A cycle ends at the greatest token that
 * was known when it began: otherwise it would have no end while other
 * backends add entries faster than this one examines them, and vacuum cannot
 * remove those of deleted records.  A sweep ends with a cycle, and early if
 * the session is to be interrupted.
 */
static void
sweep(int64 examined)
{
	static int64 token = PG_INT64_MIN;
	static int64 cycle_end;
	Relation	records = records_open(RowExclusiveLock);

	if (token == PG_INT64_MIN)
		cycle_end = newest_token;
	PushActiveSnapshot(GetTransactionSnapshot());
	do
	{
		(void) remove_batch(records, &token, examined, BATCH_SIZE);
		examined -= BATCH_SIZE;
		if (token >= cycle_end)
			token = PG_INT64_MIN;
	} while (examined > 0 && token != PG_INT64_MIN && !InterruptPending);
	PopActiveSnapshot();
	table_close(records, NoLock);
}

/* Lock a table for writing unless that requires waiting. */
static bool
lock_without_waiting(const char *name)
{
	return ConditionalLockRelationOid(catalog_relid(name), RowExclusiveLock);
}

/*
 * An acquirer holds these locks already, unless it acquired in a savepoint
 * that was rolled back, or records no history.
 */
static bool
sweep_without_waiting(void *arg)
{
	if (lock_without_waiting("lock") && lock_without_waiting("event") &&
		lock_without_waiting("event_id_seq"))
	{
		sweep(RECORDS_EXAMINED * Max(unswept, SWEEP_EVERY));
		unswept = 0;
	}
	return true;
}

static bool
sweep_some_orphans(void *arg)
{
	sweep_orphans(Max(unswept / SWEEP_EVERY, 1));
	return true;
}

static bool
sweep_some_events(void *arg)
{
	if (sweep_events(Max(unswept_events, SWEEP_EVENTS_EVERY)))
		unswept_events = 0;
	return true;
}

/* The transaction may have become read-only after acquire(). */
static bool
can_sweep(void)
{
	return !XactReadOnly && !IsInParallelMode() && !RecoveryInProgress() && catalog_complete();
}

static bool sweep_is_due = false;
static bool event_sweep_is_due = false;

/*
 * Do a part of the housekeeping.  An error undoes it.  Interrupts are held
 * off: a cancel request is not meant for housekeeping, and an assert-enabled
 * server does not allow a subtransaction to be rolled back at the end of a
 * transaction block.
 */
static void
do_safely(SubtransactionBody body)
{
	ErrorData  *error = NULL;

	HOLD_INTERRUPTS();
	(void) in_subtransaction(body, NULL, &error);
	if (error == NULL)			/* an error resets the holdoff */
		RESUME_INTERRUPTS();
	else
		ereport(DEBUG1,
				(errcode(error->sqlerrcode),
				 errmsg("housekeeping failed: %s", error->message)));
}

static void
do_housekeeping(void)
{
	if (rows_were_removed())
		do_safely(remove_noted_orphans);
	if (!sweep_is_due)
		return;
	do_safely(sweep_some_orphans);
	do_safely(sweep_without_waiting);
	if (event_sweep_is_due)
		do_safely(sweep_some_events);
}

/*
 * Sweep just before the commit, so that records of other rows are locked as
 * briefly as possible.  Housekeeping never makes a commit fail: an unexpected
 * error (a full disk) undoes it and nothing else.
 * BeginInternalSubTransaction() may be called here (in state TBLOCK_END, or
 * TBLOCK_STARTED outside of a block).
 */
static void
sweep_if_due(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && (sweep_is_due || rows_were_removed()) && can_sweep())
		do_housekeeping();
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		sweep_is_due = false;
		event_sweep_is_due = false;
		forget_rows_removed();
	}
}

/* Register the callback that sweeps. */
void
sweep_init(void)
{
	RegisterXactCallback(sweep_if_due, NULL);
}

/*
 * Count an acquisition.  From time to time the commit then sweeps, which
 * keeps the tables small.  Sessions begin to count at different numbers, so
 * that those of few acquisitions sweep in their turn.
 */
void
sweep_soon(int64 token)
{
	static unsigned int calls = 0;

	if (calls == 0)
		calls = MyProcPid;
	calls++;
	unswept++;
	unswept_events++;
	newest_token = Max(newest_token, token);
	if (calls % SWEEP_EVERY == 0)
		sweep_is_due = true;
	if (calls % SWEEP_EVENTS_EVERY == 0)
		event_sweep_is_due = true;
}

/* ---- on demand ---- */

/* Remove at most "max_rows" records of lapsed locks. */
Datum
locking_reap(PG_FUNCTION_ARGS)
{
	int64		max = PG_ARGISNULL(0) ? PG_INT64_MAX : PG_GETARG_INT32(0);
	Relation	records = records_open(RowExclusiveLock);
	int64		token = PG_INT64_MIN;
	int64		reaped = 0;

	do
	{
		reaped += remove_batch(records, &token, BATCH_SIZE, max - reaped);
		CHECK_FOR_INTERRUPTS();
	} while (token != PG_INT64_MIN && reaped < max);
	table_close(records, NoLock);
	PG_RETURN_INT64(reaped);
}
