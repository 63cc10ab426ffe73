/*
 * choices.c
 *		Choices for a foreign key column
 */
#include "api/choices.h"

#include "api/plan.h"
#include "api/sql.h"
#include "db/db.h"

/*
 * $1 table, $2 column, $3 q, $4 value, $5 limit. Gives SQL of $1 limit, $2 q,
 * $3 value, and the limit. Sorted by the label column itself, not by the
 * label, so that an index helps.
 */
static const Statement plan_choices = {"plan_choices", RELATION
	", want AS (SELECT coalesce($5::int, 20) AS size, nullif($3, '') AS q"
	"), target AS ("
	" SELECT con.confrelid AS oid, (pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity AS name, a.atttypid,"
	"  'p.' || pg_catalog.quote_ident(a.attname) AS value, pg_catalog.format_type(a.atttypid, -1) AS type,"
	"  'p.' || pg_catalog.quote_ident(" LABEL_COLUMN("con.confrelid") ") AS named,"
	"  pg_catalog.has_table_privilege(con.confrelid, 'SELECT') AS readable"
	" FROM rel JOIN pg_constraint con ON con.conrelid = rel.oid AND con.contype = 'f' AND pg_catalog.cardinality(con.conkey) = 1"
	" JOIN col ON col.name = $2 AND col.attnum = con.conkey[1]"
	" JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = con.confkey[1]"
	" ORDER BY con.conname LIMIT 1"
	"), problem AS ("
	" SELECT 'forbidden' AS problem, pg_catalog.format('permission denied for table %s', rel.name) AS detail, NULL AS"
	" field, 1 AS no"
	"  FROM rel WHERE NOT readable"
	" UNION ALL SELECT 'invalid', 'the column must be one with a foreign key', 'column', 2 WHERE NOT EXISTS (SELECT FROM target)"
	" UNION ALL SELECT 'invalid', 'limit must be from 1 to 100', 'limit', 2 FROM want WHERE size NOT BETWEEN 1 AND 100"
	" UNION ALL SELECT 'forbidden', pg_catalog.format('permission denied for table %s', name), NULL, 3 FROM target"
	" WHERE NOT readable"
	") "
	"SELECT problem, detail, field, pg_catalog.format($sql$"
	"WITH choice AS (SELECT %1$s::text AS value, %2$s AS label, pg_catalog.row_number() OVER (ORDER BY %3$s) AS n"
	"  FROM %4$s p WHERE %5$s ORDER BY n LIMIT $1::bigint + 1)"
	" SELECT pg_catalog.json_build_object('choices', (SELECT"
	" coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'label', label) ORDER BY n), '[]')"
	"  FROM choice WHERE n <= $1::bigint), 'more', EXISTS (SELECT FROM choice WHERE n > $1::bigint))"
	"$sql$, value, " LABEL_OF("target.oid", "p", "value || '::text'") ", pg_catalog.concat_ws(', ', named, value), target.name,"
	" value || ' IS NOT NULL'"
	"  || CASE WHEN $4 IS NULL THEN '' ELSE pg_catalog.format(' AND %s %s $3::%s', value, " EQUALS("atttypid") ", type) END"
	"  || CASE WHEN q IS NULL THEN '' ELSE pg_catalog.format(' AND (%s::text " ANY_COLLATION " OPERATOR(pg_catalog.~~*) (%s) OR"
	" %s::text " ANY_COLLATION " OPERATOR(pg_catalog.~~*) (%s))',"
	"   value, $sql$" BEGINNING("$2") "$sql$, coalesce(named, value), $sql$" ANYWHERE("$2") "$sql$) END), size"
	" FROM rel CROSS JOIN want LEFT JOIN target ON true"
	" LEFT JOIN (SELECT * FROM problem ORDER BY no LIMIT 1) p ON true"};

/* GET tables/{table}/choices */
void
list_choices(Request *req)
{
	const char *q = request_query(req, "q");
	const char *value = request_query(req, "value");
	PGresult   *plan = run_plan(req, &plan_choices, request_param(req, "table"), request_query(req, "column"), q, value,
								request_query(req, "limit"));

	if (plan != NULL)
		reply_result(req, 200, db_run_once(req, value_at(plan, PLAN_FIRST), value_at(plan, PLAN_FIRST + 1), q, value));
}
