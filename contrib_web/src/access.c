/*
 * access.c
 *		May this request go on to its handler?
 *
 * What a request that changes something must show: the session's cookie, its CSRF token,
 * which other sites cannot read, and, where the browser says which page asks, that it is
 * one of ours or of an allowed site.
 */
#include "access.h"

#include <string.h>
#include <strings.h>

#include "options.h"
#include "reply.h"
#include "session.h"
#include "text.h"

/* ---- who asks ---- */

typedef struct Count
{
	const char *name;
	const char *value;			/* of the last one */
	int			n;
} Count;

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Count	   *count = cls;

	(void) kind;
	if (strcasecmp(name, count->name) == 0)
	{
		count->value = value;
		count->n++;
	}
	return MHD_YES;
}

static Count
count_headers(const Request *req, const char *name)
{
	Count		count = {.name = name};

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, count_header, &count);
	return count;
}

/* A header that the proxy sets.  Two of them: one may be the client's, so neither counts. */
static const char *
proxy_header(const Request *req, const char *name)
{
	Count		count;

	if (name == NULL || !req->from_proxy)
		return NULL;
	count = count_headers(req, name);
	if (count.n != 1 || count.value == NULL || *count.value == '\0' || !is_utf8(count.value, strlen(count.value)))
		return NULL;
	return count.value;
}

/* The proxy appends whom it got the request from to what others claim, or adds a header after theirs. */
static void
note_forwarded_for(Request *req)
{
	const char *list = req->from_proxy ? count_headers(req, "X-Forwarded-For").value : NULL;
	const char *last;
	Address		address;

	if (list == NULL)
		return;
	last = strrchr(list, ',');
	last = last ? last + 1 : list;
	if (address_parse(last + strspn(last, " \t"), &address))
		req->peer = address;
}

void
access_identify(Request *req)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	req->peer = address_of(info->client_addr);
	req->from_proxy = address_is_trusted(&req->peer);
	req->proxy_user = proxy_header(req, options.user_header);
	req->proxy_name = proxy_header(req, options.name_header);
	note_forwarded_for(req);
}

bool
access_is_secure(const Request *req)
{
	const char *scheme = req->from_proxy ? request_header(req, "X-Forwarded-Proto") : NULL;

	return options.tls_cert || (scheme && strcasecmp(scheme, "https") == 0);
}

/* Whoever it is may sign in. */
#define STRANGERS_BODY (16UL * 1024)

size_t
access_body_limit(const Request *req)
{
	Session    *session = access_find_session(req);
	size_t		most = options.max_body;

	if (session == NULL && most > STRANGERS_BODY)
		most = STRANGERS_BODY;
	session_release(session);
	return most;
}

Session *
access_find_session(const Request *req)
{
	const char *token = MHD_lookup_connection_value(req->connection, MHD_COOKIE_KIND, SESSION_COOKIE);
	Session    *session = token ? session_find(token) : NULL;

	if (session && options.user_header &&
		(req->proxy_user == NULL || strcmp(req->proxy_user, session_owner(session)) != 0))
	{
		session_release(session);
		return NULL;
	}
	return session;
}

/* ---- which page asks ---- */

static bool
is_allowed_site(const char *origin)
{
	for (size_t i = 0; i < options.allowed_origins.n; i++)
		if (strcasecmp(options.allowed_origins.items[i], origin) == 0)
			return true;
	return false;
}

/* "https://host:port" or an address below it: is it here? */
static bool
is_this_site(const Request *req, const char *url)
{
	const char *forwarded = req->from_proxy ? request_header(req, "X-Forwarded-Host") : NULL;
	const char *host = forwarded ? forwarded : request_header(req, "Host");
	const char *authority = strstr(url, "://");
	size_t		length;

	if (host == NULL || authority == NULL)
		return false;
	authority += 3;
	length = strcspn(authority, "/?#");
	return strlen(host) == length && strncasecmp(host, authority, length) == 0;
}

static bool
is_foreign_origin(const Request *req)
{
	const char *origin = request_header(req, "Origin");

	return origin && !is_this_site(req, origin) && !is_allowed_site(origin);
}

/* A GET that changes something: there is no token, so what the browser says must not speak against it. */
static bool
is_foreign_page(const Request *req)
{
	const char *site = request_header(req, "Sec-Fetch-Site");
	const char *referer = request_header(req, "Referer");

	if (request_header(req, "Origin"))
		return is_foreign_origin(req);
	if (site)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	return referer && !is_this_site(req, referer);
}

/* ---- checks, each of which may reply ---- */

static bool
refuse(Request *req, ProblemKind kind, const char *detail)
{
	reply_problem(req, kind, detail, NULL);
	return false;
}

static bool
check_route(Request *req)
{
	const char *methods;

	if (req->route == NULL && request_allowed_methods(req, &methods))
	{
		refuse(req, PROBLEM_METHOD, NULL);
		reply_header(req, MHD_HTTP_HEADER_ALLOW, methods);
		return false;
	}
	if (req->route == NULL)
		return refuse(req, PROBLEM_NOT_FOUND, "There is nothing at this address.");
	if (req->malformed)
		return refuse(req, PROBLEM_BAD_REQUEST, "The address is not percent-encoded UTF-8 text.");
	return true;
}

static bool
is_wanted_type(const Request *req, const char *type)
{
	size_t		length = strcspn(type, "; \t");

	if (length == strlen("application/json") && strncasecmp(type, "application/json", length) == 0)
		return true;
	return req->route->flags & ROUTE_BEACON && length == strlen("text/plain") &&
		strncasecmp(type, "text/plain", length) == 0;
}

static bool
check_body(Request *req)
{
	const char *type = request_header(req, "Content-Type");

	if (req->body_too_large)
		return refuse(req, PROBLEM_TOO_LARGE, request_printf(req, "This request has at most %zu bytes.", access_body_limit(req)));
	if (req->body_size == 0)
		return true;
	if (req->method != METHOD_GET && (type == NULL || !is_wanted_type(req, type)))
		return refuse(req, PROBLEM_MEDIA_TYPE, "The body must be application/json.");
	if (!is_utf8(req->body, req->body_size))
		return refuse(req, PROBLEM_BAD_REQUEST, "The body is not UTF-8 text.");
	return true;
}

static bool
check_origin(Request *req)
{
	bool		ajax = req->route->flags & ROUTE_AJAX && !(req->route->flags & ROUTE_PUBLIC);

	if ((req->method != METHOD_GET && is_foreign_origin(req)) || (ajax && is_foreign_page(req)))
		return refuse(req, PROBLEM_CSRF, "The page that asks is of another site, which is not allowed to.");
	return true;
}

static bool
check_session(Request *req)
{
	if (options.user_header && !req->from_proxy)
		return refuse(req, PROBLEM_FORBIDDEN, "Requests are answered only if they come through the sign-on proxy.");
	req->session = access_find_session(req);
	if (req->session == NULL)
		return refuse(req, PROBLEM_UNAUTHENTICATED, "Sign in first.");
	return true;
}

static bool
is_token_in_body(const Request *req)
{
	json_t	   *body = json_loads(request_body(req), 0, NULL);
	const char *token = json_string_value(json_object_get(body, "csrf"));
	bool		right = token && secret_equal(token, session_csrf(req->session));

	json_decref(body);
	return right;
}

static bool
check_token(Request *req)
{
	const char *token = request_header(req, "X-CSRF-Token");

	if (req->method == METHOD_GET)
		return true;
	if (token ? secret_equal(token, session_csrf(req->session)) :
		req->route->flags & ROUTE_BEACON && is_token_in_body(req))
		return true;
	return refuse(req, PROBLEM_CSRF, "The CSRF token is missing or wrong.");
}

bool
access_admit(Request *req)
{
	if (!check_route(req) || !check_origin(req))
		return false;
	if (!(req->route->flags & ROUTE_PUBLIC) && !check_session(req))
		return false;
	if (!check_body(req))
		return false;
	return req->route->flags & ROUTE_PUBLIC || check_token(req);
}

/* ---- other sites (CORS) ---- */

void
access_add_cors(Request *req)
{
	const char *origin = request_header(req, "Origin");

	if (options.allowed_origins.n > 0)
		reply_header(req, MHD_HTTP_HEADER_VARY, "Origin");
	if (origin == NULL || !is_allowed_site(origin))
		return;
	reply_header(req, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	reply_header(req, "Access-Control-Allow-Credentials", "true");
	reply_header(req, "Access-Control-Expose-Headers", "ETag, Location, Retry-After");
}

void
access_preflight(Request *req)
{
	const char *methods;

	if (!request_allowed_methods(req, &methods))
	{
		refuse(req, PROBLEM_NOT_FOUND, "There is nothing at this address.");
		return;
	}
	reply_empty(req, MHD_HTTP_NO_CONTENT);
	reply_header(req, MHD_HTTP_HEADER_ALLOW, methods);
	if (request_header(req, "Access-Control-Request-Method"))
	{
		reply_header(req, "Access-Control-Allow-Methods", methods);
		reply_header(req, "Access-Control-Allow-Headers", "Content-Type, X-CSRF-Token, If-Match, Last-Event-ID");
		reply_header(req, "Access-Control-Max-Age", "600");
	}
}
