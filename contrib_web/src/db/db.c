/*
 * db.c
 *		Runs statements on behalf of the request's user
 *
 * Each call is one round trip: BEGIN, set_owner(), PREPARE and COMMIT are
 * sent together with the statement, in libpq's pipeline mode.  A single
 * prepared statement of a session without proxy needs none of them.
 *
 * BEGIN and COMMIT are sent although a pipeline is a transaction anyway.
 * This way, an error at the end of the transaction is reported for COMMIT,
 * not between two statements.
 */
#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/request_data.h"
#include "pool/pool.h"
#include "session/session.h"

static const Statement begin = {"db_begin", "BEGIN"};
static const Statement commit = {"db_commit", "COMMIT"};
static const Statement rollback = {"db_rollback", "ROLLBACK"};

/* A statement in a pipeline */
typedef struct Step
{
	Call		call;
	const char *sql;			/* NULL: a prepared statement */
	bool		prepare;
	bool		keep_result;	/* the caller of db_run() gets its result */
} Step;

#define MAX_STEPS 4
typedef struct Steps
{
	Step		step[MAX_STEPS];
	int			n;
	bool		failed;
} Steps;

/* ---- results and errors ---- */

static void
clear_result(void *result)
{
	PQclear(result);
}

static void
set_error(Request *req, const char *sqlstate, const char *message)
{
	req->error = NULL;
	snprintf(req->sqlstate, sizeof(req->sqlstate), "%.5s", sqlstate);
	req->error_message = request_printf(req, "%s", message);
}

/*
 * A function in the database may have created or dropped prepared statements
 * with the names used here.
 */
static bool
is_prepared_statement_error(const char *sqlstate)
{
	return strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0;
}

static void
set_error_from_result(Request *req, PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (sqlstate == NULL)
	{
		set_error(req, "08006", PQresultErrorMessage(result));
		return;
	}
	req->error = result;
	req->db->unusable = req->db->unusable || is_prepared_statement_error(sqlstate);
	snprintf(req->sqlstate, sizeof(req->sqlstate), "%.5s", sqlstate);
}

const char *
db_sqlstate(const Request *req)
{
	return req->sqlstate;
}

const char *
db_error_field(const Request *req, int field)
{
	if (req->error)
		return PQresultErrorField(req->error, field);
	return field == PG_DIAG_MESSAGE_PRIMARY ? req->error_message : NULL;
}

const char *
db_value(const PGresult *result)
{
	if (result == NULL || PQntuples(result) == 0 || PQgetisnull(result, 0, 0))
		return NULL;
	return PQgetvalue(result, 0, 0);
}

/* ---- one round trip ---- */

/* Inserts the SQL from the plan's row between the segments. */
static const char *
assemble_sql(Request *req, const Call *call)
{
	const Segment *segment = call->statement->segments;

	for (; segment->column != SEGMENTS_END; segment++)
	{
		const char *fragment = PQgetvalue(call->plan, call->row, segment->column);

		obstack_grow(&req->memory, segment->sql, strlen(segment->sql));
		obstack_grow(&req->memory, fragment, strlen(fragment));
	}
	obstack_grow0(&req->memory, segment->sql, strlen(segment->sql));
	return obstack_finish(&req->memory);
}

static void
add_step(Request *req, Steps *steps, Call call, bool keep_result)
{
	Step	   *step = &steps->step[steps->n++];

	*step = (Step) {.call = call, .keep_result = keep_result};
	if (call.statement->segments)
		step->sql = assemble_sql(req, &call);
	else
		step->prepare = !pool_is_prepared(req->db, call.statement);
}

static bool
send_step(PGconn *pg, const Step *step)
{
	const Statement *statement = step->call.statement;
	const char *const *values = step->call.values;

	if (step->sql)
		return PQsendQueryParams(pg, step->sql, statement->n, statement->types, values, NULL, NULL, 0);
	if (step->prepare && !PQsendPrepare(pg, statement->name, statement->sql, statement->n, statement->types))
		return false;
	return PQsendQueryPrepared(pg, statement->name, statement->n, values, NULL, NULL, 0);
}

static bool
send_steps(PGconn *pg, const Steps *steps)
{
	if (steps->n == 1 && !steps->step[0].prepare)
		return send_step(pg, &steps->step[0]);
	if (!PQenterPipelineMode(pg))
		return false;
	for (int i = 0; i < steps->n; i++)
		if (!send_step(pg, &steps->step[i]))
			return false;
	return PQpipelineSync(pg);
}

static bool
has_failed(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC;
}

/* Returns the result of the next statement in the pipeline. */
static PGresult *
next_result(Request *req)
{
	PGconn	   *pg = req->db->pg;
	PGresult   *result = PQgetResult(pg);
	PGresult   *further;

	if (result == NULL)
		return NULL;
	request_at_end(req, clear_result, result);
	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		while ((further = PQgetResult(pg)) != NULL)
			PQclear(further);
	return result;
}

/* Keeps only the first failure; the statements after it were skipped. */
static bool
receive(Request *req, Steps *steps, PGresult **result)
{
	*result = next_result(req);
	if (*result && !has_failed(*result))
		return true;
	if (!steps->failed && *result)
		set_error_from_result(req, *result);
	else if (!steps->failed)
		set_error(req, "08006", PQerrorMessage(req->db->pg));
	steps->failed = true;
	return false;
}

/* set_owner() raises this class of errors for invalid names. */
static bool
is_value_error(const Request *req)
{
	return strncmp(req->sqlstate, "22", 2) == 0;
}

/* Returns the result to keep, or NULL on failure. */
static PGresult *
receive_steps(Request *req, Steps *steps)
{
	PGresult   *result;
	PGresult   *kept = NULL;

	for (int i = 0; i < steps->n; i++)
	{
		const Step *step = &steps->step[i];

		if (step->prepare && receive(req, steps, &result))
			pool_set_prepared(req->db, step->call.statement);
		if (receive(req, steps, &result))
			kept = step->keep_result ? result : kept;
		else
			req->owner_refused = req->owner_refused || (step->call.statement == &statement_set_owner && is_value_error(req));
	}
	if (PQpipelineStatus(req->db->pg) != PQ_PIPELINE_OFF)
	{
		receive(req, steps, &result);	/* the end of the pipeline */
		PQexitPipelineMode(req->db->pg);
	}
	return steps->failed ? NULL : kept;
}

static PGresult *
run_steps(Request *req, Steps *steps)
{
	if (!send_steps(req->db->pg, steps))
	{
		set_error(req, "08006", PQerrorMessage(req->db->pg));
		return NULL;
	}
	return receive_steps(req, steps);
}

static PGresult *
run_call_alone(Request *req, Call call)
{
	Steps		steps = {.n = 0};

	add_step(req, &steps, call, true);
	return run_steps(req, &steps);
}

static PGresult *
run_alone(Request *req, const Statement *statement)
{
	return run_call_alone(req, (Call) {statement});
}

/* ---- time zone ---- */

static bool
try_time_zone(Request *req, const char *zone)
{
	bool		done = run_call_alone(req, sql_set_time_zone(zone)) != NULL;

	/* a zone that the server does not know is no error of the request */
	req->error = NULL;
	req->sqlstate[0] = '\0';
	return done;
}

/*
 * Values of the request without a zone are in the one that it names.  The
 * connection keeps it for the next request.
 */
static void
set_time_zone(Request *req)
{
	const char *zone = request_header(req, "X-Time-Zone");

	if (zone == NULL || strlen(zone) >= TIME_ZONE_SIZE)
		zone = "";
	if (strcmp(zone, req->db->time_zone) == 0)
		return;
	if (!try_time_zone(req, zone))
		try_time_zone(req, "");
	strcpy(req->db->time_zone, zone);
}

/* ---- statements ---- */

static bool
connect_request(Request *req)
{
	ConnectError error;

	if (req->db)
		return true;
	req->db = pool_acquire(session_pool(req->session), &error);
	if (req->db)
	{
		set_time_zone(req);
		return true;
	}
	set_error(req, error.sqlstate, error.message);
	if (session_role(req->session) && connect_refuses_role(error.sqlstate))
		session_end(req->session);
	return false;
}

/*
 * Ends the session if its role can no longer sign in, which then becomes the
 * last failure.
 */
static bool
end_if_rejected(Request *req)
{
	if (session_role(req->session) == NULL || session_verify(req->session))
		return false;
	set_error(req, "28000", "the role can no longer sign in");
	return true;
}

/* Missing privileges are common, so check at most once per second. */
bool
db_role_is_gone(Request *req)
{
	return pool_unverified(session_pool(req->session)) >= 1 && end_if_rejected(req);
}

/*
 * On an open connection of a dropped role, statements fail with
 * undefined_object or insufficient_privilege.
 */
static void
check_role_after_failure(Request *req)
{
	if (strcmp(req->sqlstate, "42704") == 0)
		end_if_rejected(req);
	else if (strcmp(req->sqlstate, "42501") == 0)
		db_role_is_gone(req);
}

/* Adds the steps that begin a transaction. */
static void
add_begin(Request *req, Steps *steps)
{
	add_step(req, steps, (Call) {&begin}, false);
	if (session_is_proxied(req->session))
		add_step(req, steps, sql_set_owner(session_owner(req->session), session_owner_name(req->session),
										   request_may_take_over(req) ? "on" : "off"), false);
}

static void
leave_transaction(Request *req)
{
	if (PQstatus(req->db->pg) == CONNECTION_OK && PQtransactionStatus(req->db->pg) != PQTRANS_IDLE)
		run_alone(req, &rollback);
}

PGresult *
db_run(Request *req, Call call)
{
	bool		own_transaction = !req->in_transaction && session_is_proxied(req->session);
	Steps		steps = {.n = 0};
	PGresult   *result;

	if (!connect_request(req))
		return NULL;
	if (own_transaction || req->begin_pending)
		add_begin(req, &steps);
	add_step(req, &steps, call, true);
	if (own_transaction)
		add_step(req, &steps, (Call) {&commit}, false);
	req->begin_pending = false;
	result = run_steps(req, &steps);
	if (result == NULL && own_transaction)
		leave_transaction(req);
	if (result == NULL)
		check_role_after_failure(req);
	return result;
}

/* ---- transactions ---- */

void
db_begin(Request *req)
{
	req->in_transaction = true;
	req->begin_pending = true;
}

/* COMMIT of a failed transaction returns ROLLBACK without an error. */
bool
db_commit(Request *req)
{
	bool		begun = req->in_transaction && !req->begin_pending;

	req->in_transaction = req->begin_pending = false;
	if (!begun)
		return true;
	if (req->db == NULL || PQtransactionStatus(req->db->pg) != PQTRANS_INTRANS)
	{
		db_rollback(req);
		return false;
	}
	return run_alone(req, &commit) != NULL;
}

void
db_rollback(Request *req)
{
	req->in_transaction = req->begin_pending = false;
	if (req->db)
		leave_transaction(req);
}

void
db_finish(Request *req)
{
	if (req->db == NULL)
		return;
	db_rollback(req);
	pool_release(req->db);
	req->db = NULL;
}
