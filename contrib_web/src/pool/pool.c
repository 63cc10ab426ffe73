/*
 * pool.c
 *		Pools of database connections, one for each session and one for the
 *		service role
 *
 * The mutex protects the lists.  It is not held while waiting for the server,
 * except by pool_cancel_all() at shutdown.  A connection that was taken is
 * used by one thread only.
 */
#include "pool/pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/options.h"

typedef struct Prepared
{
	const struct Statement *statement;
	UT_hash_handle hh;
} Prepared;

Pool		service_pool;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static DbConnection *all_idle;	/* oldest first */
static DbConnection *all_busy;
static long n_open;				/* includes those being opened */
static long n_idle;

/* ---- lists ---- */

static void
destroy(DbConnection *connection)
{
	Prepared   *prepared,
			   *next;

	HASH_ITER(hh, connection->prepared, prepared, next)
	{
		HASH_DEL(connection->prepared, prepared);
		free(prepared);
	}
	PQfinish(connection->pg);
	free(connection);
}

/* The caller holds the mutex. */
static void
remove_idle(DbConnection *connection)
{
	DL_DELETE(connection->pool->idle, connection);
	DL_DELETE2(all_idle, connection, older, newer);
	n_idle--;
}

/*
 * Reserves room for another connection.  Returns an idle one that the caller
 * must close, or NULL.  The caller holds the mutex.
 */
static DbConnection *
reserve_slot(void)
{
	DbConnection *oldest = NULL;

	n_open++;
	if (n_open > options.database_connections && all_idle)
	{
		oldest = all_idle;
		remove_idle(oldest);
		n_open--;
	}
	return oldest;
}

/* ---- connecting ---- */

/*
 * When a role is dropped, its connections stay open, and another role of the
 * same name may be created.  The operator is schema-qualified because the
 * role's search_path applies.
 */
static const char role_oid_query[] = "SELECT oid FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER";

/* True if the connection has the same role as the pool's first one. */
static bool
is_same_role(Pool *pool, PGconn *pg)
{
	PGresult   *result = PQexec(pg, role_oid_query);
	const char *oid = PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : "";
	bool		same;

	pthread_mutex_lock(&mutex);
	if (*pool->role_oid == '\0')
		snprintf(pool->role_oid, sizeof(pool->role_oid), "%s", oid);
	same = *oid && strcmp(pool->role_oid, oid) == 0;
	if (same)
		pool->verified = now_s();
	pthread_mutex_unlock(&mutex);
	PQclear(result);
	return same;
}

static PGconn *
connect_pool(Pool *pool, ConnectError *error)
{
	PGconn	   *pg = connect_database(pool->role, pool->password, error);

	if (pg == NULL || pool->role == NULL || is_same_role(pool, pg))
		return pg;
	*error = (ConnectError) {"28000", "the role was dropped and recreated"};
	if (PQstatus(pg) != CONNECTION_OK)
		*error = (ConnectError) {"08006", "connection lost"};
	PQfinish(pg);
	return NULL;
}

bool
pool_verify(Pool *pool, ConnectError *error)
{
	PGconn	   *pg = connect_pool(pool, error);

	PQfinish(pg);
	return pg != NULL;
}

int64_t
pool_unverified(const Pool *pool)
{
	int64_t		seconds;

	pthread_mutex_lock(&mutex);
	seconds = now_s() - pool->verified;
	pthread_mutex_unlock(&mutex);
	return seconds;
}

/* ---- taking and giving ---- */

/* Open connections are not affected by changes of the role. */
static bool
is_fresh(const DbConnection *connection)
{
	return connection->pool->role == NULL || now_s() < connection->opened + options.reauthenticate;
}

/*
 * Before the server closes a connection, it sends the reason.  So read all
 * available data.
 */
static bool
is_alive(DbConnection *connection)
{
	struct pollfd fd = {.fd = PQsocket(connection->pg), .events = POLLIN};

	while (poll(&fd, 1, 0) > 0)
		if (!PQconsumeInput(connection->pg))
			return false;
	return PQstatus(connection->pg) == CONNECTION_OK;
}

/* Returns an idle connection that still works, or NULL. */
static DbConnection *
take_idle(Pool *pool)
{
	for (;;)
	{
		DbConnection *connection;

		pthread_mutex_lock(&mutex);
		/* the most recently returned one */
		connection = pool->idle ? pool->idle->prev : NULL;
		if (connection)
			remove_idle(connection);
		pthread_mutex_unlock(&mutex);
		if (connection == NULL || (is_fresh(connection) && is_alive(connection)))
			return connection;
		destroy(connection);
		pthread_mutex_lock(&mutex);
		n_open--;
		pthread_mutex_unlock(&mutex);
	}
}

static DbConnection *
take_new(Pool *pool, ConnectError *error)
{
	DbConnection *connection = allocate(sizeof(DbConnection));
	DbConnection *oldest;

	pthread_mutex_lock(&mutex);
	oldest = reserve_slot();
	pthread_mutex_unlock(&mutex);
	if (oldest)
		destroy(oldest);
	connection->pool = pool;
	connection->opened = now_s();
	connection->pg = connect_pool(pool, error);
	if (connection->pg)
		return connection;
	free(connection);
	pthread_mutex_lock(&mutex);
	n_open--;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

DbConnection *
pool_acquire(Pool *pool, ConnectError *error)
{
	DbConnection *connection = take_idle(pool);

	if (connection == NULL)
		connection = take_new(pool, error);
	if (connection == NULL)
		return NULL;
	pthread_mutex_lock(&mutex);
	DL_APPEND2(all_busy, connection, older, newer);
	pthread_mutex_unlock(&mutex);
	return connection;
}

/*
 * True if a function in the database has executed LISTEN: libpq would
 * accumulate the notifications.
 */
static bool
is_notified(PGconn *pg)
{
	PGnotify   *notification = PQnotifies(pg);
	bool		notified = notification != NULL;

	PQfreemem(notification);
	return notified;
}

void
pool_release(DbConnection *connection)
{
	bool		reusable = (!connection->unusable && PQstatus(connection->pg) == CONNECTION_OK &&
							PQtransactionStatus(connection->pg) == PQTRANS_IDLE &&
							PQpipelineStatus(connection->pg) == PQ_PIPELINE_OFF && !is_notified(connection->pg));

	pthread_mutex_lock(&mutex);
	DL_DELETE2(all_busy, connection, older, newer);
	if (reusable)
	{
		connection->idle_since = now_s();
		DL_APPEND(connection->pool->idle, connection);
		DL_APPEND2(all_idle, connection, older, newer);
		n_idle++;
	}
	else
		n_open--;
	pthread_mutex_unlock(&mutex);
	if (!reusable)
		destroy(connection);
}

void
pool_close(Pool *pool)
{
	DbConnection *connection,
			   *next;
	DbConnection *closing;

	pthread_mutex_lock(&mutex);
	closing = pool->idle;
	DL_FOREACH(closing, connection)
	{
		DL_DELETE2(all_idle, connection, older, newer);
		n_idle--;
		n_open--;
	}
	pool->idle = NULL;
	pthread_mutex_unlock(&mutex);
	DL_FOREACH_SAFE(closing, connection, next)
		destroy(connection);
}

void
pool_close_expired(void)
{
	for (;;)
	{
		DbConnection *connection;

		pthread_mutex_lock(&mutex);
		connection = all_idle;
		if (connection && connection->idle_since + options.database_idle < now_s())
		{
			remove_idle(connection);
			n_open--;
		}
		else
			connection = NULL;
		pthread_mutex_unlock(&mutex);
		if (connection == NULL)
			return;
		destroy(connection);
	}
}

void
pool_cancel_all(void)
{
	DbConnection *connection;
	char		message[256];

	pthread_mutex_lock(&mutex);
	DL_FOREACH2(all_busy, connection, newer)
	{
		PGcancel   *cancel = PQgetCancel(connection->pg);

		if (cancel)
			PQcancel(cancel, message, sizeof(message));
		PQfreeCancel(cancel);
	}
	pthread_mutex_unlock(&mutex);
}

void
pool_counts(long *open, long *idle)
{
	pthread_mutex_lock(&mutex);
	*open = n_open;
	*idle = n_idle;
	pthread_mutex_unlock(&mutex);
}

/* ---- prepared statements ---- */

bool
pool_is_prepared(const DbConnection *connection, const struct Statement *statement)
{
	Prepared   *prepared;

	HASH_FIND_PTR(connection->prepared, &statement, prepared);
	return prepared != NULL;
}

void
pool_set_prepared(DbConnection *connection, const struct Statement *statement)
{
	Prepared   *prepared = allocate(sizeof(Prepared));

	prepared->statement = statement;
	HASH_ADD_PTR(connection->prepared, statement, prepared);
}
