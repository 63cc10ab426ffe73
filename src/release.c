/*
 * release.c
 *		release(), hand_over(), release_all(), break_lock(): the end of a
 *		lock before its expiry.
 *
 * The record is locked, or deleted at once, before reading the clock that
 * decides whether the lock has ended (rule 3).  The target row is locked only
 * if the row is handed over (handover.c): otherwise no row becomes locked
 * here.
 */
#include "release.h"

#include "access/table.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "argument.h"
#include "clock.h"
#include "early_release.h"
#include "handover.h"
#include "lease.h"
#include "locking.h"
#include "owner.h"
#include "report.h"
#include "target.h"
#include "visibility.h"
#include "waiting.h"

PG_FUNCTION_INFO_V1(locking_release);
PG_FUNCTION_INFO_V1(locking_hand_over);
PG_FUNCTION_INFO_V1(locking_release_all);
PG_FUNCTION_INFO_V1(locking_break_lock);

/* Tell those who wait or listen that a lock has ended. */
static void
tell_end(const Lock *lock, EventKind kind, const char *reason)
{
	wake_when_ended(lock->relation, lock->key);
	event_record(kind, lock, reason);
}

/*
 * Delete the record of a lock that has ended.  The caller has locked it, or
 * the table that it refers to.
 */
void
release_record(Relation records, Lock *lock, EventKind kind, const char *reason)
{
	record_delete(records, lock);
	tell_end(lock, kind, reason);
}

/*
 * End a lock, and hand the row over to "named" or to the first owner that
 * requested it.  False if it had ended before: the record of a lapsed lock is
 * removed as such.  If the row was handed over, "lock" receives the next
 * holder's lock, and "successor", unless it is NULL, the next holder.
 */
static bool
end_lock(Relation records, Lock *lock, EventKind kind, const char *reason, const char *named, char **successor)
{
	HandOver	next;
	bool		deleted;
	bool		lapsed;

	hand_over_prepare(records, &next, lock, named);
	/* usually one step suffices, and a deletion locks the record, too */
	deleted = !next.possible && record_delete_unchanged(records, lock);
	if (!deleted && !record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
		return false;
	if (kind == EVENT_RELEASED && !is_current_owner(lock->owner))
		report_not_owner(lock->token);	/* renamed meanwhile */
	lapsed = has_lapsed(lock, clock_now());
	if (lapsed)
	{
		kind = EVENT_EXPIRED;
		reason = NULL;
	}
	if (deleted)
		tell_end(lock, kind, reason);
	else if (!hand_over(records, &next, lock, kind, reason))
		release_record(records, lock, kind, reason);
	else if (successor)
		*successor = lock->owner;
	return !lapsed;
}

/* End the current owner's lock with a token, if there is one. */
static bool
end_own_lock(int64 token, const char *named, char **successor)
{
	Relation	records = records_open(RowExclusiveLock);
	Lock		lock;
	bool		ended = false;

	check_owner_named();
	early_release_begin();
	if (record_find_token(records, token, &lock))
	{
		if (!is_current_owner(lock.owner))
			report_not_owner(token);
		ended = end_lock(records, &lock, EVENT_RELEASED, NULL, named, successor);
	}
	table_close(records, NoLock);
	early_release_end();
	return ended;
}

Datum
locking_release(PG_FUNCTION_ARGS)
{
	argument_not_null(fcinfo, 0, "token");
	PG_RETURN_BOOL(end_own_lock(PG_GETARG_INT64(0), NULL, NULL));
}

/*
 * The named owner need not have requested the row.  The history names the
 * owner that handed it over.
 */
Datum
locking_hand_over(PG_FUNCTION_ARGS)
{
	char	   *named = name_argument(fcinfo, 1, "owner");
	char	   *successor = NULL;

	argument_not_null(fcinfo, 0, "token");
	if (named)
		check_owner_argument(named);
	hand_over_check_enabled();
	(void) end_own_lock(PG_GETARG_INT64(0), named, &successor);
	if (successor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(successor));
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
	early_release_begin();
	foreach(cell, own)
	{
		CHECK_FOR_INTERRUPTS();
		released += end_lock(records, lfirst(cell), EVENT_RELEASED, NULL, NULL, NULL);
	}
	early_release_end();
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
		broken = end_lock(records, &lock, EVENT_BROKEN, reason, NULL, NULL);
	table_close(records, NoLock);
	PG_RETURN_BOOL(broken);
}
