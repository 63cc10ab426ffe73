/*
 * bucket.c
 *		Buckets: the latest expiries of the locks on a few keys, in a cache
 *		line of shared memory.
 *
 * A bucket has seven entries, each with the fingerprint of a key, and an
 * overflow slot, whose expiry is for every key of the bucket.  To raise a
 * key is to raise the entry with its fingerprint.  If there is none, the key
 * displaces the entry with the earliest expiry, which is one that was never
 * raised, or has passed, unless the bucket is full; the expiry that is
 * displaced is kept in the overflow slot.  If the key's own expiry is the
 * earliest, it goes there itself.  So no clock is read, and a clock that is
 * set back changes nothing: what is displaced too early costs lookups.
 *
 * The latest expiry of a key, as bucket_latest() computes it, never
 * decreases, and once bucket_raise() has returned it is not earlier than what
 * was raised:
 *
 * - An entry changes only by compare-and-exchange of the whole slot, to a
 *   later expiry with the same fingerprint, or to another fingerprint after
 *   the overflow slot was raised to the expiry that is replaced.  If another
 *   backend has changed the entry in between, nothing is exchanged, and the
 *   bucket is read again.  An entry that was changed and changed back has the
 *   same expiry, for which the overflow slot was raised.
 * - The overflow slot is never lowered.
 * - A reader reads the entries, then (barrier) the overflow slot.  If an
 *   entry that held the key's expiry was replaced before it was read, the
 *   overflow slot was raised before that (compare-and-exchange is a full
 *   barrier), and is read after it.  An expiry never moves the other way.
 * - Two backends that raise one key at the same time may take two entries.  A
 *   reader uses the later one.
 *
 * Keys with the same fingerprint share an entry, which costs lookups.
 */
#include "bucket.h"

#include "inject.h"

/* Raise a slot, with a full barrier. */
void
slot_raise(pg_atomic_uint64 *slot, uint64 raised)
{
	uint64		current = pg_atomic_read_u64(slot);

	while (current < raised)
		if (pg_atomic_compare_exchange_u64(slot, &current, raised))
			break;
	pg_memory_barrier();		/* even if the slot was late enough already */
}

/* The entry with a fingerprint, or the earliest.  "current" receives it. */
static pg_atomic_uint64 *
find_entry(Bucket *bucket, uint64 fingerprint, uint64 *current)
{
	pg_atomic_uint64 *earliest = &bucket->entries[0];

	*current = pg_atomic_read_u64(earliest);
	for (int i = 1; i < ENTRIES_PER_BUCKET && !same_fingerprint(*current, fingerprint); i++)
	{
		uint64		entry = pg_atomic_read_u64(&bucket->entries[i]);

		if (entry < *current || same_fingerprint(entry, fingerprint))
		{
			earliest = &bucket->entries[i];
			*current = entry;
		}
	}
	return earliest;
}

/*
 * Raise a key, with a full barrier.  "raised" is the expiry and the key's
 * fingerprint.
 */
void
bucket_raise(Bucket *bucket, uint64 raised)
{
	for (;;)
	{
		uint64		current;
		pg_atomic_uint64 *entry = find_entry(bucket, raised, &current);
		bool		is_own = same_fingerprint(current, raised);

		if (!is_own && current > raised)
		{
			slot_raise(&bucket->overflow, slot_expiry(raised));
			return;
		}
		if (is_own && current >= raised)
			break;
		if (!is_own && current != 0)
			slot_raise(&bucket->overflow, slot_expiry(current));
		INJECT("exchange");
		if (pg_atomic_compare_exchange_u64(entry, &current, raised))
			break;
	}
	pg_memory_barrier();		/* even if the entry was late enough already */
}
