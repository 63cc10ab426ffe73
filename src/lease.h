/*
 * lease.h
 *		Leases: their expiry, extension and resumption.
 */
#ifndef LOCKING_LEASE_H
#define LOCKING_LEASE_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "record.h"

#pragma GCC visibility push(hidden)

extern Interval limited_ttl(const Interval *ttl);
extern TimestampTz lease_end(TimestampTz now, const Interval *ttl);
extern void lease_extend(Lock *lock, const Interval *ttl, TimestampTz now, TimestampTz expires_at);
extern bool lease_is_live(Relation records, Lock *lock, bool mark);
extern bool lease_is_resumable(const Lock *lock, TransactionId xmin);
extern bool lease_knows_row(const Lock *lock);
extern bool lease_was_passed(const Lock *lock, bool whole_row, TransactionId xmin);
extern bool lease_names_transaction(const Lock *lock);
extern void lease_mark_lost(Relation records, Lock *lock);
extern void lease_forget_row(Relation records, Lock *lock);

/*
 * Has a lock expired?  One that is marked as lost counts as lapsed whatever
 * the clock says, which may have been set back.
 */
static inline bool
has_lapsed(const Lock *lock, TimestampTz now)
{
	return lock->lost || lock->expires_at <= now;
}

#pragma GCC visibility pop

#endif							/* LOCKING_LEASE_H */
