/*
 * renew.c
 *		renew() and confirm(): extension of a lock, or the report that it is
 *		lost.
 *
 * The record is locked before reading the clock that decides about expiry
 * (rule 3).  The target row is locked before the record (rule 1); renew()
 * locks it only if the lock seems to have lapsed.  If the lock turns out to
 * have lapsed only once the record is locked, the row is locked without
 * waiting, and the lock counts as lost if another transaction has the row
 * locked (rule 5).  Otherwise renew() reads the row's xmin, without locking
 * it, to find out whether the lock lapsed by a clock that was set back.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "argument.h"
#include "children.h"
#include "clock.h"
#include "draft.h"
#include "event.h"
#include "gate.h"
#include "key_text.h"
#include "lease.h"
#include "limit.h"
#include "owner.h"
#include "privilege.h"
#include "record.h"
#include "relation.h"
#include "report.h"
#include "row_lock.h"
#include "table_access.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_renew);
PG_FUNCTION_INFO_V1(locking_confirm);

/* The target row of a lock that is being renewed. */
typedef struct Target
{
	TableInfo  *table;			/* or NULL: another transaction alters it */
	bool		held;
	TransactionId xmin;
} Target;

/*
 * Find the record with a token, and check that the caller may use the lock.
 */
static void
find_own_lock(Relation records, int64 token, Lock *lock)
{
	check_owner_named();
	if (!record_find_token(records, token, lock))
		report_lost(token);
	if (!is_current_owner(lock->owner))
		report_not_owner(token);
	check_right(lock->relation, MAY_LOCK);
	if (lock->handed_over && !has_lapsed(lock, clock_now()))
		report_not_taken(lock);
}

/* False: there is no such row, or with TARGET_TRY it is locked. */
static bool
lock_target(Target *target, const Lock *lock, TargetQuery query)
{
	Datum		values[INDEX_MAX_KEYS];

	target->table = protected_table_by_id(lock->relation, RowShareLock, MAY_LOCK);
	key_parse_stored(target->table->key, target->table->root, lock->key, values);
	target->held = target_fetch(target->table, query, values, NULL, &target->xmin);
	if (target->held)
		check_children_snapshot(target->table, values);
	return target->held;
}

/*
 * Lock the target row, before the record.  Another session of the owner may
 * change the row's key meanwhile, which moves the lock: then there is no row
 * with the old key any more, or it is another one.  So read the record again
 * once the row is locked.  If it names the row that is locked, that cannot
 * change until the transaction ends.
 */
static void
lock_target_first(Relation records, Target *target, Lock *lock)
{
	int64		token = lock->token;
	const char *key;
	bool		found;

	do
	{
		CHECK_FOR_INTERRUPTS();
		key = lock->key;
		found = lock_target(target, lock, TARGET_LOCK);
		if (!record_find_token(records, token, lock))
			report_lost(token);
	} while (strcmp(lock->key, key) != 0);
	if (!found)
		report_lost(token);
}

/*
 * Look up the table of a live lock, unless that requires waiting for its
 * lock or that of its index.  That is done before the record is locked: DROP
 * TABLE locks the table first.
 */
static TableInfo *
find_table(Oid relid)
{
	Relation	rel = relation_open_nowait(relid);
	Oid			index;
	TableInfo  *table = NULL;

	if (rel == NULL)
		return NULL;
	index = locking_primary_key_index(rel);
	if (OidIsValid(index) && lock_relation_nowait(index))
		table = table_info(rel);
	relation_close(rel, NoLock);
	return table && table->is_protected && !table->key_replaced && !table->not_in_heap ? table : NULL;
}

/*
 * Was the row of a lock that is live by the clock written by another owner,
 * or deleted?  A renewal does not lock the row, but reads its committed
 * version.  That is the owner's only if the record names it: the owner cannot
 * commit a write meanwhile without updating the record, nor a deletion or
 * another key without ending or moving it, and the caller has it locked.
 */
static bool
was_passed(const Target *target, const Lock *lock)
{
	TransactionId xmin = target->xmin;

	if (target->table == NULL ||
		(!target->held && !row_version(target->table, lock->key, &xmin)))
		return false;
	return lease_was_passed(lock, target->table->ncolumns == 0, xmin);
}

/* Resume a lapsed lock if the row has not been written since. */
static void
resume(Relation records, Target *target, Lock *lock)
{
	if (!target->held && !lock_target(target, lock, TARGET_TRY))
		report_lost(lock->token);
	if (!lease_is_resumable(lock, target->xmin))
		report_lost(lock->token);
	count_new_lock(records);
	lock->row_xmin = target->xmin;
}

/*
 * Rule 4: record the transaction of the row's next change.  An earlier
 * confirmed change of the owner becomes the row version that the lock refers
 * to, since there is room for one transaction only.  That is safe because the
 * target row is locked.  The same goes for a record inserted by hand, which
 * refers to no version yet.
 */
static void
note_confirmation(Target *target, Lock *lock)
{
	if (lease_is_resumable(lock, target->xmin) || (lock->hard && !lease_knows_row(lock)))
		lock->row_xmin = target->xmin;
	lock->confirm_xid = GetCurrentTransactionId();
}

/*
 * Renew the record.  The caller has locked the target row if it may be
 * needed.
 */
static void
renew_record(Relation records, Lock *lock, Target *target, const Interval *ttl, bool confirming)
{
	const char *key = lock->key;
	TimestampTz expires_at;
	TimestampTz now;
	bool		lapsed;

	if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		report_lost(lock->token);
	if (!is_current_owner(lock->owner))
		report_not_owner(lock->token);	/* renamed meanwhile */

	/*
	 * its owner has changed the key of the row meanwhile, which is not
	 * possible while the row is locked
	 */
	if (target->held && strcmp(lock->key, key) != 0)
		report_lost(lock->token);
	/* before reading the clock that decides */
	expires_at = lease_end(clock_now(), ttl ? ttl : &lock->ttl);
	gate_raise(lock->relation, lock->key, expires_at);
	now = clock_now();
	lapsed = has_lapsed(lock, now);
	note_clock(lock->renewed_at, now);
	if ((target->held || !lapsed) && was_passed(target, lock))
		report_lost(lock->token);
	if (lapsed)
		resume(records, target, lock);
	if (confirming)
		note_confirmation(target, lock);
	lease_extend(lock, ttl, now, expires_at);
	record_update(records, lock);
	if (lapsed)
		event_record(EVENT_RESUMED, lock, NULL);
}

Datum
locking_renew(PG_FUNCTION_ARGS)
{
	Relation	records;
	Interval   *ttl = interval_argument(fcinfo, 1, "ttl");
	Datum		draft = PG_ARGISNULL(2) ? (Datum) 0 : draft_argument(fcinfo, 2, "draft");
	Target		target = {0};
	Lock		lock;

	argument_not_null(fcinfo, 0, "token");
	records = records_open(RowExclusiveLock);
	find_own_lock(records, PG_GETARG_INT64(0), &lock);
	if (has_lapsed(&lock, clock_now()))
		lock_target_first(records, &target, &lock);
	else
		target.table = find_table(lock.relation);
	renew_record(records, &lock, &target, ttl, false);
	table_close(records, NoLock);
	if (!PG_ARGISNULL(2))
		save_draft(&lock, NULL, draft);
	PG_RETURN_TIMESTAMPTZ(lock.expires_at);
}

/*
 * Rule 4: the target row and the updated record remain locked until the
 * saving transaction ends, so takeover, break, release and heartbeat wait for
 * it (S4).
 */
Datum
locking_confirm(PG_FUNCTION_ARGS)
{
	Relation	records;
	Target		target = {0};
	Lock		lock;

	argument_not_null(fcinfo, 0, "token");
	records = records_open(RowExclusiveLock);
	find_own_lock(records, PG_GETARG_INT64(0), &lock);
	lock_target_first(records, &target, &lock);
	renew_record(records, &lock, &target, NULL, true);
	table_close(records, NoLock);
	PG_RETURN_TIMESTAMPTZ(lock.expires_at);
}
