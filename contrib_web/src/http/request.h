/*
 * request.h
 *		Interface of a completely received request for handlers
 *
 * All memory returned to a handler (results, texts, parameters) belongs to
 * the request and lives until the reply has been sent.  A handler frees
 * nothing.
 *
 * All text is UTF-8 without NUL.  Requests with other text are refused (400).
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"

struct MHD_Connection;

/* ---- for handlers ---- */

/* Returns the decoded path parameter NAME of the route's pattern. */
extern const char *request_param(const Request *req, const char *name);

/* Encodes TEXT as a path segment. */
extern const char *request_segment(Request *req, const char *text);

/* Percent-encodes TEXT, all but letters, digits and "-._~". */
extern const char *request_encoded(Request *req, const char *text);

/*
 * Returns the decoded argument NAME of the query string, NULL if absent.
 * "?a" gives "".
 */
extern const char *request_query(const Request *req, const char *name);

/* Returns header NAME, ignoring case; NULL if absent. */
extern const char *request_header(const Request *req, const char *name);

/*
 * Returns the body, or "{}" if there is none, so that it can always be a
 * parameter $1::jsonb.
 */
extern const char *request_body(const Request *req);

/*
 * Returns the owner on whose behalf the request runs, equal to
 * locking.owner(): the role or, behind an authenticating proxy, the proxy's
 * user.
 */
extern const char *request_owner(const Request *req);

/*
 * Returns what precedes all addresses of the program in those that clients
 * use: "/locks", or "".
 */
extern const char *request_base_path(const Request *req);

/*
 * False if the option take-over-group excludes the user from ending others'
 * locks.
 */
extern bool request_may_take_over(const Request *req);

/* Returns the base path for django-locking, such as "/admin/ajax/". */
extern const char *request_ajax_base(Request *req);

/* False if the client has closed its side of the connection. */
extern bool request_is_awaited(const Request *req);

/* Formats text, which lives as long as the request. */
extern char *request_printf(Request *req, const char *template,...) __attribute__((format(printf, 2, 3)));

/*
 * Registers RELEASE to be called with WHAT after the reply has been sent.
 * Calls are in reverse order of registration, and before the session is
 * released.
 */
extern void request_at_end(Request *req, void (*release) (void *what), void *what);

/* ---- for the server ---- */

/* Names in HTTP, indexed by Method */
extern const char *const method_names[METHOD_COUNT];

/*
 * Creates a request for TARGET (path and query).  Returns NULL if out of
 * memory; then the event loop closes the connection.
 */
extern Request *request_new(struct MHD_Connection *connection, const char *target);

/* Sets the method, when request line and headers are complete. */
extern void request_set_method(Request *req, const char *method);

/* Calls the functions of request_at_end(), and frees the request. */
extern void request_free(Request *req);

/* Appends to the body; marks it as too large if it exceeds the limit. */
extern void request_add_body(Request *req, const char *data, size_t size, size_t limit);

/*
 * Finds the first matching route and its parameters.  The list of routes ends
 * with pattern NULL.  Marks the request as malformed if a parameter is not
 * valid text.
 */
extern void request_parse(Request *req, const Route *routes);

/*
 * True if there are routes for this path with other methods; stores these
 * methods as "GET, POST".
 */
extern bool request_allowed_methods(Request *req, const char **methods);

#endif							/* REQUEST_H */
