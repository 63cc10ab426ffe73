/*
 * ajax.c
 *		Interface of django-locking, for pages that only change the base URL
 *
 * All requests are GET, with a trailing slash; error replies have no body.
 * Unlike in the original, unlocking another owner's lock requires the right
 * to break locks, and the flags of the routes exclude pages of other sites
 * and, for requests that change something, everything but scripts.
 *
 * The pages unlock their row in a synchronous request while they are left,
 * which browsers no longer send.  So a lock acquired here is short
 * (options.ajax_ttl), and each is_locked of its owner renews it.  Pages that
 * ask only once are given a script that asks for them (ajax_scripts.c).
 */
#include "api/ajax.h"

#include <string.h>

#include "access/origin.h"
#include "api/ajax_table.h"
#include "api/plan.h"
#include "base/options.h"
#include "db/db.h"
#include "http/reply.h"

/* ---- the row ---- */

static bool
is_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/*
 * Returns the table of app and model.  If the path is not valid for
 * django-locking, replies 404 and returns NULL.
 */
static const char *
table_name(Request *req)
{
	const char *table = NULL;

	if (is_digits(request_param(req, "id")))
		table = ajax_table(req, request_param(req, "app"), request_param(req, "model"));
	if (table == NULL)
		reply_empty(req, 404);
	return table;
}

/* True for an id that cannot be a key of the table, so there is no row. */
static bool
is_impossible_key(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0;
}

/*
 * Runs a statement on the row.  On failure replies, with 401 for missing
 * privileges, and returns NULL.
 */
static PGresult *
run_on_row(Request *req, Call call)
{
	const char *table = call.values[0];
	PGresult   *result = run_on_table(req, call);

	if (result == NULL && (strcmp(db_sqlstate(req), "42501") == 0 || is_hidden(req, table)))
		reply_empty(req, 401);
	else if (result == NULL && is_impossible_key(db_sqlstate(req)))
		reply_empty(req, 404);
	return result;
}

/* ---- requests ---- */

/*
 * GET {app}/{model}/{id}/is_locked/
 *
 * The reply does not depend on the renewal, which fails on a standby.
 */
void
ajax_is_locked(Request *req)
{
	const char *table = table_name(req);
	PGresult   *found = table ? run_on_row(req, sql_ajax_is_locked(table, request_param(req, "id"))) : NULL;
	const char *token = found ? value_at(found, AJAX_IS_LOCKED_TOKEN) : NULL;

	reply_result(req, 200, found);
	if (token != NULL && origin_is_script(req))
		db_run(req, sql_renew_token(token));
}

/* GET {app}/{model}/{id}/lock/ */
void
ajax_lock(Request *req)
{
	const char *table = table_name(req);
	const char *seconds = request_printf(req, "%ld", options.ajax_ttl);
	PGresult   *attempt = table ? run_on_row(req, sql_ajax_lock(table, request_param(req, "id"), seconds)) : NULL;

	if (attempt != NULL)
		reply_empty(req, is_true(attempt, 0) ? 200 : 403);
}

/* GET {app}/{model}/{id}/unlock/ */
void
ajax_unlock(Request *req)
{
	const char *table = table_name(req);
	PGresult   *found = table ? run_on_row(req, sql_ajax_lock_state(table, request_param(req, "id"))) : NULL;
	PGresult   *ended;
	const char *token;

	if (found == NULL)
		return;
	token = value_at(found, AJAX_LOCK_STATE_TOKEN);
	if (token != NULL)
		ended = db_run(req, sql_release_token(token));
	else if (!request_may_take_over(req))
	{
		reply_empty(req, 403);
		return;
	}
	else
		ended = db_run(req, sql_ajax_break_lock(table, request_param(req, "id")));
	if (ended != NULL)
		reply_empty(req, is_true(ended, 0) ? 200 : 403);
}
