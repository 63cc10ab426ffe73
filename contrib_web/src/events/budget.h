/*
 * budget.h
 *		Rate limit for notifications, per sender and in total
 *
 * Any role can notify on the channel, so a flood of forged notifications
 * would delay genuine ones.  The number of notifications in a time slice is
 * limited for each sender (a backend) and in total.  Others are dropped
 * unread.  As they may have been genuine, streams are reset, but not too
 * often, since a reset makes all clients reload.
 *
 * Used by the listener thread only.  Times are in milliseconds, now_us() /
 * 1000.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_SLICE_MS 1000
#define BUDGET_SENDER 500		/* per slice */
#define BUDGET_TOTAL 3000
#define BUDGET_RESET_MS 10000	/* minimum time between resets */

/* True if a notification of the sender is within the limits. */
extern bool budget_admits(int sender, int64_t now);

/*
 * The trusted sender (the server's background worker for events; 0: none)
 * has only the limit in total.  It changes, so it has to be looked up anew
 * when a sender reaches its limit, which is true once in a slice.
 */
extern bool budget_must_know_trusted(int sender, int64_t now);
extern void budget_trust(int sender);

/* Milliseconds until the streams must be reset; -1 if nothing was dropped */
extern int	budget_wait(int64_t now);

/* If a reset is due, returns true once, and the caller must reset. */
extern bool budget_is_reset_due(int64_t now);

/* Notifications dropped so far. */
extern long budget_dropped(void);

#endif							/* BUDGET_H */
