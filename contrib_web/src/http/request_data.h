/*
 * request_data.h
 *		The members of a request; handlers see request.h.
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

/* Something to be released with the request. */
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
	int64_t		answered;		/* now_us(); 0: not yet */
	bool		pending;		/* counted as such (server.c) */

	/* what was asked */
	const char *method_name;	/* NULL: the head has not come completely */
	Method		method;			/* METHOD_COUNT: one that no route has */
	const char *path;			/* as it was sent */
	const Route *routes;		/* all that there are */
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

	/* the reply */
	unsigned	status;			/* 0: none yet */
	struct MHD_Response *response;
	MHD_ContentReaderCallback reader;	/* makes the body while it is sent; NULL: it is there */
	void	   *reader_cls;
	uint64_t	reply_size;		/* bytes; of a reader, those made so far */

	/* waiting for a worker (workers.c) */
	struct Session *turn_of;	/* a reference, if not the session above */
	struct Lane *lane;
	struct Party *party;
	struct Request *prev,
			   *next;
};

#endif							/* REQUEST_DATA_H */
