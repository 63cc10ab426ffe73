/*
 * access.c
 *		Authorization of requests before their handler runs
 *
 * A request that changes something needs the session's cookie and its CSRF
 * token, which other sites cannot read.  If the browser sends the origin, it
 * must be this site or an allowed one.
 */
#include "access/access.h"

#include <string.h>
#include <strings.h>

#include "access/caller.h"
#include "access/origin.h"
#include "base/options.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "session/session.h"

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
		return refuse(req, PROBLEM_NOT_FOUND, "This address does not exist.");
	if (req->narguments > MAX_ARGUMENTS)
		return refuse(req, PROBLEM_BAD_REQUEST, request_printf(req, "A query string can have at most %d arguments.", MAX_ARGUMENTS));
	if (req->malformed)
		return refuse(req, PROBLEM_BAD_REQUEST, "The address is not percent-encoded UTF-8 text.");
	return true;
}

static bool
is_accepted_type(const Request *req, const char *type)
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
		return refuse(req, PROBLEM_TOO_LARGE, request_printf(req, "The body of this request can have at most %zu bytes.", caller_body_limit(req)));
	if (req->body_size == 0)
		return true;
	if (req->method != METHOD_GET && (type == NULL || !is_accepted_type(req, type)))
		return refuse(req, PROBLEM_MEDIA_TYPE, "The body must be application/json.");
	if (!is_utf8(req->body, req->body_size))
		return refuse(req, PROBLEM_BAD_REQUEST, "The body is not UTF-8 text.");
	return true;
}

static bool
check_origin(Request *req)
{
	bool		ajax = req->route->flags & ROUTE_AJAX && !(req->route->flags & ROUTE_PUBLIC);

	if ((req->method != METHOD_GET && origin_is_foreign(req)) || (ajax && origin_is_foreign_page(req)))
		return refuse(req, PROBLEM_CSRF, "The request is from a page of another site, which is not allowed.");
	if (req->route->flags & ROUTE_SCRIPT && !origin_is_script(req))
		return refuse(req, PROBLEM_CSRF, "This address is for scripts only, which send X-Requested-With: XMLHttpRequest.");
	return true;
}

/*
 * A page sends the owner that it was opened for.  Users who share a browser
 * share its cookies, too, so the session may be another user's by now, who
 * must neither read nor write by that page.
 */
static bool
check_owner(Request *req)
{
	const char *expected = request_header(req, "X-Session-Owner");
	const char *owner = session_owner(req->session);

	if (expected == NULL || strcmp(expected, request_encoded(req, owner)) == 0)
		return true;
	reply_problem(req, PROBLEM_OTHER_USER, "Another user has signed in since the page was opened.",
				  json_pack("{s:s}", "owner", owner));
	return false;
}

static bool
check_session(Request *req)
{
	if (options.user_header && !req->from_proxy)
		return refuse(req, PROBLEM_FORBIDDEN, "Requests must come through the authenticating proxy.");
	if (caller_refuse_name(req))
		return false;
	req->session = caller_session(req);
	if (req->session == NULL && req->route->flags & ROUTE_AJAX)
		req->session = caller_session_without_cookie(req);
	if (req->session == NULL)
		return refuse(req, PROBLEM_UNAUTHENTICATED, "Sign in first.");
	if (req->route->flags & ROUTE_TAKE_OVER && !request_may_take_over(req))
		return refuse(req, PROBLEM_FORBIDDEN, "You are not a member of a group that may take over or remove the locks of other users.");
	return check_owner(req);
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
