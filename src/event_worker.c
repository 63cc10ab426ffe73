/*
 * event_worker.c
 *		The background worker that publishes the events of a database.
 *
 * A session that adds an event registers the worker if there is none.  After
 * IDLE_TIME without an event it ends.  It has exit status 1, by which the
 * postmaster starts it again after RESTART_SECONDS, if it ends otherwise and
 * events are left (event_queue.c), else 0.
 *
 * CREATE DATABASE ... TEMPLATE, DROP DATABASE and other commands lock a
 * database and then wait up to 5 seconds for its sessions to end.  So the
 * worker tries at least every POLL_INTERVAL to lock it as a new session does.
 * If that fails, it publishes what it can and ends.  If events are left, the
 * next worker waits for the lock before the server counts it as a session of
 * this database.  DROP DATABASE ... FORCE terminates the worker; to the
 * server it belongs to the database's owner, who may do that.
 *
 * A worker whose database is gone removes its events.  That also goes for a
 * database whose DROP DATABASE was interrupted: it can only be dropped.
 *
 * If events cannot be sent, as while PostgreSQL's queue of notifications is
 * full, the worker tries again at growing intervals, since each attempt uses
 * up a transaction id.
 */
#include "event_worker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "commands/async.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "clock.h"
#include "compat.h"
#include "event_queue.h"
#include "inject.h"
#include "locking.h"

/* all in ms */
#define IDLE_TIME 10000
#define POLL_INTERVAL 100
#define MIN_RETRY_INTERVAL 100	/* after a failure, doubled with each */
#define MAX_RETRY_INTERVAL 5000
#define BATCH_INTERVAL 2		/* in which events gather */

#define RESTART_SECONDS 1

PG_FUNCTION_INFO_V1(locking_event_worker);

PGDLLEXPORT void locking_event_worker_main(Datum main_arg);

/* this process publishes the events of a database */
static bool serving = false;

static bool database_is_gone = false;

static emit_log_hook_type prev_log_hook = NULL;

/* ---- start ---- */

static bool
register_worker(Oid database)
{
	BackgroundWorker worker = {0};

	strlcpy(worker.bgw_name, "locking events", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "locking events", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker.bgw_library_name, "locking", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "locking_event_worker_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

/*
 * See to it that this database has a worker.  Returns false if it cannot have
 * one: in single-user mode, during pg_upgrade, without a free slot of
 * max_worker_processes, or because it does not start.
 */
bool
event_worker_ensure(void)
{
	return IsUnderPostmaster && !IsBinaryUpgrade && event_queue_request_worker(register_worker);
}

/* The process id of this database's worker, or NULL. */
Datum
locking_event_worker(PG_FUNCTION_ARGS)
{
	int			pid = event_queue_attach() ? event_queue_worker_pid() : 0;

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

/* ---- end ---- */

/*
 * The server reports that there is no such database, or that it is invalid,
 * and the process is going to end.  That is no failure worth a line in the
 * log.  A detail says that the database was just dropped or renamed: then the
 * next worker finds out which.  (A database that does not accept connections
 * has the SQLSTATE of an invalid one, but accepts the worker.)
 */
static void
note_missing_database(ErrorData *error)
{
	if (error->elevel == FATAL && (error->sqlerrcode == ERRCODE_UNDEFINED_DATABASE ||
								   error->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE))
	{
		database_is_gone = error->detail == NULL;
		error->output_to_server = false;
	}
	if (prev_log_hook)
		prev_log_hook(error);
}

/*
 * Before the end of the process, with its transaction rolled back.  Calling
 * proc_exit() again changes the exit status.
 */
static void
end_worker(int code, Datum arg)
{
	bool		left = serving && event_queue_leave(database_is_gone);

	serving = false;
	if (!left && code != 0)
		proc_exit(0);
}

/* ---- publication ---- */

/*
 * The worker must not depend on settings of the server or the database, of
 * which some versions lack some.  Its transactions write nothing that would
 * have to reach the disk.
 */
static const char *const parameters[][2] = {
	{"synchronous_commit", "off"},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"lock_timeout", "0"},
	{"statement_timeout", "0"},
	{"transaction_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
	{"idle_session_timeout", "0"},
	{"application_name", "locking events"},
};

static void
set_parameters(void)
{
	for (int i = 0; i < lengthof(parameters); i++)
		if (GetConfigOption(parameters[i][0], true, false))
			SetConfigOption(parameters[i][0], parameters[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

static void
send_all(List *payloads)
{
	ListCell   *cell;

	foreach(cell, payloads)
	{
		Async_Notify(LOCKING_CHANNEL, lfirst(cell));
	}
}

/*
 * To the server, let this session belong to the owner of the database, who
 * may change.
 */
static void
belong_to_database_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));

	if (!HeapTupleIsValid(tuple))
		return;
	MyProc->roleId = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
}

/*
 * Publish events in one transaction.  Returns whether there may be more,
 * beyond the size of a batch.
 */
static bool
publish_batch(bool *published)
{
	TransactionId publisher = InvalidTransactionId;
	XLogRecPtr	commit;
	bool		more = false;

	INJECT("take");
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	belong_to_database_owner();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (event_queue_has_publishable())
	{
		/* it must be assigned before the queue is locked */
		publisher = GetCurrentTransactionId();
		send_all(event_queue_take(publisher, &commit, &more));
		INJECT("publish");
		XLogFlush(commit);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	ProcessCompletedNotifies();
	if (!TransactionIdIsValid(publisher))
		return false;
	INJECT("published");
	event_queue_published(publisher);
	*published = true;
	return more;
}

static bool
publish_batches(void)
{
	bool		published = false;

	while (publish_batch(&published))
		CHECK_FOR_INTERRUPTS();
	return published;
}

static void
recover_from_error(bool report)
{
	HOLD_INTERRUPTS();
	if (report)
		EmitErrorReport();
	AbortOutOfAnyTransaction();
	LWLockReleaseAll();
	FlushErrorState();
	MemoryContextSwitchTo(TopMemoryContext);
	RESUME_INTERRUPTS();
}

/* When the last attempt failed, how long to wait before the next one. */
static int64 failed_at = 0;
static int	retry_interval = 0;

static void
note_failure(void)
{
	failed_at = clock_monotonic_ms();
	retry_interval = retry_interval == 0 ? MIN_RETRY_INTERVAL :
		Min(2 * retry_interval, MAX_RETRY_INTERVAL);
}

/*
 * Let PostgreSQL forget the notifications that all listeners have read.  It
 * does so after sending, which fails while its queue is full, and when it is
 * asked how full the queue is.
 */
static void
make_room_for_notifications(void)
{
	(void) DirectFunctionCall1(pg_notification_queue_usage, (Datum) 0);
}

/*
 * Publish what can be published.  Returns how long to sleep, in ms; 0: until
 * the latch is set.  An error is logged unless the last attempt failed, too.
 */
static int
publish_all(void)
{
	volatile int pause = 0;

	if (retry_interval > 0 && clock_monotonic_ms() - failed_at < retry_interval)
		return POLL_INTERVAL;
	PG_TRY();
	{
		if (retry_interval > 0)
			make_room_for_notifications();
		pause = publish_batches() ? BATCH_INTERVAL : 0;
		retry_interval = 0;
	}
	PG_CATCH();
	{
		recover_from_error(retry_interval == 0);
		note_failure();
		pause = POLL_INTERVAL;
	}
	PG_END_TRY();
	return pause;
}

/* ---- the worker ---- */

static void
connect_to_database(Oid database)
{
	prev_log_hook = emit_log_hook;
	emit_log_hook = note_missing_database;
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	emit_log_hook = prev_log_hook;
	set_parameters();
	pgstat_report_activity(STATE_IDLE, NULL);
	event_queue_serving();
}

/*
 * Is no command waiting for the sessions of the database to end?  The lock is
 * that of a new session (InitPostgres()).
 */
static bool
database_is_free(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	LockRelease(&tag, RowExclusiveLock, true);
	return true;
}

/* Has there been no event for IDLE_TIME, nor is there one now? */
static bool
may_end(bool busy)
{
	static int64 busy_at = 0;
	int64		now = clock_monotonic_ms();

	if (busy || busy_at == 0 || !event_queue_is_empty())
		busy_at = now;
	return now - busy_at >= IDLE_TIME && event_queue_retire();
}

static void
handle_signals(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* Events of a short time gather, so sleep even if there are some. */
static void
sleep_for(int pause)
{
	if (pause > 0)
		(void) WaitLatch(NULL, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause, PG_WAIT_EXTENSION);
	else
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_INTERVAL,
						 PG_WAIT_EXTENSION);
}

/* Main function of the worker, known to the postmaster by its name. */
void
locking_event_worker_main(Datum main_arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(end_worker, (Datum) 0);
	serving = event_queue_serve(DatumGetObjectId(main_arg));
	if (!serving)
		proc_exit(0);
	connect_to_database(DatumGetObjectId(main_arg));
	for (;;)
	{
		int			pause;

		ResetLatch(MyLatch);
		handle_signals();
		pause = publish_all();
		pgstat_report_stat(false);
		if (!database_is_free())
			proc_exit(1);
		if (may_end(pause > 0))
			break;
		sleep_for(pause);
	}
	serving = false;
	proc_exit(0);
}
