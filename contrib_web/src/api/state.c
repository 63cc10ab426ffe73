/*
 * state.c
 *		Error replies with the state of the row and its lock, or the column
 */
#include "api/state.h"

#include <string.h>

#include "api/plan.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/problem.h"
#include "http/request_data.h"

/* ---- the row and its lock ---- */

/*
 * Returns {"lock": ..., "row": ...}, null where there is none; NULL if the
 * state is not visible.
 */
static json_t *
current_state(Request *req, const char *key)
{
	PGresult   *plan = run_plan(req, sql_state_plan(request_param(req, "table")));
	PGresult   *state = plan ? db_run(req, sql_state(plan, key)) : NULL;

	if (state == NULL)
		return NULL;
	if (PQntuples(state) == 0)
		return json_pack("{s:n, s:n}", "lock", "row");
	return json_pack("{s:o, s:o}", "lock", json_member(value_at(state, STATE_LOCK)), "row", json_member(value_at(state, STATE_ROW)));
}

/* Returns a sentence with the holder of the row. */
static const char *
locked_by(Request *req, json_t *state)
{
	const char *owner = "another";
	const char *name = NULL;

	json_unpack(state, "{s:{s:s, s?s}}", "lock", "owner", &owner, "owner_name", &name);
	return request_printf(req, "the row is locked by %s", name ? name : owner);
}

void
reply_lock_problem(Request *req, ProblemKind kind, const char *detail)
{
	json_t	   *state;

	db_rollback(req);
	state = current_state(req, request_param(req, "key"));
	reply_problem(req, kind, detail ? detail : locked_by(req, state), state);
}

/* ---- the column ---- */

/*
 * Finds the column whose type rejects its value with the same error.
 * PostgreSQL does not report it, so each value is tested.
 */
static const char *
find_rejected_column(Request *req)
{
	const char *sqlstate = request_printf(req, "%s", db_sqlstate(req));
	PGresult   *probes = db_run(req, sql_probes_plan(request_param(req, "table"), request_body(req)));

	for (int i = 0; probes != NULL && i < PQntuples(probes); i++)
	{
		Call		probe = sql_probe(probes, request_body(req));

		probe.row = i;
		if (db_run(req, probe) == NULL)
			return strcmp(db_sqlstate(req), sqlstate) == 0 ? PQgetvalue(probes, i, PROBES_PLAN_NAME) : NULL;
	}
	return NULL;
}

/*
 * Returns the first column of the violated constraint, or NULL.  A row that
 * is referenced, by its own table for instance, has no wrong value.
 */
static const char *
find_constrained_column(Request *req)
{
	const char *constraint = db_error_field(req, PG_DIAG_CONSTRAINT_NAME);

	if (constraint == NULL || req->method == METHOD_DELETE || !db_error_is_direct(req))
		return NULL;
	return db_value(db_run(req, sql_constraint_column(request_param(req, "table"), constraint)));
}

/* ---- replying ---- */

static bool
is_about_lock(ProblemKind kind)
{
	return kind == PROBLEM_LOST || kind == PROBLEM_LOCKED || kind == PROBLEM_LOCK_REQUIRED;
}

/*
 * Input functions of types raise codes of any class, as if the statement, or
 * the database, were wrong: tsvector a syntax error, regclass undefined_table
 * or invalid_schema_name, hstore an internal error.
 */
static bool
may_be_about_value(const Request *req, ProblemKind kind)
{
	return kind == PROBLEM_INVALID || kind == PROBLEM_INTERNAL || kind == PROBLEM_NOT_FOUND ||
		strncmp(db_sqlstate(req), "3F", 2) == 0;
}

static void
reply_refused_value(Request *req, const char *column)
{
	const char *message = db_error_field(req, PG_DIAG_MESSAGE_PRIMARY);
	json_t	   *members = json_pack("{s:s, s:s}", "column", column, "sqlstate", db_sqlstate(req));
	const char *hint = db_error_field(req, PG_DIAG_MESSAGE_HINT);

	if (hint)
		json_object_set_new(members, "hint", json_string(hint));
	reply_problem(req, PROBLEM_INVALID, message, members);
}

/* Replies that a value is refused.  False: it is not about a column. */
static bool
reply_value_failure(Request *req)
{
	const char *column = db_error_column(req);

	if (column == NULL)
		column = find_constrained_column(req);
	if (column != NULL)
		reply_db_error(req, json_pack("{s:s}", "column", column));
	else if ((column = find_rejected_column(req)) != NULL)
		reply_refused_value(req, column);
	return column != NULL;
}

void
reply_failure(Request *req, const char *key)
{
	ProblemKind kind = db_problem_kind(req);

	db_rollback(req);
	if (!may_be_about_value(req, kind) || !reply_value_failure(req))
		reply_db_error(req, is_about_lock(kind) ? current_state(req, key) : NULL);
}
