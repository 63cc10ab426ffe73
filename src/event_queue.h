/*
 * event_queue.h
 *		Events that wait in shared memory for their publication.
 */
#ifndef LOCKING_EVENT_QUEUE_H
#define LOCKING_EVENT_QUEUE_H

#include "postgres.h"

#include "access/xlogdefs.h"
#include "nodes/pg_list.h"

#pragma GCC visibility push(hidden)

/* the channel on which they are published */
#define LOCKING_CHANNEL "locking"

/* number of databases that can have events at a time */
#define EVENT_MAX_DATABASES 128

typedef enum QueueOutcome
{
	QUEUED,
	QUEUE_FULL,
	QUEUE_UNSERVED				/* there is no worker, so start one */
} QueueOutcome;

extern void event_queue_init(void);
extern bool event_queue_attach(void);

/* ---- sessions ---- */

extern QueueOutcome event_queue_add(uint64 row, const char *payload);
extern bool event_queue_request_worker(bool (*start) (Oid database));
extern void event_queue_sweep(void);
extern List *event_queue_claim(uint64 row, TransactionId publisher, TransactionId *busy);
extern void event_queue_wake(void);
extern bool event_queue_may_complain(void);
extern int	event_queue_worker_pid(void);

/* ---- the worker ---- */

extern bool event_queue_serve(Oid database);
extern void event_queue_serving(void);
extern bool event_queue_has_publishable(void);
extern List *event_queue_take(TransactionId publisher, XLogRecPtr *commit, bool *more);
extern void event_queue_published(TransactionId publisher);
extern bool event_queue_is_empty(void);
extern bool event_queue_retire(void);
extern bool event_queue_leave(bool database_is_gone);

#pragma GCC visibility pop

#endif							/* LOCKING_EVENT_QUEUE_H */
