/*
 * early_release.c
 *		Releases that are visible to waiting sessions before they are flushed
 *		to disk.
 *
 * When a session releases a row for which another one waits, there would be
 * two flushes of the WAL, one after the other: that of the release, and that
 * of the acquisition.  But the waiter need not wait for the first one: its
 * own commit record comes later in the WAL, so the flush of the acquisition
 * includes the release.
 *
 * So a transaction that does nothing but release locks commits
 * asynchronously if a session waits for one of them: the release becomes
 * visible, and the waiter is woken.  The caller still gets its answer only
 * when the release is on disk, as for any commit: the backend waits a moment
 * for the waiter's flush, and then flushes by itself.
 *
 * What other sessions can see early is the end of a lock and nothing else.
 * If the server crashes before the flush, the lock has not ended, as if the
 * release had come too late, and no transaction that relied on its end has
 * been flushed either.  Listeners hear of the release when it is on disk,
 * since the worker that sends events flushes it first (event_queue.c).
 *
 * A transaction that wrote anything else commits as always, and so does every
 * transaction where commits wait for a standby, one that hands a row over,
 * whose token must not be issued again after a crash, and one that sends its
 * events itself.  NOTIFY on a channel of the application's cannot be
 * recognized here: its listeners may be notified of the release up to a flush
 * early.  They lose their connection in the crash that undoes it.
 */
#include "early_release.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "replication/syncrep.h"
#include "utils/guc.h"

#include "compat.h"

/*
 * how long to wait for the flush of another session, and in which steps: not
 * for long, as the transaction still holds its locks
 */
#define FLUSH_WAIT_STEPS 6
#define FLUSH_WAIT_STEP 250L	/* microseconds */

/* The transaction has written nothing before the releases. */
static bool releases_only = false;

/* The end of its last WAL record, after the last release. */
static XLogRecPtr releases_end = InvalidXLogRecPtr;

/* It does more than to end locks. */
static bool is_prevented = false;

/* The transaction commits asynchronously. */
static bool is_early = false;

/*
 * A function that releases locks begins.  Other writes of the transaction
 * come before it or between two of them.
 */
void
early_release_begin(void)
{
	releases_only = TransactionIdIsValid(GetTopTransactionIdIfAny()) ?
		releases_only && XactLastRecEnd == releases_end : true;
}

/* It has ended. */
void
early_release_end(void)
{
	releases_end = XactLastRecEnd;
}

/* Others must not see what the transaction does before it is flushed. */
void
early_release_prevent(void)
{
	is_prevented = true;
}

static bool
waits_for_standby(void)
{
	return SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';
}

/*
 * Called before the commit of a transaction for whose locks another session
 * waits.  The setting is reset at the end of the transaction.
 */
void
early_release_before_commit(void)
{
	if (!releases_only || is_prevented || XactLastRecEnd != releases_end ||
		synchronous_commit == SYNCHRONOUS_COMMIT_OFF || waits_for_standby())
		return;
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	is_early = true;
}

/*
 * Called after the commit, when the waiter has been woken: return once the
 * release is on disk.
 */
void
early_release_after_commit(void)
{
	if (!is_early)
		return;
	for (int i = 0; i < FLUSH_WAIT_STEPS && locking_flushed_until() < XactLastCommitEnd; i++)
		pg_usleep(FLUSH_WAIT_STEP);
	XLogFlush(XactLastCommitEnd);
}

/* The transaction has ended. */
void
early_release_forget(void)
{
	releases_only = false;
	is_prevented = false;
	is_early = false;
}
