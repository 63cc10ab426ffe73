/*
 * report.c
 *		Error reports for refused operations.
 */
#include "report.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "clock.h"
#include "locking.h"
#include "owner.h"
#include "relation.h"
#include "statement.h"
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

/* "Brenda Smith (brenda)", or "brenda" */
static char *
holder_of(const Lock *lock)
{
	if (lock->owner_name && strcmp(lock->owner_name, lock->owner) != 0)
		return psprintf("%s (%s)", clipped(lock->owner_name), clipped(lock->owner));
	return clipped(lock->owner);
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

/* Report that a lock has ended. */
void
report_lost(int64 token)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_LOST),
			 errmsg("the lock with token " INT64_FORMAT " is lost", token),
			 errdetail("It was released, broken or taken over, or it expired and the row was changed, or it never existed."),
			 errhint("Acquire the row again, and reread it before writing.")));
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
