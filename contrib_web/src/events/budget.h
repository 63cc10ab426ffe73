/*
 * budget.h
 *		How many notifications of a sender, and in all, are passed on.
 *
 * Any role may notify on the channel, so many forged notifications would keep
 * real ones waiting.  In each slice of time a sender (a backend of the
 * database) may have so many, and all together; what is more is dropped
 * unread, and streams are told to load anew, as it may have been real.  Not
 * all the time, though: that is work for all clients.
 *
 * Used by the listener's thread alone.  Times are in milliseconds of now_us()
 * / 1000.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_SLICE_MS 1000
#define BUDGET_SENDER 500		/* in a slice */
#define BUDGET_ALL 3000
#define BUDGET_RESET_MS 10000	/* least time between two resets of the streams */

/* May a notification of the sender be passed on? */
extern bool budget_admits(int sender, int64_t now);

/*
 * Milliseconds until streams have to be told to load anew; -1: nothing was
 * dropped.
 */
extern int budget_wait(int64_t now);

/* If that time has come: they are told now. */
extern bool budget_is_reset_due(int64_t now);

/* Notifications dropped so far. */
extern long budget_dropped(void);

#endif							/* BUDGET_H */
