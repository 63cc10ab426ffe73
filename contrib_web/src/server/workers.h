/*
 * workers.h
 *		Worker threads that run handlers, and their queue
 *
 * Requests are queued per party: a role (behind an authenticating proxy, a
 * user), or the address of a client without a session.  Parties are served
 * round-robin, so a party with many requests delays only itself.  A party can
 * occupy at most half of the workers, so slow requests leave some for others.
 * Within a party, requests run in order of arrival.  The number of concurrent
 * requests is limited per lane: a session, or all clients without a session.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "http/request.h"
#include "session/lane.h"

typedef enum Admission
{
	ADMITTED,
	PARTY_FULL,					/* too many requests of the party wait */
	/* too many requests wait, or the threads are stopping */
	ALL_FULL
} Admission;

/*
 * Starts the threads.  They call RUN to execute a request, then DONE, which
 * returns it to its event loop.
 */
extern void workers_start(void (*run) (Request *req), void (*done) (Request *req));

extern Admission workers_submit(Request *req, const char *party, Lane *lane);

/* Stops the threads after they have completed all submitted requests. */
extern void workers_stop(void);

/* Numbers of waiting and running requests */
extern void workers_counts(long *waiting, long *running);

#endif							/* WORKERS_H */
