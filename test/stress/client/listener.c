/*
 * listener.c
 *		Writes the payload of each notification on channel "locking" to a
 *		file, one a line, until it is terminated.
 *
 * listener FILE
 *
 * A line {"event": "connected", "at": TIME} precedes what a connection
 * receives.  TIME, in microseconds, is when it listened already.  A
 * connection that is lost is made again.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include <libpq-fe.h>

#define RECONNECT_US 20000

/* Returns a connection that listens, or NULL. */
static PGconn *
listen_to_server(void)
{
	PGconn	   *pg = PQconnectdb("user=postgres application_name=listener");
	PGresult   *result = PQexec(pg, "LISTEN locking");
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	if (status == PGRES_COMMAND_OK)
		return pg;
	PQfinish(pg);
	return NULL;
}

static void
write_connected(FILE *file)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	fprintf(file, "{\"event\": \"connected\", \"at\": %lld}\n", now.tv_sec * 1000000LL + now.tv_usec);
}

/* Writes what arrives, until the connection is lost. */
static void
write_notifications(PGconn *pg, FILE *file)
{
	do
	{
		struct pollfd fd = {.fd = PQsocket(pg), .events = POLLIN};
		PGnotify   *notification;

		while ((notification = PQnotifies(pg)) != NULL)
		{
			fprintf(file, "%s\n", notification->extra);
			PQfreemem(notification);
		}
		fflush(file);
		poll(&fd, 1, -1);
	} while (PQconsumeInput(pg));
}

int
main(int argc, char **argv)
{
	FILE	   *file;

	if (argc != 2)
		errx(2, "usage: listener FILE");
	file = fopen(argv[1], "w");
	if (file == NULL)
		err(1, "%s", argv[1]);
	for (;;)
	{
		PGconn	   *pg = listen_to_server();

		if (pg == NULL)
		{
			usleep(RECONNECT_US);
			continue;
		}
		write_connected(file);
		write_notifications(pg, file);
		PQfinish(pg);
	}
}
