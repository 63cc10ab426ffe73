/*
 * rows.c
 *		Pages of a table's rows with their locks: search, sorting and keyset
 *		pagination
 */
#include "api/rows.h"

#include "api/plan.h"
#include "db/db.h"

/* GET tables/{table}/rows */
void
list_rows(Request *req)
{
	const char *filter = request_query(req, "filter");
	const char *q = request_query(req, "q");
	PGresult   *plan = run_plan(req, sql_rows_plan(request_param(req, "table"),
												   request_query(req, "sort"), request_query(req, "dir"),
												   request_query(req, "after"), request_query(req, "before"),
												   filter, q, request_query(req, "locked"),
												   request_query(req, "limit")));

	if (plan != NULL)
		reply_result(req, 200, db_run(req, sql_rows(plan, q, filter)));
}
