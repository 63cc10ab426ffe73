/*
 * lists.c
 *		Lists of locks and of their history
 */
#include "api/lists.h"

#include <string.h>

#include "api/plan.h"
#include "http/problem.h"
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

/*
 * Returns the order of the locks, as "acquired desc"; if it is not one,
 * replies and returns NULL.
 */
static const char *
order_of(Request *req)
{
	static const char *const orders[] = {"acquired desc", "acquired asc", "ends desc", "ends asc", "owner desc",
	"owner asc", "table desc", "table asc"};
	const char *sort = request_query(req, "sort");
	const char *dir = request_query(req, "dir");
	const char *wanted = request_printf(req, "%s %s", sort ? sort : "acquired", dir ? dir : sort ? "asc" : "desc");

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(wanted, orders[i]) == 0)
			return orders[i];
	reply_problem(req, PROBLEM_INVALID, "sort must be acquired, ends, owner or table, and dir asc or desc",
				  json_pack("{s:s}", "column", "sort"));
	return NULL;
}

static bool
is_descending(const char *order)
{
	return strcmp(order + strlen(order) - strlen("desc"), "desc") == 0;
}

/* GET locks */
void
list_locks(Request *req)
{
	bool		back = is_backward(req);
	const char *order = order_of(req);
	TableRef	table;
	Call		list;

	if (order == NULL || !find_filter_table(req, &table))
		return;
	list = (is_descending(order) != back ? sql_locks_down : sql_locks_up)
		(table.oid, cursor_of(req), request_query(req, "limit"), request_query(req, "q"),
		 request_query(req, "owner"), request_query(req, "mine"), request_query(req, "held"), order, back ? "t" : "f");
	reply_page(req, list, LOCKS_DOWN_PAGE);
}

/* ---- history ---- */

typedef Call HistoryList (const char *table, const char *cursor, const char *limit, const char *q,
						  const char *key, const char *owner, const char *actor, const char *event,
						  const char *since, const char *until);

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
		 request_query(req, "event"), request_query(req, "since"), request_query(req, "until"));
	reply_page(req, list, HISTORY_PAGE);
}
