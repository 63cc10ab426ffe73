/*
 * ask.c
 *		Requests for locked rows, and drafts
 */
#include "api/ask.h"

#include <string.h>

#include "api/plan.h"
#include "api/sql.h"
#include "api/state.h"
#include "db/db.h"
#include "http/reply.h"

/*
 * A plan that calls a function for what is one's own of the table $1, if one
 * may read the table: the function itself only minds whether the table is
 * protected, which would tell that of others, too.
 */
#define OF_READABLE(call) \
	"SELECT CASE WHEN NOT readable THEN 'forbidden' END," \
	" CASE WHEN NOT readable THEN pg_catalog.format('permission denied for table %s', asked.oid::regclass) END, NULL," \
	" CASE WHEN readable THEN " call " END" \
	" FROM " ASKED("$1::text") " asked, LATERAL (SELECT pg_catalog.has_table_privilege(asked.oid, 'SELECT') OFFSET 0) r(readable)"

/* ---- requests ---- */

/* $1 oid of the table, $2 key in the spelling of lock records */
static const Statement queue_of_row = {"queue_of_row",
	"SELECT pg_catalog.json_build_object('requests', coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(q.*) ORDER"
	" BY q.place), '[]'))"
	" FROM (SELECT owner, owner_name, message, requested_at, place, is_mine FROM locking.requests r"
	"  WHERE r.relation::oid = $1 AND r.key = $2::text) q", .names_relation = true};

static void
reply_queue(Request *req, unsigned status)
{
	RowName		row;

	if (find_row(req, &row))
		reply_result(req, status, db_run(req, &queue_of_row, row.table, row.key));
}

/* GET tables/{table}/rows/{key}/request */
void
list_requests(Request *req)
{
	reply_queue(req, 200);
}

/* $1 table, $2 key, $3 body */
static const Statement request_it = {"request_it",
	"SELECT locking.request(asked.oid::regclass, $2::text, g.message) FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($3::jsonb) g(message text)"};

/* POST tables/{table}/rows/{key}/request */
void
request_row(Request *req)
{
	if (run_on_table(req, &request_it, request_param(req, "table"), request_param(req, "key"), request_body(req)))
		reply_queue(req, 201);
}

/* $1 table, $2 key */
static const Statement withdraw = {"withdraw", OF_READABLE("locking.withdraw(asked.oid::regclass, $2::text)")};

/* DELETE tables/{table}/rows/{key}/request */
void
withdraw_request(Request *req)
{
	if (run_plan(req, &withdraw, request_param(req, "table"), request_param(req, "key")))
		reply_empty(req, 204);
}

/* ---- drafts ---- */

/* $1 oid of the table, $2 key in the spelling of lock records */
static const Statement draft_of_row = {"draft_of_row",
	"SELECT pg_catalog.json_build_object('draft', (SELECT pg_catalog.row_to_json(d.*) FROM (SELECT data, token,"
	" saved_at FROM locking.drafts d"
	" WHERE d.relation::oid = $1 AND d.key = $2::text) d))", .names_relation = true};

/* GET tables/{table}/rows/{key}/draft */
void
get_draft(Request *req)
{
	RowName		row;

	if (find_row(req, &row))
		reply_result(req, 200, db_run(req, &draft_of_row, row.table, row.key));
}

/* $1 table, $2 body */
static const Statement keep_draft = {"keep_draft",
	"SELECT locking.save_draft(g.token, g.data) FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($2::jsonb) g(token bigint, data jsonb)"};

/* PUT tables/{table}/rows/{key}/draft */
void
save_draft(Request *req)
{
	if (run_on_table(req, &keep_draft, request_param(req, "table"), request_body(req)))
		reply_empty(req, 204);
	else if (strcmp(db_sqlstate(req), "LK001") == 0)
		reply_failure(req, request_param(req, "key"));
}

/* $1 table, $2 key */
static const Statement discard = {"discard", OF_READABLE("locking.discard_draft(asked.oid::regclass, $2::text)")};

/* DELETE tables/{table}/rows/{key}/draft */
void
discard_draft(Request *req)
{
	if (run_plan(req, &discard, request_param(req, "table"), request_param(req, "key")))
		reply_empty(req, 204);
}
