/*
 * workers.h
 *		Worker threads that run handlers, and their queue
 *
 * Each client has a queue.  A client is a role (behind an authenticating
 * proxy, a user), or the address of a client without a session.  The queues
 * are served round-robin, so a client with many requests delays only itself.
 * A client can occupy at most half of the workers, so slow requests leave
 * some for others.  Within a queue, requests run in order of arrival.  The
 * number of concurrent requests is also limited for each session, and for all
 * clients without a session together.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "http/request.h"
#include "session/running.h"

typedef enum Admission
{
	ADMITTED,
	CLIENT_QUEUE_FULL,			/* too many requests of the client wait */
	/* too many requests wait, or the threads are stopping */
	QUEUE_FULL
} Admission;

/*
 * Starts the threads.  They call RUN to execute a request, then DONE, which
 * returns it to its event loop.
 */
extern void workers_start(void (*run) (Request *req), void (*done) (Request *req));

/*
 * Appends the request to the queue of that name.  RUNNING_COUNT is the
 * session's.
 */
extern Admission workers_submit(Request *req, const char *queue, RunningCount *running_count);

/* Stops the threads after they have completed all submitted requests. */
extern void workers_stop(void);

/* Numbers of waiting and running requests */
extern void workers_counts(long *waiting, long *running);

#endif							/* WORKERS_H */
