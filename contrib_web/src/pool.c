/*
 * pool.c
 *		Connections to the database: of a session each its own, and those of the
 *		service role.
 *
 * The mutex guards the lists and is never held while waiting for the server.  A
 * connection that somebody took is his alone.
 */
#include "pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "options.h"
#include "request.h"

typedef struct Prepared
{
	const Statement *statement;
	UT_hash_handle hh;
} Prepared;

Pool		service_pool;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static DbConnection *all_idle;	/* the oldest first */
static DbConnection *all_busy;
static long n_open;				/* those being opened, too */
static long n_idle;

/* ---- opening ---- */

/* Keywords for PQconnectStartParams(): of one that is there twice, the later counts. */
#define MAX_KEYWORDS 80
typedef struct Keywords
{
	const char *names[MAX_KEYWORDS + 1];
	const char *values[MAX_KEYWORDS + 1];
	int			n;
} Keywords;

static void
add_keyword(Keywords *keywords, const char *name, const char *value)
{
	if (keywords->n == MAX_KEYWORDS)
		abort();
	keywords->names[keywords->n] = name;
	keywords->values[keywords->n++] = value;
}

static void
add_dsn(Keywords *keywords, const PQconninfoOption *dsn)
{
	for (; dsn->keyword; dsn++)
		if (dsn->val)
			add_keyword(keywords, dsn->keyword, dsn->val);
}

static const char *
dsn_options(const PQconninfoOption *dsn)
{
	for (; dsn->keyword; dsn++)
		if (strcmp(dsn->keyword, "options") == 0 && dsn->val)
			return dsn->val;
	return "";
}

/* Spelling of values in JSON and of keys must not depend on what a role has set. */
#define SESSION_OPTIONS_SIZE 1024
static void
session_options(char *text, const PQconninfoOption *dsn)
{
	snprintf(text, SESSION_OPTIONS_SIZE,
			 "%s -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex"
			 " -c statement_timeout=%lds -c lock_timeout=%lds -c idle_in_transaction_session_timeout=%lds",
			 dsn_options(dsn), options.statement_timeout, options.lock_timeout, options.statement_timeout);
}

/* A failure to connect has no PGresult to ask for its SQLSTATE, but can be told to have it in the message. */
static void
connection_error(PGconn *pg, PoolError *error)
{
	const char *message = pg ? PQerrorMessage(pg) : "out of memory";
	const char *state = NULL;

	for (const char *p = message; (p = strstr(p, ":  ")) != NULL; p += 3)
		if (strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5)
			state = p + 3;
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%.5s", state ? state : "08006");
	snprintf(error->message, sizeof(error->message), "%s", message);
	error->message[strcspn(error->message, "\n")] = '\0';
}

static bool
wait_for(PGconn *pg, PostgresPollingStatusType what, int64_t until)
{
	struct pollfd fd = {.fd = PQsocket(pg), .events = what == PGRES_POLLING_READING ? POLLIN : POLLOUT};
	int64_t		left = until - now_us();

	return left > 0 && (poll(&fd, 1, (int) (left / 1000) + 1) > 0 || errno == EINTR);
}

static bool
establish(PGconn *pg)
{
	int64_t		until = now_us() + CONNECT_SECONDS * 1000000LL;
	PostgresPollingStatusType what = PGRES_POLLING_WRITING;

	if (pg == NULL || PQstatus(pg) == CONNECTION_BAD)
		return false;
	PQsetErrorVerbosity(pg, PQERRORS_SQLSTATE);
	while (wait_for(pg, what, until))
	{
		what = PQconnectPoll(pg);
		if (what == PGRES_POLLING_OK || what == PGRES_POLLING_FAILED)
			break;
	}
	PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
	return what == PGRES_POLLING_OK;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

static PGconn *
start_connecting(const PQconninfoOption *dsn, const Pool *pool)
{
	Keywords	keywords = {.n = 0};
	char		settings[SESSION_OPTIONS_SIZE];

	session_options(settings, dsn);
	add_keyword(&keywords, "tcp_user_timeout", "15000");
	add_keyword(&keywords, "keepalives_idle", "30");
	add_dsn(&keywords, dsn);
	add_keyword(&keywords, "options", settings);
	add_keyword(&keywords, "client_encoding", "UTF8");
	add_keyword(&keywords, "application_name", "locking-web");
	if (pool->role)
	{
		/* not empty: the library would look for the service's own password */
		add_keyword(&keywords, "user", pool->role);
		add_keyword(&keywords, "password", pool->password);
	}
	return PQconnectStartParams(keywords.names, keywords.values, 0);
}

static PGconn *
refuse(PGconn *pg, PoolError *error, const char *sqlstate, const char *message)
{
	PQfinish(pg);
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate);
	snprintf(error->message, sizeof(error->message), "%s", message);
	return NULL;
}

/* Whoever gets in without being asked for his password has not proved who he is. */
static PGconn *
open_connection(const Pool *pool, PoolError *error)
{
	char	   *problem = NULL;
	PQconninfoOption *dsn = PQconninfoParse(options.dsn, &problem);
	PGconn	   *pg;

	if (dsn == NULL)
	{
		refuse(NULL, error, "08001", problem ? problem : "out of memory");
		PQfreemem(problem);
		return NULL;
	}
	pg = start_connecting(dsn, pool);
	PQconninfoFree(dsn);
	if (!establish(pg))
	{
		connection_error(pg, error);
		PQfinish(pg);
		return NULL;
	}
	PQsetNoticeReceiver(pg, ignore_notice, NULL);
	if (pool->role && !PQconnectionUsedPassword(pg))
		return refuse(pg, error, "28000", "the server lets this role in without a password (pg_hba.conf)");
	return pg;
}

PGconn *
pool_connect_service(PoolError *error)
{
	return open_connection(&service_pool, error);
}

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

/* With the mutex held: makes room for another one; returns what the caller is to close. */
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

/* A server that was restarted has closed its end. */
static bool
is_alive(DbConnection *connection)
{
	struct pollfd fd = {.fd = PQsocket(connection->pg), .events = POLLIN};

	if (poll(&fd, 1, 0) > 0)
		PQconsumeInput(connection->pg);
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
		if (connection == NULL || is_alive(connection))
			return connection;
		destroy(connection);
		pthread_mutex_lock(&mutex);
		n_open--;
		pthread_mutex_unlock(&mutex);
	}
}

static DbConnection *
take_new(Pool *pool, PoolError *error)
{
	DbConnection *connection = calloc(1, sizeof(DbConnection));
	DbConnection *oldest;

	if (connection == NULL)
		abort();
	pthread_mutex_lock(&mutex);
	oldest = make_room();
	pthread_mutex_unlock(&mutex);
	if (oldest)
		destroy(oldest);
	connection->pool = pool;
	connection->pg = open_connection(pool, error);
	if (connection->pg)
		return connection;
	free(connection);
	pthread_mutex_lock(&mutex);
	n_open--;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

DbConnection *
pool_take(Pool *pool, PoolError *error)
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

void
pool_give(DbConnection *connection)
{
	bool		fit = PQstatus(connection->pg) == CONNECTION_OK &&
		PQtransactionStatus(connection->pg) == PQTRANS_IDLE &&
		PQpipelineStatus(connection->pg) == PQ_PIPELINE_OFF;

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
pool_is_prepared(const DbConnection *connection, const Statement *statement)
{
	Prepared   *prepared;

	HASH_FIND_PTR(connection->prepared, &statement, prepared);
	return prepared != NULL;
}

void
pool_set_prepared(DbConnection *connection, const Statement *statement)
{
	Prepared   *prepared = malloc(sizeof(Prepared));

	if (prepared == NULL)
		abort();
	prepared->statement = statement;
	HASH_ADD_PTR(connection->prepared, statement, prepared);
}
