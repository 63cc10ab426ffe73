/*
 * server.h
 *		HTTP server: event loops that pass requests to handlers
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

/*
 * Starts listening and prints the address on standard output.  On failure
 * reports it and returns false.
 */
extern bool server_start(void);

/* Refuses new requests from now on. */
extern void server_quiesce(void);

/* Waits until all requests are completed; false on timeout. */
extern bool server_wait(int seconds);

/* May be called only when all requests are completed. */
extern void server_stop(void);

#endif							/* SERVER_H */
