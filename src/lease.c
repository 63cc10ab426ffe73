/*
 * lease.c
 *		Leases: their expiry, extension and resumption.
 */
#include "lease.h"

#include "access/transam.h"
#include "access/xact.h"

#include "clock.h"
#include "locking.h"
#include "own_write.h"

/*
 * The duration of a lease that comes from settings or the record.  It is
 * reduced to locking.max_ttl, while a longer argument is refused.
 */
Interval
limited_ttl(const Interval *ttl)
{
	Interval	max = seconds_interval(locking_max_ttl);

	return interval_is_longer(ttl, &max) ? max : *ttl;
}

static TimestampTz
latest_end(TimestampTz now)
{
	return now + locking_max_ttl * USECS_PER_SEC;
}

/*
 * The expiry of a lease, not later than locking.max_ttl allows, even where a
 * day has 25 hours.
 */
TimestampTz
lease_end(TimestampTz now, const Interval *ttl)
{
	Interval	limited = limited_ttl(ttl);

	return Min(time_after(now, &limited), latest_end(now));
}

/*
 * The later of two expiries, so that a lease is not shortened, within
 * locking.max_ttl.
 */
static TimestampTz
later_end(TimestampTz now, TimestampTz end, TimestampTz other)
{
	return Min(Max(end, other), latest_end(now));
}

/*
 * Extend a lease to "expires_at".  Without "ttl" an expiry that is later is
 * kept.
 */
void
lease_extend(Lock *lock, const Interval *ttl, TimestampTz now, TimestampTz expires_at)
{
	lock->renewed_at = now;
	lock->expires_at = ttl ? expires_at : later_end(now, lock->expires_at, expires_at);
	if (ttl)
		lock->ttl = *ttl;
}

/* ---- resumption (rule 5) ---- */

/*
 * The row was not written since the acquisition or the last resumption,
 * except by the owner.
 */
bool
lease_is_resumable(const Lock *lock, TransactionId xmin)
{
	return !lock->lost && TransactionIdIsValid(xmin) &&
		(xmin == lock->row_xmin || xmin == lock->confirm_xid || is_own_write(lock->token, xmin));
}

/*
 * Was the row of a lock that is live by the clock written by another owner?
 * That takes a clock that was set back, or is that of another server: the
 * lock had lapsed when the row was written.  "whole_row": all columns are
 * guarded.  Where they are not, others may write the row of a live lock, as
 * they may where it is soft; there only the mark counts.  The caller has the
 * row locked.
 */
bool
lease_was_passed(const Lock *lock, bool whole_row, TransactionId xmin)
{
	if (lock->lost)
		return true;
	return whole_row && lock->hard && lease_knows_row(lock) && !lease_is_resumable(lock, xmin);
}

/*
 * Does the record refer to a version of the row?  Not if it was inserted by
 * hand.
 */
bool
lease_knows_row(const Lock *lock)
{
	return TransactionIdIsValid(lock->row_xmin) || TransactionIdIsValid(lock->confirm_xid);
}

/*
 * Would a write by another owner in this transaction have the same xmin as a
 * version that the lock refers to?
 */
bool
lease_names_transaction(const Lock *lock)
{
	return TransactionIdIsCurrentTransactionId(lock->row_xmin) ||
		TransactionIdIsCurrentTransactionId(lock->confirm_xid) ||
		has_own_writes(lock->token);
}

/* Mark a lock as lost.  No clock makes it live again. */
void
lease_mark_lost(Relation records, Lock *lock)
{
	if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock) || lock->lost)
		return;
	lock->lost = true;
	record_update(records, lock);
}

/*
 * Make a soft lock impossible to resume once it has lapsed.  It stays live,
 * since others may write its row.
 */
void
lease_forget_row(Relation records, Lock *lock)
{
	forget_own_writes(lock->token);
	if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		return;
	lock->row_xmin = InvalidTransactionId;
	lock->confirm_xid = InvalidTransactionId;
	record_update(records, lock);
}

/*
 * Is this lock live?  If it seems to have lapsed, the record is locked first
 * (rule 3), and "lock" receives the record as it is then.  "mark": if it has
 * lapsed, mark it as lost, since the row's xmin will not show the write that
 * passes it (rule 5).
 */
bool
lease_is_live(Relation records, Lock *lock, bool mark)
{
	mark = mark && !lock->lost;
	if (!has_lapsed(lock, clock_now()))
		return true;
	if (!record_lock(records, lock, mark ? LockTupleNoKeyExclusive : LockTupleShare, LockWaitBlock))
		return false;
	if (!has_lapsed(lock, clock_now()))
		return true;
	if (mark && !lock->lost)
	{
		lock->lost = true;
		record_update(records, lock);
	}
	return false;
}
