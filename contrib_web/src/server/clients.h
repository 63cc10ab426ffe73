/*
 * clients.h
 *		Connections of clients, and their timeouts
 *
 * The library's timeout only detects idle connections.  A client that sends a
 * byte now and then could keep its connection open forever.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <microhttpd.h>
#include <stdint.h>

struct Request;

/* MHD_NotifyConnectionCallback */
extern void clients_notify(void *cls, struct MHD_Connection *connection, void **context,
						   enum MHD_ConnectionNotificationCode code);

/* Sets or returns the connection's current request, or NULL. */
extern void clients_set_request(struct MHD_Connection *connection, struct Request *req);
extern struct Request *clients_request(struct MHD_Connection *connection);

/*
 * The timeout of a client.  clients_start_clock starts
 * options.request_timeout, clients_stop_clock disables it.  clients_add_time
 * extends it by a second for each 32,000 BYTES to send or received, so that
 * long texts are not cut off unless the client is slower than that.  The
 * pages allow uploads the same time (api.js).
 */
extern void clients_start_clock(struct MHD_Connection *connection);
extern void clients_add_time(struct MHD_Connection *connection, uint64_t bytes);
extern void clients_stop_clock(struct MHD_Connection *connection);

/* Closes connections that have timed out. */
extern void clients_close_expired(void);

#endif							/* CLIENTS_H */
