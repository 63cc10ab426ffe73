/*
 * watch.h
 *		Thread that ends sessions whose role can no longer sign in, and for
 *		what else waits for the database now and then
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

/* Starts the thread, which calls EACH_SECOND about that often. */
extern void watch_start(void (*each_second) (void));

/*
 * watch_end() stops the thread.  watch_join() waits for it briefly; false if
 * it is still waiting for the database.
 */
extern void watch_end(void);
extern bool watch_join(void);

#endif							/* WATCH_H */
