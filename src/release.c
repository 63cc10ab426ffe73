/*
 * release.c
 *		Ways in which a lock ends before its time, and the removal of records
 *		whose time has passed.
 *
 * Whoever decides that a lock has ended holds its record locked while he
 * reads the clock (rule 3).  The target row is not needed: nothing becomes
 * locked here.
 */
#include "locking.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(locking_release);
PG_FUNCTION_INFO_V1(locking_release_all);
PG_FUNCTION_INFO_V1(locking_break_lock);
PG_FUNCTION_INFO_V1(locking_reap);

/* how many records an acquire() looks at in passing, and how often it does */
#define SWEEP_SIZE 16
#define SWEEP_EVERY 16

/* how many reap() looks at at a time */
#define BATCH_SIZE 1000

/* The caller has the record locked, or it is in a table he has locked. */
void
release_record(Relation records, Lock *lock, EventKind kind, const char *reason)
{
	record_delete(records, lock);
	event_record(kind, lock, reason);
}

/*
 * End a lock.  False if it had ended: a lapsed one's record is removed as
 * such.
 */
static bool
end_lock(Relation records, Lock *lock, EventKind kind, const char *reason)
{
	bool		lapsed;

	if (!record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
		return false;
	lapsed = has_lapsed(lock, clock_now());
	release_record(records, lock, lapsed ? EVENT_EXPIRED : kind, lapsed ? NULL : reason);
	return !lapsed;
}

Datum
locking_release(PG_FUNCTION_ARGS)
{
	Relation	records;
	Lock		lock;
	bool		released = false;

	argument_not_null(fcinfo, 0, "token");
	records = records_open(RowExclusiveLock);
	if (record_find_token(records, PG_GETARG_INT64(0), &lock))
	{
		if (!is_current_owner(lock.owner))
			report_not_yours(lock.token);
		released = end_lock(records, &lock, EVENT_RELEASED, NULL);
	}
	table_close(records, NoLock);
	PG_RETURN_BOOL(released);
}

static int
by_row(const ListCell *a, const ListCell *b)
{
	const Lock *left = lfirst(a);
	const Lock *right = lfirst(b);

	if (left->relation != right->relation)
		return left->relation < right->relation ? -1 : 1;
	return strcmp(left->key, right->key);
}

/*
 * In the order in which acquire_all() locks: no deadlock with it.  Nobody has
 * none.
 */
Datum
locking_release_all(PG_FUNCTION_ARGS)
{
	char	   *owner = current_owner();
	char	   *client = name_argument(fcinfo, 0, "client");
	Relation	records = records_open(RowExclusiveLock);
	List	   *own = NIL;
	ListCell   *cell;
	int64		released = 0;

	foreach(cell, owner ? records_of_owner(records, owner) : NIL)
	{
		Lock	   *lock = lfirst(cell);

		if (client == NULL || (lock->client && strcmp(client, lock->client) == 0))
			own = lappend(own, lock);
	}
	list_sort(own, by_row);
	foreach(cell, own)
	{
		CHECK_FOR_INTERRUPTS();
		released += end_lock(records, lfirst(cell), EVENT_RELEASED, NULL);
	}
	table_close(records, NoLock);
	PG_RETURN_INT64(released);
}

/*
 * EXECUTE on break_lock() is the right to break; the row must be visible too,
 * but not writable: ending a lock is a moderator's right, not an editor's.
 * Not for foreign code, as the history says who did it.
 */
Datum
locking_break_lock(PG_FUNCTION_ARGS)
{
	TableInfo  *table;
	Datum		values[INDEX_MAX_KEYS];
	char	   *reason = text_argument(fcinfo, 2, "reason");
	Relation	records;
	char	   *key;
	Lock		lock;
	bool		broken = false;

	(void) require_owner();
	table = protected_table(fcinfo, 0, AccessShareLock, MAY_READ);
	key_argument(table->key, table->root, fcinfo, 1, values);
	key = target_key(table, values);
	if (!row_visible(table->root, key, true))
		no_such_row(table, values);
	records = records_open(RowExclusiveLock);
	if (record_find(records, table->root, key, &lock) && !has_lapsed(&lock, clock_now()))
		broken = end_lock(records, &lock, EVENT_BROKEN, reason);
	table_close(records, NoLock);
	PG_RETURN_BOOL(broken);
}

/* ---- housekeeping ---- */

/*
 * Has the lock lapsed too long ago to be resumed, or is its table gone?  The
 * setting is taken from the clock, not added to the end, which may be near
 * the end of all timestamps, or infinite.
 */
static bool
is_removable(const Lock *lock)
{
	return lock->expires_at <= clock_now() - locking_keep_lapsed * USECS_PER_SEC ||
		get_rel_name(lock->relation) == NULL;
}

/* A record that another session has locked is in use: leave it. */
static bool
remove_lapsed(Relation records, Lock *lock)
{
	if (!is_removable(lock) ||
		!record_lock(records, lock, LockTupleExclusive, LockWaitSkip) ||
		!is_removable(lock))
		return false;
	release_record(records, lock, EVENT_EXPIRED, NULL);
	return true;
}

/*
 * Look at a few records after those that this backend looked at last, in the
 * order of their tokens, round and round.
 */
static void
sweep(void)
{
	static int64 token = PG_INT64_MIN;
	Relation	records = records_open(RowExclusiveLock);
	ListCell   *cell;

	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(cell, records_after(records, &token, SWEEP_SIZE))
		(void) remove_lapsed(records, lfirst(cell));
	PopActiveSnapshot();
	table_close(records, NoLock);
}

/* Lock a table for writing, unless that means to wait. */
static bool
lock_without_waiting(const char *name)
{
	return ConditionalLockRelationOid(catalog_relid(name), RowExclusiveLock);
}

/*
 * An acquirer holds these locks already, unless it acquired in a savepoint
 * that was rolled back, or keeps no history.
 */
static bool
sweep_without_waiting(void *arg)
{
	if (lock_without_waiting("lock") && lock_without_waiting("event") &&
		lock_without_waiting("event_id_seq"))
		sweep();
	return true;
}

/*
 * After an acquire() the transaction may have become one that cannot write.
 */
static bool
can_sweep(void)
{
	return !XactReadOnly && !IsInParallelMode() && !RecoveryInProgress() && catalog_complete();
}

static bool sweep_is_due = false;

/*
 * Errors undo it.  Interrupts are held: a cancel request is not for
 * housekeeping to take, and an assert-enabled server does not let a
 * subtransaction be rolled back at the end of a transaction block.
 */
static void
sweep_safely(void)
{
	ErrorData  *error = NULL;

	HOLD_INTERRUPTS();
	(void) in_subtransaction(sweep_without_waiting, NULL, &error);
	if (error == NULL)			/* an error has let them go */
		RESUME_INTERRUPTS();
	else
		ereport(DEBUG1,
				(errcode(error->sqlerrcode),
				 errmsg("lapsed locks were not removed: %s", error->message)));
}

/*
 * Just before the commit: other rows' records are locked no longer than that
 * takes.  Housekeeping never fails a commit: an error that nothing foresaw (a
 * full disk) undoes the sweep and no more.  BeginInternalSubTransaction()
 * allows for being called here (its state TBLOCK_END, or TBLOCK_STARTED
 * outside of a block).
 */
static void
sweep_if_due(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && sweep_is_due && can_sweep())
		sweep_safely();
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		sweep_is_due = false;
}

void
release_init(void)
{
	RegisterXactCallback(sweep_if_due, NULL);
}

/* An acquirer's contribution to keeping the table small. */
void
sweep_soon(void)
{
	static int	calls = 0;

	if (++calls % SWEEP_EVERY == 0)
		sweep_is_due = true;
}

Datum
locking_reap(PG_FUNCTION_ARGS)
{
	int64		max = PG_ARGISNULL(0) ? PG_INT64_MAX : PG_GETARG_INT32(0);
	Relation	records = records_open(RowExclusiveLock);
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "reap", ALLOCSET_DEFAULT_SIZES);
	int64		token = PG_INT64_MIN;
	int64		reaped = 0;

	do
	{
		MemoryContext caller = MemoryContextSwitchTo(batch);
		ListCell   *cell;

		foreach(cell, records_after(records, &token, BATCH_SIZE))
			if (reaped < max)
				reaped += remove_lapsed(records, lfirst(cell));
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(caller);
		MemoryContextReset(batch);
	} while (token != PG_INT64_MIN && reaped < max);
	MemoryContextDelete(batch);
	table_close(records, NoLock);
	PG_RETURN_INT64(reaped);
}
