/*
 * request.c
 *		Requests: path and route, query, headers, body, and their memory
 */
#include "http/request.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/text.h"
#include "http/request_data.h"
#include "session/session.h"

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free
/* small, as each of thousands of streams keeps one */
#define CHUNK_SIZE 1000

const char *const method_names[METHOD_COUNT] = {"GET", "POST", "PUT", "DELETE"};

/* Percent-decodes; marks the request as malformed if it is not valid text. */
static const char *
decode(Request *req, const char *text, size_t length)
{
	char	   *result = obstack_alloc(&req->memory, length + 1);

	if (!percent_decode(result, text, length))
		req->malformed = true;
	return result;
}

/* ---- beginning and end ---- */

static Method
method_of(const char *name)
{
	if (strcmp(name, "HEAD") == 0)
		return METHOD_GET;
	for (int i = 0; i < METHOD_COUNT; i++)
		if (strcmp(name, method_names[i]) == 0)
			return i;
	return METHOD_COUNT;
}

Request *
request_new(struct MHD_Connection *connection, const char *target)
{
	Request    *req = calloc(1, sizeof(Request));
	size_t		length = strcspn(target, "?");

	if (req == NULL)
		return NULL;
	obstack_begin(&req->memory, CHUNK_SIZE);
	req->connection = connection;
	req->started = now_us();
	req->path = obstack_copy0(&req->memory, target, length);
	req->base_path = options.base_path;
	if (target[length])
		req->query_text = obstack_copy0(&req->memory, target + length + 1, strlen(target + length + 1));
	return req;
}

void
request_set_method(Request *req, const char *method)
{
	req->method_name = obstack_copy0(&req->memory, method, strlen(method));
	req->method = method_of(method);
}

void
request_at_end(Request *req, void (*release) (void *what), void *what)
{
	Release    *entry = obstack_alloc(&req->memory, sizeof(Release));

	entry->release = release;
	entry->what = what;
	entry->next = req->at_end;
	req->at_end = entry;
}

void
request_free(Request *req)
{
	for (const Release *entry = req->at_end; entry; entry = entry->next)
		entry->release(entry->what);
	session_release(req->session);
	session_release(req->queue_session);
	if (req->response)
		MHD_destroy_response(req->response);
	free(req->body);
	obstack_free(&req->memory, NULL);
	free(req);
}

void
request_add_body(Request *req, const char *data, size_t size, size_t limit)
{
	char	   *body;

	req->body_too_large = req->body_too_large || req->body_size + size > limit;
	body = req->body_too_large ? NULL : realloc(req->body, req->body_size + size + 1);
	if (body == NULL)
	{
		req->body_too_large = true;
		req->body_discarded += size;
		return;
	}
	memcpy(body + req->body_size, data, size);
	req->body = body;
	req->body_size += size;
	body[req->body_size] = '\0';
}

/* ---- routes ---- */

/*
 * Browsers and proxies resolve the segments "", "." and "..", so these values
 * are prefixed with "~".  A value that already has that form ("~..") is
 * prefixed with another "~".
 */
static bool
needs_escape(const char *text)
{
	const char *rest = text + strspn(text, "~");

	return *rest == '\0' || strcmp(rest, ".") == 0 || strcmp(rest, "..") == 0;
}

static const char *
without_escape(const char *segment)
{
	return *segment == '~' && needs_escape(segment) ? segment + 1 : segment;
}

static void
add_param(Request *req, const char *name, size_t name_length, const char *value, size_t length)
{
	Argument   *param = &req->params[req->nparams++];

	param->name = obstack_copy0(&req->memory, name, name_length);
	param->value = without_escape(decode(req, value, length));
}

/* Matches one segment, and stores its value if it is a parameter. */
static bool
segment_matches(Request *req, const char *pattern, size_t pattern_length, const char *path, size_t length)
{
	if (*pattern != '{')
		return pattern_length == length && memcmp(pattern, path, length) == 0;
	if (req->nparams == MAX_PARAMS)
		return false;
	add_param(req, pattern + 1, pattern_length - 2, path, length);
	return true;
}

static bool
path_matches(Request *req, const char *pattern, const char *path)
{
	req->nparams = 0;
	for (;;)
	{
		size_t		pattern_length = strcspn(pattern, "/");
		size_t		length = strcspn(path, "/");

		if (pattern_length > 5 && memcmp(pattern + pattern_length - 4, "...}", 4) == 0)
		{
			add_param(req, pattern + 1, pattern_length - 5, path, strlen(path));
			return true;
		}
		if (!segment_matches(req, pattern, pattern_length, path, length))
			return false;
		pattern += pattern_length;
		path += length;
		if (*pattern != *path)
			return false;
		if (*pattern == '\0')
			return true;
		pattern++;
		path++;
	}
}

/*
 * Returns the path without the base path, which the proxy may have removed
 * already.
 */
static const char *
path_of_route(const Request *req)
{
	size_t		length = strlen(req->base_path);
	const char *rest = req->path + length;

	if (length == 0 || strncmp(req->path, req->base_path, length) != 0 || (*rest != '/' && *rest != '\0'))
		return req->path;
	return *rest == '\0' ? "/" : rest;
}

static bool
route_matches(Request *req, const Route *route)
{
	const char *path = path_of_route(req);
	size_t		base = strlen(options.ajax_base);

	if (!(route->flags & ROUTE_AJAX))
		return path_matches(req, route->pattern, path);
	return strncmp(path, options.ajax_base, base) == 0 && path_matches(req, route->pattern, path + base);
}

static void
find_route(Request *req)
{
	for (const Route *route = req->routes; route->pattern; route++)
	{
		if (route->method != req->method)
			continue;
		req->malformed = false;
		if (route_matches(req, route))
		{
			req->route = route;
			return;
		}
	}
	req->malformed = false;
	req->nparams = 0;
}

bool
request_allowed_methods(Request *req, const char **methods)
{
	bool		malformed = req->malformed;
	const char *list = NULL;

	for (const Route *route = req->routes; route->pattern; route++)
		if (route_matches(req, route))
			list = list == NULL ? method_names[route->method] :
				strstr(list, method_names[route->method]) ? list :
				request_printf(req, "%s, %s", list, method_names[route->method]);
	req->malformed = malformed;
	*methods = list;
	return list != NULL;
}

/* In a query string, "+" is a space. */
static const char *
decode_argument(Request *req, const char *text, size_t length)
{
	char	   *copy = obstack_copy0(&req->memory, text, length);

	for (size_t i = 0; i < length; i++)
		if (copy[i] == '+')
			copy[i] = ' ';
	return decode(req, copy, length);
}

/* Parses "name=value", or a name without value. */
static void
add_argument(Request *req, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	size_t		name_length = equals ? (size_t) (equals - text) : length;
	Argument   *argument = obstack_alloc(&req->memory, sizeof(Argument));

	argument->name = decode_argument(req, text, name_length);
	argument->value = equals ? decode_argument(req, equals + 1, length - name_length - 1) : "";
	argument->next = req->query;
	req->query = argument;
}

/*
 * If a name is repeated, the last argument counts.  Arguments beyond the
 * limit are only counted.
 */
static void
parse_query(Request *req)
{
	const char *text = req->query_text;

	while (text)
	{
		size_t		length = strcspn(text, "&");

		if (length > 0 && req->narguments++ < MAX_ARGUMENTS)
			add_argument(req, text, length);
		text = text[length] ? text + length + 1 : NULL;
	}
}

void
request_parse(Request *req, const Route *routes)
{
	req->routes = routes;
	find_route(req);
	parse_query(req);
}

/* ---- for handlers ---- */

const char *
request_param(const Request *req, const char *name)
{
	for (int i = 0; i < req->nparams; i++)
		if (strcmp(req->params[i].name, name) == 0)
			return req->params[i].value;
	/* the route's pattern has no such parameter */
	abort();
}

const char *
request_segment(Request *req, const char *text)
{
	char	   *segment = obstack_alloc(&req->memory, 1 + 3 * strlen(text) + 1);

	*segment = '~';
	percent_encode(segment + 1, text);
	return needs_escape(text) ? segment : segment + 1;
}

const char *
request_encoded(Request *req, const char *text)
{
	char	   *encoded = obstack_alloc(&req->memory, 3 * strlen(text) + 1);

	percent_encode(encoded, text);
	return encoded;
}

const char *
request_query(const Request *req, const char *name)
{
	for (const Argument *argument = req->query; argument; argument = argument->next)
		if (strcmp(argument->name, name) == 0)
			return argument->value;
	return NULL;
}

const char *
request_header(const Request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

const char *
request_body(const Request *req)
{
	return req->body_size ? req->body : "{}";
}

const char *
request_owner(const Request *req)
{
	return session_owner(req->session);
}

bool
request_may_take_over(const Request *req)
{
	return !req->no_take_over;
}

const char *
request_base_path(const Request *req)
{
	return req->base_path;
}

const char *
request_ajax_base(Request *req)
{
	return request_printf(req, "%s%s", req->base_path, options.ajax_base);
}

bool
request_is_awaited(const Request *req)
{
	int			fd = MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct pollfd peer = {.fd = fd, .events = POLLRDHUP};

	return poll(&peer, 1, 0) <= 0;
}

char *
request_printf(Request *req, const char *template,...)
{
	va_list		args;

	va_start(args, template);
	obstack_vprintf(&req->memory, template, args);
	va_end(args);
	obstack_1grow(&req->memory, '\0');
	return obstack_finish(&req->memory);
}
