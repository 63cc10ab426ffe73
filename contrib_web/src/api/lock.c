/*
 * lock.c
 *		The lock of a row: get, acquire, renew, release, hand over, take
 *		over, break
 *
 * Lookups and renewals are frequent, so each is a single prepared statement.
 * Acquiring is a transaction: a lock that cannot be shown is not kept.
 */
#include "api/lock.h"

#include <string.h>

#include "api/plan.h"
#include "api/state.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/problem.h"
#include "http/reply.h"

/* ---- lookup ---- */

/* GET tables/{table}/rows/{key}/lock */
void
get_lock(Request *req)
{
	PGresult   *state = run_on_table(req, sql_lock_state(request_param(req, "table"), request_param(req, "key")));
	RowRef		row;

	if (state != NULL && is_true(state, LOCK_STATE_IS_NOT_CANONICAL))
		state = find_row(req, &row) ? db_run(req, sql_lock_of_row(row.table, row.key)) : NULL;
	reply_result(req, 200, state);
}

/* ---- acquiring ---- */

static bool
is_outcome(const PGresult *attempt, const char *outcome)
{
	return strcmp(PQgetvalue(attempt, 0, TRY_ACQUIRE_OUTCOME), outcome) == 0;
}

static void
reply_held(Request *req, const PGresult *attempt)
{
	if (is_outcome(attempt, "reserved"))
		reply_lock_problem(req, PROBLEM_LOCKED,
						   request_printf(req, "the row is reserved for %s, who requested it earlier",
										  value_at(attempt, TRY_ACQUIRE_HOLDER)));
	else if (is_outcome(attempt, "held_elsewhere"))
		reply_lock_problem(req, PROBLEM_HELD_ELSEWHERE, "you have locked the row yourself, in another window or program");
	else
		reply_lock_problem(req, PROBLEM_LOCKED, NULL);
}

/*
 * Replies that an acquired lock cannot be shown: it has lapsed already, or
 * the role may lock the row, but not read it.  The transaction is rolled
 * back, since the client could not release a lock that it does not know.
 */
static void
reply_missing(Request *req, const PGresult *acquired)
{
	if (!is_true(acquired, ACQUIRED_LOCK_OF_ROW_IS_HIDDEN))
	{
		reply_lock_problem(req, PROBLEM_LOST, "the lock was acquired, but has ended already");
		return;
	}
	db_rollback(req);
	reply_problem(req, PROBLEM_FORBIDDEN, "you may lock the row, but not read it", NULL);
}

/*
 * Of a page that was left meanwhile: no program would know the lock.  A page
 * that is left between this look and the commit releases the lock by its last
 * beacon, or leaves it until it lapses.  The reply is for the log.
 */
static void
give_back(Request *req)
{
	db_rollback(req);
	reply_problem(req, PROBLEM_UNAVAILABLE, "the client closed the connection before the lock was acquired", NULL);
}

/*
 * Replies with the lock acquired in the open transaction, and commits, if the
 * client still waits for it.
 */
static void
reply_acquired(Request *req, unsigned status, const char *token, const char *outcome)
{
	PGresult   *acquired = run_on_table(req, sql_acquired_lock(request_param(req, "table"), request_param(req, "key"),
															   token, outcome));
	RowRef		row;

	if (acquired != NULL && is_true(acquired, ACQUIRED_LOCK_IS_MISSING))
	{
		acquired = find_row(req, &row) ? db_run(req, sql_acquired_lock_of_row(row.table, row.key, token, outcome)) : NULL;
		if (acquired != NULL && is_true(acquired, ACQUIRED_LOCK_OF_ROW_IS_MISSING))
		{
			reply_missing(req, acquired);
			return;
		}
	}
	if (acquired != NULL && !request_is_awaited(req))
		give_back(req);
	else
		reply_result(req, status, acquired != NULL && db_commit(req) ? acquired : NULL);
}

/* POST tables/{table}/rows/{key}/lock */
void
acquire_lock(Request *req)
{
	const char *table = request_param(req, "table");
	const char *key = request_param(req, "key");
	PGresult   *attempt;

	db_begin(req);
	attempt = run_on_table(req, sql_try_acquire(table, key, request_body(req)));
	if (attempt != NULL && !is_true(attempt, TRY_ACQUIRE_GRANTED) && is_true(attempt, TRY_ACQUIRE_WAITS))
	{
		attempt = run_on_table(req, sql_wait_and_acquire(table, key, request_body(req)));
		if (attempt == NULL)
			reply_failure(req, key);
	}
	if (attempt == NULL)
		return;
	if (is_true(attempt, TRY_ACQUIRE_GRANTED))
		reply_acquired(req, is_outcome(attempt, "granted") ? 201 : 200, value_at(attempt, TRY_ACQUIRE_TOKEN),
					   value_at(attempt, TRY_ACQUIRE_OUTCOME));
	else
		reply_held(req, attempt);
}

/* POST tables/{table}/rows/{key}/lock/takeover */
void
take_lock_over(Request *req)
{
	PGresult   *taken;

	db_begin(req);
	taken = run_on_table(req, sql_take_over(request_param(req, "table"), request_param(req, "key"),
											request_body(req)));
	if (taken != NULL)
		reply_acquired(req, 200, db_value(taken), "granted");
}

/* ---- renewal and end ---- */

/* PUT tables/{table}/rows/{key}/lock */
void
renew_lock(Request *req)
{
	PGresult   *renewed = run_on_table(req, sql_renew(request_param(req, "table"), request_body(req)));

	if (renewed == NULL && strcmp(db_sqlstate(req), "LK001") == 0)
		reply_failure(req, request_param(req, "key"));
	reply_result(req, 200, renewed);
}

/*
 * DELETE tables/{table}/rows/{key}/lock, POST
 * tables/{table}/rows/{key}/lock/release
 */
void
release_lock(Request *req)
{
	if (run_on_table(req, sql_release(request_param(req, "table"), request_param(req, "key"), request_body(req),
									  request_query(req, "token"))))
		reply_empty(req, 204);
}

/* POST tables/{table}/rows/{key}/lock/handover */
void
hand_lock_over(Request *req)
{
	reply_result(req, 200, run_on_table(req, sql_hand_over(request_param(req, "table"), request_body(req))));
}

/* POST tables/{table}/rows/{key}/lock/break */
void
break_lock(Request *req)
{
	reply_result(req, 200, run_on_table(req, sql_break_lock(request_param(req, "table"), request_param(req, "key"),
															request_body(req))));
}

/* ---- several locks ---- */

#define MAX_LOCKS_TO_BREAK 1000

static json_t *
break_result(Request *req, const char *table, const char *key, const char *body)
{
	const PGresult *result = db_run(req, sql_break_lock(table, key, body));
	bool		found = result != NULL && PQntuples(result) > 0;
	json_t	   *problem = NULL;

	if (result == NULL)
		problem = db_problem(req);
	else if (!found)
		problem = problem_document(PROBLEM_NOT_FOUND, "there is no such table", NULL);
	return json_pack("{s:s, s:s, s:b, s:o?}", "table", table, "key", key, "broken", found && is_true(result, BREAK_LOCK_BROKEN),
					 "problem", problem);
}

/*
 * POST locks/break: each lock in a statement of its own, so that a failure
 * does not affect the others.
 */
void
break_locks(Request *req)
{
	PGresult   *locks = db_run(req, sql_locks_to_break(request_body(req)));
	json_t	   *results;

	if (locks == NULL)
		return;
	if (PQntuples(locks) == 0 || PQntuples(locks) > MAX_LOCKS_TO_BREAK)
	{
		reply_problem(req, PROBLEM_INVALID, "locks must be an array of 1 to 1000 tables and keys",
					  json_pack("{s:s}", "column", "locks"));
		return;
	}
	results = json_array();
	for (int i = 0; i < PQntuples(locks); i++)
		json_array_append_new(results, break_result(req, PQgetvalue(locks, i, LOCKS_TO_BREAK_TABLE_NAME),
													PQgetvalue(locks, i, LOCKS_TO_BREAK_KEY),
													PQgetvalue(locks, i, LOCKS_TO_BREAK_BODY)));
	reply_object(req, 200, json_pack("{s:o}", "results", results));
}
