/*
 * server.h
 *		The event loops: from sockets to handlers and back.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

/*
 * Listens; says where, on standard output. False, with a message, if that
 * cannot be.
 */
extern bool server_start(void);

/* From now on requests are refused. */
extern void server_quiesce(void);

/* Waits until all requests are answered, so long at most. */
extern bool server_wait(int seconds);

/* Only when all are answered. */
extern void server_stop(void);

#endif							/* SERVER_H */
