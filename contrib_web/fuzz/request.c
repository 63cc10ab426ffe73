/*
 * request.c
 *		Fuzzes all that is decided of a request before the database is asked: route, percent-encoding, query,
 *		cookie, tokens, origin, addresses of proxies, body, sign-in, Last-Event-ID, static files.
 *
 * An input is a request as it is written, "METHOD path?query", header lines, an empty line, the body. What
 * libmicrohttpd would do, taking it apart, is done here, and its functions are answered from that. The values
 * "SESSION" and "CSRF" stand for those of a session that is open.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access.h"
#include "caller.h"
#include "db.h"
#include "events.h"
#include "handlers.h"
#include "metrics.h"
#include "options.h"
#include "origin.h"
#include "session.h"

#define MAX_ITEMS 64

typedef struct Item
{
	char	   *name;
	char	   *value;			/* may be NULL */
} Item;

typedef struct Items
{
	Item		items[MAX_ITEMS];
	int			n;
} Items;

static Items headers;
static Items arguments;
static char cookie[256];
static Session *session;

/* ---- what libmicrohttpd is asked ---- */

static int
give(const Items *items, MHD_KeyValueIterator iterator, void *cls, enum MHD_ValueKind kind)
{
	for (int i = 0; i < items->n; i++)
		if (iterator(cls, kind, items->items[i].name, items->items[i].value) != MHD_YES)
			break;
	return items->n;
}

int
MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator, void *cls)
{
	(void) connection;
	return give(kind == MHD_HEADER_KIND ? &headers : &arguments, iterator, cls, kind);
}

int
MHD_get_connection_values_n(struct MHD_Connection *connection, enum MHD_ValueKind kind, MHD_KeyValueIteratorN iterator, void *cls)
{
	const Items *items = kind == MHD_HEADER_KIND ? &headers : &arguments;

	(void) connection;
	for (int i = 0; i < items->n; i++)
	{
		const Item *item = &items->items[i];

		if (iterator(cls, kind, item->name, strlen(item->name), item->value, item->value ? strlen(item->value) : 0) != MHD_YES)
			break;
	}
	return items->n;
}

const char *
MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *name)
{
	(void) connection;
	if (kind == MHD_COOKIE_KIND)
		return *cookie ? cookie : NULL;
	for (int i = 0; i < headers.n; i++)
		if (strcasecmp(headers.items[i].name, name) == 0)
			return headers.items[i].value;
	return NULL;
}

const union MHD_ConnectionInfo *
MHD_get_connection_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type,...)
{
	static struct sockaddr_in peer = {.sin_family = AF_INET};
	static union MHD_ConnectionInfo info;

	(void) connection;
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (type == MHD_CONNECTION_INFO_CLIENT_ADDRESS)
		info.client_addr = (struct sockaddr *) &peer;
	else
		info.connect_fd = -1;
	return &info;
}

void
MHD_suspend_connection(struct MHD_Connection *connection)
{
	(void) connection;
}

void
MHD_resume_connection(struct MHD_Connection *connection)
{
	(void) connection;
}

/* ---- the request ---- */

/* The next part of a text, ended by one of the characters, which is taken away. */
static char *
next_part(char **text, const char *ends)
{
	return strsep(text, ends);
}

static void
add(Items *items, char *name, char *value)
{
	if (items->n < MAX_ITEMS)
		items->items[items->n++] = (Item) {name, value};
}

/* As the library does it: "+" is a space, an argument without "=" has no value. */
static void
take_query(char *query)
{
	for (char *p = query; p && *p; p++)
		if (*p == '+')
			*p = ' ';
	while (query && *query)
	{
		char	   *value = next_part(&query, "&");
		char	   *name = next_part(&value, "=");

		add(&arguments, name, value);
	}
}

static void
take_header(char *line)
{
	char	   *value = line;
	char	   *name = next_part(&value, ":");

	if (value == NULL)
		return;
	value += strspn(value, " \t");
	if (strcmp(value, "CSRF") == 0)
		value = (char *) session_csrf(session);
	if (strcasecmp(name, "Cookie") == 0)
		snprintf(cookie, sizeof(cookie), "%s", strcmp(value, "SESSION") == 0 ? session_token(session) : value);
	add(&headers, name, value);
}

/* What can be answered without database, or fails there in an interesting way. */
static bool
is_to_run(const Request *req)
{
	return req->route->flags & ROUTE_DIRECT || req->route->handler == post_session || req->route->handler == get_events;
}

static void
read_stream(Request *req)
{
	char		buffer[300];

	for (int i = 0; i < 100; i++)
		if (stream_read(req->stream, 0, buffer, sizeof(buffer)) <= 0)
			return;
}

static void
ask(char *method, char *path, char *body, size_t body_size)
{
	Request    *req = request_new((struct MHD_Connection *) &headers, method, path);

	caller_identify(req);
	if (body_size > 0)
		request_add_body(req, body, body_size, caller_body_limit(req));
	request_parse(req);
	if (strcmp(method, "OPTIONS") == 0)
		origin_preflight(req);
	else if (access_admit(req) && is_to_run(req))
	{
		req->route->handler(req);
		if (req->status == 0 && *db_sqlstate(req))
			reply_db_error(req, NULL);
		if (req->status == 0)
			abort();			/* a handler replies, or has failed in the database */
		if (req->stream)
			read_stream(req);
		db_finish(req);
	}
	if (req->status == 0 && req->route == NULL)
		abort();
	request_free(req);
}

/* ---- libFuzzer ---- */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char	   *args[] = {"fuzz", "--dsn", "host=/nonexistent", "--trusted-proxy", "127.0.0.1", "--allow-origin", "https://app.example.org",
		"--access-log", "off", "--max-body", "1024", NULL};

	(void) argc;
	(void) argv;
	options_read(11, args);
	if (!address_trust_proxies())
		abort();
	events_init();
	metrics_init();
	session = session_new_proxied("anna", NULL);
	if (session_open(session) != SESSION_GRANTED)
		abort();
	events_publish("public.article", "{\"event\":\"acquired\"}", "{\"event\":\"changed\"}");
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char	   *rest = text;
	char	   *line;
	char	   *path;
	char	   *method;

	memcpy(text, data, size);
	text[size] = '\0';
	headers.n = arguments.n = 0;
	*cookie = '\0';
	line = next_part(&rest, "\n");
	method = next_part(&line, " ");
	path = next_part(&line, "?");
	take_query(line);
	while (rest && *rest && *rest != '\n')
		take_header(next_part(&rest, "\n"));
	rest = rest && *rest ? rest + 1 : text + size;
	if (path && *path == '/')
		ask(method, path, rest, text + size - rest);
	free(text);
	return 0;
}
