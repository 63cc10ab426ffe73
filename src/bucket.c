/*
 * bucket.c
 *		Buckets: shared memory for the latest expiries of the locks on a few
 *		keys.
 *
 * A bucket has seven slots with the fingerprints of keys, and an overflow
 * slot, whose expiry is for every key of the bucket.  To raise a key is to
 * raise the slot with its fingerprint.  If there is none, the key displaces
 * the slot with the earliest expiry, which was never raised or has passed,
 * unless the bucket is full; the expiry that is displaced is kept in the
 * overflow slot.  If the key's own expiry is the earliest, it goes there
 * itself.  So no clock is read, and a clock that is set back changes nothing:
 * what is displaced while it is live costs lookups.
 *
 * Unless the bucket is cleared, the latest expiry of a key, as
 * bucket_latest() computes it, never decreases, and once bucket_raise() has
 * returned it is not earlier than what was raised:
 *
 * - Backends that raise keys of one bucket exclude each other by a spinlock.
 * - A slot changes either to a later expiry with the same fingerprint, or to
 *   another fingerprint, after (barrier) the overflow slot was raised to the
 *   expiry that is displaced.  The overflow slot is not lowered.
 * - A reader takes no lock.  It reads the keys' slots, then (barrier) the
 *   overflow slot.  If a key has been displaced before its slot is read, the
 *   overflow slot was raised before that, and is read after it.  An expiry
 *   never moves the other way.
 * - The head is written last, in one step.  It has the tag of every key that
 *   has been raised and not displaced, and an overflow that is not earlier
 *   than what was displaced.  So a reader that finds neither the tag nor an
 *   overflow that has not passed need not read the bucket.
 *
 * Keys with the same fingerprint share a slot, which costs lookups.  Should
 * two slots have one fingerprint, as long as slots are empty and it is 0, the
 * later one counts.
 *
 * Clearing lowers to 0 only what has passed, and excludes raising.  So the
 * latest expiry of a key is then still right if it has not passed.  Whether a
 * reader may rely on a 0 is for gate.c to determine.
 */
#include "bucket.h"

/* Raise a slot that has no fingerprint, with a full barrier. */
void
slot_raise(pg_atomic_uint64 *slot, uint64 raised)
{
	uint64		current = pg_atomic_read_u64(slot);

	while (current < raised)
		if (pg_atomic_compare_exchange_u64(slot, &current, raised))
			break;
	pg_memory_barrier();		/* even if the slot was late enough already */
}

/* The index of the slot with a fingerprint, or else of the earliest one. */
static int
find_slot(Bucket *bucket, uint64 fingerprint)
{
	uint64		earliest = PG_UINT64_MAX;
	int			found = 0;

	for (int i = 0; i < KEYS_PER_BUCKET; i++)
	{
		uint64		slot = pg_atomic_read_u64(&bucket->keys[i]);

		if (same_fingerprint(slot, fingerprint))
			return i;
		if (slot < earliest)
		{
			earliest = slot;
			found = i;
		}
	}
	return found;
}

/* Write the head of a bucket as its slots require. */
static void
write_head(Bucket *bucket, BucketHead *head, uint64 start)
{
	uint64		new_head = overflow_of_slot(pg_atomic_read_u64(&bucket->overflow), start) << TAGS_BITS;

	for (int i = 0; i < KEYS_PER_BUCKET; i++)
		new_head |= (pg_atomic_read_u64(&bucket->keys[i]) & TAG_MASK) << (i * TAG_BITS);
	pg_atomic_write_u64(head, new_head);
}

/* Raise a key's slot.  The caller holds the mutex. */
static void
raise_exclusively(Bucket *bucket, uint64 raised)
{
	int			i = find_slot(bucket, raised);
	uint64		current = pg_atomic_read_u64(&bucket->keys[i]);

	if (!same_fingerprint(current, raised))
		slot_raise(&bucket->overflow, slot_expiry(Min(current, raised)));
	INJECT("overflow-raised");
	if (current < raised)
		pg_atomic_write_u64(&bucket->keys[i], raised);
}

/*
 * Raise a key, with a full barrier.  "raised" is the expiry and the key's
 * fingerprint.
 */
void
bucket_raise(Bucket *bucket, BucketHead *head, slock_t *mutex, uint64 raised, uint64 start)
{
	SpinLockAcquire(mutex);
	raise_exclusively(bucket, raised);
	write_head(bucket, head, start);
	SpinLockRelease(mutex);
	pg_memory_barrier();		/* even if nothing had to be changed */
}

/*
 * Lower to 0 what has passed.  "passed" is the latest slot that has.
 */
void
bucket_clear(Bucket *bucket, BucketHead *head, slock_t *mutex, uint64 passed, uint64 start)
{
	SpinLockAcquire(mutex);
	for (int i = 0; i < KEYS_PER_BUCKET; i++)
		if (pg_atomic_read_u64(&bucket->keys[i]) <= passed)
			pg_atomic_write_u64(&bucket->keys[i], 0);
	if (pg_atomic_read_u64(&bucket->overflow) <= passed)
		pg_atomic_write_u64(&bucket->overflow, 0);
	write_head(bucket, head, start);
	SpinLockRelease(mutex);
}
