/*
 * table.c
 *		What a backend knows of a table: its settings, its key, its plans.
 *
 * Built when first used, marked invalid by the relation cache's callback
 * (protect() and every ALTER TABLE send one), rebuilt at the next use.
 * Somebody further down the stack may still be using the old one, so it lives
 * until the transaction's end.
 */
#include "locking.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "inject.h"
#include "partition.h"
#include "role.h"

/*
 * An entry is built anew if something it depends on changed meanwhile; where
 * that does not end (debug_discard_caches), it serves once.
 */
#define MAX_BUILDS 4

static HTAB *tables;

/* ---- invalidation ---- */

/*
 * What was invalidated while an entry was being built, whose dependencies are
 * not known yet.
 */
static struct
{
	bool		all;
	int			n;
	Oid			relids[32];
}			meanwhile;

static void
note_invalidation(Oid relid)
{
	if (!OidIsValid(relid) || meanwhile.n == lengthof(meanwhile.relids))
		meanwhile.all = true;
	else
		meanwhile.relids[meanwhile.n++] = relid;
}

static bool
depends_on(const TableInfo *info, Oid relid)
{
	for (int i = 0; i < info->ndepends; i++)
		if (info->depends[i] == relid)
			return true;
	return false;
}

static bool
changed_meanwhile(const TableInfo *info)
{
	if (meanwhile.all)
		return true;
	for (int i = 0; i < meanwhile.n; i++)
		if (depends_on(info, meanwhile.relids[i]))
			return true;
	return false;
}

static void
invalidate_table(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	Table	   *table;

	note_invalidation(relid);
	hash_seq_init(&status, tables);
	while ((table = hash_seq_search(&status)) != NULL)
		if (table->info && (!OidIsValid(relid) || depends_on(table->info, relid)))
			table->info->valid = false;
}

/*
 * Plans name schemas, and one was renamed; or a type has another cast to
 * text.
 */
static void
invalidate_users_of(Datum arg, int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS status;
	Table	   *table;

	note_invalidation(InvalidOid);
	hash_seq_init(&status, tables);
	while ((table = hash_seq_search(&status)) != NULL)
		if (table->info && (hashvalue == 0 || list_member_int(table->info->syscache_hashes, (int) hashvalue)))
			table->info->valid = false;
}

void
table_init(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Table);
	tables = hash_create("locking tables", 32, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(invalidate_table, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, invalidate_users_of, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, invalidate_users_of, (Datum) 0);
}

/* ---- reading the catalogs ---- */

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

/*
 * The primary key's columns in key order, and its index.  False: there is
 * none.
 */
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
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, &nulls, &n);
	for (int i = 0; i < n; i++)
		list = lappend(list, nulls[i] ? "" : pstrdup(NameStr(*DatumGetName(names[i]))));
	return list;
}

static Datum
setting(HeapTuple tuple, TupleDesc desc, const char *name, bool *isnull)
{
	return heap_getattr(tuple, SPI_fnumber(desc, name), desc, isnull);
}

/* The table that a row of locking.protected is about. */
Oid
settings_table(HeapTuple settings, TupleDesc desc)
{
	bool		isnull;

	return DatumGetObjectId(setting(settings, desc, "relation", &isnull));
}

/*
 * The table that a row of locking.protected names as the parent, or
 * InvalidOid.
 */
Oid
parent_table(HeapTuple settings, TupleDesc desc)
{
	bool		isnull;
	Datum		relid = setting(settings, desc, "parent_table", &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(relid);
}

/*
 * The foreign key of the parent.  A key of that name that refers elsewhere is
 * another one.
 */
static bool
parent_key(HeapTuple settings, TupleDesc desc, const char *name, ForeignKey *fk)
{
	return foreign_key(settings_table(settings, desc), name, fk) &&
		fk->target == parent_table(settings, desc);
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
	value = setting(tuple, desc, "parent", &isnull);
	if (!isnull)
	{
		settings->parent = palloc0(sizeof(ForeignKey));
		info->parent_lost = !parent_key(tuple, desc, NameStr(*DatumGetName(value)), settings->parent);
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
		fk->is_temporal = locking_is_temporal((Form_pg_constraint) GETSTRUCT(tuple));
		locking_deconstruct_fk(tuple, &fk->n, fk->columns, fk->refcolumns, fk->operators);
		found = true;
	}
	ReleaseSysCache(tuple);
	return found;
}

/*
 * The first row of locking.protected that an index has for a table.  "read",
 * if given, gets it.
 */
static bool
find_settings(Relation protected, const char *index, Oid relid, Settings *read, TableInfo *info)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	AttrNumber	column = strcmp(index, "protected_pkey") == 0 ?
		SPI_fnumber(RelationGetDescr(protected), "relation") :
		SPI_fnumber(RelationGetDescr(protected), "parent_table");

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(protected, catalog_relid(index), true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple) && read)
		read_settings(tuple, RelationGetDescr(protected), read, info);
	systable_endscan(scan);
	return HeapTupleIsValid(tuple);
}

/*
 * Is the table, a root, protected?  If it is not locked, this holds for the
 * moment.
 */
bool
is_protected_table(Oid root)
{
	Relation	protected = catalog_open("protected", AccessShareLock);
	bool		found = find_settings(protected, "protected_pkey", root, NULL, NULL);

	table_close(protected, AccessShareLock);
	return found;
}

/*
 * The table's own settings, and, of a root, whether rows of other tables are
 * guarded by its rows.
 */
static void
load_settings(TableInfo *info, Settings *settings)
{
	Relation	protected = catalog_open("protected", AccessShareLock);
	ListCell   *cell;

	(void) find_settings(protected, "protected_pkey", info->root, settings, info);
	/*
	 * a foreign key may refer to a partition: its rows' locks, and their
	 * plans, are the root's
	 */
	foreach(cell, info->relid == info->root ? partition_descendants(info->root) : NIL)
		if (find_settings(protected, "protected_parent_idx", lfirst_oid(cell), NULL, NULL))
			info->has_children = true;
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
	if (info->key == NULL)
		info->key_replaced = info->is_protected;
}

/*
 * An operand, cast to the type that the operator is declared with.  Otherwise
 * an operator that somebody made for a type of his own could be the closer
 * match, and run with the rights of whoever this query runs as.
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

/*
 * The n-th condition, a key's column of table x on parameter $n of its type
 */
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
 * The plan of a query on the row with a key.  With guarded children the row
 * is locked so that a child's guard, with its FOR KEY SHARE, waits (rule 7).
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
 * The parent's row, locked against acquirers (rule 7), and its key.  Planned
 * in the order of the foreign key's columns.
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

/*
 * A partition may have its columns in another order than the root, where the
 * key is.
 */
static void
build_parent(TableInfo *info, Relation rel, const Settings *settings)
{
	const ForeignKey *fk = settings->parent;

	if (fk == NULL || info->parent_lost)
		return;
	info->parent = MemoryContextAllocZero(info->cxt, sizeof(Parent));
	info->parent->key = *fk;
	for (int i = 0; i < fk->n; i++)
	{
		info->parent->attnums[i] = get_attnum(RelationGetRelid(rel),
											  get_attname(info->root, fk->columns[i], false));
		if (info->parent->attnums[i] == InvalidAttrNumber)
			info->parent_lost = true;	/* as in key_build() */
	}
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

static void
depend_on_hash(TableInfo *info, uint32 hash)
{
	MemoryContext caller = MemoryContextSwitchTo(info->cxt);

	info->syscache_hashes = list_append_unique_int(info->syscache_hashes, (int) hash);
	MemoryContextSwitchTo(caller);
}

static void
depend_on(TableInfo *info, Oid relid)
{
	if (info->depends == NULL)
		info->depends = MemoryContextAlloc(info->cxt, sizeof(Oid));
	else
		info->depends = repalloc(info->depends, (info->ndepends + 1) * sizeof(Oid));
	info->depends[info->ndepends++] = relid;
}

static void
depend_on_all(TableInfo *info, const List *relids)
{
	const ListCell *cell;

	foreach(cell, relids)
		depend_on(info, lfirst_oid(cell));
}

/*
 * Plans, which are made when first used, name the schemas of tables,
 * operators and types.
 */
static void
depend_on_schema(TableInfo *info, Oid schema)
{
	depend_on_hash(info, GetSysCacheHashValue1(NAMESPACEOID, ObjectIdGetDatum(schema)));
}

static void
depend_on_type(TableInfo *info, Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));

	if (!HeapTupleIsValid(tuple))
		return;
	depend_on_schema(info, ((Form_pg_type) GETSTRUCT(tuple))->typnamespace);
	ReleaseSysCache(tuple);
}

static void
depend_on_operator(TableInfo *info, Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_operator) GETSTRUCT(tuple);
	depend_on_schema(info, form->oprnamespace);
	depend_on_type(info, form->oprleft);
	depend_on_type(info, form->oprright);
	ReleaseSysCache(tuple);
}

static void
note_dependencies(TableInfo *info)
{
	depend_on_schema(info, get_rel_namespace(info->root));
	for (int i = 0; info->key && i < info->key->ncolumns; i++)
	{
		const KeyColumn *column = &info->key->columns[i];

		depend_on_operator(info, column->equals);
		depend_on_hash(info, GetSysCacheHashValue2(CASTSOURCETARGET,
												   ObjectIdGetDatum(getBaseType(column->type)),
												   ObjectIdGetDatum(TEXTOID)));
	}
	if (info->parent == NULL)
		return;
	depend_on(info, info->parent->key.target);
	depend_on_all(info, partition_ancestors(info->parent->key.target));
	depend_on_schema(info, get_rel_namespace(info->parent->key.target));
	for (int i = 0; i < info->parent->key.n; i++)
		depend_on_operator(info, info->parent->key.operators[i]);
}

static TableInfo *
allocate_info(Relation rel)
{
	/* a child of the transaction's until it is complete: no leak on errors */
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext, "locking table", ALLOCSET_SMALL_SIZES);
	TableInfo  *info = MemoryContextAllocZero(cxt, sizeof(TableInfo));
	MemoryContextCallback *callback = MemoryContextAlloc(cxt, sizeof(MemoryContextCallback));
	List	   *ancestors;

	info->cxt = cxt;
	info->relid = RelationGetRelid(rel);
	ancestors = partition_ancestors(info->relid);
	info->root = ancestors == NIL ? info->relid : llast_oid(ancestors);
	depend_on(info, info->relid);
	depend_on_all(info, ancestors);
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
	note_dependencies(info);
	info->is_plain = info->is_protected && !info->key_replaced && !info->parent_lost &&
		!info->required && info->parent == NULL && !rel->rd_rel->relispartition;
	return info;
}

static TableInfo *
build_until_stable(Relation rel)
{
	TableInfo  *info = NULL;

	for (int tries = 0; tries < MAX_BUILDS && (info == NULL || !info->valid); tries++)
	{
		if (info)
			MemoryContextDelete(info->cxt);
		meanwhile.all = false;
		meanwhile.n = 0;
		info = build_info(rel);
		info->valid = !changed_meanwhile(info);
	}
	return info;
}

/*
 * What is known of an open relation: its entry, of which "info" is up to
 * date.
 */
Table *
table_entry(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	Table	   *table = hash_search(tables, &relid, HASH_FIND, NULL);
	TableInfo  *info;
	bool		found;

	if (table && table->info && table->info->valid)
		return table;

	info = build_until_stable(rel);
	table = hash_search(tables, &relid, HASH_ENTER, &found);
	if (found && table->info)
		MemoryContextSetParent(table->info->cxt, TopTransactionContext);
	table->info = info;
	MemoryContextSetParent(info->cxt, CacheMemoryContext);
	return table;
}

TableInfo *
table_info(Relation rel)
{
	return table_entry(rel)->info;
}

/* ---- for functions that name a table ---- */

/*
 * A write or lock that goes by a key nobody agreed on is refused, not let
 * through.
 */
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
				 errmsg("the foreign key that guards table \"%s\" by its parent was dropped or replaced",
						get_rel_name(table->root)),
				 errhint("Call locking.protect() again, or locking.unprotect()."),
				 errtable_by_id(table->root)));
}

static void
refuse_unprotected(Oid relid)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relid));
	char	   *name = get_rel_name(relid);

	if (schema == NULL || name == NULL)
		refuse_missing(relid);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not protected", name),
			 errhint("Protect it first: SELECT locking.protect(%s).",
					 quote_literal_cstr(quote_qualified_identifier(schema, name))),
			 errtable_by_id(relid)));
}

/*
 * Locks the partitions on the way from the root to a relation, in that order.
 */
static void
lock_below_root(const List *ancestors, Oid relid)
{
	for (int i = list_length(ancestors) - 2; i >= 0; i--)
		LockRelationOid(list_nth_oid(ancestors, i), AccessShareLock);
	if (ancestors != NIL)
		LockRelationOid(relid, AccessShareLock);
}

static void
unlock_below_root(const List *ancestors, Oid relid)
{
	for (int i = 0; i < list_length(ancestors) - 1; i++)
		UnlockRelationOid(list_nth_oid(ancestors, i), AccessShareLock);
	if (ancestors != NIL)
		UnlockRelationOid(relid, AccessShareLock);
}

/*
 * Opens the root of the table "relid".  "check" is called before any lock is
 * taken, so that a role without rights on a table keeps nobody from it.  What
 * the catalogs say of a relation that is not locked may have changed by the
 * time that it is, so the ancestry is locked, root first, and looked up
 * again.
 */
Relation
open_root(Oid relid, LOCKMODE lockmode, RootCheck check, void *arg)
{
	for (;;)
	{
		List	   *ancestors = partition_ancestors(relid);
		Oid			root = ancestors == NIL ? relid : llast_oid(ancestors);
		Relation	rel;

		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(root)))
			refuse_missing(relid);
		check(root, arg);
		rel = try_relation_open(root, lockmode);
		INJECT("root-opened");
		if (rel)
			lock_below_root(ancestors, relid);
		if (rel && equal(ancestors, partition_ancestors(relid)))
			return rel;
		if (rel == NULL)
		{
			AcceptInvalidationMessages();
			continue;
		}
		unlock_below_root(ancestors, relid);
		relation_close(rel, lockmode);
	}
}

/*
 * Which right on a table must a role have for what it wants of the table's
 * locks?
 */
static void
check_may_use(Oid root, void *arg)
{
	if (!is_protected_table(root))
		refuse_unprotected(root);
	check_right(root, *(TableRight *) arg);
}

/*
 * The root table of "relid", locked, if it is protected and the current role
 * has the right.  protect() of a child conflicts with RowShareLock, so that
 * what is known of the table is current.
 */
TableInfo *
protected_table_by_id(Oid relid, LOCKMODE lockmode, TableRight right)
{
	Relation	rel = open_root(relid, lockmode, check_may_use, &right);
	TableInfo  *info = table_info(rel);

	if (!info->is_protected)
		refuse_unprotected(info->root);
	relation_close(rel, NoLock);
	check_key_in_force(info);
	return info;
}

TableInfo *
protected_table(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right)
{
	argument_not_null(fcinfo, argno, "relation");
	return protected_table_by_id(PG_GETARG_OID(argno), lockmode, right);
}
