/*
 * plan.c
 *		Statements on a table, and access to their results
 */
#include "api/plan.h"

#include <string.h>

#include "api/sql.h"
#include "db/db.h"
#include "http/problem.h"
#include "http/reply.h"

const char *
value_at(const PGresult *result, int column)
{
	return PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

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
reply_query_values(Request *req, unsigned status, const Statement *statement, int n, const char *const *values)
{
	const PGresult *result = db_run_values(req, statement, n, values);

	if (result == NULL)
		return;
	if (db_value(result))
		reply_json(req, status, db_value(result));
	else
		reply_problem(req, PROBLEM_NOT_FOUND, NULL, NULL);
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
is_no_name(const char *sqlstate)
{
	return strcmp(sqlstate, "42601") == 0 || strcmp(sqlstate, "42602") == 0 || strcmp(sqlstate, "0A000") == 0;
}

/* $1 table */
static const Statement may_read = {"may_read",
	"SELECT pg_catalog.has_table_privilege(asked.oid, 'SELECT') FROM " ASKED("$1::text") " asked"};

bool
is_hidden(Request *req, const char *table)
{
	const char *readable = strcmp(db_sqlstate(req), "55000") == 0 ? db_value(db_run(req, &may_read, table)) : NULL;

	return readable != NULL && strcmp(readable, "f") == 0;
}

PGresult *
run_on_table_values(Request *req, const Statement *statement, int n, const char *const *values)
{
	PGresult   *result = db_run_values(req, statement, n, values);

	if (result == NULL && is_hidden(req, values[0]))
		reply_problem(req, PROBLEM_FORBIDDEN, request_printf(req, "permission denied for table %s", values[0]), NULL);
	if (result == NULL ? !is_no_name(db_sqlstate(req)) : PQntuples(result) > 0)
		return result;
	reply_problem(req, PROBLEM_NOT_FOUND, request_printf(req, "table %s does not exist", values[0]), NULL);
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
run_plan_values(Request *req, const Statement *statement, int n, const char *const *values)
{
	PGresult   *plan = run_on_table_values(req, statement, n, values);
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

/* $1 table */
static const Statement table_name = {"table_name",
	"SELECT asked.oid, EXISTS (SELECT FROM locking.protected_tables p WHERE p.relation::oid = asked.oid)"
	" FROM " ASKED("$1::text") " asked"};

bool
find_table(Request *req, const char *name, TableName *table)
{
	PGresult   *found = run_on_table(req, &table_name, name);

	if (found == NULL)
		return false;
	table->oid = db_value(found);
	table->is_protected = is_true(found, 1);
	return true;
}

/*
 * $1 table. Gives its oid, and SQL of $1 key that gives a row's key in the
 * spelling of lock records.
 */
static const Statement plan_row_name = {"plan_row_name", RELATION
	"SELECT " CANNOT_READ ", " WHY_CANNOT_READ ", NULL, rel.oid,"
	" pg_catalog.format('SELECT %s FROM (SELECT $1::text AS key) asked, %s t WHERE %s', made.key, source, matches) FROM rel, made"};

bool
find_row(Request *req, RowName *row)
{
	PGresult   *plan = run_plan(req, &plan_row_name, request_param(req, "table"));
	PGresult   *key = plan ? db_run_once(req, value_at(plan, PLAN_FIRST + 1), request_param(req, "key")) : NULL;

	if (key == NULL)
		return false;
	if (PQntuples(key) == 0)
	{
		reply_no_row(req);
		return false;
	}
	row->table = value_at(plan, PLAN_FIRST);
	row->key = db_value(key);
	return true;
}
