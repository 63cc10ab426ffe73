/*
 * routes.c
 *		Table of routes: method, path, handler
 */
#include "server/routes.h"

#include "api/ajax.h"
#include "api/ajax_scripts.h"
#include "api/choices.h"
#include "api/drafts.h"
#include "api/lists.h"
#include "api/lock.h"
#include "api/presence.h"
#include "api/requests.h"
#include "api/row.h"
#include "api/rows.h"
#include "api/sessions.h"
#include "api/signin.h"
#include "api/tables.h"
#include "events/stream.h"
#include "server/figures.h"
#include "server/health.h"
#include "server/metrics.h"
#include "server/static.h"

const Route routes[] = {
	/* for operators */
	{METHOD_GET, "/healthz", get_healthz, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/readyz", get_readyz, ROUTE_PUBLIC},
	{METHOD_GET, "/metrics", get_metrics, ROUTE_PUBLIC | ROUTE_DIRECT},

	/* session */
	{METHOD_POST, "/api/v1/session", post_session, ROUTE_PUBLIC},
	{METHOD_GET, "/api/v1/session", get_session, ROUTE_PUBLIC},
	{METHOD_DELETE, "/api/v1/session", delete_session, 0},
	{METHOD_GET, "/api/v1/sessions", list_sessions, 0},
	{METHOD_DELETE, "/api/v1/sessions/{id}", end_session, 0},

	/* tables */
	{METHOD_GET, "/api/v1/tables", list_tables, 0},
	{METHOD_GET, "/api/v1/tables/{table}", get_table, 0},
	{METHOD_PUT, "/api/v1/tables/{table}/protection", protect_table, 0},
	{METHOD_DELETE, "/api/v1/tables/{table}/protection", unprotect_table, 0},
	{METHOD_GET, "/api/v1/tables/{table}/choices", list_choices, 0},

	/* rows */
	{METHOD_GET, "/api/v1/tables/{table}/count", count_rows, 0},
	{METHOD_GET, "/api/v1/tables/{table}/csv", export_rows, 0},
	{METHOD_GET, "/api/v1/tables/{table}/labels", list_labels, 0},
	{METHOD_GET, "/api/v1/tables/{table}/rows", list_rows, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows", insert_row, 0},
	{METHOD_GET, "/api/v1/tables/{table}/rows/{key}", get_row, 0},
	{METHOD_PUT, "/api/v1/tables/{table}/rows/{key}", save_row, 0},
	{METHOD_DELETE, "/api/v1/tables/{table}/rows/{key}", delete_row, 0},

	/* people who have rows open */
	{METHOD_GET, "/api/v1/tables/{table}/presence", list_presence, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/presence", report_presence, ROUTE_BEACON},

	/* lock, requests and drafts of a row */
	{METHOD_GET, "/api/v1/tables/{table}/rows/{key}/lock", get_lock, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/lock", acquire_lock, 0},
	{METHOD_PUT, "/api/v1/tables/{table}/rows/{key}/lock", renew_lock, 0},
	{METHOD_DELETE, "/api/v1/tables/{table}/rows/{key}/lock", release_lock, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/lock/release", release_lock, ROUTE_BEACON},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/lock/handover", hand_lock_over, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/lock/takeover", take_lock_over, ROUTE_TAKE_OVER},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/lock/break", break_lock, ROUTE_TAKE_OVER},
	{METHOD_GET, "/api/v1/tables/{table}/rows/{key}/request", list_requests, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/request", request_row, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/request/decline", decline_request, 0},
	{METHOD_DELETE, "/api/v1/tables/{table}/rows/{key}/request", withdraw_request, 0},
	{METHOD_GET, "/api/v1/tables/{table}/rows/{key}/draft", get_draft, 0},
	{METHOD_PUT, "/api/v1/tables/{table}/rows/{key}/draft", save_draft, 0},
	{METHOD_POST, "/api/v1/tables/{table}/rows/{key}/draft", save_draft, ROUTE_BEACON},
	{METHOD_DELETE, "/api/v1/tables/{table}/rows/{key}/draft", discard_draft, 0},

	/* drafts of new rows, and all drafts */
	{METHOD_GET, "/api/v1/tables/{table}/draft", get_draft_of_new, 0},
	{METHOD_PUT, "/api/v1/tables/{table}/draft", save_draft_of_new, 0},
	{METHOD_POST, "/api/v1/tables/{table}/draft", save_draft_of_new, ROUTE_BEACON},
	{METHOD_DELETE, "/api/v1/tables/{table}/draft", discard_draft_of_new, 0},
	{METHOD_GET, "/api/v1/drafts", list_drafts, 0},

	/* all locks */
	{METHOD_GET, "/api/v1/locks", list_locks, 0},
	{METHOD_POST, "/api/v1/locks/break", break_locks, ROUTE_TAKE_OVER},
	{METHOD_GET, "/api/v1/history", list_history, 0},
	{METHOD_GET, "/api/v1/overview", get_overview, 0},

	/* interface of django-locking */
	{METHOD_GET, "{app}/{model}/{id}/is_locked/", ajax_is_locked, ROUTE_AJAX},
	{METHOD_GET, "{app}/{model}/{id}/lock/", ajax_lock, ROUTE_AJAX | ROUTE_SCRIPT},
	{METHOD_GET, "{app}/{model}/{id}/unlock/", ajax_unlock, ROUTE_AJAX | ROUTE_SCRIPT},
	{METHOD_GET, "variables.js", ajax_variables, ROUTE_AJAX | ROUTE_PUBLIC},
	{METHOD_GET, "jsi18n/", ajax_texts, ROUTE_AJAX | ROUTE_PUBLIC | ROUTE_DIRECT},

	/* events */
	{METHOD_GET, "/api/v1/events", get_events, 0},

	/* pages, all built by the same script, and their files */
	{METHOD_GET, "/", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/signin", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables/{table}", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables/{table}/{key}", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/new/{table}", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/locks", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/sessions", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/drafts", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/history", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/overview", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/static/{file...}", get_static, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/api/v1/openapi.json", get_openapi, ROUTE_PUBLIC | ROUTE_DIRECT},

	/* no path matches this one */
	{METHOD_GET, "(missing page)", get_missing_page, ROUTE_PUBLIC | ROUTE_DIRECT},

	{METHOD_GET, NULL, NULL, 0}
};

const Route *
route_of_missing_page(void)
{
	const Route *route = routes;

	while (route->handler != get_missing_page)
		route++;
	return route;
}
