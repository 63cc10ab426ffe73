/*
 * route.h
 *		Routes: method, path, handler.
 *
 * The table of routes (server/routes.c) names the handlers.  Before a handler
 * is called, the server has checked session, CSRF token, origin, content type
 * and size, and found the parameters of the path.  The handler runs in one of
 * the worker threads and may wait for the database; it sees neither the
 * socket nor other requests.  It replies exactly once in the end: a later
 * reply_*() replaces an earlier one.
 */
#ifndef ROUTE_H
#define ROUTE_H

typedef struct Request Request;

typedef enum Method
{
	METHOD_GET,					/* HEAD, too */
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_COUNT
} Method;

typedef void (*Handler) (Request *req);

/*
 * Without flags a route is for users who are signed in, and runs in a worker.
 * POST, PUT and DELETE need the CSRF token in X-CSRF-Token, and a body, if
 * there is one, must be application/json.
 */
enum RouteFlags
{
	ROUTE_PUBLIC = 1 << 0,		/* no session needed (and no CSRF token) */
	ROUTE_DIRECT = 1 << 1,		/* an event loop answers: must wait for nothing, no database */
	ROUTE_BEACON = 1 << 2,		/* for navigator.sendBeacon(): the body may be text/plain, and the
								 * token may be its member "csrf" */
	ROUTE_AJAX = 1 << 3,		/* django-locking's contract: the pattern is relative to
								 * --ajax-base; errors have no body; must come from a page of ours
								 * (same origin) */
	ROUTE_SCRIPT = 1 << 4,		/* a GET that changes something: for scripts */
};

typedef struct Route
{
	Method		method;
	const char *pattern;		/* "/api/v1/tables/{table}/rows/{key}": a parameter is a whole
								 * segment, percent-decoded ("/" may be in it), perhaps empty,
								 * "~." for "." (request.c); "{file...}" at the end: all the rest */
	Handler		handler;
	unsigned	flags;
} Route;

#endif							/* ROUTE_H */
