/*
 * pool.h
 *		Pools of database connections, one for each session and one for the
 *		service role
 *
 * Idle connections stay open for a while.  If the limit for all pools is
 * reached, the connection of any pool that has been idle for longest is
 * closed.
 */
#ifndef POOL_H
#define POOL_H

#include <stdint.h>

#include "pool/connect.h"

struct Statement;

typedef struct Pool
{
	const char *role;			/* NULL: as in options.dsn */
	const char *password;		/* memory of secret.c */
	struct DbConnection *idle;
	char		role_oid[12];	/* of the first connection; "": none yet */
	/* now_s() of the last successful connection */
	int64_t		verified;
} Pool;

#define TIME_ZONE_SIZE 64

typedef struct DbConnection
{
	PGconn	   *pg;
	Pool	   *pool;
	struct Prepared *prepared;	/* hash */
	bool		unusable;		/* must not be used again */
	char		time_zone[TIME_ZONE_SIZE];	/* as requested; "": the default */
	int64_t		opened;			/* now_s() */
	int64_t		idle_since;		/* now_s() */
	/* list of the pool's idle connections */
	struct DbConnection *prev,
			   *next;
	/* list of all idle, or all busy, connections */
	struct DbConnection *older,
			   *newer;
} DbConnection;

extern Pool service_pool;

/* Returns a working connection, or NULL. */
extern DbConnection *pool_acquire(Pool *pool, ConnectError *error);

/*
 * Checks with a separate connection that the server still accepts the pool's
 * role, and that the role was not dropped and recreated.
 */
extern bool pool_verify(Pool *pool, ConnectError *error);

/* Seconds since the last check */
extern int64_t pool_unverified(const Pool *pool);

/*
 * Returns a connection to its pool.  Closes it if it is broken or in a
 * transaction.
 */
extern void pool_release(DbConnection *connection);

/* True if the statement is prepared on the connection */
extern bool pool_is_prepared(const DbConnection *connection, const struct Statement *statement);

/* Notes that the statement has been prepared on the connection. */
extern void pool_set_prepared(DbConnection *connection, const struct Statement *statement);

/* Closes all connections of the pool, none of which may be in use. */
extern void pool_close(Pool *pool);

/* Closes connections that have been idle for too long. */
extern void pool_close_expired(void);

/*
 * Cancels all running statements and waits for the server's confirmation.
 * Until then, connections can be neither taken nor returned.
 */
extern void pool_cancel_all(void);

/* Numbers of open and of idle connections */
extern void pool_counts(long *open, long *idle);

#endif							/* POOL_H */
