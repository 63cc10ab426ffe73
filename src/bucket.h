/*
 * bucket.h
 *		Buckets: shared memory for the latest expiries of the locks on a few
 *		keys.
 */
#ifndef LOCKING_BUCKET_H
#define LOCKING_BUCKET_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "inject.h"

#pragma GCC visibility push(hidden)

/*
 * A slot has 64 bits: an expiry, in units of 2^14 microseconds (16 ms) since
 * 2000, rounded up, and in the lower bits the fingerprint of a key, or 0
 * where the expiry is for several keys.  0: never raised.  So slots compare
 * as their expiries do.
 */
#define FINGERPRINT_BITS 24
#define FINGERPRINT_MASK ((UINT64CONST(1) << FINGERPRINT_BITS) - 1)
#define EXPIRY_UNIT_BITS 14

/* stored for every later expiry, after the year 2570; it never passes */
#define MAX_EXPIRY_UNITS ((INT64CONST(1) << (64 - FINGERPRINT_BITS)) - 1)

#define KEYS_PER_BUCKET 7

/* A cache line. */
typedef struct Bucket
{
	pg_atomic_uint64 keys[KEYS_PER_BUCKET];
	pg_atomic_uint64 overflow;	/* an expiry for all keys of the bucket */
} Bucket;

#define SLOTS_PER_BUCKET (KEYS_PER_BUCKET + 1)

/*
 * A summary of a bucket, which is all that is read of most.  Heads are apart
 * from the buckets, since fewer cache lines and pages of memory are then
 * read.  64 bits: a tag for each key, the last 6 bits of its fingerprint, and
 * the overflow in units of 2^26 microseconds (67 s), rounded up.
 */
typedef pg_atomic_uint64 BucketHead;

#define TAG_BITS 6
#define TAG_MASK ((UINT64CONST(1) << TAG_BITS) - 1)
#define TAGS_BITS (TAG_BITS * KEYS_PER_BUCKET)
#define TAGS_MASK ((UINT64CONST(1) << TAGS_BITS) - 1)

/* the lowest bit of each tag */
#define TAGS_ONES UINT64CONST(0x1041041041)

/* stored for every later overflow, more than eight years after the start */
#define MAX_OVERFLOW ((INT64CONST(1) << (64 - TAGS_BITS)) - 1)

/* from the units of an expiry in a slot to those in a head */
#define OVERFLOW_SHIFT (FINGERPRINT_BITS + 12)

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
 * The latest overflow in a head that has passed.  "passed" is the latest slot
 * that has; "start" is the slot of the time from which heads count.
 */
static inline uint64
overflow_passed(uint64 passed, uint64 start)
{
	int64		units = (int64) (passed >> OVERFLOW_SHIFT) - (int64) (start >> OVERFLOW_SHIFT);

	return Max(0, Min(units, MAX_OVERFLOW - 1));
}

/* An overflow slot as a head has it. */
static inline uint64
overflow_of_slot(uint64 slot, uint64 start)
{
	uint64		below = (UINT64CONST(1) << OVERFLOW_SHIFT) - 1;
	int64		units = (int64) (slot >> OVERFLOW_SHIFT) + ((slot & below) != 0) -
	(int64) (start >> OVERFLOW_SHIFT);

	return slot == 0 ? 0 : Max(1, Min(units, MAX_OVERFLOW));
}

/*
 * Does the head of a bucket prove that the latest expiry of a key has passed?
 * "passed" is the latest overflow that has, or 0: never raised.  The first
 * term has a bit set if the tag of a key does not differ (Warren, Hacker's
 * Delight, 6-1).
 */
static inline bool
head_proves_passed(uint64 head, uint64 fingerprint, uint64 passed)
{
	uint64		differing = (head ^ (fingerprint & TAG_MASK) * TAGS_ONES) & TAGS_MASK;

	return ((differing - TAGS_ONES) & ~differing & (TAGS_ONES << (TAG_BITS - 1))) == 0 &&
		head >> TAGS_BITS <= passed;
}

/*
 * The latest expiry that a key may have, as a slot: that of the slot with its
 * fingerprint, or of the overflow slot.  0: never raised.
 */
static inline uint64
bucket_latest(Bucket *bucket, uint64 fingerprint)
{
	uint64		latest = 0;

	for (int i = 0; i < KEYS_PER_BUCKET; i++)
	{
		uint64		slot = pg_atomic_read_u64(&bucket->keys[i]);

		if (same_fingerprint(slot, fingerprint))
			latest = Max(latest, slot);
	}
	INJECT("read-overflow");
	pg_read_barrier();			/* what has left its slot is in "overflow" */
	return Max(latest, pg_atomic_read_u64(&bucket->overflow));
}

extern void slot_raise(pg_atomic_uint64 *slot, uint64 raised);
extern void bucket_raise(Bucket *bucket, BucketHead *head, slock_t *mutex, uint64 raised, uint64 start);
extern void bucket_clear(Bucket *bucket, BucketHead *head, slock_t *mutex, uint64 passed, uint64 start);

#pragma GCC visibility pop

#endif							/* LOCKING_BUCKET_H */
