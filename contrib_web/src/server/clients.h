/*
 * clients.h
 *		Connections of clients, and how long they may take.
 *
 * The library's own timeout only sees silence; a client that sends a byte now
 * and then would keep its connection for ever.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <microhttpd.h>

struct Request;

/* MHD_NotifyConnectionCallback */
extern void clients_notify(void *cls, struct MHD_Connection *connection, void **context,
						   enum MHD_ConnectionNotificationCode code);

/* The request that the connection is at, or NULL. */
extern void clients_set_request(struct MHD_Connection *connection, struct Request *req);
extern struct Request *clients_request(struct MHD_Connection *connection);

/*
 * From now on the client has options.request_timeout, or has all the time it
 * wants.
 */
extern void clients_start_clock(struct MHD_Connection *connection);
extern void clients_stop_clock(struct MHD_Connection *connection);

/* Cuts off those whose time is over. */
extern void clients_tidy(void);

#endif							/* CLIENTS_H */
