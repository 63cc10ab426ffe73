/*
 * request_data.h
 *		Members of a request, not visible to handlers (request.h)
 */
#ifndef REQUEST_DATA_H
#define REQUEST_DATA_H

#include <libpq-fe.h>
#include <microhttpd.h>
#include <obstack.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "http/route.h"

struct Session;
struct DbConnection;
struct RunningCount;
struct ClientQueue;

#define MAX_PARAMS 4
#define MAX_ARGUMENTS 64		/* of a query string; pages use only a few */

typedef struct Argument
{
	const char *name;
	const char *value;
	struct Argument *next;
} Argument;

typedef enum RequestState
{
	RECEIVING,					/* receiving the body */
	RUNNING,					/* in a worker, or waiting for one */
	READY						/* reply can be sent */
} RequestState;

/* A function called when the request is freed */
typedef struct Release
{
	void		(*release) (void *what);
	void	   *what;
	struct Release *next;
} Release;

struct Request
{
	struct MHD_Connection *connection;
	RequestState state;
	struct obstack memory;
	Release    *at_end;
	int64_t		started;		/* now_us() */
	int64_t		answered;		/* now_us(); 0: no reply yet */
	/* included in the count of pending requests (server.c) */
	bool		pending;

	/* the request */
	const char *method_name;	/* NULL: headers are incomplete */
	Method		method;			/* METHOD_COUNT: a method without routes */
	const char *path;			/* as received */
	/* precedes all addresses of the program, "/locks"; "": nothing */
	const char *base_path;
	const Route *routes;		/* all routes */
	const Route *route;			/* NULL: none */
	Argument	params[MAX_PARAMS];
	int			nparams;
	const char *query_text;		/* as received; NULL: none */
	Argument   *query;
	int			narguments;
	char	   *body;
	size_t		body_size;
	size_t		body_discarded; /* bytes ignored after that */
	bool		body_too_large;
	bool		malformed;		/* path or query is not valid text */

	/* the client */
	/* behind a proxy: the address sent by the proxy */
	Address		peer;
	bool		from_proxy;		/* received from a trusted proxy */
	/* NULL: no user, or no authenticating proxy */
	const char *proxy_user;
	const char *proxy_name;
	bool		bad_proxy_name; /* the proxy sent an invalid name */
	/* not a member of any group of the option take-over-group */
	bool		no_take_over;
	struct Session *session;	/* a reference */

	/* the database (db.c) */
	struct DbConnection *db;
	bool		in_transaction;
	bool		begin_pending;
	PGresult   *error;			/* the last failed result; NULL: none */
	char		sqlstate[6];
	bool		owner_refused;	/* locking.set_owner() failed */
	/* message of a failure without result, such as a lost connection */
	char	   *error_message;

	/* the reply */
	unsigned	status;			/* 0: none yet */
	struct MHD_Response *response;
	/* produces the body while it is sent; NULL: complete */
	MHD_ContentReaderCallback reader;
	void	   *reader_cls;
	/* bytes; with a reader, those produced so far */
	uint64_t	reply_size;

	/* waiting for a worker (workers.c) */
	struct Session *queue_session;	/* a reference, if different from session */
	struct RunningCount *running_count;
	struct ClientQueue *queue;
	struct Request *prev,
			   *next;
};

#endif							/* REQUEST_DATA_H */
