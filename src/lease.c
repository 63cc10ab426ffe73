/*
 * lease.c
 *		Leases: their end, extension and resumption.
 */
#include "lease.h"

#include "access/transam.h"
#include "access/xact.h"

#include "clock.h"
#include "gate.h"
#include "locking.h"

/* A time that no call gave: it is cut, as refusing it would help nobody. */
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

/* No later than locking.max_ttl allows, also where a day has 25 hours. */
TimestampTz
lease_end(TimestampTz now, const Interval *ttl)
{
	Interval	limited = limited_ttl(ttl);

	return Min(time_after(now, &limited), latest_end(now));
}

/* The end of a lock that is not to be shortened, but for the limit. */
static TimestampTz
later_end(TimestampTz now, TimestampTz end, TimestampTz other)
{
	return Min(Max(end, other), latest_end(now));
}

/*
 * Extend a lease to "expires_at", or if no "ttl" is given, at least to its
 * present end.  An end that is kept is raised like a new one: the gate may
 * know it only from the version of the record that this one replaces.
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
 * Rule 5: nobody wrote the row since the acquisition, the last resumption or
 * the owner's own confirmed save.
 */
bool
lease_is_resumable(const Lock *lock, TransactionId xmin)
{
	return TransactionIdIsValid(xmin) && (xmin == lock->row_xmin || xmin == lock->confirm_xid);
}

/*
 * Is this lock live?  If it seems not: rule 3.  "lock" gets the record as it
 * is after waiting.
 *
 * "below": it is a row below the locked one that is written.  A lapsed lock
 * resumes if the locked row was not written (rule 5), which this write does
 * not show, so it is noted on the record that there is nothing to resume any
 * more.
 */
bool
lease_is_live(Relation records, Lock *lock, bool below)
{
	bool		resumable = TransactionIdIsValid(lock->row_xmin) || TransactionIdIsValid(lock->confirm_xid);
	bool		clear_resumable = below && resumable;

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
