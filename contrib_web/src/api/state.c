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
 * Finds the column whose type rejects its value.  PostgreSQL does not report
 * it, so each value is tested.
 */
static const char *
find_rejected_column(Request *req)
{
	PGresult   *probes = db_run(req, sql_probes_plan(request_param(req, "table"), request_body(req)));

	for (int i = 0; probes != NULL && i < PQntuples(probes); i++)
	{
		Call		probe = sql_probe(probes, request_body(req));

		probe.row = i;
		if (db_run(req, probe) == NULL)
			return PQgetvalue(probes, i, PROBES_PLAN_NAME);
	}
	return NULL;
}

/* Returns the column that caused the error, or NULL if it is unknown. */
static const char *
find_invalid_column(Request *req)
{
	const char *column = db_error_field(req, PG_DIAG_COLUMN_NAME);
	const char *constraint = db_error_field(req, PG_DIAG_CONSTRAINT_NAME);

	if (column != NULL)
		return column;
	if (constraint != NULL)
		column = db_value(db_run(req, sql_constraint_column(request_param(req, "table"), constraint)));
	return column ? column : find_rejected_column(req);
}

/* ---- replying ---- */

static bool
is_lock_error(const char *sqlstate)
{
	return strcmp(sqlstate, "LK001") == 0 || strcmp(sqlstate, "LK002") == 0 || strcmp(sqlstate, "55P03") == 0;
}

/* Data exceptions and violated constraints */
static bool
is_value_error(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

/*
 * Input functions of some types raise codes of other classes, as if the
 * statement were wrong: tsvector raises a syntax error, regclass
 * undefined_table.
 */
static bool
may_be_value_error(const char *sqlstate)
{
	return (strncmp(sqlstate, "42", 2) == 0 && strcmp(sqlstate, "42501") != 0) || strncmp(sqlstate, "3F", 2) == 0;
}

static void
reply_refused_value(Request *req, const char *column)
{
	const char *message = db_error_field(req, PG_DIAG_MESSAGE_PRIMARY);

	reply_problem(req, PROBLEM_INVALID, message, json_pack("{s:s, s:s}", "column", column, "sqlstate", db_sqlstate(req)));
}

void
reply_failure(Request *req, const char *key)
{
	json_t	   *extra = NULL;
	const char *column;

	db_rollback(req);
	if (may_be_value_error(db_sqlstate(req)) && (column = find_rejected_column(req)) != NULL)
	{
		reply_refused_value(req, column);
		return;
	}
	if (is_lock_error(db_sqlstate(req)))
		extra = current_state(req, key);
	else if (is_value_error(db_sqlstate(req)) && (column = find_invalid_column(req)) != NULL)
		extra = json_pack("{s:s}", "column", column);
	reply_db_error(req, extra);
}
