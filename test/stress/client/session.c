/*
 * session.c
 *		Connections of the clients, and statements that may be disturbed.
 *
 * libpq finds the cluster by the environment (PGHOST, PGPORT, PGDATABASE).
 * PATIENCE is after how many milliseconds without an answer a connection is
 * given up; default: never.  Statements are not cancelled then, since the
 * request has no such limit.
 */
#include "session.h"

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_FAULT_DELAY_MS 6

/* A prepared transaction that its client has left blocks others. */
#define LIMIT " options='-c statement_timeout=20s'"

int
random_below(int limit)
{
	return random() % limit;
}

/* Closes a connection abruptly, even while a statement is executed. */
void
session_disconnect(Session *session)
{
	if (session->pg == NULL)
		return;
	shutdown(PQsocket(session->pg), SHUT_RDWR);
	PQfinish(session->pg);
	session->pg = NULL;
}

/*
 * A commit that waits for a standby can be cancelled: it is then a commit,
 * with a warning.
 */
static void
take_notice(void *context, const PGresult *result)
{
	Session    *session = context;
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (message != NULL && strstr(message, "synchronous replication") != NULL)
		session->local_only = true;
}

/*
 * Connects as a superuser or an application, and sets the owner.  Returns
 * false, with no connection, if that fails.
 */
bool
session_connect(Session *session)
{
	char		sql[256];
	PGresult   *result;
	bool		done;

	session->pg = PQconnectdb(session->superuser ? "user=postgres" LIMIT : "user=stress_app" LIMIT);
	PQsetNoticeReceiver(session->pg, take_notice, session);
	snprintf(sql, sizeof(sql), session->superuser ? "SET locking.owner = '%s'%s" :
			 "SELECT locking.set_owner('%s', is_local => false)", session->owner,
			 random_below(10) == 0 ? "; SET locking.notify = transaction" : "");
	result = PQexec(session->pg, sql);
	done = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
	PQclear(result);
	if (!done)
		session_disconnect(session);
	return done;
}

static void
send_cancel(PGconn *pg)
{
	PGcancel   *cancel = PQgetCancel(pg);
	char		message[256];

	if (cancel != NULL)
		PQcancel(cancel, message, sizeof(message));
	PQfreeCancel(cancel);
}

/* Disturbs a statement after a random time, unless it ends before. */
static void
disturb(Session *session, Fault fault)
{
	struct pollfd fd = {.fd = PQsocket(session->pg), .events = POLLIN};

	if (poll(&fd, 1, random_below(MAX_FAULT_DELAY_MS)) != 0)
		return;
	if (fault != CANCEL)
		session_disconnect(session);
	else if (getenv("PATIENCE") == NULL)
		send_cancel(session->pg);
}

/* Waits for the answer; a server that is paused gives none. */
static void
await_answer(Session *session)
{
	const char *patience = getenv("PATIENCE");
	struct pollfd fd = {.fd = PQsocket(session->pg), .events = POLLIN};

	while (PQisBusy(session->pg))
	{
		if (poll(&fd, 1, patience ? atoi(patience) : -1) == 0)
		{
			session_disconnect(session);
			return;
		}
		if (!PQconsumeInput(session->pg))
			return;
	}
}

static PGresult *
next_result(Session *session)
{
	await_answer(session);
	return session->pg != NULL ? PQgetResult(session->pg) : NULL;
}

/*
 * Executes a statement.  Returns the last result, or NULL if the connection
 * is lost; it is closed then.
 */
PGresult *
session_run(Session *session, const char *sql, Fault fault)
{
	PGresult   *result = NULL;
	PGresult   *next;

	session->local_only = false;
	if (PQsendQuery(session->pg, sql))
	{
		if (fault != NO_FAULT)
			disturb(session, fault);
		while (session->pg != NULL && (next = next_result(session)) != NULL)
		{
			PQclear(result);
			result = next;
		}
	}
	if (session->pg == NULL || PQstatus(session->pg) == CONNECTION_BAD)
	{
		PQclear(result);
		session_disconnect(session);
		return NULL;
	}
	return result;
}
