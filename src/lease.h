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
extern bool lease_is_live(Relation records, Lock *lock, bool child_write);
extern bool lease_is_resumable(const Lock *lock, TransactionId xmin);

/* Has a lock expired? */
static inline bool
has_lapsed(const Lock *lock, TimestampTz now)
{
	return lock->expires_at <= now;
}

#pragma GCC visibility pop

#endif							/* LOCKING_LEASE_H */
