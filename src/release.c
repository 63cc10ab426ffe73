/*
 * release.c
 *		release(), release_all(), break_lock(): the end of a lock before its
 *		expiry.
 *
 * The record is locked before reading the clock that decides whether the lock
 * has ended (rule 3).  The target row is not needed, since no row becomes
 * locked here.
 */
#include "release.h"

#include "access/table.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "argument.h"
#include "clock.h"
#include "lease.h"
#include "owner.h"
#include "report.h"
#include "target.h"
#include "visibility.h"

PG_FUNCTION_INFO_V1(locking_release);
PG_FUNCTION_INFO_V1(locking_release_all);
PG_FUNCTION_INFO_V1(locking_break_lock);

/*
 * Delete the record of a lock that has ended.  The caller has locked it, or
 * the table that it refers to.
 */
void
release_record(Relation records, Lock *lock, EventKind kind, const char *reason)
{
	record_delete(records, lock);
	event_record(kind, lock, reason);
}

/*
 * End a lock.  False if it had ended before: the record of a lapsed lock is
 * removed as such.
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
	check_owner_named();
	records = records_open(RowExclusiveLock);
	if (record_find_token(records, PG_GETARG_INT64(0), &lock))
	{
		if (!is_current_owner(lock.owner))
			report_not_owner(lock.token);
		released = end_lock(records, &lock, EVENT_RELEASED, NULL);
	}
	table_close(records, NoLock);
	PG_RETURN_BOOL(released);
}

/*
 * Locks are released in the order in which acquire_all() acquires them, to
 * avoid deadlocks.  Foreign code has no owner, and so no locks.
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

	check_owner_named();
	foreach(cell, owner ? records_of_owner(records, owner) : NIL)
	{
		Lock	   *lock = lfirst(cell);

		if (client == NULL || (lock->client && strcmp(client, lock->client) == 0))
			own = lappend(own, lock);
	}
	list_sort(own, compare_rows);
	foreach(cell, own)
	{
		CHECK_FOR_INTERRUPTS();
		released += end_lock(records, lfirst(cell), EVENT_RELEASED, NULL);
	}
	table_close(records, NoLock);
	PG_RETURN_INT64(released);
}

/*
 * EXECUTE on break_lock() is the right to break locks.  The row must be
 * visible, but need not be writable.  Foreign code is refused, since the
 * history names the owner that broke the lock.
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
	table = row_argument(fcinfo, AccessShareLock, MAY_READ, values, &key);
	if (!row_visible(table->root, key, true))
		report_no_such_row(table, values);
	records = records_open(RowExclusiveLock);
	if (record_find(records, table->root, key, &lock) && !has_lapsed(&lock, clock_now()))
		broken = end_lock(records, &lock, EVENT_BROKEN, reason);
	table_close(records, NoLock);
	PG_RETURN_BOOL(broken);
}
