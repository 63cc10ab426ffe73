/*
 * session.h
 *		Sessions of people who are signed in.
 *
 * A session is referred to by whoever found it, until session_release(): it
 * may end meanwhile, but stays in memory.  All functions may be called with
 * NULL, which is nobody: the service role then is who asks.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include "pool/pool.h"

typedef struct Session Session;

typedef enum SessionRefusal
{
	SESSION_GRANTED,
	SESSION_ROLE_FULL,			/* of this role there are too many */
	SESSION_ALL_FULL
} SessionRefusal;

/*
 * A new session, not known to others before session_open().  ROLE: who signs
 * in, with PASSWORD (from secret_alloc(), taken over; NULL if a proxy did it:
 * then OWNER and NAME are what it says).
 */
extern Session *session_new_role(const char *role, char *password);
extern Session *session_new_proxied(const char *owner, const char *name);

/* Makes it one that can be found, and gives it its tokens. */
extern SessionRefusal session_open(Session *session);

/*
 * The session that a cookie names, in use from now on; NULL if there is none
 * (any more).
 */
extern Session *session_find(const char *token);
extern void session_release(Session *session);

/*
 * Nobody finds it any more; its streams and connections are closed. Nothing
 * if it is not open.
 */
extern void session_end(Session *session);

/*
 * Set once, before the first session begins: ENDED is called for each session
 * that has ended, before its connections are closed.
 */
extern void session_on_end(void (*ended) (const Session *session));

/* Ends those whose time is over. */
extern void session_tidy(void);
extern void session_end_all(void);

/*
 * One whose role has not connected for long, with a reference; NULL if there
 * is none.
 */
extern Session *session_to_verify(void);

/* Connects its role anew, and ends it (false) if that is refused. */
extern bool session_verify(Session *session);

extern const char *session_token(const Session *session);
extern const char *session_csrf(const Session *session);
extern const char *session_owner(const Session *session);
extern const char *session_owner_name(const Session *session);
extern bool session_is_proxied(const Session *session);

/* The role whose privileges count: NULL for the service role. */
extern const char *session_role(const Session *session);

extern Pool *session_pool(Session *session);
extern struct Lane *session_lane(Session *session);
extern bool session_has_ended(const Session *session);

extern long session_count(void);

#endif							/* SESSION_H */
