/*
 * lock.c
 *		The lock of a row: get, acquire, renew, release, take over, break
 *
 * Lookups and renewals are frequent, so each is a single prepared statement.
 */
#include "api/lock.h"

#include <string.h>

#include "api/plan.h"
#include "api/sql.h"
#include "api/state.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/problem.h"
#include "http/reply.h"

/* ---- lookup ---- */

/*
 * $1 table, $2 key: the lock, if the key is spelled as in lock records, and
 * if not, is there one?
 */
static const Statement lock_state = {"lock_state",
	"SELECT pg_catalog.json_build_object('lock', s.lock), s.lock IS NULL AND locking.is_locked(s.oid::regclass, $2::text)"
	" FROM (SELECT asked.oid, " LOCK_FROM(LOCKS_OF("asked.oid", "$2::text"), "true") " AS lock"
	"  FROM " ASKED("$1::text") " asked OFFSET 0) s"};

/* $1 oid of the table, $2 key in the spelling of lock records */
static const Statement lock_of_row = {"lock_of_row",
	"SELECT pg_catalog.json_build_object('lock', " LOCK_FROM(LOCKS_OF("$1::oid", "$2::text"), "true") ")"};

/* GET tables/{table}/rows/{key}/lock */
void
get_lock(Request *req)
{
	PGresult   *state = run_on_table(req, &lock_state, request_param(req, "table"), request_param(req, "key"));
	RowName		row;

	if (state != NULL && is_true(state, 1))
		state = find_row(req, &row) ? db_run(req, &lock_of_row, row.table, row.key) : NULL;
	reply_result(req, 200, state);
}

/* ---- acquiring ---- */

/* Waiting keeps a worker busy: not for long, in seconds. */
#define LONGEST_WAIT "2"

/* What it gives. */
enum Attempt
{
	ATTEMPT_GRANTED,
	ATTEMPT_OUTCOME,
	ATTEMPT_TOKEN,
	ATTEMPT_WAIT
};

/* $1 table, $2 key, $3 body */
static const Statement try_acquire = {"try_acquire",
	"SELECT a.granted, a.outcome, a.token, g.wait > 0::float8 FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($3::jsonb) g(ttl float8, hard boolean, client text, note text, wait float8),"
	" LATERAL locking.try_acquire(asked.oid::regclass, $2::text, pg_catalog.make_interval(secs => g.ttl), g.hard,"
	" g.client, g.note) a"};

static const Statement wait_and_acquire = {"wait_and_acquire",
	"SELECT true, 'granted', locking.acquire(asked.oid::regclass, $2::text, pg_catalog.make_interval(secs => g.ttl),"
	" g.hard, g.client,"
	" g.note, pg_catalog.make_interval(secs => least(g.wait, " LONGEST_WAIT "))) FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($3::jsonb) g(ttl float8, hard boolean, client text, note text, wait float8)"};

/*
 * Statements of their own, as that which acquires does not see the new lock.
 */
#define ACQUIRED(from, locks) \
	"SELECT pg_catalog.json_build_object('outcome', $4::text, 'lock', s.lock), s.lock IS NULL" \
	" FROM (SELECT " LOCK_FROM(locks, "l.token = $3::bigint") " AS lock " from " OFFSET 0) s"

/*
 * $1 table, $2 key, $3 token, $4 outcome: the lock, if the key is spelled as
 * in lock records
 */
static const Statement acquired_lock = {"acquired_lock",
	ACQUIRED("FROM " ASKED("$1::text") " asked", LOCKS_OF("asked.oid", "$2::text"))};

/*
 * $1 oid of the table, $2 key in the spelling of lock records, $3 token, $4
 * outcome
 */
static const Statement acquired_lock_of_row = {"acquired_lock_of_row", ACQUIRED("", LOCKS_OF("$1::oid", "$2::text"))};

static void
reply_held(Request *req, const char *outcome)
{
	if (strcmp(outcome, "held_elsewhere") == 0)
		reply_lock_problem(req, PROBLEM_HELD_ELSEWHERE, "you have locked the row yourself, in another window or program");
	else
		reply_lock_problem(req, PROBLEM_LOCKED, NULL);
}

/*
 * The lock may have ended again: somebody broke it, or another client of the
 * same owner released it.
 */
static void
reply_acquired(Request *req, unsigned status, const char *token, const char *outcome)
{
	PGresult   *acquired = run_on_table(req, &acquired_lock, request_param(req, "table"), request_param(req, "key"),
										token, outcome);
	RowName		row;

	if (acquired != NULL && is_true(acquired, 1))
		acquired = find_row(req, &row) ? db_run(req, &acquired_lock_of_row, row.table, row.key, token, outcome) : NULL;
	if (acquired != NULL && is_true(acquired, 1))
		reply_lock_problem(req, PROBLEM_LOST, "the lock was acquired, but has ended already");
	else
		reply_result(req, status, acquired);
}

/* POST tables/{table}/rows/{key}/lock */
void
acquire_lock(Request *req)
{
	const char *table = request_param(req, "table");
	const char *key = request_param(req, "key");
	PGresult   *attempt = run_on_table(req, &try_acquire, table, key, request_body(req));

	if (attempt != NULL && !is_true(attempt, ATTEMPT_GRANTED) && is_true(attempt, ATTEMPT_WAIT))
	{
		attempt = run_on_table(req, &wait_and_acquire, table, key, request_body(req));
		if (attempt == NULL)
			reply_failure(req, key);
	}
	if (attempt == NULL)
		return;
	if (is_true(attempt, ATTEMPT_GRANTED))
	{
		const char *outcome = value_at(attempt, ATTEMPT_OUTCOME);

		reply_acquired(req, strcmp(outcome, "granted") == 0 ? 201 : 200, value_at(attempt, ATTEMPT_TOKEN), outcome);
	}
	else
		reply_held(req, value_at(attempt, ATTEMPT_OUTCOME));
}

/* $1 table, $2 key, $3 body */
static const Statement take_over = {"take_over",
	"SELECT locking.take_over(asked.oid::regclass, $2::text, g.reason, pg_catalog.make_interval(secs => g.ttl),"
	" g.hard, g.client, g.note)"
	" FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($3::jsonb) g(reason text, ttl float8, hard boolean, client text, note text)"};

/* POST tables/{table}/rows/{key}/lock/takeover */
void
take_lock_over(Request *req)
{
	PGresult   *taken = run_on_table(req, &take_over, request_param(req, "table"), request_param(req, "key"),
									 request_body(req));

	if (taken != NULL)
		reply_acquired(req, 200, db_value(taken), "granted");
}

/* ---- renewal and end ---- */

/* $1 table, $2 body */
static const Statement renew = {"renew",
	"SELECT pg_catalog.json_build_object('token', g.token, 'expires_at', e,"
	" 'seconds_left', pg_catalog.date_part('epoch', e - pg_catalog.clock_timestamp())) FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($2::jsonb) g(token bigint, ttl float8, draft jsonb),"
	" LATERAL locking.renew(g.token, pg_catalog.make_interval(secs => g.ttl), g.draft) e"};

/* PUT tables/{table}/rows/{key}/lock */
void
renew_lock(Request *req)
{
	PGresult   *renewed = run_on_table(req, &renew, request_param(req, "table"), request_body(req));

	if (renewed == NULL && strcmp(db_sqlstate(req), "LK001") == 0)
		reply_failure(req, request_param(req, "key"));
	reply_result(req, 200, renewed);
}

/* $1 table, $2 body, $3 token, if it is not in the body */
static const Statement release = {"release",
	"SELECT locking.release(coalesce($3::bigint, g.token)) FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($2::jsonb) g(token bigint)"};

/*
 * DELETE tables/{table}/rows/{key}/lock, POST
 * tables/{table}/rows/{key}/lock/release
 */
void
release_lock(Request *req)
{
	if (run_on_table(req, &release, request_param(req, "table"), request_body(req), request_query(req, "token")))
		reply_empty(req, 204);
}

/* $1 table, $2 key, $3 body */
static const Statement break_one = {"break_one",
	"SELECT pg_catalog.json_build_object('broken', broken), broken FROM " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($3::jsonb) g(reason text), LATERAL locking.break_lock(asked.oid::regclass, $2::text,"
	" g.reason) broken"};

/* POST tables/{table}/rows/{key}/lock/break */
void
break_lock(Request *req)
{
	reply_result(req, 200, run_on_table(req, &break_one, request_param(req, "table"), request_param(req, "key"),
										request_body(req)));
}

/* ---- several locks ---- */

/*
 * $1 body: table and key of each lock, and the reason as the body of
 * break_one
 */
static const Statement locks_to_break = {"locks_to_break",
	"SELECT i.\"table\", i.key, pg_catalog.json_build_object('reason', g.reason)"
	" FROM pg_catalog.jsonb_to_record($1::jsonb) g(locks jsonb, reason text),"
	" pg_catalog.jsonb_to_recordset(g.locks) i(\"table\" text, key text)"};

#define MOST_AT_ONCE 1000

static json_t *
break_result(Request *req, const char *table, const char *key, const char *body)
{
	const PGresult *result = db_run(req, &break_one, table, key, body);
	bool		found = result != NULL && PQntuples(result) > 0;
	json_t	   *problem = NULL;

	if (result == NULL)
		problem = db_problem(req);
	else if (!found)
		problem = json_pack("{s:s, s:s, s:i, s:s}", "type", "urn:locking:problem:not-found", "title", "Not found",
							"status", 404, "detail", "there is no such table");
	return json_pack("{s:s, s:s, s:b, s:o?}", "table", table, "key", key, "broken", found && is_true(result, 1),
					 "problem", problem);
}

/*
 * POST locks/break: each by itself, so that one refusal does not keep the
 * others.
 */
void
break_locks(Request *req)
{
	PGresult   *locks = db_run(req, &locks_to_break, request_body(req));
	json_t	   *results;

	if (locks == NULL)
		return;
	if (PQntuples(locks) == 0 || PQntuples(locks) > MOST_AT_ONCE)
	{
		reply_problem(req, PROBLEM_INVALID, "locks must be an array of 1 to 1000 tables and keys",
					  json_pack("{s:s}", "column", "locks"));
		return;
	}
	results = json_array();
	for (int i = 0; i < PQntuples(locks); i++)
		json_array_append_new(results, break_result(req, PQgetvalue(locks, i, 0), PQgetvalue(locks, i, 1),
													PQgetvalue(locks, i, 2)));
	reply_object(req, 200, json_pack("{s:o}", "results", results));
}
