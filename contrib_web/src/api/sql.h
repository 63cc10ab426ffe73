/*
 * sql.h
 *		SQL that several parts of the API share.
 *
 * A request on a table takes two statements. The first, a plan, is prepared
 * once per connection and made of RELATION and a tail: it looks the table up
 * in the catalog, says what speaks against the request, and puts the second
 * one together with format() and quote_ident(). Values never become part of
 * that: they are its parameters, all text. In it t is the row's table, and
 * asked.key the key that was asked for.
 *
 * A row as a whole is written t.*, never t: there may be a column of that
 * name. Operators on columns are written with their schema: who may create
 * objects in a schema of a reader's search_path must not get his functions
 * called.
 */
#ifndef API_SQL_H
#define API_SQL_H

/* ---- locks ---- */

/*
 * A lock as the API shows it; l is a row of locking.locks. Tokens are for
 * their owner only.
 */
#define LOCK_COLUMNS \
	"(pg_catalog.pg_identify_object(1259, l.relation, 0)).identity AS \"table\", l.relation::text AS name, l.key," \
	" CASE WHEN l.is_mine THEN l.token END AS token, l.owner, l.owner_name, l.client, l.hard, l.note," \
	" l.acquired_at, l.renewed_at, l.expires_at, l.seconds_left, l.is_mine"

/*
 * The live locks of rows of a protected table. By locking.locks the same
 * would read all locks of the table, as conditions on keys do not get past
 * what it hides.
 */
#define LOCKS_OF(oid, keys) "locking.locks_of(" oid "::regclass, ARRAY[" keys "])"

/*
 * SQL for that, of a table that is perhaps not protected: it has none then.
 */
#define LOCKS_IF(protected, oid, keys) \
	"CASE WHEN " protected " THEN pg_catalog.format('" LOCKS_OF("%s::oid", keys) "', " oid ")" \
	" ELSE '(SELECT * FROM locking.locks LIMIT 0)' END"

/* The lock that fulfils the condition, of those, as JSON, or NULL. */
#define LOCK_FROM(locks, condition) \
	"(SELECT pg_catalog.row_to_json(lock.*) FROM (SELECT " LOCK_COLUMNS " FROM " locks " l WHERE " condition ") lock)"

/* ---- tables ---- */

/*
 * The table that a text names, a partition's root; no row if there is none.
 */
#define ASKED(text) \
	"(SELECT coalesce(pg_catalog.pg_partition_root(r), r)::oid AS oid FROM pg_catalog.to_regclass(" text ") r WHERE r" \
	" IS NOT NULL OFFSET 0)"

/*
 * rel: tables that people work with, neither the system's nor this
 * extension's, of those whose oid is in FROM. A table's own rows are asked
 * for, not those of tables that inherit from it.
 */
#define REL(from) \
	"rel AS (" \
	" SELECT c.oid, c.oid::regclass::text AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS target," \
	"  CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || pg_catalog.format('%I.%I', n.nspname, c.relname) AS source," \
	"  n.nspname::text AS schema, c.relname::text AS relation, c.relowner, c.reltuples," \
	"  pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable, p.relation IS NOT NULL AS protected," \
	"  p.hard, p.required, p.columns, p.ttl, p.warning, p.parent, p.guarded," \
	"  coalesce((i.indkey::int2[])[0:i.indnkeyatts - 1], '{}') AS key" \
	" FROM " from " asked JOIN pg_class c ON c.oid = asked.oid" \
	" JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" LEFT JOIN locking.protected_tables p ON p.relation::oid = c.oid" \
	" LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary" \
	" WHERE c.relkind IN ('r', 'p') AND pg_catalog.left(n.nspname::text, 3) <> 'pg_'" \
	"  AND n.nspname <> 'information_schema' AND n.nspname <> 'locking')"

/*
 * The operator of a type's default index order: strategy 1 is less, 3 equal,
 * 5 greater. Types without an order of their own (varchar, enums, arrays,
 * domains) go by the system's operator of that name.
 */
#define OPERATOR_OF(type, strategy, name) \
	"coalesce((SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM pg_opclass c" \
	" JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype" \
	"  AND m.amoprighttype = c.opcintype AND m.amopstrategy = " strategy \
	" JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace" \
	" WHERE c.opcmethod = 403::oid AND c.opcdefault AND c.opcintype = " type "), 'OPERATOR(pg_catalog.' || " name " || ')')"
#define EQUALS(type) OPERATOR_OF(type, "3", "'='")

/*
 * The name of the column that names the rows of a table for people; NULL: the
 * key does.
 */
#define LABEL_COLUMN(oid) \
	"(SELECT a.attname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid" \
	" LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary" \
	" WHERE a.attrelid = " oid " AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory = 'S'" \
	"  AND a.attnum <> ALL (coalesce(i.indkey::int2[], '{}'))" \
	" ORDER BY pg_catalog.array_position(ARRAY['name', 'title', 'label', 'subject', 'headline', 'caption', 'description']," \
	"  pg_catalog.lower(a.attname)), a.attnum LIMIT 1)"

/*
 * SQL for the label of a row of the table: its label column, or if that is
 * empty what ELSE gives.
 */
#define LABEL_OF(oid, alias, otherwise) \
	"pg_catalog.format('pg_catalog.left(coalesce(nullif(%s::text, ''''), %s), 200)'," \
	" coalesce((SELECT '" alias ".' || pg_catalog.quote_ident(" LABEL_COLUMN(oid) ")), 'NULL'), " otherwise ")"

/*
 * SQL for the condition that a row of a foreign key's table refers to a row
 * of the other; con is pg_constraint.
 */
#define REFERS(child, parent) \
	"(SELECT pg_catalog.string_agg(pg_catalog.format('" parent ".%I OPERATOR(%I.%s) " child ".%I', p.attname," \
	" n.nspname, o.oprname, f.attname)," \
	"  ' AND ' ORDER BY k.no)" \
	" FROM unnest(con.confkey, con.conkey, con.conpfeqop) WITH ORDINALITY k(parent, child, op, no)" \
	" JOIN pg_attribute p ON p.attrelid = con.confrelid AND p.attnum = k.parent" \
	" JOIN pg_attribute f ON f.attrelid = con.conrelid AND f.attnum = k.child" \
	" JOIN pg_operator o ON o.oid = k.op JOIN pg_namespace n ON n.oid = o.oprnamespace)"

/*
 * May the request run code of another table than that which it names
 * (policies), and wait for locks on it? If it is the same owner's, a
 * superuser's, or one of the reader's own roles'. A superuser has all roles,
 * but trusts none.
 */
#define IS_TRUSTED(owner) \
	"(" owner " = rel.relowner OR (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = " owner ")" \
	" OR (pg_catalog.pg_has_role(" owner ", 'USAGE')" \
	"  AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)))"

/* Names of the columns whose numbers are in an array, as an array. */
#define COLUMN_NAMES(oid, numbers) \
	"ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(" numbers ") WITH ORDINALITY k(attnum, no)" \
	" JOIN pg_attribute a ON a.attrelid = " oid " AND a.attnum = k.attnum ORDER BY k.no)"

/*
 * What is known of the table $1: rel, one row or none; col, its columns;
 * made, pieces of SQL: a row's key, label, values, the condition that it is
 * the row asked for, and the key of the row that guards it (NULL if none
 * does), and that row's table.
 */
#define RELATION RELATION_OF(ASKED("$1"))
#define RELATION_OF(from) \
	"WITH " REL(from) ", col AS (" \
	" SELECT a.*, a.attname::text AS name, pg_catalog.quote_ident(a.attname) AS ident," \
	" pg_catalog.format_type(a.atttypid, -1) AS type," \
	"  pg_catalog.array_position(rel.key, a.attnum) AS key_no" \
	" FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid" \
	" WHERE a.attnum > 0 AND NOT a.attisdropped" \
	"), made AS (" \
	" SELECT 'locking.row_key(t.*)' AS key, " LABEL_OF("rel.oid", "t", "'locking.row_key(t.*)'") " AS label," \
	"  (SELECT pg_catalog.format('pg_catalog.json_object(ARRAY[%s]::text[], ARRAY[%s]::text[])'," \
	" pg_catalog.string_agg(pg_catalog.quote_literal(name), ', ' ORDER BY attnum)," \
	"    pg_catalog.string_agg(pg_catalog.format('t.%s::text', ident), ', ' ORDER BY attnum)) FROM col) AS \"values\"," \
	"  CASE WHEN pg_catalog.cardinality(rel.key) = 1" \
	"   THEN (SELECT pg_catalog.format('t.%s %s asked.key::%s', ident, " EQUALS("atttypid") ", type) FROM col WHERE key_no = 1)" \
	"   ELSE (SELECT pg_catalog.format('pg_catalog.cardinality(asked.key::text[]) = %s AND ', pg_catalog.count(*))" \
	"    || pg_catalog.string_agg(pg_catalog.format('t.%s %s (asked.key::text[])[%s]::%s', ident," \
	" " EQUALS("atttypid") ", key_no, type), ' AND ')" \
	"    FROM col WHERE key_no > 0)" \
	"  END AS matches, coalesce(con.confrelid, 0) AS parent," \
	"  EXISTS (SELECT FROM locking.protected_tables p WHERE p.relation::oid = con.confrelid) AS parent_protected," \
	"  coalesce(con.conkey, '{}') AS parent_columns," \
	"  CASE WHEN pg_catalog.has_table_privilege(con.confrelid, 'SELECT') THEN pg_catalog.format('(SELECT" \
	" locking.row_key(p.*) FROM %s p WHERE %s)'," \
	"   (pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity, " REFERS("t", "p") ") ELSE 'NULL::text' END" \
	" AS parent_key" \
	" FROM rel LEFT JOIN pg_constraint con ON con.conrelid = rel.oid AND con.conname = rel.parent AND con.contype = 'f'" \
	") "

/* Is a change of the column guarded? */
#define IS_GUARDED(column) \
	"(rel.protected AND (rel.columns IS NULL OR " column ".name = ANY (rel.columns::text[])" \
	" OR " column ".key_no IS NOT NULL OR " column ".attnum = ANY (made.parent_columns)))"

/*
 * The type that a domain, or a domain over a domain, is made of; other types
 * are made of themselves.
 */
#define BASE_TYPE(type) \
	"(WITH RECURSIVE base(oid, typtype, made_of) AS (" \
	" SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = " type \
	" UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.made_of" \
	"  WHERE base.typtype = 'd') SELECT oid FROM base WHERE typtype <> 'd')"

/*
 * For each member of an object of values its column (NULL if there is none),
 * and SQL that reads it: its definition in jsonb_to_record() AS v(), and then
 * its value. Texts of JSON columns are JSON themselves, not JSON strings, so
 * these are read as texts first.
 */
#define SENT(object) \
	"(SELECT s.name, pg_catalog.jsonb_typeof(s.value) AS kind, col.attnum, col.ident, col.attgenerated," \
	" col.attidentity, col.key_no," \
	"  pg_catalog.format('%s %s', ident, CASE WHEN is_json THEN 'text' ELSE pg_catalog.format_type(atttypid," \
	" atttypmod) END) AS definition," \
	"  pg_catalog.format('v.%s%s', ident, CASE WHEN is_json THEN '::' || type ELSE '' END) AS value" \
	" FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(" object ") WHEN 'object' THEN " object " ELSE '{}'" \
	" END) s(name, value)" \
	" LEFT JOIN col ON col.name = s.name" \
	" CROSS JOIN LATERAL (SELECT " BASE_TYPE("atttypid") "::int8 IN (114, 3802) AS is_json) j) sent"

/* What speaks against reading rows of the table, and in which words. */
#define CANNOT_READ \
	"CASE WHEN NOT rel.readable THEN 'forbidden' WHEN pg_catalog.cardinality(rel.key) = 0 THEN 'not-protected' END"
#define WHY_CANNOT_READ \
	"CASE WHEN NOT rel.readable THEN pg_catalog.format('permission denied for table %s', rel.name)" \
	" WHEN pg_catalog.cardinality(rel.key) = 0 THEN pg_catalog.format('table \"%s\" has no primary key', rel.name) END"

/* ---- texts ---- */

/* Patterns for LIKE: the text is the beginning, or anywhere. */
#define BEGINNING(text) \
	"pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(" text ", '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'"
#define ANYWHERE(text) "'%' || " BEGINNING(text)

/*
 * Goes behind a column that is searched: its own collation may be one that
 * LIKE does not support.
 */
#define ANY_COLLATION "COLLATE pg_catalog.\"default\""

/*
 * Cursors: an edge of a page as an opaque text, base64url of JSON. The name
 * of the list's order is in it, as it is no good for another one.
 */
#define CURSOR(order, values) \
	"(SELECT pg_catalog.translate(pg_catalog.encode(pg_catalog.convert_to(pg_catalog.json_build_object('order'," \
	" " order ", 'values', " values ")::text, 'UTF8')," \
	" 'base64'), E'+/=\\n', '-_') WHERE " values " IS NOT NULL)"

/* The values of a cursor as JSON; NULL if it is none of this order. */
#define CURSOR_VALUES(order, cursor) \
	"(SELECT CASE WHEN pg_catalog.json_typeof(c) = 'object' THEN CASE WHEN c ->> 'order'::text = " order \
	"  AND pg_catalog.json_typeof(c -> 'values'::text) = 'array' THEN c -> 'values'::text END END" \
	" FROM pg_catalog.convert_from(pg_catalog.decode(pg_catalog.translate(" cursor ", '-_', '+/')" \
	"  || pg_catalog.repeat('=', (4 - pg_catalog.length(" cursor ") % 4) % 4), 'base64'), 'UTF8') d, LATERAL (SELECT d::json) j(c))"

#endif
