/*
 * request.h
 *		A request that has come in completely, as handlers see it.
 *
 * All memory that a handler gets belongs to the request and lives until the
 * reply has been sent: results, texts, parameters.  A handler frees nothing.
 *
 * All text is UTF-8 without NUL: what a client sends otherwise is refused
 * (400).
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"

struct MHD_Connection;

/* ---- for handlers ---- */

/* Parameter NAME of the path, decoded; it must be in the route's pattern. */
extern const char *request_param(const Request *req, const char *name);

/* The reverse: TEXT as a segment of a path. */
extern const char *request_segment(Request *req, const char *text);

/*
 * Argument NAME of the query string, decoded; NULL if it is not there. "?a"
 * gives "".
 */
extern const char *request_query(const Request *req, const char *name);

/* Header NAME (any case); NULL if it is not there. */
extern const char *request_header(const Request *req, const char *name);

/*
 * The body; "{}" if there is none, so that it can always be a statement's
 * $1::jsonb.
 */
extern const char *request_body(const Request *req);

/*
 * The owner that the request acts for, as locking.owner() says: the role, or
 * behind a proxy the proxy's user.
 */
extern const char *request_owner(const Request *req);

/* Where django-locking's calls are found, with slashes: "/admin/ajax/". */
extern const char *request_ajax_base(const Request *req);

/* Text put together, which lives as long as the request. */
extern char *request_printf(Request *req, const char *template,...) __attribute__((format(printf, 2, 3)));

/*
 * Calls RELEASE with WHAT once the reply has been sent; what was registered
 * last is released first, and before the session.
 */
extern void request_at_end(Request *req, void (*release) (void *what), void *what);

/* ---- for the server ---- */

/* As in HTTP; by Method. */
extern const char *const method_names[METHOD_COUNT];

/*
 * TARGET: path and query. NULL if there is no memory: of an event loop's,
 * which only then closes the connection.
 */
extern Request *request_new(struct MHD_Connection *connection, const char *target);
extern void request_set_method(Request *req, const char *method);
extern void request_free(Request *req);

/* A part of the body; too large if that makes more bytes than the limit. */
extern void request_add_body(Request *req, const char *data, size_t size, size_t limit);

/*
 * Finds the first of the routes (which end with pattern NULL) that fits, and
 * its parameters; malformed if what they hold is no text.
 */
extern void request_parse(Request *req, const Route *routes);

/*
 * Is there a route for this path and another method?  Writes those that there
 * are, "GET, POST".
 */
extern bool request_allowed_methods(Request *req, const char **methods);

#endif							/* REQUEST_H */
