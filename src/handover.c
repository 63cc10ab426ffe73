/*
 * handover.c
 *		Handing a row over to an owner that requested it, and the turns of
 *		those owners after an expiry.
 *
 * The end of a lock and the lock of the next holder are one change of one
 * record, so they commit together, and no acquirer comes between.  The next
 * holder's lock is like an acquired one (S2): the target row is locked before
 * the record (rule 1), so no writer is in progress when the hand-over
 * commits.  It is locked with the rights of the table's owner, since the
 * caller may have lost its own, and only if a request is found first, so that
 * other releases remain cheap.
 *
 * The next holder has not read the row yet.  So its lock has a new token and
 * no row version: it cannot be renewed, confirmed or resumed (renew.c), until
 * acquire() locks the target row, which waits for writers (S3), and stores
 * the version (acquire.c:take).  Then it is a lock like any other.
 *
 * Turns.  A lock that expires was not handed over.  After its expiry the
 * requesters have their turns, one locking.hand_over_time after the other, in
 * the order of their requests: in turn i the first i of them may acquire the
 * row, and other owners are refused.  At most MAX_TURNS count, from the
 * expiry in the record, which no refusal changes.  So the row is free for all
 * owners MAX_TURNS times locking.hand_over_time after the expiry at the
 * latest, regardless of requests that are added.  This is computed from the
 * clock, the record and the queue alone.  The lapsed record is kept as long
 * as there are turns (sweep.c).  Turns concern acquire() only: the row is not
 * locked, so writes pass the guard.
 */
#include "handover.h"

#include "access/relation.h"
#include "utils/rel.h"

#include "clock.h"
#include "early_release.h"
#include "gate.h"
#include "lease.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "report.h"
#include "request.h"
#include "sequence.h"
#include "table.h"
#include "table_settings.h"
#include "target.h"
#include "waiting.h"

/* number of turns after an expiry */
#define MAX_TURNS 10

/* ---- handing over ---- */

/* Refuse to hand over explicitly where it is turned off. */
void
hand_over_check_enabled(void)
{
	if (locking_hand_over_time == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("handing over is turned off"),
				 errdetail("The setting \"locking.hand_over_time\" is 0."),
				 errhint("Release the lock with locking.release().")));
}

/*
 * The table of a lock, locked, or NULL if its rows can no longer be locked.
 */
static TableInfo *
table_of(const Lock *lock)
{
	Relation	rel = is_protected_table(lock->relation) ? try_relation_open(lock->relation, RowShareLock) : NULL;
	TableInfo  *table;

	if (rel == NULL)
		return NULL;
	table = table_info(rel);
	relation_close(rel, NoLock);
	return table->is_protected && !table->key_replaced && !table->parent_lost ? table : NULL;
}

/*
 * Lock the target row of a lock.  The owner may change the row's key until it
 * is locked.  False if there is no such row or lock.
 */
static bool
lock_target_row(Relation records, TableInfo *table, Lock *lock)
{
	for (;;)
	{
		char	   *key = lock->key;
		bool		found = target_lock_as_owner(table, key);

		if (!record_find_token(records, lock->token, lock))
			return false;
		if (strcmp(lock->key, key) == 0)
			return found;
	}
}

static TimestampTz
hand_over_end(void)
{
	Interval	span = seconds_interval(locking_hand_over_time);

	return lease_end(clock_now(), &span);
}

/*
 * Prepare the end of a lock, before its record is locked.  If the row has
 * been requested, or another owner is "named", the target row is locked, and
 * "lock" receives the record as it is then.
 */
void
hand_over_prepare(Relation records, HandOver *next, Lock *lock, const char *named)
{
	TableInfo  *table;

	next->possible = false;
	next->named = named;
	if (locking_hand_over_time == 0 || (named == NULL && !is_requested(lock->relation, lock->key)))
		return;
	table = table_of(lock);
	if (table == NULL || !lock_target_row(records, table, lock))
		return;
	next->possible = true;
	next->expires_at = hand_over_end();
	gate_raise(lock->relation, lock->key, next->expires_at);
}

/*
 * The owner that gets the row, or NULL.  An owner that has as many locks as
 * it may have cannot get it, and keeps its place.  So does the former holder,
 * which may have requested its own row.
 */
static const Request *
next_holder(Relation records, const Lock *lock, const char *named)
{
	ListCell   *cell;

	foreach(cell, requests_of(lock->relation, lock->key))
	{
		const Request *request = lfirst(cell);

		if (named ? strcmp(request->owner, named) == 0 :
			strcmp(request->owner, lock->owner) != 0 && may_have_new_lock(records, request->owner))
			return request;
	}
	return NULL;
}

/* Make the record a lock of the next holder that has not been taken yet. */
static void
reserve(Lock *lock, const char *owner, const char *owner_name, TimestampTz expires_at)
{
	lock->token = next_token(lock->token);
	lock->owner = pstrdup(owner);
	lock->owner_name = owner_name ? pstrdup(owner_name) : NULL;
	lock->client = NULL;
	lock->hard = true;
	lock->note = NULL;
	lock->acquired_at = clock_now();
	lock->renewed_at = lock->acquired_at;
	lock->expires_at = expires_at;
	lock->ttl = seconds_interval(locking_hand_over_time);
	lock->row_xmin = InvalidTransactionId;
	lock->confirm_xid = InvalidTransactionId;
	lock->lost = false;
	lock->handed_over = true;
}

/*
 * End a lock, whose record the caller has locked, and hand the row over.
 * Returns false, and changes nothing, if there is no owner to hand it over
 * to.  "lock" receives the next holder's lock.  A lock that has lapsed is not
 * the former holder's to give, so it goes to the first requester.
 */
bool
hand_over(Relation records, const HandOver *next, Lock *lock, EventKind how, const char *reason)
{
	const char *named = has_lapsed(lock, clock_now()) ? NULL : next->named;
	TimestampTz expires_at = next->expires_at;
	const Request *request;

	if (!next->possible)
		return false;
	if (named)
		check_may_have_new_lock(records, named);
	request = next_holder(records, lock, named);
	if (request == NULL && named == NULL)
		return false;
	if (expires_at <= clock_now())
	{
		/* the wait for the record outlasted the new lease */
		expires_at = hand_over_end();
		gate_raise(lock->relation, lock->key, expires_at);
	}
	early_release_prevent();
	event_record(how, lock, reason);
	reserve(lock, named ? named : request->owner, request ? request->owner_name : NULL, expires_at);
	record_update(records, lock);
	event_record(EVENT_HANDED_OVER, lock, NULL);
	drop_own_request(lock->relation, lock->key, lock->owner);
	wake_when_handed_over(lock->relation, lock->key, lock->owner);
	return true;
}

/* ---- turns ---- */

/*
 * The number of turns that have ended since the expiry, at most MAX_TURNS.
 * There are none if the clock was set back to before the expiry.
 */
static int
turns_ended(const Lock *lapsed, TimestampTz now)
{
	if (locking_hand_over_time == 0 || now < lapsed->expires_at)
		return MAX_TURNS;
	return Min((now - lapsed->expires_at) / (locking_hand_over_time * USECS_PER_SEC), MAX_TURNS);
}

/* The requesters that have a turn. */
static List *
requests_with_turn(const Lock *lapsed)
{
	return list_truncate(requests_of(lapsed->relation, lapsed->key), MAX_TURNS);
}

/* When a number of turns have ended. */
static TimestampTz
end_of_turns(const Lock *lapsed, int turns)
{
	return lapsed->expires_at + turns * (int64) locking_hand_over_time * USECS_PER_SEC;
}

/* Whose turn is it, after the expiry of a lock? */
Turn
turn_after(const Lock *lapsed, TimestampTz now)
{
	int			ended = turns_ended(lapsed, now);
	List	   *requests = ended < MAX_TURNS ? requests_with_turn(lapsed) : NIL;
	Turn		turn = {TURN_OF_ALL};
	int			place = 0;
	const Request *latest;

	if (ended >= list_length(requests))
		return turn;
	while (place < list_length(requests) &&
		   !is_current_owner(((const Request *) list_nth(requests, place))->owner))
		place++;
	latest = list_nth(requests, ended);
	turn.of = place <= ended ? TURN_OF_CALLER : TURN_OF_OTHERS;
	turn.owner = latest->owner;
	turn.owner_name = latest->owner_name;
	turn.ends_at = end_of_turns(lapsed, place);
	return turn;
}

/* Have all requesters had their turn? */
bool
turns_are_over(const Lock *lapsed, TimestampTz now)
{
	int			ended = turns_ended(lapsed, now);

	return ended >= MAX_TURNS || ended >= list_length(requests_with_turn(lapsed));
}
