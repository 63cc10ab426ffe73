/*
 * check.c
 *		--check: tries what the program needs, and says what is missing
 *
 * A line is "ok" or "missing", the subject, what was found and, if it is
 * missing, how to get it.
 */
#include "server/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "base/password_file.h"
#include "db/db.h"
#include "pool/connect.h"
#include "server/socket.h"

/* A name for which the server requests a password, as for any other one */
#define ROLE_OF_NOBODY "locking_web_check"

static bool complete = true;

static void
__attribute__((format(printf, 3, 4)))
report(bool ok, const char *subject, const char *template,...)
{
	va_list		args;

	printf("%-8s %s: ", ok ? "ok" : "missing", subject);
	va_start(args, template);
	vprintf(template, args);
	va_end(args);
	putchar('\n');
	complete = complete && ok;
}

/* ---- database ---- */

static const char *
dsn_value(const PQconninfoOption *dsn, const char *keyword, const char *otherwise)
{
	for (; dsn->keyword; dsn++)
		if (strcmp(dsn->keyword, keyword) == 0 && dsn->val && *dsn->val)
			return dsn->val;
	return otherwise;
}

/* The line of pg_hba.conf with which the server requests a password */
static void
report_hba(const char *subject, const PQconninfoOption *dsn, const char *role, const char *message)
{
	const char *host = dsn_value(dsn, "host", dsn_value(dsn, "hostaddr", "/"));
	bool		is_local = *host == '/' || *host == '@';

	report(false, subject, "%s. In pg_hba.conf, before the lines that match now: %s %s %s %s scram-sha-256; then SELECT pg_reload_conf();",
		   message, is_local ? "local" : "host", dsn_value(dsn, "dbname", "DATABASE"), role, is_local ? "" : "ADDRESS/32");
}

static void
report_connection(const PQconninfoOption *dsn, const ConnectError *error)
{
	const char *role = dsn_value(dsn, "user", "ROLE");
	const char *database = dsn_value(dsn, "dbname", "DATABASE");

	if (strcmp(error->sqlstate, "28P01") == 0)
		report(false, "connection", "%s. CREATE ROLE %s LOGIN; \\password %s; the same password in password-file", error->message, role, role);
	else if (strcmp(error->sqlstate, "28000") == 0)
		report_hba("connection", dsn, role, error->message);
	else if (strcmp(error->sqlstate, "3D000") == 0)
		report(false, "connection", "%s. createdb %s, or another dbname in dsn", error->message, database);
	else if (strcmp(error->sqlstate, "42501") == 0)
		report(false, "connection", "%s. GRANT CONNECT ON DATABASE %s TO %s;", error->message, database, role);
	else if (strcmp(error->sqlstate, "08001") == 0)
		report(false, "connection", "%s", error->message);	/* password-file */
	else
		report(false, "connection", "%s. Start the server, or correct host and port in dsn (pg_lsclusters)", error->message);
}

static void
check_extension(PGconn *pg)
{
	PGresult   *result = PQexec(pg, sql_extension_version().statement->sql);
	const char *version = db_value(result);

	if (version == NULL)
		report(false, "extension", "not in this database. In it, as a superuser: CREATE EXTENSION locking;");
	else if (strcmp(version, VERSION) != 0)
		report(false, "extension", "version %s, and this program is for " VERSION ". ALTER EXTENSION locking UPDATE TO '" VERSION "';", version);
	else
		report(true, "extension", "version %s", version);
	PQclear(result);
}

/* Where users sign in as roles, the program's role needs no other rights. */
static void
check_rights(PGconn *pg)
{
	Call		call = sql_missing_rights(options.take_over_groups.n > 0 ? "true" : "false");
	PGresult   *result;

	if (options.user_header == NULL)
	{
		report(true, "rights", "none are needed, as users sign in as roles");
		return;
	}
	result = PQexecParams(pg, call.statement->sql, call.statement->n, call.statement->types, call.values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		report(false, "rights", "%.*s", (int) strcspn(PQerrorMessage(pg), "\n"), PQerrorMessage(pg));
	else if (PQntuples(result) == 0)
		report(true, "rights", "set_owner() and all protected tables");
	for (int i = 0; i < PQntuples(result); i++)
		report(false, "rights", "%s. %s", PQgetvalue(result, i, MISSING_RIGHTS_MISSING), PQgetvalue(result, i, MISSING_RIGHTS_COMMAND));
	PQclear(result);
}

/*
 * Whether users can sign in with a password.  A role that is not there is
 * enough to find out, as the server requests its password, too.
 */
static void
check_sign_in(const PQconninfoOption *dsn)
{
	ConnectError error;
	PGconn	   *pg = connect_database(ROLE_OF_NOBODY, "none", &error);

	if (pg || strcmp(error.sqlstate, "28P01") == 0)
		report(true, "sign-in", "the server asks users for a password");
	else
		report_hba("sign-in", dsn, "all", error.message);
	PQfinish(pg);
}

static void
check_database(void)
{
	PQconninfoOption *dsn = PQconninfoParse(options.dsn, NULL);
	ConnectError error;
	PGconn	   *pg = connect_database(NULL, NULL, &error);

	if (dsn == NULL)
		return;					/* out of memory */
	if (pg == NULL)
		report_connection(dsn, &error);
	else
	{
		report(true, "connection", "role %s, database %s, PostgreSQL %s", PQuser(pg), PQdb(pg), PQparameterStatus(pg, "server_version"));
		check_extension(pg);
		check_rights(pg);
	}
	if (pg && options.user_header == NULL)
		check_sign_in(dsn);
	PQfinish(pg);
	PQconninfoFree(dsn);
}

/* ---- this machine ---- */

static void
check_password_file(void)
{
	char		password[PASSWORD_SIZE];
	const char *problem;

	if (options.password_file == NULL)
		return;
	if (password_file_read(options.password_file, password, &problem))
		report(true, "password-file", "%s", options.password_file);
	else
		report(false, "password-file", "%s: %s", options.password_file, problem);
	explicit_bzero(password, sizeof(password));
}

static void
check_listen(void)
{
	const char *problem;
	int			fd = socket_listen(options.listen, &problem);

	if (fd >= 0)
		report(true, "listen", "%s", options.listen);
	else
		report(false, "listen", "%s: %s. Set listen to a free address of this machine (ss -ltn shows those in use)", options.listen, problem);
	if (fd >= 0)
		close(fd);
}

static void
check_readable(const char *subject, const char *name)
{
	if (name && access(name, R_OK) == 0)
		report(true, subject, "%s", name);
	else if (name)
		report(false, subject, "%s: %s", name, strerror(errno));
}

bool
check_setup(void)
{
	report(true, "options", "all are valid");
	check_password_file();
	check_database();
	check_listen();
	check_readable("tls-cert", options.tls_cert);
	check_readable("tls-key", options.tls_key);
	return complete;
}
