/*
 * table_settings.c
 *		Settings of protected tables: rows of locking.protected.
 */
#include "table_settings.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "catalog.h"
#include "partition.h"

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
setting_value(HeapTuple tuple, TupleDesc desc, const char *name, bool *isnull)
{
	return heap_getattr(tuple, SPI_fnumber(desc, name), desc, isnull);
}

/* The table of a row of locking.protected. */
Oid
settings_table(HeapTuple settings, TupleDesc desc)
{
	bool		isnull;

	return DatumGetObjectId(setting_value(settings, desc, "relation", &isnull));
}

/* The parent table in a row of locking.protected, or InvalidOid. */
Oid
parent_table(HeapTuple settings, TupleDesc desc)
{
	bool		isnull;
	Datum		relid = setting_value(settings, desc, "parent_table", &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(relid);
}

/*
 * The foreign key that defines the parent.  One of the same name that
 * references another table does not count.
 */
static bool
parent_key(HeapTuple settings, TupleDesc desc, const char *name, ForeignKey *fk)
{
	return find_foreign_key(settings_table(settings, desc), name, fk) &&
		fk->target == parent_table(settings, desc);
}

static void
read_settings(HeapTuple tuple, TupleDesc desc, TableSettings *settings)
{
	bool		isnull;
	Datum		value;

	settings->hard = DatumGetBool(setting_value(tuple, desc, "hard", &isnull));
	settings->required = DatumGetBool(setting_value(tuple, desc, "required", &isnull));
	value = setting_value(tuple, desc, "ttl", &isnull);
	settings->has_ttl = !isnull;
	if (!isnull)
		settings->ttl = *DatumGetIntervalP(value);
	settings->key = name_list(setting_value(tuple, desc, "key", &isnull));
	value = setting_value(tuple, desc, "columns", &isnull);
	settings->columns = isnull ? NIL : name_list(value);
	value = setting_value(tuple, desc, "parent", &isnull);
	if (!isnull)
	{
		settings->parent = palloc0(sizeof(ForeignKey));
		settings->parent_lost = !parent_key(tuple, desc, NameStr(*DatumGetName(value)), settings->parent);
	}
}

/* Search for the rows in which a column has a table, by the index on it. */
static SysScanDesc
begin_search(Relation protected, const char *column, const char *index, Oid relid)
{
	ScanKeyData key;

	ScanKeyInit(&key, SPI_fnumber(RelationGetDescr(protected), column), BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	return systable_beginscan(protected, catalog_relid(index), true, NULL, 1, &key);
}

/* Find the settings of a table.  "read", unless NULL, receives them. */
static bool
find_settings(Relation protected, Oid relid, TableSettings *read)
{
	SysScanDesc scan = begin_search(protected, "relation", "protected_pkey", relid);
	HeapTuple	tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple) && read)
		read_settings(tuple, RelationGetDescr(protected), read);
	systable_endscan(scan);
	return HeapTupleIsValid(tuple);
}

/*
 * Is the table, a root, protected?  Unless the caller has locked it, this may
 * change at any moment.
 */
bool
is_protected_table(Oid root)
{
	Relation	protected = catalog_open("protected", AccessShareLock);
	bool		found = find_settings(protected, root, NULL);

	table_close(protected, AccessShareLock);
	return found;
}

/* Read the settings of a root table.  False: it is not protected. */
bool
load_settings(Oid root, TableSettings *settings)
{
	Relation	protected = catalog_open("protected", AccessShareLock);
	bool		found;

	memset(settings, 0, sizeof(TableSettings));
	found = find_settings(protected, root, settings);
	table_close(protected, AccessShareLock);
	return found;
}

/* Append the tables whose foreign key "parent" references this relation. */
static List *
append_children(Relation protected, Oid relid, List *children)
{
	SysScanDesc scan = begin_search(protected, "parent_table", "protected_parent_idx", relid);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		children = lappend_oid(children, settings_table(tuple, RelationGetDescr(protected)));
	systable_endscan(scan);
	return children;
}

/*
 * The tables that have this root table as their parent.  A foreign key may
 * reference a partition, but the locks of its rows, and their plans, belong
 * to the root.
 */
List *
guarded_children(Oid root)
{
	Relation	protected = catalog_open("protected", AccessShareLock);
	List	   *children = NIL;
	ListCell   *cell;

	foreach(cell, partition_descendants(root))
	{
		children = append_children(protected, lfirst_oid(cell), children);
	}
	table_close(protected, AccessShareLock);
	return children;
}

/* Do other tables have this root table as their parent? */
bool
has_guarded_children(Oid root)
{
	return guarded_children(root) != NIL;
}
