/*
 * requests.c
 *		Requests for locked rows
 */
#include "api/requests.h"

#include "api/plan.h"
#include "db/db.h"
#include "http/reply.h"

/*
 * Replies with the requests for the row in the path, and commits.  A request
 * that cannot be shown, since the role may not read the row, is not kept.
 */
static void
reply_queue(Request *req, unsigned status)
{
	RowRef		row;
	PGresult   *queue;

	if (!find_row(req, &row))
		return;
	queue = db_run(req, sql_requests(row.table, row.key));
	reply_result(req, status, queue != NULL && db_commit(req) ? queue : NULL);
}

/* GET tables/{table}/rows/{key}/request */
void
list_requests(Request *req)
{
	reply_queue(req, 200);
}

/* POST tables/{table}/rows/{key}/request */
void
request_row(Request *req)
{
	const char *table = request_param(req, "table");
	const char *key = request_param(req, "key");

	db_begin(req);
	if (run_on_table(req, sql_request(table, key, request_body(req))))
		reply_queue(req, 201);
}

/* POST tables/{table}/rows/{key}/request/decline */
void
decline_request(Request *req)
{
	const char *table = request_param(req, "table");
	const char *key = request_param(req, "key");

	reply_result(req, 200, run_on_table(req, sql_decline(table, key, request_body(req))));
}

/* DELETE tables/{table}/rows/{key}/request */
void
withdraw_request(Request *req)
{
	if (run_plan(req, sql_withdraw(request_param(req, "table"), request_param(req, "key"))))
		reply_empty(req, 204);
}
