/*
 * caller.h
 *		The client of a request: address, user and session
 */
#ifndef CALLER_H
#define CALLER_H

#include "http/request.h"

#define SESSION_COOKIE "locking_session"
#define DEVICE_COOKIE "locking_device"

/* Determines address and user; called before all other functions. */
extern void caller_identify(Request *req);

/* If the proxy sent an invalid name, replies with an error, returns true. */
extern bool caller_refuse_name(Request *req);

/*
 * Returns a reference to the session of the cookie, or NULL.  Behind an
 * authenticating proxy, the session must belong to the proxy's user.
 */
extern struct Session *caller_session(const Request *req);

/*
 * Returns a reference to a session of the proxy's user for requests of pages
 * that cannot begin one.  All such requests of a user share it, so that they
 * do not use up the user's sessions.  NULL if there is no user, or no room.
 */
extern struct Session *caller_session_without_cookie(const Request *req);

/* Maximum size of a body, depending on whether there is a session */
extern size_t caller_body_limit(const Request *req);

/* True if the client uses TLS, through a trusted proxy or directly */
extern bool caller_is_secure(const Request *req);

#endif							/* CALLER_H */
