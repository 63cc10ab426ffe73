/*
 * api_lists.c
 *		All locks, and their history.
 *
 * The views ask of each record whether its reader may see the row. So they are asked for as
 * little as can do: locks of one table by their index, and the history by stretches of time.
 * OFFSET 0 keeps a condition beside its view: as a condition of a join it would be applied
 * after the view's own.
 */
#include "api.h"
#include "api_sql.h"

/* ---- what both have in common ---- */

/*
 * SQL of a page. $1 oid of the table, $2 cursor, $3 limit, $4 q, and what ITEMS needs. Columns as of a plan,
 * then the page, and whether it is full.
 *
 * MEMBER names the list. BOUND: what its records are limited by, if anything. ITEMS: these, l.
 * SHOWN: what is shown of one. TEXTS: what is searched. ORDER(way): the columns to sort by, EDGE
 * their values as a JSON array of LENGTH, TYPED such values of the cursor in their types. WAY
 * and what follows goes with the direction that one pages in, see FORWARD and BACKWARD.
 */
#define LIST(member, bound, items, shown, texts, order, edge, length, typed, way, behind, display, next, prev) \
	"WITH want AS (SELECT *, " bound " AS bound FROM (SELECT " CURSOR_VALUES("'" member "'", "$2") " AS \"values\"," \
	"  coalesce($3::int, 50) AS size, nullif($4, '') AS q, $1 AS asked) given)," \
	" page AS (SELECT p.*, pg_catalog.row_number() OVER (ORDER BY " order(way) ") AS n FROM (SELECT l.* FROM want," \
	" LATERAL (" items " OFFSET 0) l" \
	"  WHERE (q IS NULL OR pg_catalog.concat_ws(E'\\n', " texts ") OPERATOR(pg_catalog.~~*) (" ANYWHERE("q") "))" \
	"   AND (\"values\" IS NULL OR (" order("") ") " behind " (" typed "))" \
	"  ORDER BY " order(way) " LIMIT (SELECT size + 1 FROM want)) p)," \
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
	"   'next', " CURSOR("'" member "'", next) ", 'prev', " CURSOR("'" member "'", prev) ") FROM edge) END," \
	"  detail IS NULL AND (SELECT pg_catalog.count(*) > size FROM page)" \
	" FROM want LEFT JOIN (SELECT * FROM problem LIMIT 1) p ON true"

/* The latest come first: on to what is older, or back to what is newer. */
#define FORWARD "DESC", "<", "n", "far", "near"
#define BACKWARD "ASC", ">", "n DESC", "near", "far"
#define LIST_OF(...) LIST(__VA_ARGS__)

/* before takes one back, after (or neither) on. */
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

/* The table that is asked for, if one is: of no other are policies run that are not trusted. False: it has been replied. */
static bool
find_asked(Request *req, TableName *table)
{
	const char *name = request_query(req, "table");

	*table = (TableName) {NULL, false};
	return name == NULL || find_table(req, name, table);
}

/* ---- locks ---- */

/* $5 owner, $6 mine. Two ways, of which one is taken: all records are read once, or those of one table by their index. */
#define LOCKS_WHERE(condition) \
	"SELECT l.* FROM locking.locks l WHERE " condition " AND ($5 IS NULL OR l.owner = $5)" \
	" AND (l.is_mine OR NOT coalesce($6::boolean, false))"
#define LOCKS LOCKS_WHERE("want.asked IS NULL") " UNION ALL " LOCKS_WHERE("l.relation::oid = want.asked")
#define LOCKS_TEXTS "l.key, l.owner, l.owner_name, l.note, l.relation::text"
#define LOCKS_ORDER(way) "acquired_at " way ", relation::oid " way ", key COLLATE \"C\" " way
#define LOCKS_EDGE "pg_catalog.json_build_array(acquired_at, relation::oid, key)"
#define LOCKS_TYPED "(\"values\" ->> 0)::timestamptz, (\"values\" ->> 1)::oid, \"values\" ->> 2"
#define LOCKS_LIST "locks", "NULL", LOCKS, LOCK_COLUMNS, LOCKS_TEXTS, LOCKS_ORDER, LOCKS_EDGE, "3", LOCKS_TYPED

static const Statement locks_forward = {"locks_forward", LIST_OF(LOCKS_LIST, FORWARD), .names_relation = true};
static const Statement locks_backward = {"locks_backward", LIST_OF(LOCKS_LIST, BACKWARD), .names_relation = true};

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

/* $5 key, $6 owner, $7 actor, $8 event, $9 stretch of time from the cursor, or now, on */
#define STRETCH(sign) "coalesce((\"values\" ->> 0)::timestamptz, pg_catalog.now()) " sign " $9::interval"
#define EVERYTHING "1000 years"
#define HISTORY(within) \
	"SELECT l.* FROM locking.history l WHERE l.at " within " want.bound" \
	" AND (want.asked IS NULL OR l.relation::oid = want.asked) AND ($5 IS NULL OR l.key = $5) AND " HISTORY_FILTER
#define HISTORY_OF_ROW(within) \
	"SELECT l.* FROM locking.history_of(want.asked::regclass, $5) l WHERE l.at " within " want.bound AND " HISTORY_FILTER
#define HISTORY_FILTER \
	"($6 IS NULL OR l.owner = $6) AND ($7 IS NULL OR l.actor = $7) AND ($8 IS NULL OR l.event = $8)"
#define HISTORY_COLUMNS \
	"l.id, l.at, l.event, (pg_catalog.pg_identify_object(1259, l.relation, 0)).identity AS \"table\"," \
	" l.relation::text AS name, l.key," \
	" l.owner, l.actor, l.session_role, l.client_addr, l.reason"
#define HISTORY_TEXTS "l.key, l.owner, l.actor, l.reason"
#define HISTORY_ORDER(way) "at " way ", id " way
#define HISTORY_EDGE "pg_catalog.json_build_array(at, id)"
#define HISTORY_TYPED "(\"values\" ->> 0)::timestamptz, (\"values\" ->> 1)::bigint"
#define HISTORY_LIST(items, sign, within) \
	"events", STRETCH(sign), items(within), HISTORY_COLUMNS, HISTORY_TEXTS, HISTORY_ORDER, HISTORY_EDGE, "2", HISTORY_TYPED

static const Statement history[2] = {
	{"history_forward", LIST_OF(HISTORY_LIST(HISTORY, "-", ">"), FORWARD), .names_relation = true},
	{"history_backward", LIST_OF(HISTORY_LIST(HISTORY, "+", "<"), BACKWARD), .names_relation = true}
};

/* Of one row of a protected table, by index. */
static const Statement history_of_row[2] = {
	{"history_of_row_forward", LIST_OF(HISTORY_LIST(HISTORY_OF_ROW, "-", ">"), FORWARD), .names_relation = true},
	{"history_of_row_backward", LIST_OF(HISTORY_LIST(HISTORY_OF_ROW, "+", "<"), BACKWARD), .names_relation = true}
};

static PGresult *
history_page(Request *req, const Statement *statements, const TableName *table, const char *stretch)
{
	return run_plan(req, &statements[is_backward(req)], table->oid, cursor_of(req), request_query(req, "limit"),
					request_query(req, "q"), request_query(req, "key"), request_query(req, "owner"),
					request_query(req, "actor"), request_query(req, "event"), stretch);
}

/* Longer and longer stretches of time, until one fills the page; the last one holds everything. */
static PGresult *
history_in_stretches(Request *req, const TableName *table)
{
	static const char *const stretches[] = {"1 minute", "1 hour", "1 day", "30 days", EVERYTHING};
	PGresult   *page = history_page(req, history, table, stretches[0]);

	for (size_t i = 1; page != NULL && !is_true(page, PLAN_FIRST + 1) && i < sizeof(stretches) / sizeof(stretches[0]); i++)
		page = history_page(req, history, table, stretches[i]);
	return page;
}

/* GET history */
void
list_history(Request *req)
{
	TableName	table;
	PGresult   *page;

	if (!find_asked(req, &table))
		return;
	if (table.is_protected && request_query(req, "key"))
		page = history_page(req, history_of_row, &table, EVERYTHING);
	else
		page = history_in_stretches(req, &table);
	if (page != NULL)
		reply_json(req, 200, value_at(page, PLAN_FIRST));
}
