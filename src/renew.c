/*
 * renew.c
 *		renew() and confirm(): a lock goes on, or is found to be lost.
 *
 * Whoever extends a lock locks its record before he reads the clock (rule 3).
 * The target row comes before the record (rule 1); when it turns out too late
 * that it is needed, it is tried without waiting, and the lock given up for
 * lost if somebody has it (rule 5).
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "fmgr.h"

#include "argument.h"
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
#include "report.h"
#include "table_access.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_renew);
PG_FUNCTION_INFO_V1(locking_confirm);

/* The target row of a lock, while it is being renewed. */
typedef struct Target
{
	TableInfo  *table;
	bool		held;
	TransactionId xmin;
} Target;

/*
 * The record with the token, of a lock that the caller may have, or an error.
 */
static void
find_own_lock(Relation records, int64 token, Lock *lock)
{
	if (!record_find_token(records, token, lock))
		report_lost(token);
	if (!is_current_owner(lock->owner))
		report_not_yours(token);
	check_right(lock->relation, MAY_LOCK);
}

static void
lock_target(Target *target, const Lock *lock, TargetQuery query)
{
	Datum		values[INDEX_MAX_KEYS];

	target->table = protected_table_by_id(lock->relation, RowShareLock, MAY_LOCK);
	key_parse_stored(target->table->key, target->table->root, lock->key, values);
	if (!target_fetch(target->table, query, values, NULL, &target->xmin))
		report_lost(lock->token);
	target->held = true;
}

/*
 * The lock's time has passed: it goes on only if nothing happened meanwhile.
 */
static void
resume(Relation records, Target *target, Lock *lock)
{
	if (!target->held)
		lock_target(target, lock, TARGET_TRY);
	if (!lease_is_resumable(lock, target->xmin))
		report_lost(lock->token);
	count_new_lock(records);
	lock->row_xmin = target->xmin;
}

/*
 * Rule 4: note whose change the row's next one is.  An earlier confirmed
 * change of the owner's own is remembered as the state the lock goes by,
 * since the note can hold one transaction only; that is safe because the
 * target row is held.
 */
static void
note_confirmation(Target *target, Lock *lock)
{
	if (target->xmin == lock->confirm_xid)
		lock->row_xmin = target->xmin;
	lock->confirm_xid = GetCurrentTransactionId();
}

/* Renew the record, the target row held if it may be needed. */
static void
renew_record(Relation records, Lock *lock, Target *target, const Interval *ttl, bool confirming)
{
	TimestampTz expires_at = lease_end(clock_now(), ttl ? ttl : &lock->ttl);
	const char *key = lock->key;
	TimestampTz now;
	bool		lapsed;

	/* before the record is locked and the clock read that decides */
	gate_raise(lock->relation, key, expires_at);
	if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		report_lost(lock->token);
	if (strcmp(lock->key, key) != 0)
	{
		/* its owner has made it another row's meanwhile */
		if (target->held)
			report_lost(lock->token);
		gate_raise(lock->relation, lock->key, expires_at);
	}
	if (expires_at <= clock_now())
	{
		/* waited for one's own save for longer than that */
		expires_at = lease_end(clock_now(), ttl ? ttl : &lock->ttl);
		gate_raise(lock->relation, lock->key, expires_at);
	}
	now = clock_now();
	lapsed = has_lapsed(lock, now);
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
		lock_target(&target, &lock, TARGET_LOCK);
	renew_record(records, &lock, &target, ttl, false);
	table_close(records, NoLock);
	if (!PG_ARGISNULL(2))
		save_draft(&lock, draft);
	PG_RETURN_TIMESTAMPTZ(lock.expires_at);
}

/*
 * Rule 4: the target row and the updated record stay locked until the saving
 * transaction ends, so takeover, break, release and heartbeat wait for it
 * (S4).
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
	lock_target(&target, &lock, TARGET_LOCK);
	renew_record(records, &lock, &target, NULL, true);
	table_close(records, NoLock);
	PG_RETURN_TIMESTAMPTZ(lock.expires_at);
}
