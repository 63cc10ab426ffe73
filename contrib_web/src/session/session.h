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
#include <time.h>

#include "base/address.h"
#include "pool/pool.h"

typedef struct Session Session;

#define AGENT_SIZE 256			/* longer names of browsers are cut off */
#define SESSION_ID_SIZE 33

/*
 * What a user is shown of a session.  The id is no secret: it identifies a
 * session to its own user only.
 */
typedef struct SessionInfo
{
	char		id[SESSION_ID_SIZE];
	char		address[ADDRESS_SIZE];
	char		agent[AGENT_SIZE];	/* UTF-8; "": not sent */
	time_t		started;
	time_t		used;			/* time of the last request */
} SessionInfo;

/*
 * Creates a session, which session_find() does not return before
 * session_open(). A session of a role takes ownership of PASSWORD, from
 * secret_alloc().  A session behind an authenticating proxy has the OWNER and
 * NAME sent by the proxy.
 */
extern Session *session_new_role(const char *role, char *password);
extern Session *session_new_proxied(const char *owner, const char *name);

/*
 * Assigns tokens and makes the session available to session_find().  If its
 * owner has too many sessions, the oldest one ends.  ADDRESS and AGENT (NULL:
 * not sent) are those of the client that signs in.  Returns false if there
 * are too many sessions of all owners.
 */
extern bool session_open(Session *session, const Address *address, const char *agent);

/*
 * Returns the session that requests of the proxy's user without a cookie
 * share, and begins it, with ADDRESS and AGENT as for session_open(), if
 * there is none.  NULL if there are too many sessions.
 */
extern Session *session_share(const char *owner, const char *name, const Address *address, const char *agent);

/*
 * Returns the session with the token of a cookie and marks it as used; NULL
 * if there is none.
 */
extern Session *session_find(const char *token);

/* Returns the owner's session with this id; NULL if there is none. */
extern Session *session_of_owner(const char *owner, const char *id);

/*
 * Calls SHOW for each open session of the owner, in the order in which they
 * began.  It must not call functions of this file.
 */
extern void session_list(const char *owner, void (*show) (const SessionInfo *info, void *arg), void *arg);

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
extern const char *session_id(const Session *session);
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
