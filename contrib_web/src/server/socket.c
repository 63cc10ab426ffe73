/*
 * socket.c
 *		Listening socket
 */
#include "server/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Splits "address:port" or "[address]:port".  HOST and PORT point into TEXT,
 * which is modified.
 */
static bool
split_address(char *text, const char **host, const char **port)
{
	char	   *colon = strrchr(text, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	*port = colon + 1;
	*host = *text ? text : NULL;
	if (*text == '[' && colon[-1] == ']')
	{
		colon[-1] = '\0';
		*host = text + 1;
	}
	return true;
}

static int
bind_to(const struct addrinfo *address)
{
	int			fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int			on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}

int
socket_listen(const char *where, const char **problem)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char	   *text = strdup(where);
	const char *host;
	const char *port;
	struct addrinfo *addresses = NULL;
	int			fd = -1;
	int			failure;

	if (text == NULL || !split_address(text, &host, &port))
		*problem = "not ADDRESS:PORT";
	/* getaddrinfo() would truncate it */
	else if (strtoul(port, NULL, 10) > 65535)
		*problem = "invalid port";
	else if ((failure = getaddrinfo(host, port, &wanted, &addresses)) != 0)
		*problem = gai_strerror(failure);
	else if ((fd = bind_to(addresses)) < 0)
		*problem = strerror(errno);
	if (addresses)
		freeaddrinfo(addresses);
	free(text);
	return fd;
}

void
socket_print(int fd, const char *scheme)
{
	struct sockaddr_storage address;
	socklen_t	length = sizeof(address);
	char		host[NI_MAXHOST];
	char		port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *) &address, &length) != 0 ||
		getnameinfo((struct sockaddr *) &address, length, host, sizeof(host), port, sizeof(port),
					NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	printf(strchr(host, ':') ? "listening on %s://[%s]:%s/\n" : "listening on %s://%s:%s/\n",
		   scheme, host, port);
	fflush(stdout);
}
