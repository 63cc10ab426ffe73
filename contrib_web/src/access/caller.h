/*
 * caller.h
 *		Who asks: from which address, by whose name, in which session.
 */
#ifndef CALLER_H
#define CALLER_H

#include "http/request.h"

#define SESSION_COOKIE "locking_session"
#define DEVICE_COOKIE "locking_device"

/* Notes who asks, before anything else. */
extern void caller_identify(Request *req);

/* Replies that the proxy named an owner that cannot be one, if it did. */
extern bool caller_refuse_name(Request *req);

/*
 * The session that the cookie names, and that belongs to the proxy's user if
 * there is a proxy; or NULL.
 */
extern struct Session *caller_session(const Request *req);

/* How many bytes of a body are kept in memory for whoever asks. */
extern size_t caller_body_limit(const Request *req);

/* Does the client reach us by TLS, through the proxy or directly? */
extern bool caller_is_secure(const Request *req);

#endif							/* CALLER_H */
