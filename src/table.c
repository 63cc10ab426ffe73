/*
 * table.c
 *		A backend's cache of tables: their settings, key, parent and plans.
 *
 * An entry is built when first used, marked invalid by the callback of the
 * relation cache (protect() and every ALTER TABLE trigger it), and rebuilt
 * when used next.  A caller further up the stack may still be using the old
 * one, so it remains until the end of the transaction.
 */
#include "table.h"

#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "inject.h"
#include "partition.h"
#include "table_settings.h"

/*
 * An entry is rebuilt if something that it depends on changed while it was
 * being built.  Where that does not end (debug_discard_caches), it is used
 * once.
 */
#define MAX_BUILDS 4

/*
 * Once so many entries have become invalid, those of dropped tables are
 * released.
 */
#define RELEASE_AFTER 64

static HTAB *tables;

/* number of entries that have become invalid since then */
static int	ninvalidated = 0;

/* ---- invalidation ---- */

/*
 * Invalidations that arrived while an entry was being built, whose
 * dependencies are not known yet.
 */
static struct
{
	bool		all;
	int			n;
	Oid			relids[32];
}			invalidations;

static void
note_invalidation(Oid relid)
{
	if (!OidIsValid(relid) || invalidations.n == lengthof(invalidations.relids))
		invalidations.all = true;
	else
		invalidations.relids[invalidations.n++] = relid;
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
changed_during_build(const TableInfo *info)
{
	if (invalidations.all)
		return true;
	for (int i = 0; i < invalidations.n; i++)
		if (depends_on(info, invalidations.relids[i]))
			return true;
	return false;
}

static void
invalidate(TableInfo *info)
{
	if (info->valid)
		ninvalidated++;
	info->valid = false;
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
			invalidate(table->info);
}

/*
 * Invalidate tables whose plans name a renamed schema, or whose key's type
 * has another cast to text.
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
			invalidate(table->info);
}

/* Create the cache and register its invalidation. */
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

/* ---- dependencies ---- */

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
 * Plans, which are prepared when first used, name the schemas of tables,
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
	/* settings may be written while their trigger is disabled */
	depend_on(info, catalog_relid("protected"));
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

/* ---- building ---- */

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
	if (info->parent && info->parent->versions_plan)
		SPI_freeplan(info->parent->versions_plan);
}

static TableInfo *
allocate_info(Relation rel)
{
	/*
	 * a child of the transaction's context until it is complete, so that
	 * errors leak nothing
	 */
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext, "locking table", ALLOCSET_SMALL_SIZES);
	TableInfo  *info = MemoryContextAllocZero(cxt, sizeof(TableInfo));
	MemoryContextCallback *callback = MemoryContextAlloc(cxt, sizeof(MemoryContextCallback));
	List	   *ancestors;

	info->cxt = cxt;
	info->relid = RelationGetRelid(rel);
	ancestors = partition_ancestors(info->relid);
	info->root = partition_root(ancestors, info->relid);
	depend_on(info, info->relid);
	depend_on_all(info, ancestors);
	info->partitioned = get_rel_relkind(info->root) == RELKIND_PARTITIONED_TABLE;
	callback->func = free_plans;
	callback->arg = info;
	MemoryContextRegisterResetCallback(cxt, callback);
	return info;
}

static void
copy_settings(TableInfo *info, const TableSettings *settings)
{
	info->hard = settings->hard;
	info->required = settings->required;
	info->has_ttl = settings->has_ttl;
	info->ttl = settings->ttl;
	info->parent_lost = settings->parent_lost;
}

/*
 * The guarded columns.  If one of them is missing, all columns are guarded.
 */
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
names_match(Oid relid, List *attnums, List *names)
{
	ListCell   *attnum;
	ListCell   *name;

	if (list_length(attnums) != list_length(names))
		return false;
	forboth(attnum, attnums, name, names)
	{
		if (strcmp(get_attname(relid, lfirst_int(attnum), false), lfirst(name)) != 0)
			return false;
	}
	return true;
}

static void
build_key(TableInfo *info, Relation rel, const TableSettings *settings)
{
	List	   *attnums;
	Oid			index;
	bool		deferrable;
	AttrNumber	numbers[INDEX_MAX_KEYS];
	ListCell   *cell;
	int			n = 0;

	if (!find_primary_key(info->root, &attnums, &index, &deferrable) || deferrable)
	{
		info->key_replaced = info->is_protected;
		return;
	}
	info->key_replaced = info->is_protected && !names_match(info->root, attnums, settings->key);
	foreach(cell, attnums)
		numbers[n++] = lfirst_int(cell);
	info->key = key_build(rel, info->root, n, numbers, index, info->cxt);
	if (info->key == NULL)
		info->key_replaced = info->is_protected;
}

/*
 * The reference to the parent row.  A partition may have its columns in
 * another order than the root, which has the foreign key.
 */
static void
build_parent(TableInfo *info, Relation rel, const TableSettings *settings)
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

static TableInfo *
build_info(Relation rel)
{
	TableInfo  *info = allocate_info(rel);
	TableSettings settings;

	info->is_protected = load_settings(info->root, &settings);
	info->has_children = info->relid == info->root && has_guarded_children(info->root);
	INJECT("table-settings");
	copy_settings(info, &settings);
	info->not_in_heap = !is_heap(rel);
	build_key(info, rel, &settings);
	build_columns(info, rel, settings.columns);
	build_parent(info, rel, &settings);
	note_dependencies(info);
	info->is_plain = info->is_protected && !info->key_replaced && !info->parent_lost &&
		!info->not_in_heap && !info->required && info->parent == NULL;
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
		invalidations.all = false;
		invalidations.n = 0;
		info = build_info(rel);
		info->valid = !changed_during_build(info);
	}
	return info;
}

/* ---- entries ---- */

/* Free what an entry points to, at the end of the transaction. */
static void
release_info(Table *table)
{
	if (table->info)
		MemoryContextSetParent(table->info->cxt, TopTransactionContext);
	table->info = NULL;
}

/*
 * Release the entries of tables that were dropped.  No statement is running
 * on such a table, so none needs its entry to point to something.
 */
static void
release_dropped_tables(void)
{
	HASH_SEQ_STATUS status;
	Table	   *table;

	if (ninvalidated < RELEASE_AFTER)
		return;
	ninvalidated = 0;
	hash_seq_init(&status, tables);
	while ((table = hash_seq_search(&status)) != NULL)
		if (table->info && !table->info->valid &&
			!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table->relid)))
			release_info(table);
}

/* The cache entry of an open relation.  Its "info" is up to date. */
Table *
table_entry(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	Table	   *table = hash_search(tables, &relid, HASH_FIND, NULL);
	TableInfo  *info;
	bool		found;

	if (table && table->info && table->info->valid)
		return table;

	release_dropped_tables();
	info = build_until_stable(rel);
	table = hash_search(tables, &relid, HASH_ENTER, &found);
	if (found)
		release_info(table);
	table->info = info;
	MemoryContextSetParent(info->cxt, CacheMemoryContext);
	return table;
}

/* The same, without the entry. */
TableInfo *
table_info(Relation rel)
{
	return table_entry(rel)->info;
}

/*
 * Is the table known to be protected, without a lock on it?  False: look into
 * the settings.
 */
bool
is_known_as_protected(Oid relid)
{
	Table	   *table = hash_search(tables, &relid, HASH_FIND, NULL);

	return table && table->info && table->info->valid && table->info->is_protected;
}
