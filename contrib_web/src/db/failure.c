/*
 * failure.c
 *		Mapping of database errors to problem documents by SQLSTATE
 */
#include "db/failure.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "http/problem.h"
#include "http/request_data.h"
#include "pool/connect.h"
#include "session/session.h"

/*
 * The first matching prefix decides.  Triggers on a user's table may raise
 * any code, so unlisted codes mean an invalid value.
 */
static const struct
{
	const char *prefix;
	ProblemKind kind;
}			sqlstates[] = {
	{"LK001", PROBLEM_LOST},
	{"LK002", PROBLEM_LOCK_REQUIRED},
	{"55P03", PROBLEM_LOCKED},
	{"55000", PROBLEM_NOT_PROTECTED},
	{"42501", PROBLEM_FORBIDDEN},
	{"P0002", PROBLEM_NOT_FOUND},
	{"42P01", PROBLEM_NOT_FOUND},	/* table was dropped */
	{"42602", PROBLEM_NOT_FOUND},	/* invalid name */
	{"42703", PROBLEM_INVALID}, /* column */
	{"42804", PROBLEM_INVALID}, /* datatype mismatch */
	{"42846", PROBLEM_INVALID},
	{"42883", PROBLEM_INVALID}, /* no operator for the type */
	{"42P18", PROBLEM_INVALID},
	{"42P22", PROBLEM_INVALID}, /* no collation */
	{"428C9", PROBLEM_INVALID}, /* generated column */
	{"42704", PROBLEM_INVALID}, /* arguments of protect() */
	{"42809", PROBLEM_INVALID},
	{"42939", PROBLEM_INVALID},
	{"42P16", PROBLEM_INVALID},
	{"57014", PROBLEM_TIMEOUT},
	{"40", PROBLEM_TIMEOUT},	/* serialization, deadlock */
	{"25006", PROBLEM_UNAVAILABLE}, /* standby */
	{"25P03", PROBLEM_UNAVAILABLE}, /* idle_in_transaction_session_timeout */
	{"08", PROBLEM_UNAVAILABLE},
	{"3D000", PROBLEM_UNAVAILABLE}, /* database */
	{"3F000", PROBLEM_UNAVAILABLE}, /* extension is missing */
	{"53", PROBLEM_UNAVAILABLE},
	{"57", PROBLEM_UNAVAILABLE},
	{"58", PROBLEM_UNAVAILABLE},
	{"26000", PROBLEM_UNAVAILABLE}, /* prepared statements (db.c) */
	{"42P05", PROBLEM_UNAVAILABLE},
	{"42", PROBLEM_INTERNAL},	/* bugs in this program */
	{"25P02", PROBLEM_INTERNAL},
	{"34", PROBLEM_INTERNAL},
	{"XX", PROBLEM_INTERNAL},
	{"", PROBLEM_INVALID}
};

static bool
is_state(const Request *req, const char *prefix)
{
	return strncmp(db_sqlstate(req), prefix, strlen(prefix)) == 0;
}

static ProblemKind
kind_of(const Request *req)
{
	size_t		i = 0;

	if (*db_sqlstate(req) == '\0')
		return PROBLEM_INTERNAL;
	if (req->owner_refused)
		return PROBLEM_FORBIDDEN;

	/*
	 * The connection failed, not a statement.  Either the server is
	 * unavailable, or it refuses the role of the session or the service role.
	 */
	if (req->error == NULL)
		return session_role(req->session) && connect_refuses_role(db_sqlstate(req)) ? PROBLEM_UNAUTHENTICATED : PROBLEM_UNAVAILABLE;

	/*
	 * Errors of the guard contain the table.  lock_timeout, which has the
	 * same code, does not.
	 */
	if (is_state(req, "55P03") && db_error_field(req, PG_DIAG_TABLE_NAME) == NULL)
		return PROBLEM_TIMEOUT;

	/*
	 * A syntax error without position is from a type's input function, for a
	 * key.
	 */
	if (is_state(req, "42601") && db_error_field(req, PG_DIAG_STATEMENT_POSITION) == NULL)
		return PROBLEM_INVALID;
	while (!is_state(req, sqlstates[i].prefix))
		i++;
	/* Errors inside a user's function are not bugs of this program. */
	if (sqlstates[i].kind == PROBLEM_INTERNAL && db_error_field(req, PG_DIAG_CONTEXT))
		return PROBLEM_INVALID;
	return sqlstates[i].kind;
}

/*
 * Connection failures and internal errors must not be disclosed to the
 * client.
 */
static bool
is_public(const Request *req, ProblemKind kind)
{
	return req->error && kind != PROBLEM_UNAVAILABLE && kind != PROBLEM_INTERNAL;
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_string(text));
}

/* The detail of a lost lock says how it ended, and by whom. */
static void
add_fields(Request *req, ProblemKind kind, json_t *json)
{
	const char *hint = db_error_field(req, PG_DIAG_MESSAGE_HINT);

	if (kind == PROBLEM_LOST)
		set_text(json, "cause", db_error_field(req, PG_DIAG_MESSAGE_DETAIL));
	set_text(json, "hint", hint ? hint : db_error_field(req, PG_DIAG_MESSAGE_DETAIL));
	set_text(json, "column", db_error_field(req, PG_DIAG_COLUMN_NAME));
	set_text(json, "constraint", db_error_field(req, PG_DIAG_CONSTRAINT_NAME));
}

/*
 * Logs errors that are not disclosed to the client; while the database is
 * unavailable, once per second.
 */
static void
log_failure(Request *req, ProblemKind kind)
{
	static atomic_long last;
	const char *message = db_error_field(req, PG_DIAG_MESSAGE_PRIMARY);
	long		now = now_s();

	if (kind == PROBLEM_UNAVAILABLE && atomic_exchange(&last, now) == now)
		return;

	log_message("%s %s: %s: %s", req->method_name, req->path, db_sqlstate(req), message ? message : "no message");
}

/* Returns the human-readable explanation. */
static const char *
detail_of(const Request *req, ProblemKind kind)
{
	return is_public(req, kind) ? db_error_field(req, PG_DIAG_MESSAGE_PRIMARY) : NULL;
}

/* Returns the members specific to database errors. */
static json_t *
members_of(Request *req, ProblemKind kind)
{
	json_t	   *json = json_object();

	if (is_public(req, kind))
		add_fields(req, kind, json);
	else
		log_failure(req, kind);
	set_text(json, "sqlstate", *db_sqlstate(req) ? db_sqlstate(req) : NULL);
	return json;
}

json_t *
db_problem(Request *req)
{
	ProblemKind kind = kind_of(req);

	return problem_document(kind, detail_of(req, kind), members_of(req, kind));
}

void
reply_db_error(Request *req, json_t *extra)
{
	ProblemKind kind = kind_of(req);
	json_t	   *members = members_of(req, kind);

	json_object_update(members, extra);
	json_decref(extra);
	reply_problem(req, kind, detail_of(req, kind), members);
}
