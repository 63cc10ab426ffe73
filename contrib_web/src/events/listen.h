/*
 * listen.h
 *		The one connection that listens to the database's events.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>

extern void listen_start(void);

/* Asks the thread to end; has it?  It has not while it connects. */
extern void listen_end(void);
extern bool listen_join(void);

/* How often the connection was lost and made anew. */
extern long listen_reconnects(void);

#endif							/* LISTEN_H */
