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
#include "events/presence.h"
#include "events/rights.h"
#include "pool/connect.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_LAST_MS 10000
#define COLLEAGUE_SECONDS 15

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

/* The event for readers without the right to see its details */
static char *
reduced_event(const char *table)
{
	json_t	   *event = json_pack("{s:s, s:s}", "event", "changed", "table", table);
	char	   *text = json_dumps(event, JSON_COMPACT);

	json_decref(event);
	return text;
}

/*
 * A request is declined with the holder's words, which are stored nowhere:
 * the requester gets them although row security applies.  The requester knows
 * the row.
 */
static const char *
addressee_of(const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));

	return name && strcmp(name, "declined") == 0 ? json_string_value(json_object_get(event, "owner")) : NULL;
}

static void
publish(PGconn *pg, const char *kind, const char *table, const json_t *event)
{
	char	   *full = json_dumps(event, JSON_COMPACT);
	char	   *reduced = reduced_event(table);

	if (look_up_rights(pg, table))
		events_publish(kind, table, addressee_of(event), full, reduced);
	free(full);
	free(reduced);
}

/* Any role that can connect can notify, so validate the payload. */
static void
handle(PGconn *pg, const char *payload)
{
	json_t	   *event = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
	const char *table = json_string_value(json_object_get(event, "table"));

	if (table && strlen(table) <= TABLE_MAX && json_is_string(json_object_get(event, "event")))
	{
		json_object_del(event, "token");	/* secret */
		publish(pg, "lock", table, event);
	}
	json_decref(event);
}

/* ---- presence ---- */

static void
notify(PGconn *pg, char *message)
{
	PQclear(PQexecPrepared(pg, statement_notify.name, 2, (const char *[]) {PRESENCE_CHANNEL, message}, NULL, NULL, 0));
	free(message);
}

/* Errors need no handling: without a connection, all is sent anew later. */
static void
send_presence(PGconn *pg)
{
	int64_t		now = now_us() / 1000;
	char	   *message;
	char	   *table;
	json_t	   *event;

	if (!presence_begin_slice(now))
		return;
	while ((message = presence_next_message(now)) != NULL)
		notify(pg, message);
	while (presence_next_row(&table, &event))
	{
		publish(pg, "presence", table, event);
		json_decref(event);
		free(table);
	}
}

/* ---- the connection ---- */

/*
 * Waits for the server or something to send, for TIMEOUT milliseconds or, if
 * -1, indefinitely.  Returns false if the program is stopping.
 */
static bool
wait_for(int fd, int timeout)
{
	struct pollfd fds[] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN},
	{.fd = fd < 0 ? -1 : presence_fd(), .events = POLLIN}};

	poll(fds, 3, timeout);
	return fds[0].revents == 0;
}

/* The earlier of two times to wait; -1 stands for no end. */
static int
earlier(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
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
		succeeded(PQexec(pg, "LISTEN " PRESENCE_CHANNEL)) &&
		succeeded(PQprepare(pg, statement_notify.name, statement_notify.sql, 0, NULL)) &&
		succeeded(PQprepare(pg, statement_is_colleague.name, statement_is_colleague.sql, 0, NULL)) &&
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
	presence_connected(now_us() / 1000);
}

/*
 * True if a backend belongs to the service role, as those of other processes
 * of this program do: other roles could forge people.  The last answers are
 * kept, by process ID: also for a backend that has ended after its message.
 */
static bool
is_colleague(PGconn *pg, int sender)
{
	static struct
	{
		int			pid;
		bool		answer;
		int64_t		asked;
	}			cache[16];
	char		pid[16];
	PGresult   *result;
	int			i = (unsigned) sender % 16;

	if (cache[i].pid == sender && now_s() < cache[i].asked + COLLEAGUE_SECONDS)
		return cache[i].answer;
	snprintf(pid, sizeof(pid), "%d", sender);
	result = PQexecPrepared(pg, statement_is_colleague.name, 1, (const char *[]) {pid}, NULL, NULL, 0);
	if (PQntuples(result) == 1 || cache[i].pid != sender || now_s() >= cache[i].asked + 2 * COLLEAGUE_SECONDS)
		cache[i].answer = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	cache[i].pid = sender;
	cache[i].asked = now_s();
	PQclear(result);
	return cache[i].answer;
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
receive(PGconn *pg, const PGnotify *notification)
{
	if (strcmp(notification->relname, PRESENCE_CHANNEL) != 0)
		handle(pg, notification->extra);
	else if (notification->be_pid != PQbackendPID(pg) && is_colleague(pg, notification->be_pid))
		presence_receive(notification->extra, now_us() / 1000);
}

static void
handle_notifications(PGconn *pg)
{
	PGnotify   *notification;

	while (!stopping && (notification = PQnotifies(pg)) != NULL)
	{
		if (is_admitted(pg, notification->be_pid))
			receive(pg, notification);
		PQfreemem(notification);
		reset_after_drops();
	}
}

static int
earliest_wait(void)
{
	int64_t		now = now_us() / 1000;

	return earlier(budget_wait(now), presence_wait(now));
}

/* Runs until the connection is lost (true) or the program stops (false). */
static bool
listen_on(PGconn *pg)
{
	handle_notifications(pg);
	while (wait_for(PQsocket(pg), earliest_wait()))
	{
		reset_after_drops();
		send_presence(pg);
		if (!PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
		{
			log_message("connection for events lost");
			return true;
		}
		handle_notifications(pg);
	}
	notify(pg, presence_farewell());
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
			presence_connected(now_us() / 1000);
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
