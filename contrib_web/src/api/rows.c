/*
 * rows.c
 *		Lists of a table's rows: search, sorting and keyset pagination; their
 *		number; as CSV; labels of rows
 */
#include "api/rows.h"

#include "api/plan.h"
#include "db/db.h"
#include "http/reply.h"

/* The greatest number of rows in a page, in an export, and in a count */
#define MOST_IN_PAGE	"1000"
#define MOST_IN_EXPORT	"10000"
#define MOST_COUNTED	"10000"

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
												   request_query(req, "limit"), NULL, MOST_IN_PAGE));

	if (plan != NULL)
		reply_result(req, 200, db_run(req, sql_rows(plan, q, filter)));
}

/* GET tables/{table}/count */
void
count_rows(Request *req)
{
	const char *filter = request_query(req, "filter");
	const char *q = request_query(req, "q");
	PGresult   *plan = run_plan(req, sql_rows_plan(request_param(req, "table"), NULL, NULL, NULL, NULL,
												   filter, q, request_query(req, "locked"),
												   NULL, NULL, MOST_COUNTED));

	if (plan != NULL)
		reply_result(req, 200, db_run(req, sql_rows_count(plan, q, filter)));
}

/* GET tables/{table}/csv */
void
export_rows(Request *req)
{
	const char *table = request_param(req, "table");
	const char *filter = request_query(req, "filter");
	const char *q = request_query(req, "q");
	const char *limit = request_query(req, "limit");
	PGresult   *plan = run_plan(req, sql_rows_plan(table, request_query(req, "sort"), request_query(req, "dir"),
												   NULL, NULL, filter, q, request_query(req, "locked"),
												   limit ? limit : MOST_IN_EXPORT,
												   request_query(req, "columns"), MOST_IN_EXPORT));
	PGresult   *csv = plan ? db_run(req, sql_rows_csv(plan, q, filter)) : NULL;

	if (csv == NULL)
		return;
	reply_text(req, 200, "text/csv; charset=utf-8; header=present", db_value(csv));
	reply_header(req, "Content-Disposition",
				 request_printf(req, "attachment; filename*=UTF-8''%s.csv", request_segment(req, table)));
}

/* GET tables/{table}/labels */
void
list_labels(Request *req)
{
	const char *keys = request_query(req, "keys");
	PGresult   *plan = run_plan(req, sql_labels_plan(request_param(req, "table"), keys));

	if (plan != NULL)
		reply_result(req, 200, db_run(req, sql_labels(plan, keys)));
}
