/*
 * report.c
 *		Error reports for refused operations.
 */
#include "report.h"

#include <math.h>

#include "access/table.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "clock.h"
#include "ending.h"
#include "lease.h"
#include "locking.h"
#include "owner.h"
#include "relation.h"
#include "statement.h"
#include "stats.h"
#include "visibility.h"

/* maximum bytes of a user-supplied text in a message */
#define MAX_QUOTED 500

/*
 * A text that another user wrote, cut to a length that suits messages and
 * logs.
 */
char *
clipped(const char *text)
{
	int			length = strlen(text);

	if (length <= MAX_QUOTED)
		return pstrdup(text);
	return psprintf("%.*s...", pg_mbcliplen(text, length, MAX_QUOTED), text);
}

/* "Brenda Smith (brenda)", or "brenda" without another name */
static char *
display_of(const char *owner, const char *name)
{
	if (name && strcmp(name, owner) != 0)
		return psprintf("%s (%s)", clipped(name), clipped(owner));
	return clipped(owner);
}

static char *
holder_of(const Lock *lock)
{
	return display_of(lock->owner, lock->owner_name);
}

/* A long time is rounded up, to minutes or hours. */
static char *
time_left(const Lock *lock)
{
	double		seconds = seconds_until(lock->expires_at, clock_now());
	int			unit = seconds > SECS_PER_DAY ? SECS_PER_HOUR : seconds > 10 * SECS_PER_MINUTE ? SECS_PER_MINUTE : 1;

	if (isinf(seconds))
		return pstrdup("without end");
	return psprintf("for another %s", duration_text((int64) ceil(seconds / unit) * unit));
}

static char *
lock_detail(const Lock *lock)
{
	return psprintf("Locked since %s, %s%s%s.", timestamptz_to_str(lock->acquired_at), time_left(lock),
					lock->note ? ": " : "", lock->note ? clipped(lock->note) : "");
}

/*
 * Report that a row is locked by another owner.  A cascade reaches tables
 * that the user may not read: then neither the row nor the holder is
 * disclosed (S8).  "child" is the table whose row is guarded by that lock,
 * unless it is the locked row itself.
 */
void
report_locked(int elevel, const Lock *lock, Oid child)
{
	const char *table = get_rel_name(lock->relation);
	const char *guarded = "";
	Oid			reported = OidIsValid(child) ? child : lock->relation;

	if (OidIsValid(child))
		guarded = psprintf(", and with it its rows in \"%s\"", get_rel_name(child));
	/* a write to a child names only the child */
	if (!may_disclose(lock->relation, lock->key, !OidIsValid(child) || statement_names(lock->relation)))
		ereport(elevel,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a row of table \"%s\" is locked by another owner%s", table, guarded),
				 is_session_owner(lock->owner) ?
				 errhint("Code that runs on behalf of a table's owner has no lock owner, so locks of the session's owner do not count for it.") :
				 errhint("Try again later."),
				 errtable_by_id(reported)));
	else
		ereport(elevel,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("row \"%s\" of table \"%s\" is locked by %s%s",
						clipped(lock->key), table, holder_of(lock), guarded),
				 errdetail("%s", lock_detail(lock)),
				 errhint("Try again later, or ask for the row with locking.request()."),
				 errtable_by_id(reported)));
}

/*
 * Report that it is the turn of owners that requested the row.  "turn" has
 * the owner of the latest turn, and the time when the caller's begins.
 */
void
report_reserved(const Lock *turn)
{
	const char *table = get_rel_name(turn->relation);
	bool		disclose = may_disclose(turn->relation, turn->key, true);

	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 disclose ?
			 errmsg("row \"%s\" of table \"%s\" is reserved for %s", clipped(turn->key), table, holder_of(turn)) :
			 errmsg("a row of table \"%s\" is reserved for another owner", table),
			 errdetail("Its lock expired, and it is the turn of owners that requested the row earlier, %s.",
					   time_left(turn)),
			 errhint("Try again later, or ask for the row with locking.request()."),
			 errtable_by_id(turn->relation)));
}

/* Report that a row was handed over, but not acquired yet. */
void
report_not_taken(const Lock *lock)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the lock with token " INT64_FORMAT " has not been taken yet", lock->token),
			 errdetail("The row was handed over, and may have changed since you read it."),
			 errhint("Take the lock with locking.acquire(), and then read the row."),
			 errtable_by_id(lock->relation)));
}

/* ---- lost locks ---- */

#define LOST_UNKNOWN "It was released, broken or taken over, or it expired and the row was changed, or it never existed."
#define LOST_HINT "Acquire the row again, and reread it before writing."

/* Report that a lock has ended, without telling whose it was. */
pg_noreturn static void
report_lost_token(int64 token, Oid relation, const char *how)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_LOST),
			 errmsg("the lock with token " INT64_FORMAT " is lost", token),
			 errdetail("%s", how),
			 errhint(LOST_HINT),
			 OidIsValid(relation) ? errtable_by_id(relation) : 0));
}

pg_noreturn static void
report_lost_row(int64 token, Oid relation, const char *key, const char *how)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_LOST),
			 errmsg("the lock with token " INT64_FORMAT " on row \"%s\" of table \"%s\" is lost",
					token, clipped(key), get_rel_name(relation)),
			 errdetail("%s", how),
			 errhint(LOST_HINT),
			 errtable_by_id(relation)));
}

/* How a lock ended whose record still exists. */
static char *
fate_of_record(const void *arg, bool named)
{
	const Lock *lock = arg;

	if (lock->lost)
		return psprintf("It expired at %s, and another owner has written the row, or a row that refers to it, since.",
						timestamptz_to_str(lock->expires_at));
	if (has_lapsed(lock, clock_now()))
		return psprintf("It expired at %s, and the row was written or deleted since.",
						timestamptz_to_str(lock->expires_at));
	return pstrdup("The row was deleted, or written by another owner after the lock had expired or past the guard, or you are not allowed to update it any more.");
}

/* How a lock ended that the history knows.  "named": and by whom, and why. */
static char *
fate_in_history(const void *arg, bool named)
{
	const LockEnding *ending = arg;
	const char *by = named && ending->actor ? psprintf(" by %s", display_of(ending->actor, ending->actor_name)) : "";
	const char *why = named && ending->reason ? psprintf(": %s", clipped(ending->reason)) : "";
	char	   *at = pstrdup(timestamptz_to_str(ending->at));

	if (ending->event == NULL)
		return pstrdup(LOST_UNKNOWN);
	if (strcmp(ending->event, "released") == 0 && ending->handed_over)
		return psprintf("It was handed over%s at %s.",
						named ? psprintf(" to %s", clipped(ending->successor)) : "", at);
	if (strcmp(ending->event, "released") == 0)
		return psprintf("It was released at %s.", at);
	if (strcmp(ending->event, "broken") == 0)
		return psprintf("It was broken%s at %s%s.", by, at, why);
	if (strcmp(ending->event, "taken_over") == 0)
		return psprintf("It was taken over%s at %s%s.", by, at, why);
	if (strcmp(ending->event, "expired") != 0)
		return psprintf("It has ended, by the event \"%s\"%s at %s%s.", ending->event, by, at, why);
	if (ending->successor)
		return psprintf("It expired, and the row was locked again%s at %s.",
						named ? psprintf(" by %s", display_of(ending->successor, ending->successor_name)) : "", at);
	return psprintf("It expired, and its record was removed at %s.", at);
}

/*
 * Report that a lock of the current owner has ended.  Of the row, of other
 * owners and of their reasons it discloses what the view of the history would
 * (S8).
 */
pg_noreturn static void
report_lost_lock(int64 token, Oid relation, const char *key, char *(*fate) (const void *, bool), const void *arg)
{
	bool		named = may_disclose(relation, key, true);

	stats_count(relation, COUNT_LOST);
	if (named)
		report_lost_row(token, relation, key, fate(arg, true));
	report_lost_token(token, relation, fate(arg, false));
}

/*
 * Report that a lock has ended: on which row, and how.  The history tells, if
 * it is kept.  Nothing is said about a lock of another owner.
 */
void
report_lost(int64 token)
{
	Relation	records = records_open(AccessShareLock);
	LockEnding	ending;
	Lock		lock;

	if (record_find_token(records, token, &lock) && is_current_owner(lock.owner))
		report_lost_lock(token, lock.relation, lock.key, fate_of_record, &lock);
	if (find_ending(token, &ending) && is_current_owner(ending.owner))
		report_lost_lock(token, ending.relation, ending.key, fate_in_history, &ending);
	report_lost_token(token, InvalidOid, LOST_UNKNOWN);
}

/* Report that a lock belongs to another owner. */
void
report_not_owner(int64 token)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the lock with token " INT64_FORMAT " belongs to another owner", token),
			 errhint("A user with the privilege can end it with locking.break_lock() or locking.take_over().")));
}
