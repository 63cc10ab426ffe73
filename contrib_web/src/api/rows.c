/*
 * rows.c
 *		Pages of a table's rows with their locks: search, sorting and keyset
 *		pagination
 */
#include "api/rows.h"

#include "api/plan.h"
#include "api/sql.h"
#include "db/db.h"

/* What the plan gives. */
enum PagePlan
{
	PAGE_SQL = PLAN_FIRST,		/* $1 size, $2 q, $3 filter, $4 cursor */
	PAGE_SIZE,
	/* the cursor's values, a JSON array of texts */
	PAGE_CURSOR,
};

/*
 * SQL: the row comes behind the cursor, going by the columns of the order
 * from that number on. A comparison of rows takes one operator for all; if
 * the columns' differ by schema it is left to PostgreSQL, which lets none but
 * those of an index order in.
 */
#define BEHIND(from) \
	"(SELECT pg_catalog.format('ROW(%s) %s ROW(%s)', pg_catalog.string_agg(item, ', ' ORDER BY no)," \
	"  CASE pg_catalog.count(DISTINCT operator) WHEN 1 THEN pg_catalog.min(operator) ELSE want.compare END," \
	"  pg_catalog.string_agg(given, ', ' ORDER BY no)) FROM ord WHERE no >= " from ")"

/*
 * $1 table, $2 sort, $3 dir, $4 after, $5 before, $6 filter, $7 q, $8 locked,
 * $9 limit.
 *
 * Rows are in the order of the sort column, then of the key, so a row
 * comparison tells which come behind the cursor, and an index answers that
 * wherever the page is. NULLs sort as the greatest values, but a comparison
 * with NULL is never true: where the sort column can be null, the rows behind
 * the cursor are those of one condition or another. An index answers each,
 * but not both in one, hence UNION ALL.
 *
 * What is shown of a row is made of no more rows than the page has: first
 * these are picked, by order and key alone, so that sorting reads no long
 * values; then they are looked up again. MATERIALIZED matters: a lock is
 * looked up by index only if the key to look for is a column that is there.
 */
static const Statement plan_page = {"plan_page", RELATION
	/* dir and before make the way to go: up or down */
	", want AS ("
	" SELECT *, pg_catalog.format('%s %s', sort, dir) AS list, CASE WHEN up THEN '>' ELSE '<' END AS compare,"
	"  CASE WHEN up THEN 5 ELSE 1 END AS strategy, CASE WHEN up THEN 'ASC' ELSE 'DESC' END AS way"
	" FROM (SELECT nullif($2, '') AS sort, coalesce($3, 'asc') AS dir, $5 IS NOT NULL AS back, coalesce($4, $5) AS cursor,"
	"  (coalesce($3, 'asc') = 'asc') <> ($5 IS NOT NULL) AS up, nullif($7, '') AS q, coalesce($8::boolean, false) AS locked,"
	"  coalesce($9::int, 50) AS size) given"
	"), ord AS ("
	" SELECT *, pg_catalog.format('($4::json ->> %s)::%s', no, type) AS given"
	" FROM (SELECT pg_catalog.row_number() OVER (ORDER BY coalesce(name = want.sort, false) DESC, key_no)::int - 1 AS no,"
	"   type, 't.' || ident AS item, NOT attnotnull AS nullable, key_no, " EQUALS("atttypid") " AS equals,"
	"   " OPERATOR_OF("atttypid", "want.strategy", "want.compare") " AS operator"
	"  FROM col, want WHERE key_no > 0 OR name = want.sort) o"
	"), cur AS ("
	" SELECT " CURSOR_VALUES("list", "cursor") " AS \"values\" FROM want WHERE cursor IS NOT NULL"
	"), piece AS ("
	" SELECT (SELECT pg_catalog.string_agg(pg_catalog.format('o%s::text', no), ', ' ORDER BY no) FROM ord) AS texts,"
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('%s %s p.o%s', item, equals, no), ' AND ') FROM ord WHERE"
	" key_no > 0) AS same_key,"
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('%s AS o%s', item, no), ', ' ORDER BY no) FROM ord) AS named,"
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('%s %s', item, way), ', ' ORDER BY no) FROM ord) AS item_order,"
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('o%s %s', no, way), ', ' ORDER BY no) FROM ord) AS page_order,"
	"  (SELECT item FROM ord WHERE no = 0) AS first, (SELECT nullable FROM ord WHERE no = 0) AS nullable,"
	"  (SELECT \"values\" ->> 0 IS NULL FROM cur) AS at_null, cursor IS NULL AS at_start,"
	"  " BEHIND("0") " AS behind, " BEHIND("1") " AS behind_by_key"
	" FROM want"
	"), part AS ("
	" SELECT pg_catalog.unnest(CASE WHEN at_start THEN ARRAY['true']"
	"  WHEN NOT nullable OR NOT (at_null OR up) THEN ARRAY[behind]"
	"  WHEN NOT at_null THEN ARRAY[behind, first || ' IS NULL']"
	"  WHEN up THEN ARRAY[pg_catalog.format('%s IS NULL AND %s', first, behind_by_key)]"
	"  ELSE ARRAY[first || ' IS NOT NULL', pg_catalog.format('%s IS NULL AND %s', first, behind_by_key)] END) AS condition"
	" FROM piece, want"
	"), filter AS ("
	" SELECT f.key AS name, col.name IS NOT NULL AS known, CASE WHEN f.value IS NULL THEN pg_catalog.format('t.%s IS NULL', ident)"
	"  ELSE pg_catalog.format('t.%s %s ($3::json ->> %L::text)::%s', ident, " EQUALS("atttypid") ", f.key, type) END AS condition"
	" FROM pg_catalog.json_each_text($6::json) f LEFT JOIN col ON col.name = f.key"
	"), search AS ("
	" SELECT pg_catalog.format('t.%s::text OPERATOR(pg_catalog.=) $2', ident) AS condition FROM col WHERE key_no > 0"
	" UNION ALL"
	" SELECT pg_catalog.format('t.%s::text " ANY_COLLATION " OPERATOR(pg_catalog.~~*) (%s)', ident, $sql$" ANYWHERE("$2") "$sql$)"
	" FROM col JOIN pg_type type ON type.oid = atttypid WHERE typcategory = 'S'"
	"), searched AS ("
	" SELECT CASE WHEN locked THEN pg_catalog.format("
	"   '(SELECT l.key FROM locking.locks l WHERE l.relation::oid = %s::oid OFFSET 0) asked JOIN %s t ON %s', oid, source, matches)"
	"  ELSE source || ' t' END AS tables,"
	"  (SELECT coalesce(pg_catalog.string_agg(' AND ' || condition, ''), '') FROM filter)"
	"  || CASE WHEN q IS NULL THEN '' ELSE (SELECT pg_catalog.format(' AND (%s)', pg_catalog.string_agg(condition, '"
	" OR ')) FROM search) END AS conditions"
	" FROM rel, made, want"
	"), problem AS ("
	" SELECT " CANNOT_READ " AS problem, " WHY_CANNOT_READ " AS detail, NULL AS field, 1 AS no FROM rel"
	" UNION ALL SELECT 'invalid', 'limit must be from 1 to 1000', 'limit', 2 FROM want WHERE size NOT BETWEEN 1 AND 1000"
	" UNION ALL SELECT 'invalid', 'dir must be asc or desc', 'dir', 2 FROM want WHERE dir NOT IN ('asc', 'desc')"
	" UNION ALL SELECT 'invalid', 'after and before exclude each other', 'before', 2 WHERE $4 IS NOT NULL AND $5 IS NOT NULL"
	" UNION ALL SELECT 'invalid', pg_catalog.format('there is no column \"%s\"', sort), 'sort', 2"
	"  FROM want WHERE sort IS NOT NULL AND NOT EXISTS (SELECT FROM col WHERE name = sort)"
	" UNION ALL SELECT 'invalid', pg_catalog.format('there is no column \"%s\"', name), 'filter', 2 FROM filter WHERE NOT known"
	" UNION ALL SELECT 'invalid', 'the cursor is not one of this list in this order', CASE WHEN back THEN 'before'"
	" ELSE 'after' END, 3"
	"  FROM cur, want WHERE \"values\" IS NULL OR pg_catalog.json_array_length(\"values\") <> (SELECT pg_catalog.count(*) FROM ord)"
	") "
	"SELECT problem, detail, field, pg_catalog.format($sql$"
	"WITH picked AS MATERIALIZED ("
	"  SELECT *, pg_catalog.row_number() OVER (ORDER BY %1$s) AS n FROM (%2$s) part ORDER BY %1$s LIMIT $1::bigint + 1),"
	" page AS MATERIALIZED (SELECT p.n, %3$s AS key, %4$s AS label, %5$s AS \"values\" FROM picked p JOIN %6$s t ON"
	" %7$s WHERE p.n <= $1::bigint),"
	" locks AS (SELECT key, pg_catalog.row_to_json(lock.*) AS lock FROM (SELECT " LOCK_COLUMNS " FROM %10$s l) lock),"
	" edge AS (SELECT %8$L AS list, (SELECT pg_catalog.json_build_array(%9$s) FROM picked WHERE n = 1) AS near,"
	"  (SELECT pg_catalog.json_build_array(%9$s) FROM picked WHERE n = $1::bigint"
	"   AND EXISTS (SELECT FROM picked WHERE n > $1::bigint)) AS far)"
	" SELECT pg_catalog.json_build_object('rows', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object("
	"   'key', page.key, 'label', label, 'values', \"values\", 'lock', locks.lock) ORDER BY %11$s), '[]')"
	"   FROM page LEFT JOIN locks ON locks.key = page.key),"
	"  'next', " CURSOR("list", "%12$s") ", 'prev', " CURSOR("list", "%13$s") ") FROM edge"
	"$sql$, page_order,"
	" (SELECT pg_catalog.string_agg(pg_catalog.format('(SELECT %s FROM %s WHERE %s%s ORDER BY %s LIMIT $1::bigint + 1)',"
	"   named, tables, condition, conditions, item_order), ' UNION ALL ') FROM part),"
	" made.key, label, made.\"values\", rel.source, same_key, list, texts,"
	" CASE WHEN protected THEN pg_catalog.format('locking.locks_of(%s::oid::regclass, ARRAY(SELECT key FROM page))', rel.oid)"
	"  ELSE '(SELECT * FROM locking.locks LIMIT 0)' END,"
	" CASE WHEN back THEN 'n DESC' ELSE 'n' END, CASE WHEN back THEN 'near' ELSE 'far' END,"
	" CASE WHEN back THEN 'far' WHEN at_start THEN 'NULL::json' ELSE 'near' END), size, (SELECT \"values\" FROM cur)"
	" FROM rel, made, want, piece, searched,"
	"  (SELECT * FROM problem WHERE problem IS NOT NULL OR no = 1 ORDER BY problem IS NULL, no LIMIT 1) p"};

/* GET tables/{table}/rows */
void
list_rows(Request *req)
{
	PGresult   *plan = run_plan(req, &plan_page, request_param(req, "table"),
								request_query(req, "sort"), request_query(req, "dir"),
								request_query(req, "after"), request_query(req, "before"),
								request_query(req, "filter"), request_query(req, "q"),
								request_query(req, "locked"), request_query(req, "limit"));

	if (plan != NULL)
		reply_result(req, 200, db_run_once(req, value_at(plan, PAGE_SQL), value_at(plan, PAGE_SIZE),
										   request_query(req, "q"), request_query(req, "filter"),
										   value_at(plan, PAGE_CURSOR)));
}
