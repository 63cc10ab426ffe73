/*
 * ajax_scripts.c
 *		Scripts that django-locking's pages load: variables and texts
 */
#include "api/ajax_scripts.h"

#include <string.h>

#include "access/caller.h"
#include "api/ajax_table.h"
#include "api/plan.h"
#include "base/options.h"
#include "db/db.h"
#include "http/reply.h"
#include "http/request_data.h"

#define JAVASCRIPT "text/javascript; charset=utf-8"

/* ---- variables.js ---- */

/*
 * Asks whether the row that the page edits is locked, which renews the page's
 * lock (ajax.c), until the lock has lasted as long as the page was told.  The
 * rest of a line that begins with "var lease = ".
 */
#define KEEPING \
	";\n" \
	"\tvar path = location.pathname, admin = locking.admin_url, until = Date.now() + lease, end, row;\n" \
	"\tif (path.indexOf(admin + \"/\") === 0) path = path.slice(admin.length);\n" \
	"\trow = /^\\/([\\w-]+\\/[\\w-]+\\/\\d+)(\\/|$)/.exec(path);\n" \
	"\tend = Date.now() + locking.time_until_expiration * 1000;\n" \
	"\tfunction ask() {\n" \
	"\t\tvar at = Date.now();\n" \
	"\t\tif (until >= end) return;\n" \
	"\t\tfetch(locking.base_url + \"/\" + row[1] + \"/is_locked/\", { cache: \"no-store\", headers: { \"X-Requested-With\": \"XMLHttpRequest\" } })\n" \
	"\t\t\t.then(function (reply) { if (reply.ok) until = at + lease; }, function () {});\n" \
	"\t}\n" \
	"\tif (row) {\n" \
	"\t\tsetInterval(ask, lease / 3);\n" \
	"\t\tdocument.addEventListener(\"visibilitychange\", ask);\n" \
	"\t}\n" \
	"}());\n"

/*
 * Browsers that block the page's request when it is left send this header
 * with their requests for scripts.  Others, and programs that read the
 * variables, get only these.
 */
static bool
needs_keeping(const Request *req)
{
	const char *dest = request_header(req, "Sec-Fetch-Dest");

	return dest && strcmp(dest, "script") == 0;
}

static const char *
keeping_script(Request *req)
{
	if (!needs_keeping(req))
		return "";
	return request_printf(req, "(function () {\n\tvar lease = %ld" KEEPING, options.ajax_ttl * 1000);
}

/*
 * GET variables.js, with the times of the table that the page edits, or the
 * shortest ones.  A user who is signed in may have settings of their own.
 * Without an answer of the database the page gets the default times: without
 * base_url it would let its user edit without a lock, while requests that
 * fail keep it disabled.
 */
void
ajax_variables(Request *req)
{
	const char *base = request_ajax_base(req);
	const char *admin;
	int			admin_length;
	PGresult   *times;
	bool		known;

	req->session = caller_session(req);
	times = db_run(req, sql_ajax_times(ajax_table_of_page(req)));
	known = times != NULL && PQntuples(times) == 1;
	admin = ajax_admin_url(req, &admin_length);
	reply_text(req, 200, JAVASCRIPT,
			   request_printf(req, "var locking = {\"base_url\": \"%.*s\", \"timeout\": 1800, \"time_until_expiration\": %s,"
							  " \"time_until_warning\": %s, \"admin_url\": \"%.*s\"};\n%s",
							  (int) strlen(base) - 1, base,
							  known ? value_at(times, AJAX_TIMES_EXPIRATION) : "120",
							  known ? value_at(times, AJAX_TIMES_WARNING) : "60",
							  admin_length, admin, keeping_script(req)));
}

/* ---- jsi18n/ ---- */

/*
 * GET jsi18n/: no translations; interpolate() keeps placeholders without
 * data.
 */
void
ajax_texts(Request *req)
{
	reply_text(req, 200, JAVASCRIPT,
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
