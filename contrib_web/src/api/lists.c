/*
 * lists.c
 *		Lists of locks and of their history
 */
#include "api/lists.h"

#include "api/plan.h"
#include "http/reply.h"

/* ---- parameters of both lists ---- */

/* "before" pages backward, "after" (or neither) forward. */
static const char *
cursor_of(const Request *req)
{
	const char *before = request_query(req, "before");

	return before ? before : request_query(req, "after");
}

static bool
is_backward(const Request *req)
{
	return request_query(req, "before") != NULL;
}

/*
 * Looks up the table in the query string, if any.  The statement then names
 * this table only, so untrusted policies of other tables do not run.  On
 * failure replies and returns false.
 */
static bool
find_filter_table(Request *req, TableRef *table)
{
	const char *name = request_query(req, "table");

	*table = (TableRef) {NULL, false};
	return name == NULL || find_table(req, name, table);
}

static void
reply_page(Request *req, Call list, int column)
{
	PGresult   *page = run_plan(req, list);

	if (page != NULL)
		reply_json(req, 200, value_at(page, column));
}

/* ---- locks ---- */

/* GET locks */
void
list_locks(Request *req)
{
	TableRef	table;
	Call		list;

	if (!find_filter_table(req, &table))
		return;
	list = (is_backward(req) ? sql_locks_back : sql_locks)
		(table.oid, cursor_of(req), request_query(req, "limit"), request_query(req, "q"),
		 request_query(req, "owner"), request_query(req, "mine"));
	reply_page(req, list, LOCKS_PAGE);
}

/* ---- history ---- */

typedef Call HistoryList (const char *table, const char *cursor, const char *limit, const char *q,
						  const char *key, const char *owner, const char *actor, const char *event);

static HistoryList *
history_list(const Request *req, const TableRef *table)
{
	if (table->is_protected && request_query(req, "key"))
		return is_backward(req) ? sql_history_of_row_back : sql_history_of_row;
	return is_backward(req) ? sql_history_back : sql_history;
}

/* GET history */
void
list_history(Request *req)
{
	TableRef	table;
	Call		list;

	if (!find_filter_table(req, &table))
		return;
	list = history_list(req, &table)
		(table.oid, cursor_of(req), request_query(req, "limit"), request_query(req, "q"),
		 request_query(req, "key"), request_query(req, "owner"), request_query(req, "actor"),
		 request_query(req, "event"));
	reply_page(req, list, HISTORY_PAGE);
}
