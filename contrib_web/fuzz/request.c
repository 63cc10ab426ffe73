/*
 * request.c
 *		Fuzzes the handling of requests without database: route,
 *		percent-encoding, query string, cookie, tokens, origin, addresses of
 *		proxies, body, sign-in, Last-Event-ID, static files
 *
 * An input is a request: "METHOD path?query FLAGS", header lines, an empty
 * line, and the body.  This program replaces libmicrohttpd: it parses the
 * input and calls server.c; connection.c implements the library's functions.
 * In header values, "SESSION", "CSRF" and, at the beginning, "EPOCH" are
 * replaced by those of an open session and of the ids of events.  Flags are
 * letters in place of the HTTP version:
 *
 *		u	a proxy authenticates users
 *		s	the client is not a trusted proxy
 *		d	the database responds to sign-in; otherwise it is unavailable
 *		q	the server is shutting down
 */
#include "../src/server/server.c"

#include "connection.h"
#include "harness.h"

#include "base/secret.h"
#include "events/events.h"

#define PIECE 700				/* bytes of a body passed at a time */

static bool database_answers;
static char events_epoch[17];
static Session *session;

/* All text must be UTF-8 without NUL (request.h), which jansson checks. */
static void
check_text(const char *text)
{
	json_t	   *json = json_string(text);

	if (json == NULL)
		abort();
	json_decref(json);
}

/* ---- workers: run in the event loop ---- */

void
workers_start(void (*run_request) (Request *req), void (*done) (Request *req))
{
	(void) run_request;
	(void) done;
}

Admission
workers_submit(Request *req, const char *queue, RunningCount *running_count)
{
	check_text(queue);
	(void) running_count;
	run(req);
	return_to_loop(req);
	return ADMITTED;
}

void
workers_stop(void)
{
}

void
workers_counts(long *waiting, long *running)
{
	*waiting = *running = 0;
}

/* ---- the database ---- */

static void
clear_result(void *result)
{
	PQclear(result);
}

PGresult *
db_run(Request *req, Call call)
{
	static char json[] = "{\"owner\": \"anna\"}";
	static PGresAttDesc column =
	{
		"json", 0, 0, 0, 114, -1
	};
	PGresult   *result;

	if (!database_answers || strcmp(call.statement->name, "session_state") != 0)
	{
		strcpy(req->sqlstate, database_answers ? "28P01" : "08006");
		return NULL;
	}
	result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PQsetResultAttrs(result, 1, &column);
	PQsetvalue(result, 0, 0, json, strlen(json));
	request_at_end(req, clear_result, result);
	return result;
}

void
db_begin(Request *req)
{
	(void) req;
}

bool
db_commit(Request *req)
{
	(void) req;
	abort();					/* nothing to commit */
}

void
db_rollback(Request *req)
{
	(void) req;
}

void
db_finish(Request *req)
{
	(void) req;
}

bool
db_role_is_gone(Request *req)
{
	(void) req;
	return false;
}

const char *
db_value(const PGresult *result)
{
	return result ? PQgetvalue(result, 0, 0) : NULL;
}

const char *
db_sqlstate(const Request *req)
{
	return req->sqlstate;
}

const char *
db_error_field(const Request *req, int field)
{
	(void) req;
	(void) field;
	return NULL;
}

/* ---- the request ---- */

static void
take_cookie(const char *value)
{
	snprintf(exchange.cookie, sizeof(exchange.cookie), "%s", strcmp(value, "SESSION") == 0 ? session_token(session) : value);
}

static const char *
with_epoch(const char *value)
{
	static char id[256];

	if (strncmp(value, "EPOCH", 5) != 0)
		return value;
	snprintf(id, sizeof(id), "%s%s", events_epoch, value + 5);
	return id;
}

static void
take_header(char *line)
{
	char	   *rest = line;
	char	   *name = strsep(&rest, ":");
	const char *value = rest;

	if (value == NULL)
		return;
	value += strspn(value, " \t");
	if (strcmp(value, "CSRF") == 0)
		value = session_csrf(session);
	if (strcasecmp(name, "Cookie") == 0)
		take_cookie(value);
	exchange_add_header(name, strcasecmp(name, "Last-Event-ID") == 0 ? with_epoch(value) : value);
}

static void
take_flags(const char *flags)
{
	bool		by_proxy = flags && strchr(flags, 'u');

	exchange.is_untrusted = flags && strchr(flags, 's');
	database_answers = flags && strchr(flags, 'd');
	quiesced = flags && strchr(flags, 'q');
	options.user_header = by_proxy ? "X-Remote-User" : NULL;
	options.name_header = by_proxy ? "X-Remote-Name" : NULL;
}

/* Opens a session, whose memory leaks if a reference is lost. */
static void
begin_session(void)
{
	char	   *password = options.user_header ? NULL : secret_alloc();

	if (options.user_header)
		session = session_new_proxied("anna", NULL);
	else if (password)
		session = session_new_role("anna", strcpy(password, "secret"));
	if (session == NULL || !session_open(session, &(Address) {0}, NULL))
		abort();
}

static void
end_session(void)
{
	session_release(session);
	session = NULL;
	session_end_all();
}

static void
read_stream(Request *req)
{
	char		buffer[300];

	for (int i = 0; i < 100 && exchange.n_suspended == 0; i++)
		if (req->reader(req->reader_cls, 0, buffer, sizeof(buffer)) <= 0)
			break;
}

static void
check_texts(const Request *req)
{
	if (req->malformed)
		return;
	for (int i = 0; i < req->nparams; i++)
		check_text(req->params[i].value);
	for (const Argument *argument = req->query; argument; argument = argument->next)
		check_text(argument->value);
}

static bool
call(const char *method, const char *path, const char *data, size_t size, void **context)
{
	return access_request(NULL, connection, path, method, "HTTP/1.1", data, &size, context) == MHD_YES;
}

/* The query string must be hidden from the library. */
static void *
begin_with(char *target)
{
	void	   *context = begin_request(NULL, target, connection);
	const char *query = strchr(target, '?');

	if (context == NULL || (query && query[1]))
		abort();
	return context;
}

static void
serve(const char *method, char *path, const char *body, size_t size)
{
	void	   *context = begin_with(path);
	bool		open = call(method, path, NULL, 0, &context);

	for (size_t done = 0; open && !exchange.answered && done < size; done += PIECE)
		open = call(method, path, body + done, size - done < PIECE ? size - done : PIECE, &context);
	for (int i = 0; i < 2 && open && !exchange.answered; i++)
		open = call(method, path, NULL, 0, &context);
	if (open && !exchange.answered)
		abort();
	if (context)
		check_texts(context);
	if (context && ((Request *) context)->reader)
		read_stream(context);
	complete(NULL, connection, &context, MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (n_pending != 0)
		abort();
}

/* ---- libFuzzer ---- */

static void
note_epoch(void)
{
	char		buffer[300] = "";
	Stream	   *stream;

	begin_session();
	stream = stream_open(connection, session, NULL);
	stream_read(stream, 0, buffer, sizeof(buffer) - 1);
	sscanf(buffer, "retry: %*d\nid: %16[^-]-", events_epoch);
	stream_close(stream);
	end_session();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char	   *args[] = {
		"fuzz", "--dsn", "host=/nonexistent", "--trusted-proxy", "127.0.0.1",
		"--allow-origin", "https://app.example.org", "--max-body", "20000", NULL
	};

	(void) argc;
	(void) argv;
	options_read(9, args);
	if (!address_trust_proxies())
		abort();
	secret_init(8);
	events_init();
	metrics_init(routes);
	note_epoch();
	events_publish("lock", "public.article", NULL, "{\"event\":\"acquired\"}", "{\"event\":\"changed\"}");
	return 0;
}

/* "METHOD path?query FLAGS" */
static void
take_line(char *line, char **method, char **path)
{
	*method = strsep(&line, " ");
	*path = strsep(&line, " ");
	take_flags(line);
}

static void
take_headers(char **rest)
{
	while (*rest && **rest && **rest != '\n')
		take_header(strsep(rest, "\n"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = calloc(1, size + 1);
	char	   *rest = memcpy(text, data, size);
	char	   *method;
	char	   *path;

	take_line(strsep(&rest, "\n"), &method, &path);
	begin_session();
	take_headers(&rest);
	rest = rest && *rest ? rest + 1 : text + size;
	clients_notify(NULL, connection, &exchange.client, MHD_CONNECTION_NOTIFY_STARTED);
	if (path)
		serve(method, path, rest, text + size - rest);
	clients_notify(NULL, connection, &exchange.client, MHD_CONNECTION_NOTIFY_CLOSED);
	end_session();
	exchange_reset();
	free(text);
	return 0;
}
