/*
 * workers.h
 *		Threads that run handlers, and the queue in front of them.
 *
 * Requests wait by party: a role (behind a proxy: a user), or the address of
 * a client without a session.  The parties take turns, so one with many
 * requests delays only itself, and a party has at most half of the workers,
 * so slow requests of one leave some to others.  Within a party requests run
 * in the order of coming, at most a few of one lane at a time: of a session,
 * or of all clients without one.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "http/request.h"
#include "session/lane.h"

typedef enum Admission
{
	ADMITTED,
	PARTY_FULL,					/* too many of the party's wait */
	ALL_FULL					/* too many in all, or the threads are being ended */
} Admission;

/*
 * RUN does what the request asks for; after DONE it is its event loop's
 * again.
 */
extern void workers_start(void (*run) (Request *req), void (*done) (Request *req));

extern Admission workers_submit(Request *req, const char *party, Lane *lane);

/* Ends the threads once they have done all that was submitted. */
extern void workers_stop(void);

/* Requests that wait, that run. */
extern void workers_counts(long *waiting, long *running);

#endif							/* WORKERS_H */
