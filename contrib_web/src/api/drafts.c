/*
 * drafts.c
 *		Drafts: the user's unsaved values of rows, and of new rows
 *
 * A draft belongs to a client, a page for instance, so that the drafts of two
 * windows do not replace each other.
 */
#include "api/drafts.h"

#include <string.h>

#include "api/plan.h"
#include "api/state.h"
#include "db/db.h"
#include "http/reply.h"

/* GET drafts */
void
list_drafts(Request *req)
{
	reply_result(req, 200, db_run(req, sql_drafts()));
}

/* ---- of a row ---- */

/* The user's drafts of a row; of one that is gone, by the key that it had */
static PGresult *
drafts_of_row(Request *req, const RowRef *row)
{
	return db_run(req, sql_draft(row->table, row->key ? row->key : request_param(req, "key")));
}

/*
 * GET tables/{table}/rows/{key}/draft
 *
 * A draft outlives its row: then it may be the only place of what was typed.
 */
void
get_draft(Request *req)
{
	RowRef		row;
	PGresult   *drafts = look_for_row(req, &row) ? drafts_of_row(req, &row) : NULL;

	if (drafts == NULL)
		return;
	if (row.key == NULL && !is_true(drafts, DRAFT_EXIST))
		reply_no_row(req);
	else
		reply_result(req, 200, drafts);
}

/* PUT tables/{table}/rows/{key}/draft, and POST for a beacon */
void
save_draft(Request *req)
{
	if (run_on_table(req, sql_save_draft(request_param(req, "table"), request_param(req, "key"), request_body(req))))
		reply_empty(req, 204);
	else if (strcmp(db_sqlstate(req), "LK001") == 0)
		reply_failure(req, request_param(req, "key"));
}

/* DELETE tables/{table}/rows/{key}/draft */
void
discard_draft(Request *req)
{
	if (run_plan(req, sql_discard_draft(request_param(req, "table"), request_param(req, "key"), request_query(req, "client"))))
		reply_empty(req, 204);
}

/* ---- of a new row ---- */

/* GET tables/{table}/draft */
void
get_draft_of_new(Request *req)
{
	reply_result(req, 200, run_on_table(req, sql_draft_of_new(request_param(req, "table"))));
}

/* PUT tables/{table}/draft, and POST for a beacon */
void
save_draft_of_new(Request *req)
{
	if (run_on_table(req, sql_save_draft_of_new(request_param(req, "table"), request_body(req))))
		reply_empty(req, 204);
}

/* DELETE tables/{table}/draft */
void
discard_draft_of_new(Request *req)
{
	if (run_plan(req, sql_discard_draft_of_new(request_param(req, "table"), request_query(req, "client"))))
		reply_empty(req, 204);
}
