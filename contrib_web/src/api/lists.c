/*
 * lists.c
 *		Lists of locks and of their history
 *
 * For each record, the views check whether the reader may see its row before
 * they evaluate any other condition.  So a list must read as few records as
 * possible: locks of one table by index, and history from the latest event
 * until a page is full.
 */
#include "api/lists.h"

#include "api/plan.h"
#include "api/sql.h"
#include "http/reply.h"

/* ---- what both have in common ---- */

/*
 * SQL of a page.  $1 oid of the table, $2 cursor, $3 limit, $4 q, and what
 * RECORDS and FILTER need.  Columns as of a plan, then the page.
 *
 * MEMBER names the list.  RECORDS: what it is made of, l.  FILTER: a
 * condition on these.  SORT: the ORDER BY that they need.  SHOWN: what is
 * shown of one.  TEXTS: what is searched.  ORDER(way): the columns to sort
 * by, EDGE their values as a JSON array of LENGTH, TYPED such values of the
 * cursor in their types.  WAY and what follows goes with the direction of
 * paging, see FORWARD and BACKWARD.
 *
 * coalesce() hides the conditions from the planner, which then assumes that
 * half of the records fulfil them.  For the conditions themselves it would
 * assume next to none, so that a LIMIT could not end the reading early.
 */
#define LIST(member, records, filter, sort, shown, texts, order, edge, length, typed, way, behind, display, next, prev) \
	"WITH want AS (SELECT " CURSOR_VALUES("'" member "'", "$2") " AS \"values\"," \
	"  coalesce($3::int, 50) AS size, nullif($4, '') AS q)," \
	" page AS (SELECT p.*, pg_catalog.row_number() OVER (ORDER BY " order(way) ") AS n FROM (SELECT l.* FROM " records " l" \
	"  WHERE coalesce((" filter ")" \
	"   AND ((SELECT q FROM want) IS NULL" \
	"    OR pg_catalog.concat_ws(E'\\n', " texts ") OPERATOR(pg_catalog.~~*) (SELECT " ANYWHERE("q") " FROM want))" \
	"   AND ((SELECT \"values\" IS NULL FROM want) OR (" order("") ") " behind " (" typed ")), false)" \
	"  " sort " LIMIT " RECORDS_OF_PAGE ") p)," \
	" edge AS (SELECT (SELECT " edge " FROM page WHERE n = 1 AND $2 IS NOT NULL) AS near," \
	"  (SELECT " edge " FROM page, want WHERE n = size AND EXISTS (SELECT FROM page WHERE n > size)) AS far)," \
	" problem AS (SELECT 'limit must be from 1 to 1000' AS detail, 'limit' AS field FROM want WHERE size NOT BETWEEN 1 AND 1000" \
	"  UNION ALL SELECT 'the cursor is not one of this list', 'after' FROM want" \
	"   WHERE $2 IS NOT NULL AND (\"values\" IS NULL OR pg_catalog.json_array_length(\"values\") <> " length "))" \
	" SELECT CASE WHEN detail IS NOT NULL THEN 'invalid' END, detail, field," \
	"  CASE WHEN detail IS NULL THEN (SELECT pg_catalog.json_build_object('" member "'," \
	"   (SELECT coalesce(pg_catalog.json_agg((SELECT pg_catalog.row_to_json(shown.*) FROM (SELECT " shown ") shown)" \
	" ORDER BY " display "), '[]')" \
	"    FROM page l WHERE n <= size)," \
	"   'next', " CURSOR("'" member "'", next) ", 'prev', " CURSOR("'" member "'", prev) ") FROM edge) END" \
	" FROM want LEFT JOIN (SELECT * FROM problem LIMIT 1) p ON true"

/* A value of the cursor. */
#define CURSOR_VALUE(i) "(SELECT \"values\" ->> " i " FROM want)"

/*
 * One more than are shown, to see whether there is a further page.  The
 * planner can evaluate this expression.
 */
#define RECORDS_OF_PAGE "least(greatest(coalesce($3::int, 50), 0), 1000) + 1"

/* The latest come first: on to what is older, or back to what is newer. */
#define FORWARD "DESC", "<", "n", "far", "near"
#define BACKWARD "ASC", ">", "n DESC", "near", "far"
#define LIST_OF(...) LIST(__VA_ARGS__)

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
 * The table that is asked for, if one is: of no other are policies run that
 * are not trusted. False: it has been replied.
 */
static bool
find_asked(Request *req, TableName *table)
{
	const char *name = request_query(req, "table");

	*table = (TableName) {NULL, false};
	return name == NULL || find_table(req, name, table);
}

/* ---- locks ---- */

/*
 * $5 owner, $6 mine.  Two ways, of which one is taken: all records are read
 * once, or those of one table by their index.
 */
#define LOCKS \
	"(SELECT * FROM locking.locks WHERE $1 IS NULL UNION ALL SELECT * FROM locking.locks WHERE relation::oid = $1 OFFSET 0)"
#define LOCKS_FILTER "($5 IS NULL OR l.owner = $5) AND (l.is_mine OR NOT coalesce($6::boolean, false))"
#define LOCKS_TEXTS "l.key, l.owner, l.owner_name, l.note, l.relation::text"
#define LOCKS_ORDER(way) "acquired_at " way ", relation::oid " way ", key COLLATE \"C\" " way
#define LOCKS_EDGE "pg_catalog.json_build_array(acquired_at, relation::oid, key)"
#define LOCKS_TYPED CURSOR_VALUE("0") "::timestamptz, " CURSOR_VALUE("1") "::oid, " CURSOR_VALUE("2")
#define LOCKS_LIST(way) \
	"locks", LOCKS, LOCKS_FILTER, "ORDER BY " LOCKS_ORDER(way), LOCK_COLUMNS, LOCKS_TEXTS, LOCKS_ORDER, LOCKS_EDGE, "3", LOCKS_TYPED

static const Statement locks_forward = {"locks_forward", LIST_OF(LOCKS_LIST("DESC"), FORWARD), .names_relation = true};
static const Statement locks_backward = {"locks_backward", LIST_OF(LOCKS_LIST("ASC"), BACKWARD), .names_relation = true};

/* GET locks */
void
list_locks(Request *req)
{
	TableName	table;
	PGresult   *page = NULL;

	if (find_asked(req, &table))
		page = run_plan(req, is_backward(req) ? &locks_backward : &locks_forward, table.oid, cursor_of(req),
						request_query(req, "limit"), request_query(req, "q"), request_query(req, "owner"),
						request_query(req, "mine"));
	if (page != NULL)
		reply_json(req, 200, value_at(page, PLAN_FIRST));
}

/* ---- history ---- */

/*
 * $5 key, $6 owner, $7 actor, $8 event.
 *
 * The view gives the newest first.  A statement that reads events in this
 * order has no ORDER BY: with one, the planner would plan the view for being
 * read whole, and perhaps sort all events.
 */
#define HISTORY "locking.history"

/*
 * Events newer than the cursor.  No condition ends the reading there, but a
 * LIMIT does.  Ids are unique, so there are at most as many as the difference
 * between the newest id and the cursor.
 */
#define HISTORY_NEWER \
	"(SELECT * FROM locking.history" \
	"  LIMIT (SELECT greatest(id - greatest(" HISTORY_TYPED ", 0), 0) FROM locking.history LIMIT 1))"

/* Of one row of a protected table, by index. */
#define HISTORY_OF_ROW "locking.history_of($1::regclass, $5)"

#define HISTORY_FILTER \
	"($1 IS NULL OR l.relation::oid = $1) AND ($5 IS NULL OR l.key = $5)" \
	" AND ($6 IS NULL OR l.owner = $6) AND ($7 IS NULL OR l.actor = $7) AND ($8 IS NULL OR l.event = $8)"
#define HISTORY_COLUMNS \
	"l.id, l.at, l.event, (pg_catalog.pg_identify_object(1259, l.relation, 0)).identity AS \"table\"," \
	" l.relation::text AS name, l.key," \
	" l.owner, l.actor, l.session_role, l.client_addr, l.reason"
#define HISTORY_TEXTS "l.key, l.owner, l.actor, l.reason"
#define HISTORY_ORDER(way) "id " way
#define HISTORY_EDGE "pg_catalog.json_build_array(id)"
#define HISTORY_TYPED CURSOR_VALUE("0") "::bigint"
#define HISTORY_LIST(records, sort) \
	"events", records, HISTORY_FILTER, sort, HISTORY_COLUMNS, HISTORY_TEXTS, HISTORY_ORDER, HISTORY_EDGE, "1", HISTORY_TYPED

static const Statement history[2] = {
	{"history_forward", LIST_OF(HISTORY_LIST(HISTORY, ""), FORWARD), .names_relation = true},
	{"history_backward", LIST_OF(HISTORY_LIST(HISTORY_NEWER, "ORDER BY id"), BACKWARD), .names_relation = true}
};

static const Statement history_of_row[2] = {
	{"history_of_row_forward", LIST_OF(HISTORY_LIST(HISTORY_OF_ROW, "ORDER BY id DESC"), FORWARD), .names_relation = true},
	{"history_of_row_backward", LIST_OF(HISTORY_LIST(HISTORY_OF_ROW, "ORDER BY id"), BACKWARD), .names_relation = true}
};

/* GET history */
void
list_history(Request *req)
{
	TableName	table;
	bool		of_row;
	PGresult   *page = NULL;

	if (!find_asked(req, &table))
		return;
	of_row = table.is_protected && request_query(req, "key");
	page = run_plan(req, &(of_row ? history_of_row : history)[is_backward(req)], table.oid, cursor_of(req),
					request_query(req, "limit"), request_query(req, "q"), request_query(req, "key"),
					request_query(req, "owner"), request_query(req, "actor"), request_query(req, "event"));
	if (page != NULL)
		reply_json(req, 200, value_at(page, PLAN_FIRST));
}
