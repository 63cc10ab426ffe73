/*
 * table.c
 *		What a backend knows of a table: its settings, its key, its plans.
 *
 * Built when first used, marked invalid by the relation cache's callback
 * (protect() and every ALTER TABLE send one), rebuilt at the next use.  Somebody further
 * down the stack may still be using the old one, so it lives until the transaction's end.
 */
#include "locking.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "inject.h"

/*
 * An entry is built anew if something changed meanwhile; where that does not end
 * (debug_discard_caches), it serves once.
 */
#define MAX_BUILDS 4

static HTAB *tables;

/* raised by every invalidation: one may arrive while an entry is being built */
static uint64 generation = 0;

/* ---- invalidation ---- */

/* A partition goes by its root's settings; a plan may name the parent. */
static bool
depends_on(const TableInfo *info, Oid relid)
{
	return info->relid == relid || info->root == relid ||
		(info->parent && info->parent->key.target == relid);
}

static void
invalidate_table(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	Table	   *table;

	generation++;
	hash_seq_init(&status, tables);
	while ((table = hash_seq_search(&status)) != NULL)
		if (table->info && (!OidIsValid(relid) || depends_on(table->info, relid)))
			table->info->valid = false;
}

/* Plans name the schema, and one was renamed; or there is a new way to write a key. */
static void
invalidate_all(Datum arg, int cacheid, uint32 hashvalue)
{
	invalidate_table(arg, InvalidOid);
}

void
table_init(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Table);
	tables = hash_create("locking tables", 32, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(invalidate_table, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, invalidate_all, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, invalidate_all, (Datum) 0);
}

/* ---- reading the catalogs ---- */

/* A partition stands for its root. */
Oid
table_root(Oid relid)
{
	if (!get_rel_relispartition(relid))
		return relid;
	return llast_oid(get_partition_ancestors(relid));
}

static List *
int2_list(Datum array_datum)
{
	ArrayType  *array = DatumGetArrayTypeP(array_datum);
	int16	   *numbers = (int16 *) ARR_DATA_PTR(array);
	int			n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	List	   *list = NIL;

	for (int i = 0; i < n; i++)
		list = lappend_int(list, numbers[i]);
	return list;
}

/* The primary key's columns in key order, and its index.  False: there is none. */
bool
primary_key(Oid relid, List **attnums, Oid *index, bool *deferrable)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		bool		isnull;

		if (form->contype != CONSTRAINT_PRIMARY)
			continue;
		*attnums = int2_list(heap_getattr(tuple, Anum_pg_constraint_conkey,
										  RelationGetDescr(constraints), &isnull));
		*index = form->conindid;
		*deferrable = form->condeferrable;
		found = true;
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found;
}

/* The row of locking.protected, as far as the guard wants it. */
typedef struct Settings
{
	bool		found;
	List	   *key;			/* column names */
	List	   *columns;		/* column names */
	ForeignKey *parent;			/* NULL: none set */
} Settings;

static List *
name_list(Datum array)
{
	List	   *list = NIL;
	Datum	   *names;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, NULL, &n);
	for (int i = 0; i < n; i++)
		list = lappend(list, pstrdup(NameStr(*DatumGetName(names[i]))));
	return list;
}

static Datum
setting(HeapTuple tuple, TupleDesc desc, const char *name, bool *isnull)
{
	return heap_getattr(tuple, SPI_fnumber(desc, name), desc, isnull);
}

static void
read_settings(HeapTuple tuple, TupleDesc desc, Settings *settings, TableInfo *info)
{
	bool		isnull;
	Datum		value;

	settings->found = true;
	info->hard = DatumGetBool(setting(tuple, desc, "hard", &isnull));
	info->required = DatumGetBool(setting(tuple, desc, "required", &isnull));
	value = setting(tuple, desc, "ttl", &isnull);
	info->has_ttl = !isnull;
	if (!isnull)
		info->ttl = *DatumGetIntervalP(value);
	settings->key = name_list(setting(tuple, desc, "key", &isnull));
	value = setting(tuple, desc, "columns", &isnull);
	settings->columns = isnull ? NIL : name_list(value);
	(void) setting(tuple, desc, "parent", &isnull);
	if (!isnull)
	{
		settings->parent = palloc(sizeof(ForeignKey));
		info->parent_lost = !parent_key(tuple, desc, settings->parent);
	}
}

/* The foreign key of a table with a name. */
bool
foreign_key(Oid relid, const char *name, ForeignKey *fk)
{
	Oid			constraint = get_relation_constraint_oid(relid, name, true);
	HeapTuple	tuple = OidIsValid(constraint) ?
		SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint)) : NULL;
	bool		found = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN)
	{
		fk->target = ((Form_pg_constraint) GETSTRUCT(tuple))->confrelid;
		locking_deconstruct_fk(tuple, &fk->n, fk->columns, fk->refcolumns, fk->operators);
		found = true;
	}
	ReleaseSysCache(tuple);
	return found;
}

/* The foreign key that a row of locking.protected names as the parent. */
bool
parent_key(HeapTuple settings, TupleDesc desc, ForeignKey *fk)
{
	bool		isnull;
	Oid			relid = DatumGetObjectId(setting(settings, desc, "relation", &isnull));
	Datum		name = setting(settings, desc, "parent", &isnull);

	return !isnull && foreign_key(relid, NameStr(*DatumGetName(name)), fk);
}

/* One pass over the few settings: the table's own, and whose parent it is. */
static void
load_settings(TableInfo *info, Settings *settings)
{
	Relation	protected = table_open(catalog_relid("protected"), AccessShareLock);
	TupleDesc	desc = RelationGetDescr(protected);
	SysScanDesc scan = systable_beginscan(protected, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(setting(tuple, desc, "relation", &isnull));
		ForeignKey	fk;

		/* a foreign key may refer to a partition: its rows' locks are the root's */
		if (parent_key(tuple, desc, &fk) && table_root(fk.target) == info->root)
			info->has_children = true;
		if (relid == info->root)
			read_settings(tuple, desc, settings, info);
	}
	systable_endscan(scan);
	table_close(protected, AccessShareLock);
}

/* ---- building ---- */

/* A guarded column that is not there: then all are guarded. */
static void
build_columns(TableInfo *info, Relation rel, List *names)
{
	ListCell   *cell;

	info->columns = MemoryContextAlloc(info->cxt, (list_length(names) + 1) * sizeof(AttrNumber));
	foreach(cell, names)
	{
		AttrNumber	attnum = get_attnum(RelationGetRelid(rel), lfirst(cell));

		if (attnum == InvalidAttrNumber)
		{
			info->ncolumns = 0;
			return;
		}
		info->columns[info->ncolumns++] = attnum;
	}
}

static bool
has_names(Oid relid, List *attnums, List *names)
{
	ListCell   *attnum;
	ListCell   *name;

	if (list_length(attnums) != list_length(names))
		return false;
	forboth(attnum, attnums, name, names)
		if (strcmp(get_attname(relid, lfirst_int(attnum), false), lfirst(name)) != 0)
			return false;
	return true;
}

static void
build_key(TableInfo *info, Relation rel, const Settings *settings)
{
	List	   *attnums;
	Oid			index;
	bool		deferrable;
	AttrNumber	numbers[INDEX_MAX_KEYS];
	ListCell   *cell;
	int			n = 0;

	if (!primary_key(info->root, &attnums, &index, &deferrable) || deferrable)
	{
		info->key_replaced = info->is_protected;
		return;
	}
	info->key_replaced = info->is_protected && !has_names(info->root, attnums, settings->key);
	foreach(cell, attnums)
		numbers[n++] = lfirst_int(cell);
	info->key = key_build(rel, info->root, n, numbers, index, info->cxt);
}

/*
 * An operand, cast to the type that the operator is declared with.  Otherwise an
 * operator that somebody made for a type of his own could be the closer match, and
 * run with the rights of whoever this query runs as.
 */
static char *
operand(const char *text, Oid type, Oid declared)
{
	HeapTuple	tuple;
	Form_pg_type form;
	char	   *cast;

	if (type == declared)
		return pstrdup(text);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(declared));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", declared);
	form = (Form_pg_type) GETSTRUCT(tuple);
	cast = psprintf("%s::%s", text, quote_qualified_identifier(get_namespace_name(form->typnamespace),
															   NameStr(form->typname)));
	ReleaseSysCache(tuple);
	return cast;
}

/* The n-th condition: "left OPERATOR(schema.=) right" */
void
append_condition(StringInfo query, int n, Oid operator, const char *left, Oid left_type,
				 const char *right, Oid right_type)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(query, "%s %s OPERATOR(%s.%s) %s", n == 1 ? " WHERE" : " AND",
					 operand(left, left_type, form->oprleft),
					 quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname),
					 operand(right, right_type, form->oprright));
	ReleaseSysCache(tuple);
}

/* The n-th condition, a key's column of table x on parameter $n of its type */
void
append_key_condition(StringInfo query, int n, const KeyColumn *column)
{
	append_condition(query, n, column->equals,
					 psprintf("x.%s", quote_identifier(NameStr(column->name))), column->type,
					 psprintf("$%d", n), column->type);
}

/* " [ONLY] schema.table x": children that inherit are tables of their own */
void
append_table(StringInfo query, Oid relid)
{
	appendStringInfo(query, " %s%s x",
					 get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_rel_name(relid)));
}

/* "SELECT key columns[, xmin] FROM table x" */
void
append_key_select(StringInfo query, const Key *key, Oid relid, bool with_xmin)
{
	for (int i = 0; i < key->ncolumns; i++)
		appendStringInfo(query, "%s x.%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(NameStr(key->columns[i].name)));
	appendStringInfoString(query, with_xmin ? ", x.xmin FROM" : " FROM");
	append_table(query, relid);
}

static SPIPlanPtr
keep_plan(const char *query, int nargs, Oid *types)
{
	SPIPlanPtr	plan;

	SPI_connect();
	plan = SPI_prepare(query, nargs, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", query);
	SPI_keepplan(plan);
	SPI_finish();
	return plan;
}

/*
 * The plan of a query on the row with a key.  With guarded children the row is
 * locked so that a child's guard, with its FOR KEY SHARE, waits (rule 7).
 */
SPIPlanPtr
table_plan(TableInfo *info, TargetQuery which, bool with_xmin)
{
	Key		   *key = info->key;
	SPIPlanPtr *plan = &info->plans[which][with_xmin];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (*plan)
		return *plan;

	initStringInfo(&query);
	append_key_select(&query, key, info->root, with_xmin);
	for (int i = 0; i < key->ncolumns; i++)
	{
		types[i] = key->columns[i].type;
		append_key_condition(&query, i + 1, &key->columns[i]);
	}
	if (which != TARGET_SEE)
		appendStringInfoString(&query, info->has_children ? " FOR UPDATE" : " FOR NO KEY UPDATE");
	if (which == TARGET_TRY)
		appendStringInfoString(&query, " SKIP LOCKED");
	*plan = keep_plan(query.data, key->ncolumns, types);
	return *plan;
}

/* ---- parents ---- */

/*
 * The parent's row, locked against acquirers (rule 7), and its key.  Planned in
 * the order of the foreign key's columns.
 */
SPIPlanPtr
parent_plan(TableInfo *info, TableInfo *parent, TargetQuery which)
{
	SPIPlanPtr *plan = &info->parent->plans[which];
	ForeignKey *fk = &info->parent->key;
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (*plan)
		return *plan;

	initStringInfo(&query);
	append_key_select(&query, parent->key, fk->target, false);
	for (int i = 0; i < fk->n; i++)
	{
		char	   *column = get_attname(fk->target, fk->refcolumns[i], false);

		types[i] = get_atttype(info->relid, info->parent->attnums[i]);
		append_condition(&query, i + 1, fk->operators[i],
						 psprintf("x.%s", quote_identifier(column)), get_atttype(fk->target, fk->refcolumns[i]),
						 psprintf("$%d", i + 1), types[i]);
	}
	if (which != TARGET_SEE)
		appendStringInfoString(&query, " FOR KEY SHARE");
	if (which == TARGET_TRY)
		appendStringInfoString(&query, " SKIP LOCKED");
	*plan = keep_plan(query.data, fk->n, types);
	return *plan;
}

/* A partition may have its columns in another order than the root, where the key is. */
static void
build_parent(TableInfo *info, Relation rel, const Settings *settings)
{
	const ForeignKey *fk = settings->parent;

	if (fk == NULL || info->parent_lost)
		return;
	info->parent = MemoryContextAllocZero(info->cxt, sizeof(Parent));
	info->parent->key = *fk;
	for (int i = 0; i < fk->n; i++)
		info->parent->attnums[i] = get_attnum(RelationGetRelid(rel),
											  get_attname(info->root, fk->columns[i], false));
}

/* ---- entries ---- */

static void
free_plans(void *arg)
{
	TableInfo  *info = arg;

	for (int i = 0; i < TARGET_NQUERIES * 2; i++)
		if (info->plans[i / 2][i % 2])
			SPI_freeplan(info->plans[i / 2][i % 2]);
	for (int i = 0; info->parent && i < TARGET_NQUERIES; i++)
		if (info->parent->plans[i])
			SPI_freeplan(info->parent->plans[i]);
}

static TableInfo *
allocate_info(Relation rel)
{
	/* a child of the transaction's until it is complete: no leak on errors */
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext, "locking table", ALLOCSET_SMALL_SIZES);
	TableInfo  *info = MemoryContextAllocZero(cxt, sizeof(TableInfo));
	MemoryContextCallback *callback = MemoryContextAlloc(cxt, sizeof(MemoryContextCallback));

	info->cxt = cxt;
	info->relid = RelationGetRelid(rel);
	info->root = table_root(info->relid);
	info->partitioned = get_rel_relkind(info->root) == RELKIND_PARTITIONED_TABLE;
	callback->func = free_plans;
	callback->arg = info;
	MemoryContextRegisterResetCallback(cxt, callback);
	return info;
}

static TableInfo *
build_info(Relation rel)
{
	TableInfo  *info = allocate_info(rel);
	Settings	settings = {0};

	load_settings(info, &settings);
	INJECT("table-settings");
	info->is_protected = settings.found;
	build_key(info, rel, &settings);
	build_columns(info, rel, settings.columns);
	build_parent(info, rel, &settings);
	info->is_plain = info->is_protected && !info->key_replaced && !info->parent_lost &&
		!info->required && info->parent == NULL && !rel->rd_rel->relispartition;
	return info;
}

/* What is known of an open relation: its entry, of which "info" is up to date. */
Table *
table_entry(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	Table	   *table = hash_search(tables, &relid, HASH_FIND, NULL);
	TableInfo  *info;
	uint64		built_in;
	bool		found;

	if (table && table->info && table->info->valid)
		return table;

	built_in = generation;
	info = build_info(rel);
	for (int tries = 1; built_in != generation && tries < MAX_BUILDS; tries++)
	{
		MemoryContextDelete(info->cxt);
		built_in = generation;
		info = build_info(rel);
	}
	table = hash_search(tables, &relid, HASH_ENTER, &found);
	if (found && table->info)
		MemoryContextSetParent(table->info->cxt, TopTransactionContext);
	table->info = info;
	MemoryContextSetParent(info->cxt, CacheMemoryContext);
	info->valid = built_in == generation;
	return table;
}

TableInfo *
table_info(Relation rel)
{
	return table_entry(rel)->info;
}

/* ---- for functions that name a table ---- */

/* A write or lock that goes by a key nobody agreed on is refused, not let through. */
void
check_key_in_force(const TableInfo *table)
{
	if (table->key_replaced)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the primary key of protected table \"%s\" was dropped or replaced",
						get_rel_name(table->root)),
				 errdetail("Its locks go by the key that it had when it was protected."),
				 errhint("Call locking.protect() again, or locking.unprotect()."),
				 errtable_by_id(table->root)));
	if (table->parent_lost)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the foreign key that guards table \"%s\" by its parent was dropped",
						get_rel_name(table->root)),
				 errhint("Call locking.protect() again, or locking.unprotect()."),
				 errtable_by_id(table->root)));
}

/*
 * The root table of "relid", its relation lock taken first so that what is known
 * of it is current (protect() of a child conflicts with RowShareLock).
 */
TableInfo *
protected_table_by_id(Oid relid, LOCKMODE lockmode)
{
	Oid			root = table_root(relid);
	Relation	rel = try_relation_open(root, lockmode);
	TableInfo  *info;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	info = table_info(rel);
	if (!info->is_protected)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not protected", RelationGetRelationName(rel)),
				 errhint("Protect it first: SELECT locking.protect(%s).",
						 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
																	   RelationGetRelationName(rel)))),
				 errtable(rel)));
	relation_close(rel, NoLock);
	check_key_in_force(info);
	return info;
}

TableInfo *
protected_table(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode)
{
	argument_not_null(fcinfo, argno, "relation");
	return protected_table_by_id(PG_GETARG_OID(argno), lockmode);
}
