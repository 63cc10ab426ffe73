/*
 * web.h
 *		What a handler sees: a request that has come in completely, the
 *		database in the name of whoever asks, and one reply.
 *
 * A route (routes.c) names its handler.  Before it is called, the server has
 * checked session, CSRF token, origin, content type and size, and found the
 * parameters of the path.  The handler runs in one of the worker threads and
 * may wait for the database; it sees neither socket nor another's request.
 * It replies exactly once in the end: a later reply_*() replaces an earlier
 * one.
 *
 * All memory that these functions return belongs to the request and lives
 * until the reply has been sent: results, texts, parameters.  A handler frees
 * nothing.
 *
 * All text is UTF-8 without NUL: what a client sends otherwise is refused
 * (400).
 */
#ifndef WEB_H
#define WEB_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define PRINTF_LIKE(template, first) __attribute__((format(printf, template, first)))

typedef struct Request Request;

/* ---- routes (routes.c) ---- */

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
 * Without flags a route is for those who are signed in, and runs in a worker.
 * POST, PUT and DELETE want the CSRF token in X-CSRF-Token, and a body, if
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

extern const Route routes[];	/* the first that fits; ends with pattern NULL */

/* ---- the request ---- */

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
 * Who asks, as locking.owner() says: the role, or behind a proxy the proxy's
 * user.
 */
extern const char *request_owner(const Request *req);

/* Where django-locking's calls are found, with slashes: "/admin/ajax/". */
extern const char *request_ajax_base(const Request *req);

/* Text put together, which lives as long as the request. */
extern char *request_printf(Request *req, const char *template,...) PRINTF_LIKE(2, 3);

/* ---- the database ---- */

/*
 * Everything runs as the session's role (behind a proxy: as the service role,
 * with locking.set_owner() before it in the same transaction and round trip).
 * Outside of db_begin() and db_commit(), each statement is a transaction of
 * its own.
 *
 * What fails returns NULL (false) and is remembered.  A handler that then
 * returns without a reply gets the one that fits the SQLSTATE, as if by
 * reply_db_error(req, NULL); it may also run further statements first (after
 * db_rollback() in a transaction), to say more.
 */

/*
 * A statement that each connection prepares once, at its first use.  SQL
 * never has values or identifiers pasted into it.  Parameters are text; cast
 * them: $1::jsonb.
 */
typedef struct Statement
{
	const char *name;			/* unique: name of the prepared statement */
	const char *sql;
	bool		names_relation; /* $1 is of type oid: locking's views run the policies only of
								 * relations that a statement names, and this does so */
} Statement;

/*
 * Runs a statement: db_run(req, &statement, value, ...), one text (or NULL)
 * for each of its parameters.  One round trip.
 */
#define db_run(req, statement, ...) \
	db_run_values(req, statement, DB_VALUES(__VA_ARGS__))
extern PGresult *db_run_values(Request *req, const Statement *statement, int n, const char *const *values);

/*
 * The same for SQL that was put together (identifiers quoted!), not kept
 * prepared.
 */
#define db_run_once(req, sql, ...) \
	db_run_once_values(req, sql, DB_VALUES(__VA_ARGS__))
extern PGresult *db_run_once_values(Request *req, const char *sql, int n, const char *const *values);

#define DB_VALUES(...) \
	(int) (sizeof((const char *[]) {NULL, ##__VA_ARGS__}) / sizeof(char *)) - 1, \
	(const char *[]) {NULL, ##__VA_ARGS__} + 1

/*
 * A transaction of several statements.  BEGIN (and set_owner()) go out with
 * the first of them.
 */
extern void db_begin(Request *req);
extern bool db_commit(Request *req);	/* false: failed, by a deferred constraint, say */
extern void db_rollback(Request *req);

/*
 * After something that the role has no right to: may it not even sign in any
 * more, as it was dropped? That is the last failure then, and the session has
 * ended.
 */
extern bool db_role_is_gone(Request *req);

/*
 * The first column of the first row; NULL if there is no row, or it is null,
 * or RESULT is NULL.
 */
extern const char *db_value(const PGresult *result);

/*
 * SQLSTATE of the last failure in this request; "" if there was none. A lost
 * connection has "08006".
 */
extern const char *db_sqlstate(const Request *req);

/*
 * Another field of it: PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_TABLE_NAME, ...; NULL
 * if there is none.
 */
extern const char *db_error_field(const Request *req, int field);

/* ---- the reply ---- */

/*
 * JSON must live as long as the request: values of results, request_printf()
 * and literals do.
 */
extern void reply_json(Request *req, unsigned status, const char *json);
extern void reply_text(Request *req, unsigned status, const char *type, const char *text);
extern void reply_object(Request *req, unsigned status, json_t *object);	/* takes the reference over */
extern void reply_empty(Request *req, unsigned status);

/*
 * Runs the statement, replies with its one value, which is JSON; null or no
 * row: 404.
 */
#define reply_query(req, status, statement, ...) \
	reply_query_values(req, status, statement, DB_VALUES(__VA_ARGS__))
extern void reply_query_values(Request *req, unsigned status, const Statement *statement, int n,
							   const char *const *values);

/* Adds a header to the reply made before. */
extern void reply_header(Request *req, const char *name, const char *value);

/*
 * Errors: application/problem+json (RFC 9457).  A kind has its status, its
 * type "urn:locking:problem:NAME", and a title (problem.c).
 */
typedef enum ProblemKind
{
	PROBLEM_BAD_REQUEST,		/* 400 bad-request: syntax of request or body */
	PROBLEM_UNAUTHENTICATED,	/* 401 unauthenticated: nobody is signed in */
	PROBLEM_SIGN_IN_FAILED,		/* 401 sign-in-failed */
	PROBLEM_FORBIDDEN,			/* 403 forbidden: privilege missing */
	PROBLEM_CSRF,				/* 403 csrf: token missing or wrong, or a page of another site asks */
	PROBLEM_NOT_FOUND,			/* 404 not-found */
	PROBLEM_METHOD,				/* 405 method-not-allowed */
	PROBLEM_LOST,				/* 409 lost: the token's lock has ended */
	PROBLEM_NOT_PROTECTED,		/* 409 not-protected: or cannot be */
	PROBLEM_TOO_LARGE,			/* 413 too-large */
	PROBLEM_MEDIA_TYPE,			/* 415 unsupported-media-type */
	PROBLEM_INVALID,			/* 422 invalid: a value, with "column" where one is known */
	PROBLEM_LOCKED,				/* 423 locked: by somebody else */
	PROBLEM_HELD_ELSEWHERE,		/* 423 held-elsewhere: by another client of one's own */
	PROBLEM_LOCK_REQUIRED,		/* 423 lock-required: the table wants a lock, and one has none */
	PROBLEM_TOO_MANY,			/* 429 too-many */
	PROBLEM_HEAD_TOO_LARGE,		/* 431 head-too-large */
	PROBLEM_INTERNAL,			/* 500 internal: a bug */
	PROBLEM_UNAVAILABLE,		/* 503 unavailable: database or workers; Retry-After is set */
	PROBLEM_TIMEOUT,			/* 503 timeout: it took too long; Retry-After is set */
	PROBLEM_COUNT
} ProblemKind;

/*
 * Replies with a problem.  DETAIL: a sentence for people, or NULL.  EXTRA:
 * further members (an object, whose reference is taken over), or NULL; e.g.
 * json_pack("{s:s}", "column", name).
 */
extern void reply_problem(Request *req, ProblemKind kind, const char *detail, json_t *extra);

/*
 * Replies with what the last failure in the database was, mapped by its
 * SQLSTATE.
 */
extern void reply_db_error(Request *req, json_t *extra);

/* The same as an object, a new reference, not replied. */
extern json_t *db_problem(Request *req);

/*
 * JSON of the database as a member for EXTRA; null if TEXT is NULL. A new
 * reference.
 */
extern json_t *json_member(const char *text);

#endif							/* WEB_H */
