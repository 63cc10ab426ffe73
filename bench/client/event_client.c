/*
 * event_client.c
 *		Latency of events: acquires and releases a lock again and again, and
 *		measures the time until a listener has each event.
 *
 * event_client CONNECTION EVENTS
 *
 * Output: a line for each acquisition, the milliseconds from the request to
 * the notification.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#define PATIENCE_MS 10000

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static PGconn *
open_connection(const char *parameters)
{
	PGconn	   *pg = PQconnectdb(parameters);

	if (PQstatus(pg) != CONNECTION_OK)
		errx(1, "%s", PQerrorMessage(pg));
	return pg;
}

static void
run(PGconn *pg, const char *sql)
{
	PGresult   *result = PQexec(pg, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		errx(1, "%s", PQerrorMessage(pg));
	PQclear(result);
}

/* Waits for an event of this kind. */
static void
await(PGconn *pg, const char *kind)
{
	struct pollfd fd = {.fd = PQsocket(pg), .events = POLLIN};
	PGnotify   *notification;

	for (;;)
	{
		while ((notification = PQnotifies(pg)) != NULL)
		{
			int			found = strstr(notification->extra, kind) != NULL;

			PQfreemem(notification);
			if (found)
				return;
		}
		if (poll(&fd, 1, PATIENCE_MS) != 1 || !PQconsumeInput(pg))
			errx(1, "no event");
	}
}

/* Sends a statement, waits for its event, and then for its result. */
static double
time_event(PGconn *pg, PGconn *listener, const char *sql, const char *kind)
{
	double		start = now_ms();
	double		end;
	PGresult   *result;

	if (!PQsendQuery(pg, sql))
		errx(1, "%s", PQerrorMessage(pg));
	await(listener, kind);
	end = now_ms();
	while ((result = PQgetResult(pg)) != NULL)
		PQclear(result);
	return end - start;
}

int
main(int argc, char **argv)
{
	PGconn	   *pg;
	PGconn	   *listener;

	if (argc != 3)
		errx(2, "usage: event_client CONNECTION EVENTS");
	pg = open_connection(argv[1]);
	listener = open_connection(argv[1]);
	run(listener, "LISTEN locking");
	for (int i = -1; i < atoi(argv[2]); i++)
	{
		struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
		double		ms = time_event(pg, listener, "SELECT locking.acquire('bench.doc', 1)", "\"acquired\"");

		if (i >= 0)				/* the first starts the worker */
			printf("%.3f\n", ms);
		time_event(pg, listener, "SELECT locking.release_all()", "\"released\"");
		nanosleep(&pause, NULL);
	}
	PQfinish(listener);
	PQfinish(pg);
	return 0;
}
