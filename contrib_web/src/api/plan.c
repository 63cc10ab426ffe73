/*
 * plan.c
 *		Statements on a table, and access to their results
 */
#include "api/plan.h"

#include <string.h>

#include "db/db.h"
#include "http/problem.h"
#include "http/reply.h"

bool
is_true(const PGresult *result, int column)
{
	return strcmp(PQgetvalue(result, 0, column), "t") == 0;
}

void
reply_result(Request *req, unsigned status, const PGresult *result)
{
	if (result != NULL)
		reply_json(req, status, db_value(result));
}

void
reply_no_row(Request *req)
{
	reply_problem(req, PROBLEM_NOT_FOUND,
				  request_printf(req, "table %s has no row with key %s, or it is not visible to you",
								 request_param(req, "table"), request_param(req, "key")), NULL);
}

/*
 * Errors of to_regclass() for an invalid name: syntax error, invalid name,
 * other database
 */
static bool
is_invalid_name(const char *sqlstate)
{
	return strcmp(sqlstate, "42601") == 0 || strcmp(sqlstate, "42602") == 0 || strcmp(sqlstate, "0A000") == 0;
}

bool
is_hidden(Request *req, const char *table)
{
	const char *readable;

	if (strcmp(db_sqlstate(req), "55000") != 0)
		return false;
	db_rollback(req);			/* a failed transaction runs no statement */
	readable = db_value(db_run(req, sql_may_read(table)));
	return readable != NULL && strcmp(readable, "f") == 0;
}

PGresult *
run_on_table(Request *req, Call call)
{
	const char *table = call.values[0];
	PGresult   *result = db_run(req, call);

	if (result == NULL && is_hidden(req, table))
		reply_problem(req, PROBLEM_FORBIDDEN, request_printf(req, "permission denied for table %s", table), NULL);
	if (result == NULL ? !is_invalid_name(db_sqlstate(req)) : PQntuples(result) > 0)
		return result;
	reply_problem(req, PROBLEM_NOT_FOUND, request_printf(req, "table %s does not exist", table), NULL);
	return NULL;
}

static ProblemKind
problem_kind(const char *name)
{
	if (strcmp(name, "forbidden") == 0)
		return PROBLEM_FORBIDDEN;
	return strcmp(name, "not-protected") == 0 ? PROBLEM_NOT_PROTECTED : PROBLEM_INVALID;
}

PGresult *
run_plan(Request *req, Call call)
{
	PGresult   *plan = run_on_table(req, call);
	const char *problem = plan ? value_at(plan, PLAN_PROBLEM) : NULL;
	const char *field;

	if (problem == NULL)
		return plan;
	if (problem_kind(problem) == PROBLEM_FORBIDDEN && db_role_is_gone(req))
		return NULL;
	field = value_at(plan, PLAN_FIELD);
	reply_problem(req, problem_kind(problem), value_at(plan, PLAN_DETAIL),
				  field ? json_pack("{s:s}", "column", field) : NULL);
	return NULL;
}

bool
find_table(Request *req, const char *name, TableRef *table)
{
	PGresult   *found = run_on_table(req, sql_find_table(name));

	if (found == NULL)
		return false;
	table->oid = value_at(found, FIND_TABLE_OID);
	table->is_protected = is_true(found, FIND_TABLE_IS_PROTECTED);
	return true;
}

bool
look_for_row(Request *req, RowRef *row)
{
	PGresult   *plan = run_plan(req, sql_find_row_plan(request_param(req, "table")));
	PGresult   *key = plan ? db_run(req, sql_find_row(plan, request_param(req, "key"))) : NULL;

	if (key == NULL)
		return false;
	row->table = value_at(plan, FIND_ROW_PLAN_OID);
	row->key = db_value(key);
	return true;
}

bool
find_row(Request *req, RowRef *row)
{
	if (!look_for_row(req, row))
		return false;
	if (row->key == NULL)
		reply_no_row(req);
	return row->key != NULL;
}
