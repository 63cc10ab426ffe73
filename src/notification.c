/*
 * notification.c
 *		Sending notifications, after the commit or within the transaction.
 *
 * A transaction that notifies holds a lock from shortly before its commit to
 * its end, so all such commits of a server wait for each other, flush
 * included.  So by default events go into a queue (event_queue.c), from which
 * a background worker publishes them.  In any doubt an event is sent within
 * its own transaction: without shared memory, a place in the queue or a
 * worker.  That is decided when the event happens, so an event that has got
 * into the queue needs no second decision.
 *
 * A session that fails to attach to the shared memory that others use cannot
 * claim the earlier events of a row, and its own may overtake them.  It tries
 * again (shared.c).
 */
#include "notification.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/async.h"
#include "nodes/pg_list.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "early_release.h"
#include "event_queue.h"
#include "event_worker.h"
#include "locking.h"

/* this transaction has added events to the queue */
static bool has_queued = false;

/*
 * This transaction has sent an event itself.  It then sends the later ones,
 * too: its commit waits for others in any case, and each attempt to make room
 * in a full queue looks at all entries.
 */
static bool has_sent = false;

/* ---- after the commit ---- */

/* Like event_queue_add(), after removing what the queue needs no longer. */
static QueueOutcome
add_with_sweep(uint64 row, const char *payload)
{
	PushActiveSnapshot(GetLatestSnapshot());
	event_queue_sweep();
	PopActiveSnapshot();
	return event_queue_add(row, payload);
}

/*
 * The worker may end between the two steps, if it was idle.  But one that has
 * just been started does not end so soon.
 */
static QueueOutcome
add_with_worker(uint64 row, const char *payload)
{
	QueueOutcome outcome = event_queue_add(row, payload);

	if (outcome == QUEUE_UNSERVED && event_worker_ensure())
		outcome = event_queue_add(row, payload);
	if (outcome == QUEUE_FULL)
		outcome = add_with_sweep(row, payload);
	return outcome;
}

static void
complain(QueueOutcome outcome)
{
	if (!event_queue_may_complain())
		return;
	ereport(LOG,
			(errmsg("lock events are sent within their transactions, so that commits wait for each other"),
			 outcome == QUEUE_FULL ?
			 errdetail("The queue of events is full.") :
			 errdetail("The background worker that sends events cannot be started."),
			 outcome == QUEUE_FULL ?
			 errhint("Increase \"locking.event_queue_size\", or find the listener that does not read its notifications.") :
			 errhint("Increase \"max_worker_processes\". At most %d databases can have such a worker at a time.",
					 EVENT_MAX_DATABASES)));
}

static bool
send_after_commit(uint64 row, const char *payload)
{
	QueueOutcome outcome = add_with_worker(row, payload);

	if (outcome == QUEUED)
		has_queued = true;
	else
		complain(outcome);
	return outcome == QUEUED;
}

/* ---- within the transaction ---- */

/*
 * Send the events of the row that are still in the queue, so that a later one
 * does not overtake them.
 */
static void
send_earlier(uint64 row)
{
	TransactionId self = GetCurrentTransactionId();
	TransactionId busy;
	List	   *payloads;
	ListCell   *cell;

	for (;;)
	{
		PushActiveSnapshot(GetLatestSnapshot());
		payloads = event_queue_claim(row, self, &busy);
		PopActiveSnapshot();
		if (!TransactionIdIsValid(busy))
			break;
		XactLockTableWait(busy, NULL, NULL, XLTW_None);
	}
	foreach(cell, payloads)
	{
		Async_Notify(LOCKING_CHANNEL, lfirst(cell));
	}
}

/*
 * Notify listeners of an event.  Events with the same number "row" reach them
 * in their order.
 */
void
notification_send(uint64 row, const char *payload)
{
	bool		attached = event_queue_attach();

	if (attached && locking_notify == NOTIFY_AFTER_COMMIT && !has_sent && send_after_commit(row, payload))
		return;
	if (attached)
		send_earlier(row);
	early_release_prevent();
	has_sent = true;
	Async_Notify(LOCKING_CHANNEL, payload);
}

/* ---- end of the transaction ---- */

/*
 * A transaction has ended, and the worker's next snapshot shows that, as the
 * callback comes after the proc array was updated.
 */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (has_queued)
		event_queue_wake();
	has_queued = has_sent = false;
}

/* Register the queue and the callback. */
void
notification_init(void)
{
	event_queue_init();
	RegisterXactCallback(end_transaction, NULL);
}
