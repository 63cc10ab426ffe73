/*
 * access.h
 *		May this request go on to its handler?
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "request.h"

/* Notes who asks, before anything else. */
extern void access_identify(Request *req);

/* Finds the session; false if the request has been replied to: nobody is signed in, the page that
 * asks is of another site, body or token are not as they should be. */
extern bool access_admit(Request *req);

/* How many bytes of a body are kept in memory for whoever asks. */
extern size_t access_body_limit(const Request *req);

/* The session that the cookie names, and that belongs to the proxy's user if there is a proxy; or NULL. */
extern struct Session *access_find_session(const Request *req);

/* Does the client reach us by TLS, through the proxy or directly? */
extern bool access_is_secure(const Request *req);

/* Adds what pages of allowed other sites need to read the reply. */
extern void access_add_cors(Request *req);

/* Replies to OPTIONS. */
extern void access_preflight(Request *req);

#define SESSION_COOKIE "locking_session"

#endif							/* ACCESS_H */
