/*
 * listen.c
 *		Connection that listens for events of the database, in a thread
 *
 * Events are missed while the connection is down, so all streams are reset
 * when it listens again.
 */
#include "events/listen.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/statements.h"
#include "events/budget.h"
#include "events/events.h"
#include "events/rights.h"
#include "pool/connect.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_LAST_MS 10000

static pthread_t thread;
static int	stop_fd;			/* readable when stopping */
static atomic_bool stopping;
static atomic_long connects;

/* ---- an event ---- */

/* two names of 63 bytes, with all quotes doubled, and a dot */
#define TABLE_MAX (2 * (2 + 2 * 63) + 1)

/* True if the query failed because the text is not a valid name. */
static bool
is_invalid_name(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate && strncmp(sqlstate, "22", 2) == 0;
}

/*
 * Returns false if the event must not be published: it is forged, or the
 * readers' rights are unknown.
 */
static bool
look_up_rights(PGconn *pg, const char *table)
{
	char	   *roles = rights_to_look_up(table);
	PGresult   *result;
	bool		done;

	if (roles == NULL)
		return true;
	result = PQexecPrepared(pg, statement_rights.name, 2, (const char *[]) {table, roles}, NULL, NULL, 0);
	done = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (done)
		rights_store(result, table);
	else if (!is_invalid_name(result))
		events_reset();			/* an event was missed */
	PQclear(result);
	free(roles);
	return done;
}

/* Tokens are secret, so remove them. */
static char *
without_token(json_t *event)
{
	json_object_del(event, "token");
	return json_dumps(event, JSON_COMPACT);
}

/* The event for readers without the right to see its details */
static char *
reduced_event(const char *table)
{
	json_t	   *event = json_pack("{s:s, s:s}", "event", "changed", "table", table);
	char	   *text = json_dumps(event, JSON_COMPACT);

	json_decref(event);
	return text;
}

/* Any role that can connect can notify, so validate the payload. */
static void
handle(PGconn *pg, const char *payload)
{
	json_t	   *event = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
	const char *table = json_string_value(json_object_get(event, "table"));

	if (table && strlen(table) <= TABLE_MAX && json_is_string(json_object_get(event, "event")))
	{
		char	   *full = without_token(event);
		char	   *reduced = reduced_event(table);

		if (look_up_rights(pg, table))
			events_publish(table, full, reduced);
		free(full);
		free(reduced);
	}
	json_decref(event);
}

/* ---- the connection ---- */

/*
 * Waits for the server, for TIMEOUT milliseconds or, if -1, indefinitely.
 * Returns false if the program is stopping.
 */
static bool
wait_for(int fd, int timeout)
{
	struct pollfd fds[] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

	poll(fds, 2, timeout);
	return fds[0].revents == 0;
}

static bool
succeeded(PGresult *result)
{
	bool		success = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return success;
}

static PGconn *
connect_and_listen(void)
{
	ConnectError error;
	PGconn	   *pg = connect_database(NULL, NULL, &error);

	if (pg == NULL)
	{
		log_message("no connection for events: %s", error.message);
		return NULL;
	}
	if (succeeded(PQexec(pg, "LISTEN locking")) &&
		succeeded(PQprepare(pg, statement_rights.name, statement_rights.sql, 0, NULL)) &&
		succeeded(PQprepare(pg, statement_event_worker.name, statement_event_worker.sql, 0, NULL)))
		return pg;
	log_message("LISTEN: %s", PQerrorMessage(pg));
	PQfinish(pg);
	return NULL;
}

/* Resets the streams, since dropped notifications may have been genuine. */
static void
reset_after_drops(void)
{
	if (!budget_is_reset_due(now_us() / 1000))
		return;
	log_message("too many notifications: %ld dropped so far, streams are reset", budget_dropped());
	events_reset();
}

/* 0 if no process sends events for all sessions. */
static int
look_up_worker(PGconn *pg)
{
	PGresult   *result = PQexecPrepared(pg, statement_event_worker.name, 0, NULL, NULL, NULL, 0);
	int			pid = 0;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		pid = atoi(PQgetvalue(result, 0, EVENT_WORKER_PID));
	PQclear(result);
	return pid;
}

static bool
is_admitted(PGconn *pg, int sender)
{
	int64_t		now = now_us() / 1000;

	if (budget_must_know_trusted(sender, now))
		budget_trust(look_up_worker(pg));
	return budget_admits(sender, now);
}

static void
handle_notifications(PGconn *pg)
{
	PGnotify   *notification;

	while (!stopping && (notification = PQnotifies(pg)) != NULL)
	{
		if (is_admitted(pg, notification->be_pid))
			handle(pg, notification->extra);
		PQfreemem(notification);
		reset_after_drops();
	}
}

/* Runs until the connection is lost (true) or the program stops (false). */
static bool
listen_on(PGconn *pg)
{
	handle_notifications(pg);
	while (wait_for(PQsocket(pg), budget_wait(now_us() / 1000)))
	{
		reset_after_drops();
		if (!PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
		{
			log_message("connection for events lost");
			return true;
		}
		handle_notifications(pg);
	}
	return false;
}

static void *
listener(void *arg)
{
	int			backoff = BACKOFF_FIRST_MS;
	bool		running = true;

	(void) arg;
	while (running)
	{
		PGconn	   *pg = connect_and_listen();

		if (pg)
		{
			backoff = BACKOFF_FIRST_MS;
			connects++;
			/* also initially, as streams may be open already */
			events_listening(true);
			events_reset();
			running = listen_on(pg);
			events_listening(false);
			PQfinish(pg);
		}
		else
		{
			running = wait_for(-1, backoff);
			backoff = backoff * 2 < BACKOFF_LAST_MS ? backoff * 2 : BACKOFF_LAST_MS;
		}
	}
	return NULL;
}

void
listen_start(void)
{
	stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0 || pthread_create(&thread, NULL, listener, NULL) != 0)
		abort();
}

void
listen_end(void)
{
	stopping = true;
	eventfd_write(stop_fd, 1);
}

bool
listen_join(void)
{
	struct timespec soon;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 500000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	return pthread_timedjoin_np(thread, NULL, &soon) == 0;
}

long
listen_reconnects(void)
{
	long		n = connects;

	return n > 0 ? n - 1 : 0;
}
