/*
 * options.h
 *		Options from flags, environment and configuration file
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
	bool		check;			/* only say what is missing (check.c) */
	char	   *listen;			/* ADDRESS:PORT */
	/* service role; its host and database are used for all connections */
	char	   *dsn;
	/* file with the password of the service role; NULL: none, or in dsn */
	char	   *password_file;
	char	   *tls_cert;		/* files; NULL: no TLS */
	char	   *tls_key;
	/* NULL: users sign in with role and password */
	char	   *user_header;
	char	   *name_header;	/* NULL: owners have no display name */
	/* header with the user's groups; NULL: none */
	char	   *group_header;
	/* groups that may end others' locks; none: all, as far as the role may */
	TextList	take_over_groups;
	TextList	trusted_proxies;	/* CIDR */
	TextList	allowed_origins;
	char	   *base_path;		/* "/locks"; "": none */
	char	   *ajax_base;		/* begins and ends with a slash */
	TextList	ajax_tables;	/* APP/MODEL=TABLE */
	/* seconds that a lock of django-locking's pages lasts unless renewed */
	long		ajax_ttl;
	TextList	idle_limits;	/* SECONDS, or TABLE=SECONDS */
	bool		access_log;
	long		workers;
	long		queue;			/* requests that may wait for a worker */
	long		max_body;		/* bytes */
	long		session_idle;	/* seconds */
	long		session_absolute;	/* seconds */
	long		max_sessions;
	long		sessions_per_role;
	/* concurrent ones, and thus database connections */
	long		requests_per_session;
	long		max_connections;	/* from clients */
	long		connections_per_address;	/* 0: no limit */
	long		max_streams;
	long		streams_per_session;
	/* seconds for a client to send a request or receive a reply */
	long		request_timeout;
	long		ping;			/* seconds between keepalives on a stream */
	long		database_connections;
	/* seconds after which an idle connection is closed */
	long		database_idle;
	/* seconds after which a role must reconnect */
	long		reauthenticate;
	long		statement_timeout;	/* seconds */
	long		lock_timeout;	/* seconds */
} Options;

extern Options options;

/* Sets options.  Exits for --help, --version and on errors. */
extern void options_read(int argc, char **argv);

#endif							/* OPTIONS_H */
