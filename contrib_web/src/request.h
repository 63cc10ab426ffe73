/*
 * request.h
 *		A request as the server sees it; handlers see web.h.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <microhttpd.h>
#include <obstack.h>
#include <stdint.h>

#include "address.h"
#include "web.h"

struct Session;
struct DbConnection;
struct Stream;
struct Lane;
struct Party;

#define MAX_PARAMS 4
#define MAX_ARGUMENTS 64		/* of a query; pages send a few at most */

typedef struct Argument
{
	const char *name;
	const char *value;
	struct Argument *next;
} Argument;

typedef enum RequestState
{
	RECEIVING,					/* its body */
	RUNNING,					/* a worker has it, or it waits for one */
	READY						/* the reply waits to be sent */
} RequestState;

struct Request
{
	struct MHD_Connection *connection;
	RequestState state;
	struct obstack memory;
	int64_t		started;		/* now_us() */
	int64_t		answered;		/* now_us(); 0: not yet */
	bool		pending;		/* counted as such (server.c) */

	/* what was asked */
	const char *method_name;	/* NULL: the head has not come completely */
	Method		method;			/* METHOD_COUNT: one that no route has */
	const char *path;			/* as it was sent */
	const Route *route;			/* NULL: none */
	Argument	params[MAX_PARAMS];
	int			nparams;
	const char *query_text;		/* as it was sent; NULL: none */
	Argument   *query;
	int			narguments;
	char	   *body;
	size_t		body_size;
	size_t		body_discarded; /* bytes, once it is */
	bool		body_too_large;
	bool		malformed;		/* what is encoded in path or query is no text */

	/* who asks */
	Address		peer;			/* behind a proxy: the one that the proxy named */
	bool		from_proxy;		/* a trusted one */
	const char *proxy_user;		/* NULL: nobody, or there is no proxy */
	const char *proxy_name;
	bool		bad_proxy_name; /* it named one that cannot be an owner */
	struct Session *session;	/* a reference */

	/* the database (db.c) */
	struct DbConnection *db;
	bool		in_transaction;
	bool		begin_pending;
	PGresult   *error;			/* one of the results */
	char		sqlstate[6];
	bool		owner_refused;	/* by locking.set_owner() */
	char	   *lost;			/* what became of the connection */
	struct Results *results;

	/* the reply */
	unsigned	status;			/* 0: none yet */
	struct MHD_Response *response;
	struct Stream *stream;		/* if the reply is one */
	uint64_t	reply_size;

	/* waiting for a worker (workers.c) */
	struct Session *turn_of;	/* a reference, if not the session above */
	struct Lane *lane;
	struct Party *party;
	struct Request *prev,
			   *next;
};

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

/* Finds route and parameters; malformed if what they hold is no text. */
extern void request_parse(Request *req);

/*
 * Is there a route for this path and another method?  Writes those that there
 * are, "GET, POST".
 */
extern bool request_allowed_methods(Request *req, const char **methods);

#endif							/* REQUEST_H */
