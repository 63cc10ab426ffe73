/*
 * ajax.c
 *		Interface of django-locking, for pages that only change the base URL
 *
 * All requests are GET, with a trailing slash; error replies have no body.
 * Unlike in the original, unlocking another owner's lock requires the right
 * to break locks, and the flags of the routes exclude pages of other sites
 * and, for requests that change something, everything but scripts.
 */
#include "api/ajax.h"

#include <ctype.h>
#include <string.h>

#include "api/plan.h"
#include "db/db.h"
#include "http/reply.h"

/* ---- the row ---- */

static bool
is_word(const char *text)
{
	size_t		length = 0;

	while (isalnum((unsigned char) text[length]) || text[length] == '_' || text[length] == '-')
		length++;
	return length > 0 && text[length] == '\0';
}

static bool
is_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/*
 * Returns the name of the table for app and model.  If they are not valid for
 * django-locking, replies 404 and returns NULL.
 */
static const char *
table_name(Request *req)
{
	const char *app = request_param(req, "app");
	const char *model = request_param(req, "model");

	if (is_word(app) && is_word(model) && is_digits(request_param(req, "id")))
		return request_printf(req, "\"%s_%s\"", app, model);
	reply_empty(req, 404);
	return NULL;
}

/*
 * Runs the statement on the row.  On failure replies, with 401 for missing
 * privileges, and returns NULL.
 */
static PGresult *
run_on_row(Request *req, Call (*statement) (const char *table, const char *key))
{
	const char *table = table_name(req);
	PGresult   *result = table ? run_on_table(req, statement(table, request_param(req, "id"))) : NULL;

	if (table != NULL && result == NULL && (strcmp(db_sqlstate(req), "42501") == 0 || is_hidden(req, table)))
		reply_empty(req, 401);
	return result;
}

/* ---- requests ---- */

/* GET {app}/{model}/{id}/is_locked/ */
void
ajax_is_locked(Request *req)
{
	reply_result(req, 200, run_on_row(req, sql_ajax_is_locked));
}

/* GET {app}/{model}/{id}/lock/ */
void
ajax_lock(Request *req)
{
	PGresult   *attempt = run_on_row(req, sql_ajax_lock);

	if (attempt != NULL)
		reply_empty(req, is_true(attempt, 0) ? 200 : 403);
}

/* GET {app}/{model}/{id}/unlock/ */
void
ajax_unlock(Request *req)
{
	PGresult   *found = run_on_row(req, sql_ajax_lock_state);
	PGresult   *ended;
	const char *token;

	if (found == NULL)
		return;
	token = value_at(found, AJAX_LOCK_STATE_TOKEN);
	if (token != NULL)
		ended = db_run(req, sql_release_token(token));
	else
		ended = db_run(req, sql_ajax_break_lock(table_name(req), request_param(req, "id")));
	if (ended != NULL)
		reply_empty(req, is_true(ended, 0) ? 200 : 403);
}

/* ---- scripts ---- */

/* GET variables.js */
void
ajax_variables(Request *req)
{
	const char *base = request_ajax_base(req);

	/* without the trailing slash */
	int			length = (int) strlen(base) - 1;
	int			parent = length;

	while (parent > 0 && base[parent - 1] != '/')
		parent--;
	reply_text(req, 200, "text/javascript; charset=utf-8",
			   request_printf(req, "var locking = {\"base_url\": \"%.*s\", \"timeout\": 1800, \"time_until_expiration\": 120,"
							  " \"time_until_warning\": 60, \"admin_url\": \"%.*s\"};\n",
							  length, base, parent > 1 ? parent - 1 : 0, base));
}

/*
 * GET jsi18n/: no translations; interpolate() keeps placeholders without
 * data.
 */
void
ajax_texts(Request *req)
{
	reply_text(req, 200, "text/javascript; charset=utf-8",
			   "function gettext(text) { return text; }\n"
			   "function interpolate(format, data, named) {\n"
			   "\tvar n = 0;\n"
			   "\tfunction replace(value, placeholder) { return value === undefined || value === null ? placeholder : String(value); }\n"
			   "\tdata = data || {};\n"
			   "\treturn named\n"
			   "\t\t? format.replace(/%\\((\\w+)\\)s/g, function (placeholder, name) { return replace(data[name], placeholder); })\n"
			   "\t\t: format.replace(/%s/g, function (placeholder) { return replace(data[n++], placeholder); });\n"
			   "}\n");
}
