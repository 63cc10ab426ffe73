/*
 * api_lists.c
 *		All locks, and their history.
 *
 * The views ask of each record whether its reader may see the row. So they are asked for as
 * little as can do: locks table by table, which the index of lock records
 * serves, and the history by stretches of time.
 */
#include "api.h"
#include "api_sql.h"

#include <stddef.h>

/* ---- what both have in common ---- */

/*
 * SQL of a page. $1 table, $2 cursor, $3 limit, $4 q, and what the items need. Columns as of a plan, then the
 * page, and whether it has all that there is or all that it can hold.
 *
 * MEMBER names the list. ITEMS gives item, cursor, the texts to be searched, and the columns to sort by, which
 * ORDER names; LENGTH is how many, TYPED the cursor's values in their types. WAY, BEHIND, SHOWN, NEXT and PREV go with the
 * direction one pages in, see FORWARD and BACKWARD.
 */
#define LIST(member, items, order, length, typed, way, behind, shown, next, prev) \
	"WITH want AS (SELECT " CURSOR_VALUES("'" member "'", "$2::text") " AS \"values\", coalesce($3::int, 50) AS size," \
	"  nullif($4::text, '') AS q, (SELECT oid FROM " ASKED("$1::text") " asked) AS asked)," \
	" page AS (SELECT p.*, row_number() OVER (ORDER BY " order(way) ") AS n FROM (SELECT i.* FROM want, LATERAL (" items ") i" \
	"  WHERE (q IS NULL OR texts OPERATOR(pg_catalog.~~*) (" ANYWHERE("q") "))" \
	"   AND (\"values\" IS NULL OR (" order("") ") " behind " (" typed "))" \
	"  ORDER BY " order(way) " LIMIT (SELECT size + 1 FROM want)) p)," \
	" edge AS (SELECT (SELECT cursor FROM page WHERE n = 1 AND $2::text IS NOT NULL) AS near," \
	"  (SELECT cursor FROM page, want WHERE n = size AND EXISTS (SELECT FROM page WHERE n > size)) AS far)," \
	" problem AS (SELECT 'limit must be from 1 to 1000' AS detail, 'limit' AS field FROM want WHERE size NOT BETWEEN 1 AND 1000" \
	"  UNION ALL SELECT 'the cursor is not one of this list', 'after' FROM want" \
	"   WHERE $2::text IS NOT NULL AND (\"values\" IS NULL OR json_array_length(\"values\") <> " length "))" \
	" SELECT CASE WHEN detail IS NOT NULL THEN 'invalid' END, detail, field, CASE WHEN detail IS NULL THEN (SELECT json_build_object('" member "'," \
	"  (SELECT coalesce(json_agg(item ORDER BY " shown "), '[]') FROM page WHERE n <= size)," \
	"  'next', " CURSOR("'" member "'", next) ", 'prev', " CURSOR("'" member "'", prev) ") FROM edge) END," \
	"  detail IS NULL AND (SELECT count(*) > size FROM page)" \
	" FROM want LEFT JOIN (SELECT * FROM problem LIMIT 1) p ON true WHERE $1::text IS NULL OR want.asked IS NOT NULL"

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

/* ---- locks ---- */

/* $5 owner, $6 mine */
#define LOCKS \
	"SELECT l.* FROM locking.protected_tables p, LATERAL (" \
	"  SELECT (SELECT row_to_json(shown.*) FROM (SELECT " LOCK_COLUMNS ") shown) AS item," \
	"   l.acquired_at, l.relation::oid AS relation, l.key, json_build_array(l.acquired_at, l.relation::oid, l.key) AS cursor," \
	"   concat_ws(E'\\n', l.key, l.owner, l.owner_name, l.note, l.relation::text) AS texts" \
	"  FROM locking.locks l WHERE l.relation::oid = p.relation::oid AND l.owner = coalesce($5::text, l.owner)" \
	"   AND (l.is_mine OR NOT coalesce($6::boolean, false))) l" \
	" WHERE p.relation::oid = coalesce(want.asked, p.relation::oid)"
#define LOCKS_ORDER(way) "acquired_at " way ", relation " way ", key COLLATE \"C\" " way
#define LOCKS_TYPED "(\"values\" ->> 0)::timestamptz, (\"values\" ->> 1)::oid, \"values\" ->> 2"

static const Statement locks_forward = {"locks_forward",
	LIST_OF("locks", LOCKS, LOCKS_ORDER, "3", LOCKS_TYPED, FORWARD)};
static const Statement locks_backward = {"locks_backward",
	LIST_OF("locks", LOCKS, LOCKS_ORDER, "3", LOCKS_TYPED, BACKWARD)};

/* GET locks */
void
list_locks(Request *req)
{
	PGresult   *page = run_plan(req, is_backward(req) ? &locks_backward : &locks_forward,
								request_query(req, "table"), cursor_of(req), request_query(req, "limit"),
								request_query(req, "q"), request_query(req, "owner"), request_query(req, "mine"));

	if (page != NULL)
		reply_json(req, 200, value_at(page, PLAN_FIRST));
}

/* ---- history ---- */

/* $5 key, $6 owner, $7 actor, $8 event, $9 stretch of time */
#define HISTORY(stretch) \
	"SELECT (SELECT row_to_json(shown.*) FROM (SELECT h.id, h.at, h.event, (pg_identify_object(1259, h.relation, 0)).identity AS \"table\"," \
	"   h.relation::text AS name, h.key, h.owner, h.actor, h.session_role, h.client_addr, h.reason) shown) AS item," \
	"  h.at, h.id, json_build_array(h.at, h.id) AS cursor, concat_ws(E'\\n', h.key, h.owner, h.actor, h.reason) AS texts" \
	" FROM locking.history h WHERE " stretch \
	"  AND h.relation::oid = coalesce(want.asked, h.relation::oid) AND h.key = coalesce($5::text, h.key)" \
	"  AND h.owner = coalesce($6::text, h.owner) AND h.actor = coalesce($7::text, h.actor)" \
	"  AND h.event = coalesce($8::text, h.event)"
#define EDGE_TIME "coalesce((want.\"values\" ->> 0)::timestamptz, now())"
#define OLDER HISTORY("h.at > " EDGE_TIME " - $9::interval")
#define NEWER HISTORY("h.at < " EDGE_TIME " + $9::interval")
#define HISTORY_ORDER(way) "at " way ", id " way
#define HISTORY_TYPED "(\"values\" ->> 0)::timestamptz, (\"values\" ->> 1)::bigint"

static const Statement history_forward = {"history_forward",
	LIST_OF("events", OLDER, HISTORY_ORDER, "2", HISTORY_TYPED, FORWARD)};
static const Statement history_backward = {"history_backward",
	LIST_OF("events", NEWER, HISTORY_ORDER, "2", HISTORY_TYPED, BACKWARD)};

/* The last one holds everything. */
static const char *const stretches[] = {"1 hour", "1 day", "30 days", "1000 years", NULL};

/* GET history */
void
list_history(Request *req)
{
	const Statement *statement = is_backward(req) ? &history_backward : &history_forward;
	PGresult   *page = NULL;

	for (int i = 0; stretches[i] != NULL && (i == 0 || (page != NULL && !is_true(page, PLAN_FIRST + 1))); i++)
		page = run_plan(req, statement, request_query(req, "table"), cursor_of(req), request_query(req, "limit"),
						request_query(req, "q"), request_query(req, "key"), request_query(req, "owner"),
						request_query(req, "actor"), request_query(req, "event"), stretches[i]);
	if (page != NULL)
		reply_json(req, 200, value_at(page, PLAN_FIRST));
}
