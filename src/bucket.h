/*
 * bucket.h
 *		Buckets: the latest expiries of the locks on a few keys, in a cache
 *		line of shared memory.
 */
#ifndef LOCKING_BUCKET_H
#define LOCKING_BUCKET_H

#include "postgres.h"

#include "port/atomics.h"
#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

/*
 * A slot has 64 bits: an expiry, in units of 2^14 microseconds (16 ms) since
 * 2000, rounded up, and in the lower bits the fingerprint of a key, or 0 where
 * the expiry is for several keys.  0: never raised.  So slots compare as
 * their expiries do.
 */
#define FINGERPRINT_BITS 24
#define FINGERPRINT_MASK ((UINT64CONST(1) << FINGERPRINT_BITS) - 1)
#define EXPIRY_UNIT_BITS 14

/* stored for every later expiry, after the year 2570; it never passes */
#define MAX_EXPIRY_UNITS ((INT64CONST(1) << (64 - FINGERPRINT_BITS)) - 1)

#define ENTRIES_PER_BUCKET 7

typedef struct Bucket
{
	pg_atomic_uint64 entries[ENTRIES_PER_BUCKET];
	pg_atomic_uint64 overflow;	/* for all keys of the bucket */
} Bucket;

#define SLOTS_PER_BUCKET (ENTRIES_PER_BUCKET + 1)

/* An expiry as a slot that has no fingerprint. */
static inline uint64
slot_of_expiry(TimestampTz expires_at)
{
	int64		unit = INT64CONST(1) << EXPIRY_UNIT_BITS;
	int64		units = (expires_at >> EXPIRY_UNIT_BITS) + (expires_at % unit != 0);

	return (uint64) Max(1, Min(units, MAX_EXPIRY_UNITS)) << FINGERPRINT_BITS;
}

/* The latest slot whose expiry has passed, for comparison. */
static inline uint64
slot_of_now(TimestampTz now)
{
	int64		units = Min(now >> EXPIRY_UNIT_BITS, MAX_EXPIRY_UNITS - 1);

	return now < 0 ? 0 : (uint64) units << FINGERPRINT_BITS | FINGERPRINT_MASK;
}

/* The expiry of a slot, without the fingerprint. */
static inline uint64
slot_expiry(uint64 slot)
{
	return slot & ~FINGERPRINT_MASK;
}

static inline bool
same_fingerprint(uint64 a, uint64 b)
{
	return ((a ^ b) & FINGERPRINT_MASK) == 0;
}

/*
 * The latest expiry that a key may have, as a slot: that of the entries with
 * its fingerprint, or of the overflow slot.  0: never raised.
 */
static inline uint64
bucket_latest(Bucket *bucket, uint64 fingerprint)
{
	uint64		latest = 0;

	for (int i = 0; i < ENTRIES_PER_BUCKET; i++)
	{
		uint64		entry = pg_atomic_read_u64(&bucket->entries[i]);

		if (same_fingerprint(entry, fingerprint))
			latest = Max(latest, entry);
	}
	pg_read_barrier();			/* what is no longer there is in "overflow" */
	return Max(latest, pg_atomic_read_u64(&bucket->overflow));
}

extern void slot_raise(pg_atomic_uint64 *slot, uint64 raised);
extern void bucket_raise(Bucket *bucket, uint64 raised);

#pragma GCC visibility pop

#endif							/* LOCKING_BUCKET_H */
