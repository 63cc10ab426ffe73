/*
 * pool.c
 *		Connections to the database: of a session each its own, and those of
 *		the service role.
 *
 * The mutex guards the lists and is never held while waiting for the server,
 * but for pool_cancel_all() at the end.  A connection that somebody took is
 * his alone.
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
static DbConnection *all_idle;	/* the oldest first */
static DbConnection *all_busy;
static long n_open;				/* those being opened, too */
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

/* With the mutex held. */
static void
remove_idle(DbConnection *connection)
{
	DL_DELETE(connection->pool->idle, connection);
	DL_DELETE2(all_idle, connection, older, newer);
	n_idle--;
}

/*
 * With the mutex held: makes room for another one; returns what the caller is
 * to close.
 */
static DbConnection *
make_room(void)
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
 * A role's connections stay open when it is dropped, and one of the same name
 * may be made meanwhile. The operator is named with its schema: the role's
 * own search_path counts here.
 */
static const char role_oid_query[] = "SELECT oid FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER";

/* Is it the role that the first connection was of? */
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
	*error = (ConnectError) {"28000", "the role is another one than that which signed in"};
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

/* What changed for a role since then, its connections do not know. */
static bool
is_fresh(const DbConnection *connection)
{
	return connection->pool->role == NULL || now_s() < connection->opened + options.reauthenticate;
}

/*
 * A server that ended the connection said why first, so what it said is read
 * up to the end.
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

/* An idle one, still alive, or NULL. */
static DbConnection *
take_idle(Pool *pool)
{
	for (;;)
	{
		DbConnection *connection;

		pthread_mutex_lock(&mutex);
		connection = pool->idle ? pool->idle->prev : NULL;	/* the last one given back */
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
	oldest = make_room();
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
pool_take(Pool *pool, ConnectError *error)
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
 * Some function of the database's has it listen: the library would keep all
 * that comes, as nobody asks for it.
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
pool_give(DbConnection *connection)
{
	bool		fit = !connection->spoiled && PQstatus(connection->pg) == CONNECTION_OK &&
		PQtransactionStatus(connection->pg) == PQTRANS_IDLE &&
		PQpipelineStatus(connection->pg) == PQ_PIPELINE_OFF && !is_notified(connection->pg);

	pthread_mutex_lock(&mutex);
	DL_DELETE2(all_busy, connection, older, newer);
	if (fit)
	{
		connection->idle_since = now_s();
		DL_APPEND(connection->pool->idle, connection);
		DL_APPEND2(all_idle, connection, older, newer);
		n_idle++;
	}
	else
		n_open--;
	pthread_mutex_unlock(&mutex);
	if (!fit)
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
pool_tidy(void)
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
