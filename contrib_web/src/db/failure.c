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
 * The code of users (triggers, functions in policies and constraints, input
 * functions of types) can raise any SQLSTATE.  So a code alone does not say
 * what happened; the scope of an entry says which errors it is about.
 */
typedef enum Scope
{
	/* raised in a statement of this program, not in code that it runs */
	DIRECT,
	/* the same, and the extension named the table */
	DIRECT_ON_TABLE,
	/* the guard named the table; also for writes of users' triggers */
	ON_TABLE,
	/* raised by the server or the extension, wherever */
	ANYWHERE
} Scope;

/*
 * The first matching entry decides.  Without one, the database refuses the
 * change.
 */
static const struct
{
	const char *prefix;
	Scope		scope;
	ProblemKind kind;
}			sqlstates[] = {
	{"LK001", DIRECT, PROBLEM_LOST},
	{"LK002", DIRECT_ON_TABLE, PROBLEM_LOCK_REQUIRED},
	{"55P03", ON_TABLE, PROBLEM_LOCKED},
	{"55P03", ANYWHERE, PROBLEM_BUSY},	/* lock_timeout, NOWAIT */
	{"55000", DIRECT_ON_TABLE, PROBLEM_NOT_PROTECTED},
	{"42501", ANYWHERE, PROBLEM_FORBIDDEN},
	{"P0002", DIRECT_ON_TABLE, PROBLEM_NOT_FOUND},
	{"42P01", DIRECT, PROBLEM_NOT_FOUND},	/* table was dropped */
	{"42602", DIRECT, PROBLEM_NOT_FOUND},	/* invalid name */
	{"42703", ANYWHERE, PROBLEM_INVALID},	/* column */
	{"42804", ANYWHERE, PROBLEM_INVALID},	/* datatype mismatch */
	{"42846", ANYWHERE, PROBLEM_INVALID},
	{"42883", ANYWHERE, PROBLEM_INVALID},	/* no operator for the type */
	{"42P18", ANYWHERE, PROBLEM_INVALID},
	{"42P22", ANYWHERE, PROBLEM_INVALID},	/* no collation */
	{"428C9", ANYWHERE, PROBLEM_INVALID},	/* generated column */
	{"42704", ANYWHERE, PROBLEM_INVALID},	/* arguments of protect() */
	{"42809", ANYWHERE, PROBLEM_INVALID},
	{"42939", ANYWHERE, PROBLEM_INVALID},
	{"42P16", ANYWHERE, PROBLEM_INVALID},
	{"57014", ANYWHERE, PROBLEM_TIMEOUT},
	{"40", ANYWHERE, PROBLEM_BUSY}, /* serialization, deadlock */
	{"25006", ANYWHERE, PROBLEM_READ_ONLY},
	{"3D000", DIRECT, PROBLEM_UNAVAILABLE}, /* database */
	{"3F000", DIRECT, PROBLEM_UNAVAILABLE}, /* extension is missing */
	{"53400", ANYWHERE, PROBLEM_LIMIT}, /* of the extension, or a setting */
	{"53", ANYWHERE, PROBLEM_EXHAUSTED},
	{"26000", DIRECT, PROBLEM_UNAVAILABLE}, /* prepared statements (db.c) */
	{"42P05", DIRECT, PROBLEM_UNAVAILABLE},
	{"42", DIRECT, PROBLEM_INTERNAL},	/* bugs in this program */
	{"25P02", DIRECT, PROBLEM_INTERNAL},
	{"34", DIRECT, PROBLEM_INTERNAL},
	{"58", ANYWHERE, PROBLEM_INTERNAL},
	{"XX001", ANYWHERE, PROBLEM_INTERNAL},	/* data corrupted */
	{"XX002", ANYWHERE, PROBLEM_INTERNAL},
	{"XX", DIRECT, PROBLEM_INTERNAL},
	{"", ANYWHERE, PROBLEM_INVALID}
};

static bool
is_state(const Request *req, const char *prefix)
{
	return strncmp(db_sqlstate(req), prefix, strlen(prefix)) == 0;
}

static bool
is_field(const Request *req, int field, const char *value)
{
	const char *text = db_error_field(req, field);

	return text && strcmp(text, value) == 0;
}

/*
 * Whether a procedural language raised the error on purpose, such as by
 * RAISE.  An error that such code only encounters names the place in the
 * server where it occurred.
 */
static bool
is_raised_by_code(const Request *req)
{
	return is_field(req, PG_DIAG_SOURCE_FUNCTION, "exec_stmt_raise") ||
		is_field(req, PG_DIAG_SOURCE_FILE, "plperl.c") ||
		is_field(req, PG_DIAG_SOURCE_FILE, "plpy_elog.c") ||
		is_field(req, PG_DIAG_SOURCE_FILE, "pltcl.c");
}

/* The server has closed the connection, or is about to. */
static bool
has_ended_connection(const Request *req)
{
	return is_field(req, PG_DIAG_SEVERITY_NONLOCALIZED, "FATAL") ||
		is_field(req, PG_DIAG_SEVERITY_NONLOCALIZED, "PANIC");
}

/* The context names the functions in which an error occurred. */
bool
db_error_is_direct(const Request *req)
{
	return db_error_field(req, PG_DIAG_CONTEXT) == NULL;
}

static bool
is_in_scope(const Request *req, Scope scope)
{
	bool		is_direct = db_error_is_direct(req);
	bool		has_table = db_error_field(req, PG_DIAG_TABLE_NAME) != NULL;

	if (scope == ON_TABLE)
		return has_table;
	if (scope == DIRECT_ON_TABLE)
		return is_direct && has_table;
	return scope == ANYWHERE || is_direct;
}

static ProblemKind
kind_of_state(const Request *req)
{
	size_t		i = 0;

	while (!is_state(req, sqlstates[i].prefix) || !is_in_scope(req, sqlstates[i].scope))
		i++;
	return sqlstates[i].kind;
}

/*
 * The connection failed, not a statement.  Either the server is unavailable,
 * or it refuses the role of the session or the service role.
 */
static ProblemKind
kind_of_connection(const Request *req)
{
	if (session_role(req->session) && connect_refuses_role(db_sqlstate(req)))
		return PROBLEM_UNAUTHENTICATED;
	return PROBLEM_UNAVAILABLE;
}

ProblemKind
db_problem_kind(const Request *req)
{
	if (*db_sqlstate(req) == '\0')
		return PROBLEM_INTERNAL;
	if (req->owner_refused)
		return PROBLEM_FORBIDDEN;
	if (req->error == NULL)
		return kind_of_connection(req);
	if (has_ended_connection(req))
		return PROBLEM_UNAVAILABLE;
	if (is_raised_by_code(req))
		return is_state(req, "42501") ? PROBLEM_FORBIDDEN : PROBLEM_INVALID;

	/*
	 * A syntax error without position is from a type's input function, for a
	 * key.
	 */
	if (is_state(req, "42601") && db_error_field(req, PG_DIAG_STATEMENT_POSITION) == NULL)
		return PROBLEM_INVALID;
	return kind_of_state(req);
}

const char *
db_error_column(const Request *req)
{
	return db_error_is_direct(req) || is_raised_by_code(req) ? db_error_field(req, PG_DIAG_COLUMN_NAME) : NULL;
}

/*
 * Connection failures and internal errors must not be disclosed to the
 * client.
 */
static bool
is_public(const Request *req, ProblemKind kind)
{
	return req->error && kind != PROBLEM_UNAVAILABLE && kind != PROBLEM_EXHAUSTED && kind != PROBLEM_INTERNAL;
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_string(text));
}

/*
 * The detail of a lost lock says how it ended, and by whom.  That of a failed
 * connection to another server may contain addresses.
 */
static void
add_fields(Request *req, ProblemKind kind, json_t *json)
{
	const char *detail = is_state(req, "08") ? NULL : db_error_field(req, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = db_error_field(req, PG_DIAG_MESSAGE_HINT);

	if (kind == PROBLEM_LOST)
		set_text(json, "cause", detail);
	set_text(json, "hint", hint ? hint : detail);
	set_text(json, "column", db_error_column(req));
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
	ProblemKind kind = db_problem_kind(req);

	return problem_document(kind, detail_of(req, kind), members_of(req, kind));
}

void
reply_db_error(Request *req, json_t *extra)
{
	ProblemKind kind = db_problem_kind(req);
	json_t	   *members = members_of(req, kind);

	json_object_update(members, extra);
	json_decref(extra);
	reply_problem(req, kind, detail_of(req, kind), members);
}
