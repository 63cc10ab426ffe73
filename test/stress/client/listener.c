/*
 * listener.c
 *		Writes the payload of each notification on channel "locking" to a
 *		file, one a line, until it is terminated.
 *
 * listener FILE
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>

#include <libpq-fe.h>

int
main(int argc, char **argv)
{
	PGconn	   *pg = PQconnectdb("user=postgres application_name=listener");
	PGresult   *result = PQexec(pg, "LISTEN locking");
	FILE	   *file;

	if (argc != 2)
		errx(2, "usage: listener FILE");
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		errx(1, "%s", PQerrorMessage(pg));
	PQclear(result);
	file = fopen(argv[1], "w");
	if (file == NULL)
		err(1, "%s", argv[1]);
	for (;;)
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
		if (!PQconsumeInput(pg))
			errx(1, "%s", PQerrorMessage(pg));
	}
}
