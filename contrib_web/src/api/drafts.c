/*
 * drafts.c
 *		Drafts of a row: unsaved values of the holder
 */
#include "api/drafts.h"

#include <string.h>

#include "api/plan.h"
#include "api/state.h"
#include "db/db.h"
#include "http/reply.h"

/* GET tables/{table}/rows/{key}/draft */
void
get_draft(Request *req)
{
	RowRef		row;

	if (find_row(req, &row))
		reply_result(req, 200, db_run(req, sql_draft(row.table, row.key)));
}

/* PUT tables/{table}/rows/{key}/draft */
void
save_draft(Request *req)
{
	if (run_on_table(req, sql_save_draft(request_param(req, "table"), request_body(req))))
		reply_empty(req, 204);
	else if (strcmp(db_sqlstate(req), "LK001") == 0)
		reply_failure(req, request_param(req, "key"));
}

/* DELETE tables/{table}/rows/{key}/draft */
void
discard_draft(Request *req)
{
	if (run_plan(req, sql_discard_draft(request_param(req, "table"), request_param(req, "key"))))
		reply_empty(req, 204);
}
