/*
 * connect.c
 *		Connections to the database, as a user's role or as the service role
 */
#include "pool/connect.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/password_file.h"

/* Keywords for PQconnectStartParams(); the last of repeated ones counts */
#define MAX_KEYWORDS 80
typedef struct Keywords
{
	const char *names[MAX_KEYWORDS + 1];
	const char *values[MAX_KEYWORDS + 1];
	int			n;
} Keywords;

static void
add_keyword(Keywords *keywords, const char *name, const char *value)
{
	if (keywords->n == MAX_KEYWORDS)
		abort();
	keywords->names[keywords->n] = name;
	keywords->values[keywords->n++] = value;
}

static void
add_dsn(Keywords *keywords, const PQconninfoOption *dsn)
{
	for (; dsn->keyword; dsn++)
		if (dsn->val)
			add_keyword(keywords, dsn->keyword, dsn->val);
}

static const char *
dsn_options(const PQconninfoOption *dsn)
{
	for (; dsn->keyword; dsn++)
		if (strcmp(dsn->keyword, "options") == 0 && dsn->val)
			return dsn->val;
	return "";
}

/* The text of values and keys must not depend on the settings of a role. */
#define SESSION_OPTIONS_SIZE 1024
static void
session_options(char *text, const PQconninfoOption *dsn)
{
	snprintf(text, SESSION_OPTIONS_SIZE,
			 "%s -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex"
			 " -c statement_timeout=%lds -c lock_timeout=%lds -c idle_in_transaction_session_timeout=%lds",
			 dsn_options(dsn), options.statement_timeout, options.lock_timeout, options.statement_timeout);
}

/*
 * A failure to connect has no PGresult that contains the SQLSTATE, but libpq
 * can include it in the message, after the severity.  The first one counts,
 * since what follows may quote the name of the role, which the client chose.
 * The exception is a server that is starting or stopping: libpq then tries
 * the next host.
 */
static const char *
find_sqlstate(const char *message)
{
	const char *state = NULL;

	for (const char *p = message; (p = strstr(p, ":  ")) != NULL; p += 3)
	{
		if (strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5)
			continue;
		state = p + 3;
		if (strncmp(state, "57P03", 5) != 0)
			break;
	}
	return state ? state : "08006";
}

static void
connection_error(PGconn *pg, bool password_requested, ConnectError *error)
{
	const char *message = pg ? PQerrorMessage(pg) : "out of memory";

	snprintf(error->sqlstate, sizeof(error->sqlstate), "%.5s", find_sqlstate(message));
	if (strncmp(error->sqlstate, "28", 2) == 0)
		strcpy(error->sqlstate, password_requested ? "28P01" : "28000");
	snprintf(error->message, sizeof(error->message), "%s", message);
	error->message[strcspn(error->message, "\n")] = '\0';
}

/*
 * Class 28: password, NOLOGIN, VALID UNTIL, pg_hba.conf, undefined role.
 * 42501: no CONNECT privilege on the database.  Class P0: exception in a
 * login trigger.
 */
bool
connect_refuses_role(const char *sqlstate)
{
	return strncmp(sqlstate, "28", 2) == 0 ||
		strcmp(sqlstate, "42501") == 0 ||
		strncmp(sqlstate, "P0", 2) == 0;
}

static bool
wait_for(PGconn *pg, PostgresPollingStatusType what, int64_t until)
{
	struct pollfd fd = {.fd = PQsocket(pg), .events = what == PGRES_POLLING_READING ? POLLIN : POLLOUT};
	int64_t		left = until - now_us();

	return left > 0 && (poll(&fd, 1, (int) (left / 1000) + 1) > 0 || errno == EINTR);
}

/*
 * libpq may try again without TLS, so the last attempt does not tell whether
 * the server has requested a password.
 */
static bool
establish(PGconn *pg, bool *password_requested)
{
	int64_t		until = now_us() + CONNECT_SECONDS * 1000000LL;
	PostgresPollingStatusType what = PGRES_POLLING_WRITING;

	if (pg == NULL || PQstatus(pg) == CONNECTION_BAD)
		return false;
	PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);	/* includes the SQLSTATE */
	while (wait_for(pg, what, until))
	{
		what = PQconnectPoll(pg);
		if (PQconnectionUsedPassword(pg))
			*password_requested = true;
		if (what == PGRES_POLLING_OK || what == PGRES_POLLING_FAILED)
			break;
	}
	PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
	return what == PGRES_POLLING_OK;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

static PGconn *
start_connecting(const PQconninfoOption *dsn, const char *role, const char *password)
{
	Keywords	keywords = {.n = 0};
	char		settings[SESSION_OPTIONS_SIZE];

	session_options(settings, dsn);
	add_keyword(&keywords, "tcp_user_timeout", "15000");
	add_keyword(&keywords, "keepalives_idle", "30");
	add_dsn(&keywords, dsn);
	add_keyword(&keywords, "options", settings);
	add_keyword(&keywords, "client_encoding", "UTF8");
	add_keyword(&keywords, "application_name", "locking-web");
	if (role)
		add_keyword(&keywords, "user", role);
	/* not empty, as libpq would then use the service role's password */
	if (password)
		add_keyword(&keywords, "password", password);
	return PQconnectStartParams(keywords.names, keywords.values, 0);
}

static PGconn *
refuse(PGconn *pg, ConnectError *error, const char *sqlstate, const char *message)
{
	PQfinish(pg);
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate);
	snprintf(error->message, sizeof(error->message), "%s", message);
	return NULL;
}

/*
 * A role that can connect without a password request has not proved its
 * identity.
 */
static PGconn *
connect_with(const char *role, const char *password, ConnectError *error)
{
	char	   *problem = NULL;
	PQconninfoOption *dsn = PQconninfoParse(options.dsn, &problem);
	bool		password_requested = false;
	PGconn	   *pg;

	if (dsn == NULL)
	{
		refuse(NULL, error, "08001", problem ? problem : "out of memory");
		PQfreemem(problem);
		return NULL;
	}
	pg = start_connecting(dsn, role, password);
	PQconninfoFree(dsn);
	if (!establish(pg, &password_requested))
	{
		connection_error(pg, password_requested, error);
		PQfinish(pg);
		return NULL;
	}
	PQsetNoticeReceiver(pg, ignore_notice, NULL);
	if (role && !PQconnectionUsedPassword(pg))
		return refuse(pg, error, "28000", "the server does not request a password for this role (pg_hba.conf)");
	return pg;
}

/*
 * The file is read for each connection, so that a changed password needs no
 * restart.
 */
PGconn *
connect_database(const char *role, const char *password, ConnectError *error)
{
	char		own_password[PASSWORD_SIZE];
	const char *problem;
	PGconn	   *pg;

	if (role || options.password_file == NULL)
		return connect_with(role, password, error);
	if (!password_file_read(options.password_file, own_password, &problem))
	{
		refuse(NULL, error, "08001", "");
		snprintf(error->message, sizeof(error->message), "%s: %s", options.password_file, problem);
		return NULL;
	}
	pg = connect_with(NULL, own_password, error);
	explicit_bzero(own_password, sizeof(own_password));
	return pg;
}
