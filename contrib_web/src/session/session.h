/*
 * session.h
 *		Sessions of users who are signed in
 *
 * Sessions are reference-counted: until session_release(), a session may end
 * but stays in memory.  All functions accept NULL, which stands for the
 * service role.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include "pool/pool.h"

typedef struct Session Session;

typedef enum SessionRefusal
{
	SESSION_GRANTED,
	SESSION_ROLE_FULL,			/* too many sessions of this role */
	SESSION_ALL_FULL
} SessionRefusal;

/*
 * Creates a session, which session_find() does not return before
 * session_open(). A session of a role takes ownership of PASSWORD, from
 * secret_alloc().  A session behind an authenticating proxy has the OWNER and
 * NAME sent by the proxy.
 */
extern Session *session_new_role(const char *role, char *password);
extern Session *session_new_proxied(const char *owner, const char *name);

/* Assigns tokens and makes the session available to session_find(). */
extern SessionRefusal session_open(Session *session);

/*
 * Returns the session with the token of a cookie and marks it as used; NULL
 * if there is none.
 */
extern Session *session_find(const char *token);

/* Releases a reference. */
extern void session_release(Session *session);

/*
 * Ends a session: it can no longer be found, and its streams and connections
 * are closed.  No-op if it is not open.
 */
extern void session_end(Session *session);

/*
 * Registers ENDED, which is called for each session that has ended, before
 * its connections are closed.  Call this once, before the first session.
 */
extern void session_on_end(void (*ended) (const Session *session));

/* Ends sessions that have timed out. */
extern void session_end_expired(void);

/* Ends all sessions. */
extern void session_end_all(void);

/*
 * Returns a reference to a session whose role has not connected for too long;
 * NULL if there is none.
 */
extern Session *session_to_verify(void);

/* Reconnects the role; if it is rejected, ends the session, returns false. */
extern bool session_verify(Session *session);

/* Members of a session.  The owner is the role, or the proxy's user. */
extern const char *session_token(const Session *session);
extern const char *session_csrf(const Session *session);
extern const char *session_owner(const Session *session);
extern const char *session_owner_name(const Session *session);
extern bool session_is_proxied(const Session *session);

/* The role whose privileges apply; NULL for the service role */
extern const char *session_role(const Session *session);

/* The pool of the role's connections, or service_pool */
extern Pool *session_pool(Session *session);

/* The number of running requests */
extern struct RunningCount *session_running_count(Session *session);

/* True after session_end() */
extern bool session_has_ended(const Session *session);

/* Number of open sessions */
extern long session_count(void);

#endif							/* SESSION_H */
