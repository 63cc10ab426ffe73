/*
 * limit.c
 *		Limits on the numbers of locks, requests and drafts that one owner
 *		stores.
 *
 * Live locks are counted in the index on their owners, but not for each new
 * lock.  The table's size alone may show that the limit cannot be reached,
 * and a count gives the backend a quota, up to a 32nd of the limit, within
 * which it does not count again.  So acquire_all() counts at most 32 times
 * until the limit is reached, not once for each key.
 *
 * A single backend never exceeds the limit.  Concurrent ones can, as each may
 * use up the quota that its last count left.  They exceed the limit by at
 * most a 32nd of it for each backend that acquires for this owner at that
 * time, since the next count of each includes the others' locks, even of
 * transactions in progress.
 *
 * Requests and drafts are counted by the statement that writes them, and can
 * exceed the limit by one row for each backend.
 */
#include "limit.h"

#include "storage/bufmgr.h"

#include "locking.h"
#include "owner.h"
#include "record.h"

/* minimal size of a record with its line pointer: 96 bytes */
#define MAX_RECORDS_PER_BLOCK (BLCKSZ / 96)

/* fraction of the limit that a count may leave as quota */
#define QUOTA_SHARE 32

pg_noreturn static void
report_limit(const char *owner, const char *too_many, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("owner \"%s\" %s", owner, too_many),
			 errdetail("The setting \"locking.max_locks_per_owner\" allows at most %d.",
					   locking_max_locks_per_owner),
			 errhint("%s", hint)));
}

/*
 * Refuse another row of the current owner.  "too_many" is the predicate of
 * the message.
 */
void
report_too_many(const char *too_many, const char *hint)
{
	report_limit(current_owner(), too_many, hint);
}

static void
report_too_many_locks(void)
{
	report_too_many("has too many locks",
					"Release some with locking.release() or locking.release_all().");
}

/* Refuse to acquire more locks at once than the limit allows. */
void
check_lock_count(int n)
{
	if (n > locking_max_locks_per_owner)
		report_too_many_locks();
}

/* The quota that the last count left to this backend. */
static struct
{
	char		owner[MAX_OWNER_LENGTH + 1];
	int			limit;
	int			left;
}			quota;

/*
 * An upper bound on the owner's live locks, up to the limit.  It is exact
 * unless the table is too small to reach the limit.
 */
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

/* Count a new lock of the current owner, or refuse it. */
void
count_new_lock(Relation records)
{
	const char *owner = current_owner();

	if (quota.left <= 0 || quota.limit != locking_max_locks_per_owner || strcmp(quota.owner, owner) != 0)
		recount_locks(records, owner);
	quota.left--;
}

/* May an owner, to which a row is handed over, have another lock? */
bool
may_have_new_lock(Relation records, const char *owner)
{
	return live_locks(records, owner, locking_max_locks_per_owner) < locking_max_locks_per_owner;
}

/* Refuse to hand a row over to an owner that has too many locks. */
void
check_may_have_new_lock(Relation records, const char *owner)
{
	if (!may_have_new_lock(records, owner))
		report_limit(owner, "has too many locks", "Release the lock with locking.release().");
}
