/*
 * state.c
 *		Error replies with the state of the row and its lock, or the column
 */
#include "api/state.h"

#include <string.h>

#include "api/plan.h"
#include "api/sql.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/problem.h"

/* ---- the row and its lock ---- */

/*
 * $1 table. Gives SQL of $1 key for "lock" and "row" as they are now; the
 * lock may be that of the row's parent.
 */
static const Statement plan_state = {"plan_state", RELATION
	"SELECT " CANNOT_READ ", " WHY_CANNOT_READ ", NULL, pg_catalog.format($sql$"
	"SELECT " LOCK_FROM("(SELECT * FROM %1$s a UNION ALL SELECT * FROM %2$s b)", "true ORDER BY l.is_mine LIMIT 1") ", pg_catalog.json_build_object('key', r.key, 'label',"
						 " r.label, 'values', r.\"values\")"
	" FROM (SELECT %3$s AS key, %4$s AS parent_key, %5$s AS label, %6$s AS \"values\""
	"  FROM (SELECT $1::text AS key) asked, %7$s t WHERE %8$s OFFSET 0) r"
	"$sql$, " LOCKS_IF("protected", "rel.oid", "r.key") ", " LOCKS_IF("parent_protected", "made.parent", "r.parent_key") ","
	" made.key, parent_key, label, made.\"values\", source, matches)"
	" FROM rel, made"};

/*
 * Returns {"lock": ..., "row": ...}, null where there is none; NULL if the
 * state is not visible.
 */
static json_t *
state_now(Request *req, const char *key)
{
	PGresult   *plan = run_plan(req, &plan_state, request_param(req, "table"));
	PGresult   *state = plan ? db_run_once(req, value_at(plan, PLAN_FIRST), key) : NULL;

	if (state == NULL)
		return NULL;
	if (PQntuples(state) == 0)
		return json_pack("{s:n, s:n}", "lock", "row");
	return json_pack("{s:o, s:o}", "lock", json_member(value_at(state, 0)), "row", json_member(value_at(state, 1)));
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
	state = state_now(req, request_param(req, "key"));
	reply_problem(req, kind, detail ? detail : locked_by(req, state), state);
}

/* ---- the column ---- */

/* $1 table, $2 name of a constraint: the first of its columns */
static const Statement constraint_column = {"constraint_column",
	"SELECT a.attname FROM " ASKED("$1::text") " asked JOIN pg_constraint con ON con.conrelid = asked.oid"
	" JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1] WHERE con.conname = $2::text"};

/*
 * $1 table, $2 body: for each value that was sent, its column and SQL of $1
 * body that only reads it
 */
static const Statement plan_probes = {"plan_probes", RELATION
	"SELECT name, pg_catalog.format('SELECT %s FROM pg_catalog.jsonb_to_record($1::jsonb -> ''values''::text) v(%s)',"
	" value, definition)"
	" FROM " SENT("$2::jsonb -> 'values'::text") " ORDER BY attnum"};

/*
 * Finds the column whose type rejects its value.  PostgreSQL does not report
 * it, so each value is tested.
 */
static const char *
refused_column(Request *req)
{
	PGresult   *probes = db_run(req, &plan_probes, request_param(req, "table"), request_body(req));

	for (int i = 0; probes != NULL && i < PQntuples(probes); i++)
		if (db_run_once(req, PQgetvalue(probes, i, 1), request_body(req)) == NULL)
			return PQgetvalue(probes, i, 0);
	return NULL;
}

static const char *
column_to_blame(Request *req)
{
	const char *column = db_error_field(req, PG_DIAG_COLUMN_NAME);
	const char *constraint = db_error_field(req, PG_DIAG_CONSTRAINT_NAME);

	if (column != NULL)
		return column;
	if (constraint != NULL)
		column = db_value(db_run(req, &constraint_column, request_param(req, "table"), constraint));
	return column ? column : refused_column(req);
}

/* ---- replying ---- */

static bool
is_about_lock(const char *sqlstate)
{
	return strcmp(sqlstate, "LK001") == 0 || strcmp(sqlstate, "LK002") == 0 || strcmp(sqlstate, "55P03") == 0;
}

/* Data exceptions and violated constraints */
static bool
is_about_value(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

/*
 * Input functions of some types raise codes of other classes, as if the
 * statement were wrong: tsvector raises a syntax error, regclass
 * undefined_table.
 */
static bool
may_be_about_value(const char *sqlstate)
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
	if (may_be_about_value(db_sqlstate(req)) && (column = refused_column(req)) != NULL)
	{
		reply_refused_value(req, column);
		return;
	}
	if (is_about_lock(db_sqlstate(req)))
		extra = state_now(req, key);
	else if (is_about_value(db_sqlstate(req)) && (column = column_to_blame(req)) != NULL)
		extra = json_pack("{s:s}", "column", column);
	reply_db_error(req, extra);
}
