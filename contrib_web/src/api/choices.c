/*
 * choices.c
 *		Choices for a foreign key column
 */
#include "api/choices.h"

#include "api/plan.h"
#include "db/db.h"

/* GET tables/{table}/choices */
void
list_choices(Request *req)
{
	const char *q = request_query(req, "q");
	const char *value = request_query(req, "value");
	const char *column = request_query(req, "column");
	PGresult   *plan = run_plan(req, sql_choices_plan(request_param(req, "table"), column, q, value,
													  request_query(req, "limit")));

	if (plan != NULL)
		reply_result(req, 200, db_run(req, sql_choices(plan, q, value)));
}
