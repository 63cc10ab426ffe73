/*
 * limit.c
 *		Limits on what one owner can store: lengths of texts, sizes of drafts,
 *		numbers of locks, requests and drafts.
 *
 * Live locks are counted in the index on their owners, but not for each new
 * lock: the table's size alone may show that there cannot be so many, and a
 * count leaves the backend some room, up to a 32nd of the limit, in which it
 * does not count again.  acquire_all() so counts 32 times at most until the
 * limit is reached, not once for each key.
 *
 * One backend never exceeds the limit.  Several at once can: each may use up
 * the room that its own last count left it.  They exceed the limit by no more
 * than a 32nd of it for each backend that acquires for this owner at that
 * time, as the next count of each sees the others' locks, those of
 * transactions in progress included.
 *
 * Requests and drafts are counted by the statement that writes them
 * (draft.c), and can be exceeded by one row for each backend.
 */
#include "limit.h"

#include "storage/bufmgr.h"

#include "locking.h"
#include "owner.h"
#include "record.h"

/* a record with its line pointer takes 96 bytes at the least */
#define MAX_RECORDS_PER_BLOCK (BLCKSZ / 96)

/* of the limit: how much room a count may leave */
#define QUOTA_SHARE 32

/* "too_many": what is wrong with the current owner. */
void
report_too_many(const char *too_many, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("owner \"%s\" %s", current_owner(), too_many),
			 errdetail("The setting \"locking.max_locks_per_owner\" allows %d.",
					   locking_max_locks_per_owner),
			 errhint("%s", hint)));
}

static void
report_too_many_locks(void)
{
	report_too_many("has too many locks",
				  "Release some with locking.release() or locking.release_all().");
}

/* May so many locks be acquired at once? */
void
check_lock_count(int n)
{
	if (n > locking_max_locks_per_owner)
		report_too_many_locks();
}

/* What the last count left this backend. */
static struct
{
	char		owner[MAX_OWNER_LENGTH + 1];
	int			limit;
	int			left;
}			quota;

/* No fewer than the owner has, and exact if it may be the limit. */
static int
live_locks(Relation records, const char *owner, int limit)
{
	uint64		at_most = (uint64) RelationGetNumberOfBlocks(records) * MAX_RECORDS_PER_BLOCK;

	return at_most < limit ? (int) at_most : record_count_live(records, owner, limit);
}

static void
recount_locks(Relation records, const char *owner)
{
	int			limit = locking_max_locks_per_owner;
	int			left = limit - live_locks(records, owner, limit);

	if (left <= 0)
		report_too_many_locks();
	strlcpy(quota.owner, owner, sizeof(quota.owner));
	quota.limit = limit;
	quota.left = Min(left, Max(limit / QUOTA_SHARE, 1));
}

/* The current owner is about to get a new lock: may there be one more? */
void
count_new_lock(Relation records)
{
	const char *owner = current_owner();

	if (quota.left <= 0 || quota.limit != locking_max_locks_per_owner || strcmp(quota.owner, owner) != 0)
		recount_locks(records, owner);
	quota.left--;
}
