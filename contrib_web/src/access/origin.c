/*
 * origin.c
 *		Origin of requests: this site, an allowed one, or another one; and
 *		CORS for pages of allowed sites
 */
#include "access/origin.h"

#include <string.h>
#include <strings.h>

#include "base/options.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"

static bool
is_allowed_site(const char *origin)
{
	for (size_t i = 0; i < options.allowed_origins.n; i++)
		if (strcasecmp(options.allowed_origins.items[i], origin) == 0)
			return true;
	return false;
}

/* True if URL, "https://host:port" with or without a path, is this site. */
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

bool
origin_is_foreign(const Request *req)
{
	const char *origin = request_header(req, "Origin");

	return origin && !is_this_site(req, origin) && !is_allowed_site(origin);
}

bool
origin_is_foreign_page(const Request *req)
{
	const char *site = request_header(req, "Sec-Fetch-Site");
	const char *referer = request_header(req, "Referer");

	if (request_header(req, "Origin"))
		return origin_is_foreign(req);
	if (site)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	return referer && !is_this_site(req, referer);
}

bool
origin_is_other_site(const Request *req)
{
	const char *site = request_header(req, "Sec-Fetch-Site");

	return site && strcmp(site, "cross-site") == 0 && request_header(req, "Origin") && !origin_is_foreign(req);
}

/*
 * jQuery sends this header with each request, as do the pages of
 * django-locking. Sec-Fetch-* is not sufficient: old browsers do not send it,
 * and it does not distinguish <link rel=preload as=fetch> from a script.
 */
bool
origin_is_script(const Request *req)
{
	const char *value = request_header(req, "X-Requested-With");

	return value && strcasecmp(value, "XMLHttpRequest") == 0;
}

/* ---- other sites (CORS) ---- */

void
origin_add_cors(Request *req)
{
	const char *origin = request_header(req, "Origin");

	if (options.allowed_origins.n > 0)
		reply_header(req, MHD_HTTP_HEADER_VARY, "Origin");
	if (origin == NULL || !is_allowed_site(origin))
		return;
	reply_header(req, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	reply_header(req, "Access-Control-Allow-Credentials", "true");
	reply_header(req, "Access-Control-Expose-Headers", "ETag, Location, Retry-After, Idempotent-Replayed");
}

void
origin_preflight(Request *req)
{
	const char *methods;

	if (!request_allowed_methods(req, &methods))
	{
		reply_problem(req, PROBLEM_NOT_FOUND, "This address does not exist.", NULL);
		return;
	}
	reply_empty(req, MHD_HTTP_NO_CONTENT);
	reply_header(req, MHD_HTTP_HEADER_ALLOW, methods);
	if (request_header(req, "Access-Control-Request-Method"))
	{
		reply_header(req, "Access-Control-Allow-Methods", methods);
		reply_header(req, "Access-Control-Allow-Headers", "Content-Type, X-CSRF-Token, X-Session-Owner, Idempotency-Key, X-Time-Zone,"
					 " Last-Event-ID, X-Requested-With");
		reply_header(req, "Access-Control-Max-Age", "600");
	}
}
