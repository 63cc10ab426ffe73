/*
 * notify.c
 *		Fuzzes payloads of notifications, on their way from the database to a stream.
 *
 * Anybody who may connect can send any payload; none may break the form of the stream, or tell a token.
 */
#include "../src/listen.c"

#include <microhttpd.h>

#include "harness.h"
#include "options.h"
#include "session.h"

static Session *session;
static Request *req;

const union MHD_ConnectionInfo *
MHD_get_connection_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type,...)
{
	static union MHD_ConnectionInfo info = {.connect_fd = -1};

	(void) connection;
	(void) type;
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

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char	   *args[] = {"fuzz", "--dsn", "host=/nonexistent", NULL};

	(void) argc;
	(void) argv;
	options_read(3, args);
	events_init();
	session = session_new_proxied("anna", NULL);
	req = request_new((struct MHD_Connection *) &session, "GET", "/api/v1/events");
	req->session = session;
	if (session_open(session) != SESSION_GRANTED)
		abort();
	req->stream = stream_open(req, NULL);
	return 0;
}

/* Each block is an id, an event, and one line of data, which is JSON without a token; or it is the stream's beginning. */
static void
check_block(char *block)
{
	char	   *data = strstr(block, "\ndata: ");
	json_t	   *json;

	if (data == NULL)
		return;
	data += strlen("\ndata: ");
	json = json_loads(data, 0, NULL);
	if (strchr(data, '\n') || json == NULL || json_object_get(json, "token"))
		abort();
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char sent[1 << 20];
	char	   *payload = strndup((const char *) data, size);
	size_t		length = 0;
	ssize_t		n;

	handle(NULL, payload);
	while ((n = stream_read(req->stream, 0, sent + length, sizeof(sent) - 1 - length)) > 0)
		length += n;
	sent[length] = '\0';
	for (char *block = sent, *end; (end = strstr(block, "\n\n")) != NULL; block = end + 2)
	{
		*end = '\0';
		check_block(block);
	}
	free(payload);
	return 0;
}
