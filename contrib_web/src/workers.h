/*
 * workers.h
 *		Threads that run handlers, and the queue in front of them.
 *
 * Requests of one lane (a session, or all that come without one) run a few at a time and in
 * the order of coming; the others wait in the lane, not in the queue, so that nobody's
 * slow requests take all workers.  Nor may those of one lane be more than a part of all that wait.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "request.h"

typedef struct Lane
{
	long		running;		/* queued ones, too */
	long		n_waiting;
	Request    *waiting;
} Lane;

/* RUN does what the request asks for; after DONE it is its event loop's again. */
extern void workers_start(void (*run) (Request *req), void (*done) (Request *req));

/* False if too many wait, of all or of the lane. */
extern bool workers_submit(Request *req, Lane *lane);

/* Ends the threads once they have done all that was submitted. */
extern void workers_stop(void);

/* Requests that wait, that run. */
extern void workers_counts(long *waiting, long *running);

#endif							/* WORKERS_H */
