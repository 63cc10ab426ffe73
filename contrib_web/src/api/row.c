/*
 * row.c
 *		Reading and writing a row
 *
 * A save is a single transaction: confirm the lock, check that it belongs to
 * this row, write, discard the draft, and release or keep the lock.
 */
#include "api/row.h"

#include <string.h>

#include "api/plan.h"
#include "api/sql.h"
#include "api/state.h"
#include "db/db.h"
#include "http/problem.h"
#include "http/reply.h"

/* ---- reading ---- */

/*
 * SQL: rows of other tables that a row refers to, by column; only foreign
 * keys of one column, to tables that are trusted.
 */
#define REFERENCES \
	"coalesce((SELECT pg_catalog.format('(SELECT coalesce(pg_catalog.json_object_agg(name, target) FILTER (WHERE" \
	" target IS NOT NULL), ''{}'')" \
	"  FROM (VALUES %s) v(name, target))'," \
	"  pg_catalog.string_agg(pg_catalog.format('(%L, (SELECT pg_catalog.json_build_object(''table'', %L, ''name''," \
	" %L, ''key'', locking.row_key(p.*), ''label'', %s)" \
	"   FROM %s p WHERE %s))', a.attname, i.identity, con.confrelid::regclass::text," \
	"   " LABEL_OF("con.confrelid", "p", "'locking.row_key(p.*)'") ", i.identity, " REFERS("t", "p") "), ', '))" \
	" FROM pg_constraint con JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]" \
	" JOIN pg_class c ON c.oid = con.confrelid," \
	"  pg_catalog.pg_identify_object(1259, con.confrelid, 0) i" \
	" WHERE con.conrelid = rel.oid AND con.contype = 'f' AND pg_catalog.cardinality(con.conkey) = 1" \
	"  AND " IS_TRUSTED("c.relowner") \
	"  AND pg_catalog.has_table_privilege(con.confrelid, 'SELECT')" \
	"  AND EXISTS (SELECT FROM pg_index WHERE indrelid = con.confrelid AND indisprimary)" \
	" HAVING pg_catalog.count(*) > 0), '''{}''::json')"

/* Counting stops here: it is for people, and must not take long. */
#define COUNTED "1000"

/*
 * SQL: an array of what refers to a row. Counted only where that is quick,
 * with an index or in a small table, and in tables that are trusted.
 */
#define CHILDREN \
	"(SELECT pg_catalog.format('pg_catalog.array_to_json(ARRAY[%s]::json[])'," \
	" pg_catalog.string_agg(pg_catalog.format('(SELECT pg_catalog.json_build_object(''constraint'', %L," \
	"  ''table'', %L, ''name'', %L, ''filter'', pg_catalog.json_object(%L::text[], ARRAY[%s]::text[]), ''count''," \
	" CASE WHEN n IS NOT NULL THEN least(n, " COUNTED ") END," \
	"  ''more'', coalesce(n > " COUNTED ", false)) FROM (%s) counted)', con.conname, i.identity, con.conrelid::regclass::text," \
	"  " COLUMN_NAMES("con.conrelid", "con.conkey") "," \
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I::text', name), ', ' ORDER BY no)" \
	"   FROM pg_catalog.unnest(" COLUMN_NAMES("con.confrelid", "con.confkey") ") WITH ORDINALITY k(name, no))," \
	"  CASE WHEN CASE WHEN " IS_TRUSTED("c.relowner") " THEN" \
	"   c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) < 8000000 OR EXISTS (SELECT FROM pg_index x" \
	" WHERE x.indrelid = c.oid" \
	"    AND x.indisvalid AND x.indpred IS NULL AND x.indkey[0] = ANY (con.conkey)) END" \
	"   THEN pg_catalog.format('SELECT pg_catalog.count(*) AS n FROM (SELECT FROM %s c WHERE %s LIMIT " COUNTED " +" \
	" 1) c', i.identity, " REFERS("c", "t") ")" \
	"   ELSE 'SELECT NULL::bigint AS n' END), ', ' ORDER BY con.conrelid::regclass::text, con.conname))" \
	" FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid, pg_catalog.pg_identify_object(1259, con.conrelid, 0) i" \
	" WHERE con.confrelid = rel.oid AND con.contype = 'f' AND con.conparentid = 0::oid" \
	"  AND pg_catalog.has_table_privilege(con.conrelid, 'SELECT'))"

/* $1 table. Gives SQL of $1 key. */
static const Statement plan_get_row = {"plan_get_row", RELATION
	"SELECT " CANNOT_READ ", " WHY_CANNOT_READ ", NULL, pg_catalog.format($sql$"
	"SELECT pg_catalog.json_build_object('table', %1$L, 'name', %2$L, 'key', r.key, 'label', r.label, 'values', r.\"values\","
	" 'lock', " LOCK_FROM("%13$s", "true") ","
	" 'draft', (SELECT pg_catalog.row_to_json(d.*) FROM (SELECT data, token, saved_at FROM locking.drafts d"
	"  WHERE d.relation::oid = %3$s::oid AND d.key = r.key) d),"
	" 'references', r.refers, 'children', r.children,"
	" 'parent_lock', " LOCK_FROM("%14$s", "true") ")"
	" FROM (SELECT %5$s AS key, %6$s AS label, %7$s AS \"values\", %8$s AS parent_key, %9$s AS refers, %10$s AS children"
	"  FROM (SELECT $1::text AS key) asked, %11$s t WHERE %12$s OFFSET 0) r"
	"$sql$, rel.target, rel.name, rel.oid, NULL, made.key, label, made.\"values\", parent_key,"
	" " REFERENCES ", " CHILDREN ", source, matches, " LOCKS_IF("protected", "rel.oid", "r.key") ","
	" " LOCKS_IF("parent_protected", "made.parent", "r.parent_key") ")"
	" FROM rel, made"};

/* GET tables/{table}/rows/{key} */
void
get_row(Request *req)
{
	PGresult   *plan = run_plan(req, &plan_get_row, request_param(req, "table"));
	PGresult   *row = plan ? db_run_once(req, value_at(plan, PLAN_FIRST), request_param(req, "key")) : NULL;

	if (row != NULL && PQntuples(row) == 0)
		reply_no_row(req);
	else
		reply_result(req, 200, row);
}

/* ---- writing ---- */

/*
 * What the plan gives. Its SQL takes $1 key, $2 body; the check's $2 is the
 * token.
 */
enum WritePlan
{
	WRITE_SQL = PLAN_FIRST,		/* gives the row's key, as it is then */
	WRITE_CHECK,				/* gives "ok", or what is wrong with the lock */
	WRITE_READ,					/* gives the row as it is then */
	WRITE_OID,					/* of the table */
	WRITE_PROTECTED,			/* is the table? */
	WRITE_GUARDED,				/* is this write? */
	WRITE_TOKEN,
	WRITE_KEEP,					/* the lock? */
	WRITE_DISCARD,				/* the draft? */
};

/*
 * $1 table, $2 body, $3 what: insert, update or delete, $4 token, if it is
 * not in the body.
 *
 * The check is made after confirm(): with a token, is it that of a lock on
 * this row, or on the row that guards it? Without one, a row that another
 * holds by a soft lock may still be written.
 */
static const Statement plan_write = {"plan_write", RELATION
	", body AS ("
	" SELECT $2::jsonb -> 'values'::text AS \"values\", coalesce($4::bigint, ($2::jsonb ->> 'token'::text)::bigint) AS token,"
	"  coalesce(($2::jsonb ->> 'keep'::text)::boolean, false) AS keep,"
	"  coalesce(($2::jsonb ->> 'discard_draft'::text)::boolean, true) AS discard"
	"), sent AS ("
	" SELECT sent.* FROM body, LATERAL " SENT("body.\"values\"") " WHERE $3 <> 'delete'"
	"), list AS ("
	" SELECT pg_catalog.string_agg(ident, ', ' ORDER BY attnum) AS idents, pg_catalog.string_agg(definition, ', '"
	" ORDER BY attnum) AS definitions,"
	"  pg_catalog.string_agg(value, ', ' ORDER BY attnum) AS \"values\","
	"  pg_catalog.string_agg(pg_catalog.format('%s = %s', ident, value), ', ' ORDER BY attnum) AS assignments"
	" FROM sent"
	"), problem AS ("
	" SELECT " CANNOT_READ " AS problem, " WHY_CANNOT_READ " AS detail, NULL AS field, 1 AS no FROM rel"
	" UNION ALL SELECT 'invalid', 'the body must be a JSON object', NULL, 2 WHERE pg_catalog.jsonb_typeof($2::jsonb) <> 'object'"
	" UNION ALL SELECT 'invalid', 'values must be an object', 'values', 3 FROM body"
	"  WHERE $3 <> 'delete' AND pg_catalog.jsonb_typeof(\"values\") IS DISTINCT FROM 'object'"
	" UNION ALL SELECT 'invalid', pg_catalog.format('there is no column \"%s\"', name), name, 4 FROM sent WHERE attnum IS NULL"
	" UNION ALL SELECT 'invalid', pg_catalog.format('the value of column \"%s\" must be text or null', name), name, 5 FROM sent"
	"  WHERE kind NOT IN ('string', 'null')"
	" UNION ALL SELECT 'invalid', pg_catalog.format('column \"%s\" is generated: it cannot be written', name), name, 6 FROM sent"
	"  WHERE attgenerated <> '' OR attidentity = 'a'"
	" UNION ALL SELECT 'invalid', pg_catalog.format('no privilege to write column \"%s\"', sent.name), sent.name, 7 FROM sent, rel"
	"  WHERE NOT pg_catalog.has_column_privilege(rel.oid, attnum, $3)"
	") "
	"SELECT problem, detail, field,"
	" CASE WHEN $3 = 'delete'"
	"   THEN pg_catalog.format('DELETE FROM %s t USING (SELECT $1::text AS key) asked WHERE %s RETURNING asked.key',"
	" source, matches)"
	"  WHEN $3 = 'insert' AND idents IS NULL THEN pg_catalog.format('INSERT INTO %s AS t DEFAULT VALUES RETURNING"
	" %s', target, made.key)"
	"  WHEN $3 = 'insert'"
	"   THEN pg_catalog.format('INSERT INTO %s AS t (%s) SELECT %s FROM pg_catalog.jsonb_to_record($2::jsonb ->"
	" ''values''::text) v(%s) RETURNING %s',"
	"    target, idents, list.\"values\", definitions, made.key)"
	"  WHEN idents IS NULL THEN pg_catalog.format('SELECT %s FROM (SELECT $1::text AS key) asked, %s t WHERE %s',"
	" made.key, source, matches)"
	"  ELSE pg_catalog.format('UPDATE %s t SET %s FROM (SELECT $1::text AS key) asked,"
	" pg_catalog.jsonb_to_record($2::jsonb -> ''values''::text) v(%s)"
	" WHERE %s RETURNING %s', source, assignments, definitions, matches, made.key) END,"
	" pg_catalog.format($sql$SELECT CASE WHEN $2 IS NOT NULL THEN"
	"  CASE WHEN EXISTS (SELECT FROM %1$s l WHERE l.token = $2::bigint)"
	"   OR EXISTS (SELECT FROM %2$s l WHERE l.token = $2::bigint) THEN 'ok' ELSE 'lost' END"
	"  ELSE coalesce((SELECT CASE WHEN l.is_mine THEN 'required' WHEN l.hard THEN 'locked' ELSE 'ok' END FROM %1$s l), 'required') END"
	"  FROM (SELECT %3$s AS key, %4$s AS parent_key FROM (SELECT $1::text AS key) asked, %5$s t WHERE %6$s OFFSET 0) r$sql$,"
	"  " LOCKS_IF("protected", "rel.oid", "r.key") ", " LOCKS_IF("parent_protected", "made.parent", "r.parent_key") ","
	"  made.key, parent_key, source, matches),"
	" pg_catalog.format($sql$SELECT pg_catalog.json_build_object('key', r.key, 'label', r.label, 'values', r.\"values\","
	"  'lock', " LOCK_FROM("%1$s", "true") ")"
	"  FROM (SELECT %2$s AS key, %3$s AS label, %4$s AS \"values\" FROM (SELECT $1::text AS key) asked, %5$s t WHERE"
	" %6$s OFFSET 0) r$sql$,"
	"  " LOCKS_IF("protected", "rel.oid", "r.key") ", made.key, label, made.\"values\", source, matches),"
	" rel.oid, protected, $3 = 'delete' OR EXISTS (SELECT FROM sent WHERE " IS_GUARDED("sent") "), token, keep, discard"
	" FROM rel, made, body, list,"
	"  (SELECT * FROM problem WHERE problem IS NOT NULL OR no = 1 ORDER BY problem IS NULL, no LIMIT 1) p"};

static const Statement confirm_token = {"confirm_token", "SELECT locking.confirm($1::bigint)"};
static const Statement release_token = {"release_token", "SELECT locking.release($1::bigint)"};
static const Statement discard_draft_of = {"discard_draft_of",
	"SELECT locking.discard_draft($1::oid::regclass, $2::text)"};

/* Replies after a failed statement of a write.  Always returns false. */
static bool
failed(Request *req, const char *key)
{
	reply_failure(req, key);
	return false;
}

static bool
judge_lock(Request *req, const char *verdict)
{
	if (strcmp(verdict, "ok") == 0)
		return true;
	if (strcmp(verdict, "lost") == 0)
		reply_lock_problem(req, PROBLEM_LOST, "the token is not that of a lock on this row");
	else if (strcmp(verdict, "locked") == 0)
		reply_lock_problem(req, PROBLEM_LOCKED, NULL);
	else
		reply_lock_problem(req, PROBLEM_LOCK_REQUIRED, "lock the row first, and save with the lock's token");
	return false;
}

/*
 * If the write needs a lock, confirms it until the end of the transaction,
 * and checks that it belongs to the row.
 */
static bool
hold_lock(Request *req, const PGresult *plan, const char *key)
{
	const char *token = value_at(plan, WRITE_TOKEN);
	PGresult   *check;

	if (!is_true(plan, WRITE_PROTECTED) || (token == NULL && !is_true(plan, WRITE_GUARDED)))
		return true;
	if (token != NULL && db_run(req, &confirm_token, token) == NULL)
		return failed(req, key);
	check = db_run_once(req, value_at(plan, WRITE_CHECK), key, token);
	if (check == NULL)
		return failed(req, key);
	if (PQntuples(check) > 0)
		return judge_lock(req, db_value(check));
	reply_no_row(req);
	return false;
}

/*
 * Replies after a write without an affected row: the row does not exist, or
 * the write was prevented.
 */
static void
reply_not_written(Request *req, const PGresult *plan, const char *key)
{
	PGresult   *row = key ? db_run_once(req, value_at(plan, WRITE_READ), key) : NULL;

	if (row != NULL && PQntuples(row) == 0)
		reply_no_row(req);
	else
		reply_problem(req, PROBLEM_FORBIDDEN, "nothing was written, because of row security or a trigger", NULL);
}

/* Writes the row, and returns its new key. */
static const char *
write_row(Request *req, const PGresult *plan, const char *key)
{
	PGresult   *written = db_run_once(req, value_at(plan, WRITE_SQL), key, request_body(req));

	if (written == NULL)
		reply_failure(req, key);
	else if (PQntuples(written) == 0)
		reply_not_written(req, plan, key);
	return db_value(written);
}

/* Discards the draft and releases the lock, as requested for a save. */
static bool
tidy_up(Request *req, const PGresult *plan, const char *key)
{
	const char *token = value_at(plan, WRITE_TOKEN);

	if (!is_true(plan, WRITE_PROTECTED))
		return true;
	if (is_true(plan, WRITE_DISCARD) && db_run(req, &discard_draft_of, value_at(plan, WRITE_OID), key) == NULL)
		return failed(req, key);
	if (token != NULL && !is_true(plan, WRITE_KEEP) && db_run(req, &release_token, token) == NULL)
		return failed(req, key);
	return true;
}

/* Commits, and replies with the new contents of the row. */
static bool
commit_and_reply(Request *req, unsigned status, const PGresult *plan, const char *key)
{
	PGresult   *row = db_run_once(req, value_at(plan, WRITE_READ), key);

	if (row == NULL || !db_commit(req))
		return failed(req, key);
	reply_result(req, status, row);
	return true;
}

/* PUT tables/{table}/rows/{key} */
void
save_row(Request *req)
{
	const char *key = request_param(req, "key");
	PGresult   *plan = run_plan(req, &plan_write, request_param(req, "table"), request_body(req), "update", NULL);

	if (plan == NULL)
		return;
	db_begin(req);
	if (hold_lock(req, plan, key) && (key = write_row(req, plan, key)) != NULL && tidy_up(req, plan, key))
		commit_and_reply(req, 200, plan, key);
}

/* POST tables/{table}/rows */
void
insert_row(Request *req)
{
	const char *table = request_param(req, "table");
	PGresult   *plan = run_plan(req, &plan_write, table, request_body(req), "insert", NULL);
	const char *token = plan ? value_at(plan, WRITE_TOKEN) : NULL;
	const char *key = NULL;

	if (plan == NULL)
		return;
	db_begin(req);
	if (token != NULL && is_true(plan, WRITE_PROTECTED) && db_run(req, &confirm_token, token) == NULL)
		reply_failure(req, NULL);
	else if ((key = write_row(req, plan, NULL)) != NULL && commit_and_reply(req, 201, plan, key))
		reply_header(req, "Location", request_printf(req, "/api/v1/tables/%s/rows/%s", request_segment(req, table),
													 request_segment(req, key)));
}

/* DELETE tables/{table}/rows/{key} */
void
delete_row(Request *req)
{
	const char *key = request_param(req, "key");
	PGresult   *plan = run_plan(req, &plan_write, request_param(req, "table"), request_body(req), "delete",
								request_query(req, "token"));

	if (plan == NULL)
		return;
	db_begin(req);
	if (!hold_lock(req, plan, key) || write_row(req, plan, key) == NULL)
		return;
	if (db_commit(req))
		reply_empty(req, 204);
	else
		reply_failure(req, key);
}
