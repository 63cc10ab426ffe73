/*
 * connection.c
 *		Simulated connection of libmicrohttpd
 *
 * Defines the library's functions that the server calls for a connection, so
 * that the linker uses them instead of the library's.
 */
#include "connection.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

Exchange	exchange;

/* dummy pointer */
struct MHD_Connection *const connection = (struct MHD_Connection *) &exchange;

void
exchange_add_header(const char *name, const char *value)
{
	size_t		name_size = strlen(name) + 1;
	char	   *text;

	if (exchange.n_headers == MAX_HEADERS)
		return;
	text = malloc(name_size + strlen(value) + 1);
	if (text == NULL)
		abort();
	strcpy(text, name);
	strcpy(text + name_size, value);
	exchange.headers[exchange.n_headers++] = (Header) {text, text + name_size};
}

void
exchange_reset(void)
{
	for (int i = 0; i < exchange.n_headers; i++)
		free(exchange.headers[i].name);
	exchange = (Exchange) {.n_headers = 0};
}

int
MHD_get_connection_values(struct MHD_Connection *c, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator, void *cls)
{
	(void) c;
	for (int i = 0; kind & MHD_HEADER_KIND && i < exchange.n_headers; i++)
		if (iterator(cls, MHD_HEADER_KIND, exchange.headers[i].name, exchange.headers[i].value) != MHD_YES)
			break;
	return exchange.n_headers;
}

const char *
MHD_lookup_connection_value(struct MHD_Connection *c, enum MHD_ValueKind kind, const char *name)
{
	(void) c;
	if (kind == MHD_COOKIE_KIND)
		return *exchange.cookie ? exchange.cookie : NULL;
	for (int i = 0; i < exchange.n_headers; i++)
		if (strcasecmp(exchange.headers[i].name, name) == 0)
			return exchange.headers[i].value;
	return NULL;
}

const union MHD_ConnectionInfo *
MHD_get_connection_info(struct MHD_Connection *c, enum MHD_ConnectionInfoType type,...)
{
	static struct sockaddr_in peer = {.sin_family = AF_INET};
	static union MHD_ConnectionInfo info;

	(void) c;
	peer.sin_addr.s_addr = htonl(exchange.is_untrusted ? 0xc0000201 : INADDR_LOOPBACK);
	if (type == MHD_CONNECTION_INFO_CLIENT_ADDRESS)
		info.client_addr = (struct sockaddr *) &peer;
	else if (type == MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		info.socket_context = exchange.client;
	else
		info.connect_fd = -1;
	return &info;
}

void
MHD_suspend_connection(struct MHD_Connection *c)
{
	(void) c;
	exchange.n_suspended++;
}

void
MHD_resume_connection(struct MHD_Connection *c)
{
	(void) c;
	exchange.n_suspended--;
}

/*
 * A header must not contain line breaks, and CORS must allow only allowed
 * sites.
 */
static enum MHD_Result
check_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void) cls;
	(void) kind;
	if (value[strcspn(value, "\r\n")])
		abort();
	if (strcasecmp(name, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN) == 0 && strcasecmp(value, "https://app.example.org") != 0)
		abort();
	return MHD_YES;
}

/*
 * Each request must have one reply, which is not an internal error.  Error
 * replies must contain a problem document.
 */
enum MHD_Result
MHD_queue_response(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
	const char *type = MHD_get_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE);

	(void) c;
	if (exchange.answered || exchange.n_suspended != 0)
		abort();
	if (status < 200 || status == 500 || (status > 500 && status != 503))
		abort();
	if (status >= 400 && type && strcmp(type, "application/problem+json") != 0)
		abort();
	MHD_get_response_headers(response, check_header, NULL);
	exchange.answered = true;
	return MHD_YES;
}
