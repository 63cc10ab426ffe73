/*
 * tables.c
 *		Tables: list, description of columns for forms, and protection
 */
#include "api/tables.h"

#include "api/plan.h"
#include "api/sql.h"
#include "http/reply.h"

/* ---- what is told of a table ---- */

/*
 * Was EXECUTE on a function granted to one by name? That is what protect()
 * and unprotect() go by.
 */
#define GRANTED_BY_NAME(function) \
	"EXISTS (SELECT FROM pg_proc p, pg_catalog.aclexplode(p.proacl) a WHERE p.oid = " function "::regproc::oid AND" \
	" a.privilege_type = 'EXECUTE'" \
	" AND a.grantee <> 0::oid AND a.grantee <> p.proowner AND pg_catalog.pg_has_role(a.grantee, 'USAGE'))"

/* May one protect the table, having a look at its owner first? */
#define MAY_PROTECT \
	"(pg_catalog.pg_has_role(rel.relowner, 'USAGE') OR " GRANTED_BY_NAME("'locking.protect'") ")"

/*
 * A setting of seconds; as long as nobody has asked for the extension's
 * library, it has no value.
 */
#define SETTING(name, otherwise) \
	"coalesce(nullif(pg_catalog.current_setting('locking." name "', true), ''), '" otherwise "')::interval"

#define SECONDS(interval) "pg_catalog.date_part('epoch', " interval ")"

#define PROTECTION \
	"pg_catalog.json_build_object('hard', rel.hard, 'required', rel.required, 'columns', rel.columns," \
	" 'ttl', " SECONDS("rel.ttl") ", 'warning', " SECONDS("rel.warning") ", 'parent', rel.parent, 'guarded', rel.guarded)"

/* Members of the JSON that tells of a table; locks: how many there are. */
#define SUMMARY(locks) \
	"'table', rel.target, 'name', rel.name, 'schema', rel.schema, 'relation', rel.relation," \
	" 'comment', pg_catalog.obj_description(rel.oid, 'pg_class'), 'has_key', pg_catalog.cardinality(rel.key) > 0," \
	" 'protection', CASE WHEN rel.protected THEN " PROTECTION " END," \
	" 'time_until_expiration', " SECONDS("coalesce(rel.ttl, " SETTING("time_until_expiration", "120 s") ")") "," \
	" 'time_until_warning', " SECONDS("coalesce(rel.warning, " SETTING("time_until_warning", "60 s") ")") "," \
	" 'may', pg_catalog.json_build_object('select', rel.readable, 'insert'," \
	" pg_catalog.has_any_column_privilege(rel.oid, 'INSERT')," \
	"  'update', pg_catalog.has_any_column_privilege(rel.oid, 'UPDATE'), 'delete'," \
	" pg_catalog.has_table_privilege(rel.oid, 'DELETE')," \
	"  'protect', " MAY_PROTECT "," \
	"  'break_locks', pg_catalog.has_function_privilege('locking.break_lock(regclass,text,text)', 'EXECUTE')," \
	"  'take_over', pg_catalog.has_function_privilege('locking.take_over(regclass,text,text,interval,boolean,text,text)', 'EXECUTE'))," \
	" 'locks', " locks "," \
	" 'rows_estimate', CASE WHEN rel.reltuples >= 0::float4 THEN rel.reltuples END"

static const Statement all_tables = {"all_tables",
	"WITH " REL("(SELECT oid FROM pg_class WHERE NOT relispartition)")
	", held AS (SELECT l.relation::oid AS oid, pg_catalog.count(*) AS locks FROM locking.locks l GROUP BY l.relation::oid)"
	" SELECT pg_catalog.json_build_object('tables', coalesce(pg_catalog.json_agg(pg_catalog.json_build_object("
	SUMMARY("coalesce(held.locks, 0)") ") ORDER BY rel.name), '[]'))"
	" FROM rel LEFT JOIN held ON held.oid = rel.oid WHERE readable AND (protected OR " MAY_PROTECT ")"};

/* GET tables */
void
list_tables(Request *req)
{
	reply_query(req, 200, &all_tables);
}

/* ---- one table ---- */

/* Which form field fits; base is the type, or what the domain is made of. */
#define CATEGORY \
	"CASE WHEN base.oid::int8 IN (20, 21, 23, 700, 701, 1700) THEN 'number' WHEN base.oid = 1082::oid THEN 'date'" \
	" WHEN base.oid::int8 IN (1083, 1266) THEN 'time' WHEN base.oid = 1114::oid THEN 'timestamp'" \
	" WHEN base.oid = 1184::oid THEN 'timestamptz' WHEN base.oid = 1186::oid THEN 'interval'" \
	" WHEN base.oid::int8 IN (114, 3802) THEN 'json' WHEN base.oid = 2950::oid THEN 'uuid' WHEN base.oid = 17::oid THEN 'bytea'" \
	" ELSE CASE base.typcategory WHEN 'S' THEN 'text' WHEN 'B' THEN 'boolean' WHEN 'E' THEN 'enum' WHEN 'A' THEN 'array'" \
	"  ELSE 'other' END END"

/*
 * A type modifier holds the length of a text plus 4, or precision and scale
 * of a number.
 */
#define MAX_LENGTH "CASE WHEN base.oid::int8 IN (1042, 1043) AND base.typmod > 4 THEN base.typmod - 4 END"
#define PRECISION "CASE WHEN base.oid = 1700::oid AND base.typmod > 4 THEN ((base.typmod - 4) >> 16) & 65535 END"
#define SCALE "CASE WHEN base.oid = 1700::oid AND base.typmod > 4 THEN (((base.typmod - 4) & 2047) # 1024) - 1024 END"

/* May one write the column? */
#define WRITABLE(privilege) \
	"col.attgenerated = '' AND col.attidentity <> 'a' AND pg_catalog.has_column_privilege(rel.oid, col.attnum, '" privilege "')"

/* What a foreign key of this column alone refers to. */
#define COLUMN_REFERENCES \
	"(SELECT pg_catalog.json_build_object('table', (pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity," \
	"  'name', con.confrelid::regclass::text, 'column', a.attname, 'label', " LABEL_COLUMN("con.confrelid") "," \
	"  'constraint', con.conname)" \
	" FROM pg_constraint con JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = con.confkey[1]" \
	" WHERE con.conrelid = rel.oid AND con.contype = 'f' AND pg_catalog.cardinality(con.conkey) = 1 AND con.conkey[1]" \
	" = col.attnum ORDER BY con.conname LIMIT 1)"

/*
 * base: the type of a column, or what its domain (or the domain's) is made
 * of, and the first modifier on the way
 */
#define BASE_OF_COLUMN \
	"LATERAL (WITH RECURSIVE step(oid, typmod, not_null, typtype, made_of, next_typmod, typcategory) AS (" \
	"  SELECT y.oid, col.atttypmod, y.typnotnull, y.typtype, y.typbasetype, y.typtypmod, y.typcategory" \
	"  FROM pg_type y WHERE y.oid = col.atttypid" \
	"  UNION ALL SELECT y.oid, CASE WHEN typmod < 0 THEN next_typmod ELSE typmod END, not_null OR y.typnotnull, y.typtype," \
	"   y.typbasetype, y.typtypmod, y.typcategory FROM step JOIN pg_type y ON y.oid = step.made_of WHERE step.typtype = 'd')" \
	" SELECT oid, typmod, not_null, typcategory FROM step WHERE typtype <> 'd') base"

#define COLUMNS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', col.name, 'type'," \
	" pg_catalog.format_type(col.atttypid, col.atttypmod)," \
	"  'category', " CATEGORY ", 'values', (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e" \
	"   WHERE e.enumtypid = base.oid)," \
	"  'integer', base.oid::int8 IN (20, 21, 23) OR coalesce(" SCALE " <= 0, false)," \
	"  'max_length', " MAX_LENGTH ", 'precision', " PRECISION ", 'scale', " SCALE "," \
	"  'not_null', col.attnotnull OR base.not_null," \
	"  'default', (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = rel.oid AND" \
	" d.adnum = col.attnum)," \
	"  'generated', col.attgenerated <> ''," \
	"  'identity', CASE col.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END," \
	"  'insertable', " WRITABLE("INSERT") ", 'updatable', " WRITABLE("UPDATE") "," \
	"  'key', col.key_no IS NOT NULL, 'guarded', " IS_GUARDED("col") "," \
	"  'multiline', base.oid::int8 IN (25, 1043) AND base.typmod < 0," \
	"  'comment', pg_catalog.col_description(rel.oid, col.attnum), 'references', " COLUMN_REFERENCES ") ORDER BY col.attnum)" \
	" FROM col, " BASE_OF_COLUMN ")"

/*
 * A foreign key, told from its own table (child) or from the one it refers to
 * (parent); con is pg_constraint.
 */
#define FOREIGN_KEY(other) \
	"pg_catalog.json_build_object('constraint', con.conname, 'table', (pg_catalog.pg_identify_object(1259," \
	" con." other ", 0)).identity," \
	" 'name', con." other "::regclass::text, 'columns', " COLUMN_NAMES("con.conrelid", "con.conkey") "," \
	" 'target_columns', " COLUMN_NAMES("con.confrelid", "con.confkey") ")"

#define FOREIGN_KEYS(mine, other) \
	"(SELECT coalesce(pg_catalog.json_agg(" FOREIGN_KEY(other) " ORDER BY con.conname), '[]') FROM pg_constraint con" \
	" WHERE con." mine " = rel.oid AND con.contype = 'f' AND con.conparentid = 0::oid)"

/*
 * $1 oid of the table: of one under row security locking.locks shows the
 * locks only to statements that name it
 */
static const Statement one_table = {"one_table", RELATION_OF("(SELECT $1 AS oid)")
	"SELECT CASE WHEN NOT rel.readable THEN 'forbidden' END, " WHY_CANNOT_READ ", NULL, pg_catalog.json_build_object("
	SUMMARY("(SELECT pg_catalog.count(*) FROM locking.locks l WHERE l.relation::oid = rel.oid)") ","
	" 'label_column', " LABEL_COLUMN("rel.oid") ", 'primary_key', " COLUMN_NAMES("rel.oid", "rel.key") ","
	" 'columns', coalesce(" COLUMNS ", '[]'), 'foreign_keys', " FOREIGN_KEYS("conrelid", "confrelid") ","
	" 'children', " FOREIGN_KEYS("confrelid", "conrelid") ") FROM rel, made", .names_relation = true};

/* GET tables/{table} */
void
get_table(Request *req)
{
	TableName	asked;
	PGresult   *table = find_table(req, request_param(req, "table"), &asked) ? run_plan(req, &one_table, asked.oid) : NULL;

	if (table != NULL)
		reply_json(req, 200, value_at(table, PLAN_FIRST));
}

/* ---- protection ---- */

/* $1 table, $2 body */
static const Statement protect = {"protect",
	"SELECT locking.protect(asked.oid::regclass, coalesce(g.hard, true), coalesce(g.required, false), g.columns::name[],"
	" pg_catalog.make_interval(secs => g.ttl), pg_catalog.make_interval(secs => g.warning), g.parent::name) FROM"
	" " ASKED("$1::text") " asked,"
	" pg_catalog.jsonb_to_record($2::jsonb) g(hard boolean, required boolean, columns text[], ttl float8, warning"
	" float8, parent text)"};

/*
 * $1 table. A statement of its own, as that which protects does not see the
 * new settings.
 */
static const Statement protection_now = {"protection_now",
	"WITH " REL(ASKED("$1::text")) " SELECT " PROTECTION " FROM rel"};

/* PUT tables/{table}/protection */
void
protect_table(Request *req)
{
	const char *table = request_param(req, "table");

	if (run_on_table(req, &protect, table, request_body(req)))
		reply_result(req, 200, run_on_table(req, &protection_now, table));
}

/* $1 table */
static const Statement unprotect = {"unprotect",
	"SELECT locking.unprotect(asked.oid::regclass) FROM " ASKED("$1::text") " asked"};

/* DELETE tables/{table}/protection */
void
unprotect_table(Request *req)
{
	if (run_on_table(req, &unprotect, request_param(req, "table")))
		reply_empty(req, 204);
}
