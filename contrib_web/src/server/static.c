/*
 * static.c
 *		Files built into the program: pages, their scripts and styles, the
 *		description of the API
 *
 * URLs do not change with the content, so clients revalidate each time
 * (ETag).  The page itself is not cached below a base path, which may change
 * with each request.
 */
#include "server/static.h"

#include <string.h>

#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "server/assets.h"

#define CONTENT_SECURITY_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

#define PAGE "static/index.html"

static const struct
{
	const char *ending;
	const char *type;
}			types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".json", "application/json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/vnd.microsoft.icon"},
	{".woff2", "font/woff2"},
	{".webmanifest", "application/manifest+json"},
	{".txt", "text/plain; charset=utf-8"},
	{NULL, "application/octet-stream"}
};

static const char *
type_of(const char *path)
{
	const char *ending = strrchr(path, '.');
	size_t		i = 0;

	while (types[i].ending && (ending == NULL || strcmp(ending, types[i].ending) != 0))
		i++;
	return types[i].type;
}

static const Asset *
find_asset(const char *path)
{
	const Asset *asset = assets;

	while (asset->path && strcmp(asset->path, path) != 0)
		asset++;
	return asset->path ? asset : NULL;
}

/* "gzip", and not "gzip;q=0" */
static bool
accepts_gzip(const Request *req)
{
	const char *list = request_header(req, "Accept-Encoding");
	const char *gzip = list ? strstr(list, "gzip") : NULL;

	if (gzip == NULL)
		return false;
	gzip += strlen("gzip");
	gzip += strspn(gzip, " ;");
	return strncmp(gzip, "q=0", 3) != 0 || strspn(gzip + 3, ".0") != strcspn(gzip + 3, ", ");
}

static void
reply_asset(Request *req, const Asset *asset)
{
	bool		packed = asset->packed != asset->packed_end && accepts_gzip(req);
	const unsigned char *data = packed ? asset->packed : asset->data;
	const unsigned char *end = packed ? asset->packed_end : asset->end;
	const char *etag = request_printf(req, "\"%s%s\"", asset->hash, packed ? "-gzip" : "");
	const char *known = request_header(req, "If-None-Match");

	if (known && (strstr(known, etag) || strcmp(known, "*") == 0))
		reply_data(req, MHD_HTTP_NOT_MODIFIED, NULL, "", 0);
	else
	{
		reply_data(req, MHD_HTTP_OK, type_of(asset->path), data, end - data);
		if (packed)
			reply_header(req, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	}
	reply_header(req, MHD_HTTP_HEADER_ETAG, etag);
	reply_header(req, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	reply_header(req, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	reply_header(req, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
}

static void
reply_path(Request *req, const char *path)
{
	const Asset *asset = find_asset(path);

	if (asset)
		reply_asset(req, asset);
	else
		reply_problem(req, PROBLEM_NOT_FOUND, "This file does not exist.", NULL);
}

/* The page with the base path before the addresses of its files */
static const char *
page_below(Request *req, const Asset *page, const char *base_path)
{
	static const char address[] = "\"/static/";
	const char *rest = (const char *) page->data;
	const char *next;
	const char *result = "";

	while ((next = strstr(rest, address)) != NULL)
	{
		result = request_printf(req, "%s%.*s\"%s", result, (int) (next - rest), rest, base_path);
		rest = next + 1;
	}
	return request_printf(req, "%s%s", result, rest);
}

static void
reply_page(Request *req, unsigned status)
{
	const Asset *page = find_asset(PAGE);

	if (page == NULL)
	{
		reply_path(req, PAGE);
		return;
	}
	reply_text(req, status, type_of(page->path), page_below(req, page, request_base_path(req)));
	reply_header(req, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
}

void
get_page(Request *req)
{
	if (*request_base_path(req) == '\0')
		reply_path(req, PAGE);
	else
		reply_page(req, MHD_HTTP_OK);
}

/* The page's script says that there is no such page, and leads on. */
void
get_missing_page(Request *req)
{
	reply_page(req, MHD_HTTP_NOT_FOUND);
}

/* A script gets a problem document instead, also that of django-locking. */
bool
static_is_missing_page(Request *req)
{
	const char *accept = request_header(req, "Accept");
	const char *methods;

	return req->route == NULL && req->method == METHOD_GET && accept && strstr(accept, "text/html") &&
		request_header(req, "X-Requested-With") == NULL && !request_allowed_methods(req, &methods);
}

void
get_static(Request *req)
{
	reply_path(req, request_printf(req, "static/%s", request_param(req, "file")));
}

void
get_openapi(Request *req)
{
	reply_path(req, "openapi.json");
}
