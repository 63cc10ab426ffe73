/*
 * listen.h
 *		Connection that listens for events of the database
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>

/* Starts the thread. */
extern void listen_start(void);

/*
 * listen_end() stops the thread.  listen_join() waits for it briefly; false
 * if it is still connecting.
 */
extern void listen_end(void);
extern bool listen_join(void);

/* Number of reconnections */
extern long listen_reconnects(void);

#endif							/* LISTEN_H */
