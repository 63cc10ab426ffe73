/*
 * server.c
 *		HTTP server: event loops that pass requests to handlers
 *
 * libmicrohttpd runs a few threads, each with an event loop for its own
 * sockets. An event loop receives and checks a request.  If the handler may
 * wait for the database, the connection is suspended until a worker has
 * produced the reply.  A request is used by one thread at a time, its event
 * loop or a worker.
 */
#include "server/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/origin.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/framing.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "server/clients.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/socket.h"
#include "server/static.h"
#include "server/workers.h"
#include "session/session.h"

/*
 * Memory of a connection, for request line and headers, the reply's headers,
 * and buffers.  Each of thousands of open streams needs this amount.
 */
#define CONNECTION_MEMORY (12 * 1024)

/*
 * The part available for request line and headers, so that the headers of an
 * error reply still fit
 */
#define HEAD_MEMORY (CONNECTION_MEMORY - 1536)

/* The library's overhead for each header and each cookie */
#define RECORD_MEMORY 64

/*
 * To resume a connection, the library scans all suspended ones of its event
 * loop. Several loops divide thousands of open streams among them.
 */
#define EVENT_LOOPS 8

/*
 * Refuse what the RFCs let a server refuse.  From 1.0 on, this includes
 * continuation lines, bare line feeds, a header line that begins with a
 * colon, and a NUL or a blank where none may be.  Higher levels concern only
 * empty lines before a request, and blanks in the extensions of chunks, which
 * level 3 accepts.
 */
#if MHD_VERSION >= 0x00097701
#define STRICT_PARSING MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICT_PARSING MHD_OPTION_STRICT_FOR_CLIENT
#endif

static struct MHD_Daemon *mhd;

/*
 * Number of requests that were received and are not completed.  After
 * quiescing, it only decreases.  When it is 0, no connection is suspended,
 * and the program can end.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static long n_pending;
static atomic_bool quiesced;	/* set with the mutex held */

static bool
enter_pending(void)
{
	bool		entered;

	pthread_mutex_lock(&mutex);
	entered = !quiesced;
	n_pending += entered;
	pthread_mutex_unlock(&mutex);
	return entered;
}

static void
leave_pending(void)
{
	pthread_mutex_lock(&mutex);
	if (--n_pending == 0)
		pthread_cond_broadcast(&answered);
	pthread_mutex_unlock(&mutex);
}

/* ---- in a worker ---- */

/*
 * A read plans its statement first.  If the table loses its protection in
 * between, the statement fails, and a new plan does without the locks.
 */
static bool
has_lost_protection(const Request *req)
{
	return req->route->method == METHOD_GET && !(req->route->flags & ROUTE_SCRIPT) &&
		req->status == 0 && strcmp(db_sqlstate(req), "55000") == 0;
}

static void
run(Request *req)
{
	req->route->handler(req);
	if (has_lost_protection(req))
		req->route->handler(req);
	if (req->status == 0 && *db_sqlstate(req))
		reply_db_error(req, NULL);
	else if (req->status == 0)
		reply_problem(req, PROBLEM_INTERNAL, NULL, NULL);
	db_finish(req);
}

static void
return_to_loop(Request *req)
{
	req->state = READY;
	MHD_resume_connection(req->connection);
}

/* ---- in an event loop ---- */

static enum MHD_Result
send_reply(Request *req)
{
	reply_header(req, "X-Content-Type-Options", "nosniff");
	reply_header(req, "Referrer-Policy", "same-origin");
	if (caller_is_secure(req))
		reply_header(req, MHD_HTTP_HEADER_STRICT_TRANSPORT_SECURITY, "max-age=31536000");
	if (quiesced)
		reply_header(req, MHD_HTTP_HEADER_CONNECTION, "close");
	origin_add_cors(req);
	req->answered = now_us();
	if (req->reader == NULL)
	{
		clients_start_clock(req->connection);
		clients_add_time(req->connection, req->reply_size);
	}
	return MHD_queue_response(req->connection, req->status, req->response);
}

/*
 * Public routes do not use a session.  If the client has one, the request
 * counts for that session instead of for all clients without a session.
 */
static Session *
session_for_queue(Request *req)
{
	if (req->session)
		return req->session;
	req->queue_session = caller_session(req);
	return req->queue_session;
}

static const char *
queue_name(Request *req, const Session *session)
{
	Address		network = address_network(&req->peer);
	char		text[ADDRESS_SIZE];

	if (session)
		return request_printf(req, "owner %s", session_owner(session));
	address_print(&network, text);
	return request_printf(req, "address %s", text);
}

static void
refuse_admission(Request *req, Admission admission)
{
	if (admission == QUEUE_FULL)
	{
		reply_problem(req, PROBLEM_UNAVAILABLE, "Too many requests are waiting for the database.", NULL);
		return;
	}
	reply_problem(req, PROBLEM_TOO_MANY, "Too many of your requests are waiting for the database.", NULL);
	reply_retry_after(req, 2);
}

/* The connection must be suspended before a worker can resume it. */
static enum MHD_Result
submit_to_worker(Request *req)
{
	Session    *session = session_for_queue(req);
	Admission	admission;

	req->state = RUNNING;
	MHD_suspend_connection(req->connection);
	admission = workers_submit(req, queue_name(req, session), session_running_count(session));
	if (admission == ADMITTED)
		return MHD_YES;
	refuse_admission(req, admission);
	return_to_loop(req);
	return MHD_YES;
}

static enum MHD_Result
handle(Request *req)
{
	clients_stop_clock(req->connection);
	req->pending = enter_pending();
	request_parse(req, routes);
	if (static_is_missing_page(req))
		req->route = route_of_missing_page();
	if (!req->pending)
		reply_problem(req, PROBLEM_UNAVAILABLE, "The server is shutting down.", NULL);
	else if (strcmp(req->method_name, "OPTIONS") == 0)
		origin_preflight(req);
	else if (access_admit(req))
	{
		if (!(req->route->flags & ROUTE_DIRECT))
			return submit_to_worker(req);
		req->route->handler(req);
	}
	return send_reply(req);
}

/*
 * A body that is too large is read and discarded before the error reply,
 * since a client that is still writing would see a broken connection instead
 * of the reply. This is not done for "Expect: 100-continue", nor for bodies
 * beyond this limit.
 */
#define MIN_DISCARDED (16UL * 1024 * 1024)

static unsigned long long
max_discarded(void)
{
	unsigned long long limit = 4ULL * options.max_body;

	return limit > MIN_DISCARDED ? limit : MIN_DISCARDED;
}

static bool
is_refused_by_headers(const Request *req)
{
	const char *announced = request_header(req, "Content-Length");
	unsigned long long size = announced ? strtoull(announced, NULL, 10) : 0;

	return size > (unsigned long long) options.max_body && (request_header(req, "Expect") || size > max_discarded());
}

/* Closes the connection, as the start of the next request is unknown. */
static enum MHD_Result
refuse_framing(Request *req)
{
	reply_problem(req, PROBLEM_BAD_REQUEST, "The end of this request is ambiguous.", NULL);
	reply_header(req, MHD_HTTP_HEADER_CONNECTION, "close");
	return send_reply(req);
}

static enum MHD_Result
count_memory(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	size_t	   *used = cls;
	size_t		value_size = value ? strlen(value) : 0;

	/* cookies are copied */
	*used += RECORD_MEMORY;
	if (kind == MHD_HEADER_KIND)
		*used += strlen(name) + value_size + 4;
	if (kind == MHD_HEADER_KIND && strcasecmp(name, MHD_HTTP_HEADER_COOKIE) == 0)
		*used += value_size;
	return MHD_YES;
}

/*
 * True if request line and headers leave no room for the reply's headers.
 * The library would close the connection without a reply.
 */
static bool
is_head_too_large(const Request *req)
{
	size_t		used = strlen(req->method_name) + strlen(req->path) + (req->query_text ? strlen(req->query_text) : 0) + 16;

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND | MHD_COOKIE_KIND, count_memory, &used);
	return used > HEAD_MEMORY;
}

static enum MHD_Result
refuse_head(Request *req)
{
	reply_problem(req, PROBLEM_HEAD_TOO_LARGE, "Request line, headers and cookies exceed the buffer.", NULL);
	reply_header(req, MHD_HTTP_HEADER_CONNECTION, "close");
	return send_reply(req);
}

/*
 * Called with the target before the library parses the query string.  The
 * library (0.9.75) stores a record for each argument; if its memory is
 * insufficient, it neither replies nor closes the connection.  So the query
 * string is hidden from it, and parsed in request.c instead.  TARGET is in
 * the library's read buffer, which is const only in this signature.
 */
static void *
begin_request(void *cls, const char *target, struct MHD_Connection *connection)
{
	Request    *req = request_new(connection, target ? target : "");
	char	   *query = target ? strchr(target, '?') : NULL;

	(void) cls;
	if (query)
		query[1] = '\0';
	clients_set_request(connection, req);
	return req;
}

/* Request line and headers are complete. */
static enum MHD_Result
begin(Request *req, const char *method)
{
	request_set_method(req, method);
	clients_start_clock(req->connection);
	caller_identify(req);
	if (is_head_too_large(req))
		return refuse_head(req);
	if (!framing_is_clear(req))
		return refuse_framing(req);
	req->body_too_large = is_refused_by_headers(req);
	return req->body_too_large ? handle(req) : MHD_YES;
}

static enum MHD_Result
receive_body(Request *req, const char *data, size_t *size)
{
	request_add_body(req, data, *size, caller_body_limit(req));
	clients_add_time(req->connection, *size);
	*size = 0;
	return req->body_discarded > max_discarded() ? MHD_NO : MHD_YES;
}

static enum MHD_Result
access_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
			   const char *version, const char *data, size_t *size, void **context)
{
	Request    *req = *context;

	(void) cls;
	(void) connection;
	(void) path;
	(void) version;
	if (req == NULL)
		return MHD_NO;			/* out of memory */
	if (req->method_name == NULL)
		return begin(req, method);
	if (*size)
		return receive_body(req, data, size);
	if (req->state == READY)
		return send_reply(req);
	return handle(req);
}

static void
log_completed(const Request *req)
{
	int64_t		end = req->reader || req->answered == 0 ? now_us() : req->answered;
	char		peer[ADDRESS_SIZE];

	address_print(&req->peer, peer);
	log_request(peer, session_owner(req->session), req->method_name, req->path, req->status,
				(double) (end - req->started) / 1000,
				strcmp(req->method_name, "HEAD") == 0 ? 0 : req->reply_size);
	metrics_count(req, (double) (end - req->started) / 1000000);
}

static void
complete(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	Request    *req = *context;

	(void) cls;
	(void) code;
	if (req == NULL)
		return;
	*context = NULL;
	clients_set_request(connection, NULL);
	clients_start_clock(connection);
	if (req->method_name)
		log_completed(req);		/* else the library refused the headers */
	if (req->pending)
		leave_pending();
	request_free(req);
}

/*
 * If the cookies of a request do not fit into its memory, the library
 * (0.9.75) does not report the completion of the request.
 */
static void
notify_connection(void *cls, struct MHD_Connection *connection, void **context,
				  enum MHD_ConnectionNotificationCode code)
{
	void	   *left = code == MHD_CONNECTION_NOTIFY_CLOSED ? clients_request(connection) : NULL;

	complete(NULL, connection, &left, MHD_REQUEST_TERMINATED_WITH_ERROR);
	clients_notify(cls, connection, context, code);
}

/* Disables the library's decoding; request.c decodes each segment. */
static size_t
leave_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
	(void) cls;
	(void) connection;
	return strlen(text);
}

/*
 * Logs messages of the library at startup.  Later messages are only about
 * clients, which could fill the log.
 */
static void
log_library(void *cls, const char *template, va_list args)
{
	char		text[512];

	(void) cls;
	if (mhd)
		return;
	vsnprintf(text, sizeof(text), template, args);
	log_message("%s", text);
}

/* ---- TLS ---- */

static char *
read_text(const char *name)
{
	FILE	   *file = fopen(name, "re");
	char	   *text = NULL;
	size_t		size = 0;

	if (file == NULL || getdelim(&text, &size, '\0', file) <= 0)
		report_error(name, file ? "empty" : strerror(errno));
	if (file)
		fclose(file);
	return text;
}

/* ---- beginning and end ---- */

static bool
start_daemon(int fd, const char *cert, const char *key)
{
	unsigned	flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	const struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (char *) cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (char *) key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL}
	};
	const struct MHD_OptionItem no_tls[] = {{MHD_OPTION_END, 0, NULL}};

	mhd = MHD_start_daemon(flags | (cert ? MHD_USE_TLS : 0), 0, NULL, NULL, access_request, NULL,
						   MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
						   MHD_OPTION_LISTEN_SOCKET, fd,
						   MHD_OPTION_THREAD_POOL_SIZE, (unsigned) EVENT_LOOPS,
						   MHD_OPTION_NOTIFY_COMPLETED, complete, NULL,
						   MHD_OPTION_NOTIFY_CONNECTION, notify_connection, NULL,
						   MHD_OPTION_URI_LOG_CALLBACK, begin_request, NULL,
						   MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
						   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
						   MHD_OPTION_CONNECTION_LIMIT, (unsigned) options.max_connections,
						   MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned) options.connections_per_address,
						   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) options.request_timeout,
						   STRICT_PARSING, 1,
						   MHD_OPTION_ARRAY, cert ? tls : no_tls,
						   MHD_OPTION_END);
	return mhd != NULL;
}

bool
server_start(void)
{
	char	   *cert = options.tls_cert ? read_text(options.tls_cert) : NULL;
	char	   *key = options.tls_key ? read_text(options.tls_key) : NULL;
	const char *problem;
	int			fd;

	if (options.tls_cert && (cert == NULL || key == NULL))
		return false;
	fd = socket_listen(options.listen, &problem);
	if (fd < 0)
	{
		report_error(options.listen, problem);
		return false;
	}
	workers_start(run, return_to_loop);
	if (!start_daemon(fd, cert, key))
	{
		report_error(options.listen, "could not start the HTTP server");
		return false;
	}
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(cert);
	socket_print(fd, options.tls_cert ? "https" : "http");
	return true;
}

/*
 * New connections are still accepted, and their requests refused.
 * MHD_quiesce_daemon() would stop listening, but it races with the event
 * loops (0.9.75): both remove the socket from the epoll set, and the library
 * calls abort() when this fails for the second one.
 */
void
server_quiesce(void)
{
	pthread_mutex_lock(&mutex);
	quiesced = true;
	pthread_mutex_unlock(&mutex);
}

bool
server_wait(int seconds)
{
	struct timespec until;
	int			failure = 0;
	bool		done;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&mutex);
	while (n_pending > 0 && failure == 0)
		failure = pthread_cond_timedwait(&answered, &mutex, &until);
	done = n_pending == 0;
	pthread_mutex_unlock(&mutex);
	return done;
}

void
server_stop(void)
{
	workers_stop();
	MHD_stop_daemon(mhd);
}
