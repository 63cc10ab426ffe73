/*
 * options.h
 *		What the program was told: by flags, environment or configuration
 *		file.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct TextList
{
	char	  **items;
	size_t		n;
} TextList;

typedef struct Options
{
	char	   *listen;			/* ADDRESS:PORT */
	char	   *dsn;			/* of the service role; host and database of all */
	char	   *tls_cert;		/* files; NULL: no TLS */
	char	   *tls_key;
	char	   *user_header;	/* NULL: people sign in with role and password */
	char	   *name_header;	/* NULL: owners have no name for people */
	TextList	trusted_proxies;	/* CIDR */
	TextList	allowed_origins;
	char	   *ajax_base;		/* with a slash at both ends */
	bool		access_log;
	long		workers;
	long		queue;			/* requests that may wait for a worker */
	long		max_body;		/* bytes */
	long		session_idle;	/* seconds */
	long		session_absolute;	/* seconds */
	long		max_sessions;
	long		sessions_per_role;
	long		requests_per_session;	/* at the same time, so connections, too */
	long		max_connections;	/* of clients */
	long		connections_per_address;	/* 0: no limit */
	long		max_streams;
	long		streams_per_session;
	long		request_timeout;	/* seconds for a client to send, or to take an answer */
	long		ping;			/* seconds between pings of a stream */
	long		database_connections;
	long		database_idle;	/* seconds after which an unused connection is closed */
	long		reauthenticate; /* seconds after which a role connects anew */
	long		statement_timeout;	/* seconds */
	long		lock_timeout;	/* seconds */
} Options;

extern Options options;

/* Fills options; ends the program for --help, --version and errors. */
extern void options_read(int argc, char **argv);

#endif							/* OPTIONS_H */
