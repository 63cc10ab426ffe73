/*
 * lease.c
 *		Leases: their expiry, extension and resumption.
 */
#include "lease.h"

#include "access/transam.h"
#include "access/xact.h"

#include "clock.h"
#include "gate.h"
#include "locking.h"

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
 * kept.  The slot is raised to it as to a new one: otherwise a filling of the
 * gate might find it only in the version of the record that this one
 * replaces.
 */
void
lease_extend(Lock *lock, const Interval *ttl, TimestampTz now, TimestampTz expires_at)
{
	lock->renewed_at = now;
	lock->expires_at = ttl ? expires_at : later_end(now, lock->expires_at, expires_at);
	gate_raise(lock->relation, lock->key, lock->expires_at);
	if (ttl)
		lock->ttl = *ttl;
}

/*
 * Rule 5: the row was not written since the acquisition, the last resumption
 * or the owner's own confirmed save.
 */
bool
lease_is_resumable(const Lock *lock, TransactionId xmin)
{
	return TransactionIdIsValid(xmin) && (xmin == lock->row_xmin || xmin == lock->confirm_xid);
}

/*
 * Is this lock live?  If it seems to have lapsed, the record is locked first
 * (rule 3), and "lock" receives the record as it is then.  "child_write": a
 * child of the locked row is being written, which does not change the locked
 * row's xmin, so a lapsed lock is marked as no longer resumable (rule 5).
 */
bool
lease_is_live(Relation records, Lock *lock, bool child_write)
{
	bool		resumable = TransactionIdIsValid(lock->row_xmin) || TransactionIdIsValid(lock->confirm_xid);
	bool		clear_resumable = child_write && resumable;

	if (!has_lapsed(lock, clock_now()))
		return true;
	if (!record_lock(records, lock, clear_resumable ? LockTupleNoKeyExclusive : LockTupleShare, LockWaitBlock))
		return false;
	if (!has_lapsed(lock, clock_now()))
		return true;
	if (clear_resumable)
	{
		lock->row_xmin = InvalidTransactionId;
		lock->confirm_xid = InvalidTransactionId;
		record_update(records, lock);
	}
	return false;
}
