/*
 * watch.h
 *		Ends sessions whose role may not sign in any more, in a thread of its
 *		own.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

extern void watch_start(void);

/* It is to end; false if it has not soon, as it waits for the database. */
extern void watch_end(void);
extern bool watch_join(void);

#endif							/* WATCH_H */
