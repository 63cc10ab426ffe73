/*
 * row.c
 *		Reading and writing a row
 *
 * A save is a single transaction: note the Idempotency-Key, confirm the lock,
 * check that it belongs to this row, write, discard the draft, and release or
 * keep the lock.  Where no lock keeps others from writing, the client can
 * name the version of the row that it has seen (If-Match).
 */
#include "api/row.h"

#include <string.h>

#include "api/once.h"
#include "api/plan.h"
#include "api/state.h"
#include "db/db.h"
#include "http/problem.h"
#include "http/reply.h"

/* ---- reading ---- */

/* GET tables/{table}/rows/{key} */
void
get_row(Request *req)
{
	PGresult   *plan = run_plan(req, sql_row_plan(request_param(req, "table")));
	PGresult   *row = plan ? db_run(req, sql_row(plan, request_param(req, "key"))) : NULL;

	if (row != NULL && PQntuples(row) == 0)
		reply_no_row(req);
	else
		reply_result(req, 200, row);
}

/* ---- writing ---- */

/*
 * Replies with the error of a failed statement.  Always returns false.
 */
static bool
fail(Request *req, const char *key)
{
	reply_failure(req, key);
	return false;
}

/* Replies with an error unless the result of sql_row_lock() is 'ok'. */
static bool
check_lock_state(Request *req, const char *state)
{
	if (strcmp(state, "ok") == 0)
		return true;
	if (strcmp(state, "lost") == 0)
		reply_lock_problem(req, PROBLEM_LOST, "the token is not that of a lock on this row");
	else if (strcmp(state, "locked") == 0)
		reply_lock_problem(req, PROBLEM_LOCKED, NULL);
	else
		reply_lock_problem(req, PROBLEM_LOCK_REQUIRED, "lock the row first, and save with the lock's token");
	return false;
}

/*
 * If the write needs a lock, confirms it until the end of the transaction,
 * and checks that it belongs to the row.
 */
static bool
confirm_lock(Request *req, const PGresult *plan, const char *key)
{
	const char *token = value_at(plan, WRITE_PLAN_LOCK_TOKEN);
	PGresult   *check;

	if (!is_true(plan, WRITE_PLAN_IS_PROTECTED) || (token == NULL && !is_true(plan, WRITE_PLAN_IS_GUARDED)))
		return true;
	if (token != NULL && db_run(req, sql_confirm_token(token)) == NULL)
		return fail(req, key);
	check = db_run(req, sql_row_lock(plan, key, token));
	if (check == NULL)
		return fail(req, key);
	if (PQntuples(check) > 0)
		return check_lock_state(req, db_value(check));
	reply_no_row(req);
	return false;
}

/* The versions of the row that may be written; NULL: any */
static const char *
if_match(const Request *req)
{
	return request_header(req, "If-Match");
}

/* Whether the row exists, in one of these versions. */
static bool
is_row(Request *req, const PGresult *plan, const char *key, const char *versions)
{
	PGresult   *row = db_run(req, sql_row_unchanged(plan, key, versions));

	return row == NULL || PQntuples(row) > 0;
}

/*
 * Replies after a write without an affected row: the row does not exist, has
 * another version, or the write was prevented.
 */
static void
reply_not_written(Request *req, const PGresult *plan, const char *key)
{
	if (key != NULL && !is_row(req, plan, key, NULL))
		reply_no_row(req);
	else if (key != NULL && !is_row(req, plan, key, if_match(req)))
		reply_problem(req, PROBLEM_CHANGED, "the row has no version that If-Match names", NULL);
	else
		reply_problem(req, PROBLEM_FORBIDDEN, "nothing was written, because of row security or a trigger", NULL);
}

/* Writes the row, and returns its new key. */
static const char *
write_row(Request *req, Call write, const PGresult *plan, const char *key)
{
	PGresult   *written = db_run(req, write);

	if (written == NULL)
		reply_failure(req, key);
	else if (PQntuples(written) == 0)
		reply_not_written(req, plan, key);
	return db_value(written);
}

/* INSERT and UPDATE have no syntax for no columns. */
static bool
has_values(const PGresult *plan)
{
	return value_at(plan, WRITE_PLAN_IDENTS) != NULL;
}

static Call
update_of(Request *req, const PGresult *plan, const char *key)
{
	return has_values(plan) ? sql_row_update(plan, key, request_body(req), if_match(req)) : sql_row_unchanged(plan, key, if_match(req));
}

static Call
insert_of(Request *req, const PGresult *plan)
{
	return has_values(plan) ? sql_row_insert(plan, request_body(req)) : sql_row_insert_default(plan);
}

/*
 * Discards drafts and releases the lock, as requested for a save.
 */
static bool
discard_draft_and_release(Request *req, const PGresult *plan, const char *key)
{
	const char *token = value_at(plan, WRITE_PLAN_LOCK_TOKEN);

	if (!is_true(plan, WRITE_PLAN_IS_PROTECTED))
		return true;
	if (is_true(plan, WRITE_PLAN_DISCARD_DRAFT) && db_run(req, sql_discard_draft_of_row(value_at(plan, WRITE_PLAN_OID), key, request_body(req))) == NULL)
		return fail(req, key);
	if (token != NULL && !is_true(plan, WRITE_PLAN_KEEP_LOCK) && db_run(req, sql_release_token(token)) == NULL)
		return fail(req, key);
	return true;
}

/* Discards drafts of the new row, as requested for an insert. */
static bool
discard_drafts_of_inserted(Request *req, const PGresult *plan, const char *key)
{
	return !is_true(plan, WRITE_PLAN_IS_PROTECTED) ||
		db_run(req, sql_discard_draft_of_inserted(value_at(plan, WRITE_PLAN_OID), request_body(req))) != NULL ||
		fail(req, key);
}

/* Commits, and replies with the new contents of the row. */
static bool
commit_and_reply(Request *req, unsigned status, const PGresult *plan, const char *key)
{
	PGresult   *row = db_run(req, sql_row_read(plan, key));

	if (row == NULL || !db_commit(req))
		return fail(req, key);
	reply_result(req, status, row);
	return true;
}

/* ---- writes that are sent again ---- */

/* Replies with the address of a new row. */
static void
reply_location(Request *req, const char *key)
{
	reply_header(req, "Location", request_printf(req, "%s/api/v1/tables/%s/rows/%s", request_base_path(req),
												 request_segment(req, request_param(req, "table")),
												 request_segment(req, key)));
}

/*
 * Replies to the repetition of a write with the row as it is now.  That the
 * row cannot be read any more must not look like a write that failed.
 */
static void
reply_with_row(Request *req, unsigned status, const char *key)
{
	PGresult   *plan = run_plan(req, sql_write_plan(request_param(req, "table"), "{}", "delete", NULL));
	PGresult   *row = plan ? db_run(req, sql_row_read(plan, key)) : NULL;

	if (row != NULL && PQntuples(row) > 0)
	{
		reply_result(req, status, row);
		if (status == 201)
			reply_location(req, key);
	}
	else if (row != NULL || *db_sqlstate(req) == '\0' || strncmp(db_sqlstate(req), "42", 2) == 0)
		reply_problem(req, PROBLEM_GONE, "This was written before, but the row cannot be read any more.", NULL);
	else
		return;					/* not known because of another failure */
	once_mark_reply(req);
}

static void
reply_deleted_before(Request *req)
{
	reply_empty(req, 204);
	once_mark_reply(req);
}

/*
 * Begins the transaction of an insert or update.  Returns false if it was
 * executed before, or on failure; then a reply is made where one is needed.
 * KEY is that in the path; NULL: a new row.
 */
static bool
begin_write(Request *req, unsigned status, const char *key)
{
	const char *written;

	db_begin(req);
	if (once_begin(req, key, &written))
		return true;
	if (written)
		reply_with_row(req, status, written);
	return false;
}

/* PUT tables/{table}/rows/{key} */
void
save_row(Request *req)
{
	const char *key = request_param(req, "key");
	const char *written;
	PGresult   *plan;

	if (!begin_write(req, 200, key))
		return;
	plan = run_plan(req, sql_write_plan(request_param(req, "table"), request_body(req), "update", NULL));
	if (plan == NULL || !confirm_lock(req, plan, key))
		return;
	written = write_row(req, update_of(req, plan, key), plan, key);
	if (written != NULL && once_keep(req, key, written) && discard_draft_and_release(req, plan, written))
		commit_and_reply(req, 200, plan, written);
}

/* POST tables/{table}/rows */
void
insert_row(Request *req)
{
	PGresult   *plan;
	const char *token;
	const char *key;

	if (!begin_write(req, 201, NULL))
		return;
	plan = run_plan(req, sql_write_plan(request_param(req, "table"), request_body(req), "insert", NULL));
	if (plan == NULL)
		return;
	token = value_at(plan, WRITE_PLAN_LOCK_TOKEN);
	if (token != NULL && is_true(plan, WRITE_PLAN_IS_PROTECTED) && db_run(req, sql_confirm_token(token)) == NULL)
	{
		reply_failure(req, NULL);
		return;
	}
	key = write_row(req, insert_of(req, plan), plan, NULL);
	if (key != NULL && once_keep(req, NULL, key) && discard_drafts_of_inserted(req, plan, key) &&
		commit_and_reply(req, 201, plan, key))
		reply_location(req, key);
}

/* DELETE tables/{table}/rows/{key} */
void
delete_row(Request *req)
{
	const char *key = request_param(req, "key");
	const char *written;
	PGresult   *plan;

	db_begin(req);
	if (!once_begin(req, key, &written))
	{
		if (written)
			reply_deleted_before(req);
		return;
	}
	plan = run_plan(req, sql_write_plan(request_param(req, "table"), request_body(req), "delete",
										request_query(req, "token")));
	if (plan == NULL || !confirm_lock(req, plan, key) || write_row(req, sql_row_delete(plan, key, if_match(req)), plan, key) == NULL)
		return;
	if (db_commit(req))
		reply_empty(req, 204);
	else
		reply_failure(req, key);
}
