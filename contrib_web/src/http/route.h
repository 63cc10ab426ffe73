/*
 * route.h
 *		Routes: method, path, handler
 *
 * The table of routes is in server/routes.c.  Before the server calls a
 * handler, it checks session, CSRF token, origin, content type and size, and
 * parses the path parameters.  Handlers run in worker threads and may wait
 * for the database. They have no access to sockets or other requests.  A
 * handler sends one reply: a later reply_*() replaces an earlier one.
 */
#ifndef ROUTE_H
#define ROUTE_H

typedef struct Request Request;

typedef enum Method
{
	METHOD_GET,					/* includes HEAD */
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_COUNT
} Method;

typedef void (*Handler) (Request *req);

/*
 * A route without flags requires a session and runs in a worker.  POST, PUT
 * and DELETE need the CSRF token in X-CSRF-Token.  A body must be
 * application/json.
 */
enum RouteFlags
{
	/* requires neither session nor CSRF token */
	ROUTE_PUBLIC = 1 << 0,

	/* runs in an event loop: must not wait or use the database */
	ROUTE_DIRECT = 1 << 1,

	/*
	 * for navigator.sendBeacon(): the body may be text/plain, and the CSRF
	 * token may be in its member "csrf"
	 */
	ROUTE_BEACON = 1 << 2,

	/*
	 * interface of django-locking: the pattern is relative to --ajax-base,
	 * errors have no body, requests must be from a page of the same origin
	 */
	ROUTE_AJAX = 1 << 3,

	/* a GET that changes something: for scripts only */
	ROUTE_SCRIPT = 1 << 4,

	/* ends others' locks: for members of --take-over-group, if set */
	ROUTE_TAKE_OVER = 1 << 5,
};

typedef struct Route
{
	Method		method;

	/*
	 * "/api/v1/tables/{table}/rows/{key}": a parameter matches a segment,
	 * which may be empty and is percent-decoded, with "~." for "."
	 * (request.c).  "{file...}" at the end matches the rest.
	 */
	const char *pattern;
	Handler		handler;
	unsigned	flags;
} Route;

#endif							/* ROUTE_H */
