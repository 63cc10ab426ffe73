/*
 * clients.c
 *		Connections of clients, and their timeouts
 *
 * The library reports the end of a connection before it closes the socket.
 * So while the mutex is held, a socket in the list still belongs to the
 * client.
 */
#include "server/clients.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/options.h"
#include "http/request.h"

typedef struct Client
{
	int			fd;
	int64_t		since;			/* now_s(); -1: no timeout */
	uint64_t	bytes;			/* that extend the timeout */
	/* current request; used by its event loop only */
	Request    *request;
	struct Client *prev,
			   *next;
} Client;

#define SLOWEST_CLIENT 32000	/* bytes a second */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Client *clients;

static void
add_client(struct MHD_Connection *connection, void **context)
{
	Client	   *client = allocate(sizeof(Client));

	client->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	client->since = now_s();
	client->bytes = 0;
	*context = client;
	pthread_mutex_lock(&mutex);
	DL_APPEND(clients, client);
	pthread_mutex_unlock(&mutex);
}

void
clients_notify(void *cls, struct MHD_Connection *connection, void **context,
			   enum MHD_ConnectionNotificationCode code)
{
	Client	   *client = *context;

	(void) cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		add_client(connection, context);
		return;
	}
	pthread_mutex_lock(&mutex);
	DL_DELETE(clients, client);
	pthread_mutex_unlock(&mutex);
	free(client);
}

static Client *
client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void
clients_set_request(struct MHD_Connection *connection, Request *req)
{
	client_of(connection)->request = req;
}

Request *
clients_request(struct MHD_Connection *connection)
{
	return client_of(connection)->request;
}

static void
set_clock(struct MHD_Connection *connection, int64_t since)
{
	Client	   *client = client_of(connection);

	pthread_mutex_lock(&mutex);
	client->since = since;
	client->bytes = 0;
	pthread_mutex_unlock(&mutex);
}

void
clients_add_time(struct MHD_Connection *connection, uint64_t bytes)
{
	Client	   *client = client_of(connection);

	pthread_mutex_lock(&mutex);
	client->bytes += bytes;
	pthread_mutex_unlock(&mutex);
}

void
clients_start_clock(struct MHD_Connection *connection)
{
	set_clock(connection, now_s());
}

void
clients_stop_clock(struct MHD_Connection *connection)
{
	set_clock(connection, -1);
}

static bool
is_expired(const Client *client, int64_t now)
{
	return client->since >= 0 && now > client->since + options.request_timeout + (int64_t) (client->bytes / SLOWEST_CLIENT);
}

void
clients_close_expired(void)
{
	Client	   *client;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	DL_FOREACH(clients, client)
	{
		if (!is_expired(client, now))
			continue;
		shutdown(client->fd, SHUT_RDWR);
		client->since = -1;
	}
	pthread_mutex_unlock(&mutex);
}
