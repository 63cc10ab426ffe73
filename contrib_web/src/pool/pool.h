/*
 * pool.h
 *		Connections to the database: of a session each its own, and those of
 *		the service role.
 *
 * A connection that nobody uses stays open for a while.  There is a limit for
 * all together: at it, the one unused for longest makes room, whosever it is.
 */
#ifndef POOL_H
#define POOL_H

#include <stdint.h>

#include "pool/connect.h"

struct Statement;

typedef struct Pool
{
	const char *role;			/* NULL: what options.dsn says */
	const char *password;		/* memory of secret.c */
	struct DbConnection *idle;
	char		role_oid[12];	/* of the first connection; "": none */
	int64_t		verified;		/* now_s() of the last connection made */
} Pool;

typedef struct DbConnection
{
	PGconn	   *pg;
	Pool	   *pool;
	struct Prepared *prepared;	/* hash */
	bool		spoiled;		/* not to be used again */
	int64_t		opened;			/* now_s() */
	int64_t		idle_since;		/* now_s() */
	struct DbConnection *prev,
			   *next;			/* of the pool's idle ones */
	struct DbConnection *older,
			   *newer;			/* of all idle ones, or all busy ones */
} DbConnection;

extern Pool service_pool;

/* A connection that works, or NULL. */
extern DbConnection *pool_take(Pool *pool, ConnectError *error);

/*
 * Does the server still let the pool's role in, as the one that it was?  By a
 * connection of its own.
 */
extern bool pool_verify(Pool *pool, ConnectError *error);

/* For how many seconds has nobody looked? */
extern int64_t pool_unverified(const Pool *pool);

/*
 * Gives it back; one that does not work any more, or is in a transaction, is
 * closed.
 */
extern void pool_give(DbConnection *connection);

/* Is the statement prepared on it? */
extern bool pool_is_prepared(const DbConnection *connection, const struct Statement *statement);
extern void pool_set_prepared(DbConnection *connection, const struct Statement *statement);

/* Closes the pool's idle connections; none of them may be in use. */
extern void pool_close(Pool *pool);

/* Closes those that have been idle for long. */
extern void pool_tidy(void);

/*
 * Asks the server to cancel what is running, and waits for it; until then
 * nobody gets or gives a connection.
 */
extern void pool_cancel_all(void);

extern void pool_counts(long *open, long *idle);

#endif							/* POOL_H */
