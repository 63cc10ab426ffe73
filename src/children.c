/*
 * children.c
 *		Rows of child tables, which their parent row's lock guards.
 *
 * Under REPEATABLE READ and SERIALIZABLE, a transaction that locks a row
 * fails with 40001 if the row changed after the transaction's snapshot.  The
 * rows of its children belong to what the lock covers, but a write of a child
 * leaves no trace in the parent row.  So they are read with the transaction's
 * snapshot and with one taken now, and compared: the holder of a fresh lock
 * must not see an old child (S3).  The parent row is locked by then, so their
 * writers have ended, and new ones wait.
 *
 * A version of a row that both snapshots show is one that did not change.
 * Versions are compared by their place, which no other version takes while
 * the transaction's snapshot shows this one.
 */
#include "children.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "plan.h"
#include "query.h"
#include "relation.h"
#include "sql.h"
#include "table_settings.h"

/*
 * Read the values of a parent row that its children reference, by the row's
 * key.  False: there is no such row in the referenced table, which may be a
 * partition.
 */
bool
referenced_values(const TableInfo *parent, const ForeignKey *fk, const Datum *key, Datum *referred)
{
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 0; i < fk->n; i++)
		appendStringInfo(&query, "%s x.%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(get_attname(fk->target, fk->refcolumns[i], false)));
	appendStringInfoString(&query, " FROM");
	append_table(&query, fk->target);
	append_key_conditions(&query, parent->key, types);
	return find_row(fk->target, query.data, parent->key->ncolumns, types, key, fk->n, referred);
}

/* The places of the versions of a parent row's children: table, place. */
typedef struct Versions
{
	bool		none;
	Datum		tables;			/* an array, like the next */
	Datum		places;
} Versions;

static void
read_versions(void *arg, HeapTuple row, TupleDesc desc)
{
	Versions   *versions = arg;

	versions->tables = SPI_getbinval(row, desc, 1, &versions->none);
	versions->places = SPI_getbinval(row, desc, 2, &versions->none);
	if (versions->none)
		return;
	versions->tables = PointerGetDatum(DatumGetArrayTypePCopy(versions->tables));
	versions->places = PointerGetDatum(DatumGetArrayTypePCopy(versions->places));
}

/*
 * All of them, whatever the caller may see, with the rights of the child's
 * owner.
 */
static Versions
child_versions(TableInfo *child, const Datum *referred, bool latest)
{
	Versions	versions = {true};
	SPIQuery	query = {
		.plan = child_versions_plan(child),
		.values = referred,
		.latest = latest,
		.read = read_versions,
		.arg = &versions
	};

	(void) query_run_as_table_owner(&query, child->root);
	return versions;
}

static bool
versions_equal(const Versions *a, const Versions *b)
{
	if (a->none || b->none)
		return a->none && b->none;
	return datumIsEqual(a->tables, b->tables, false, -1) && datumIsEqual(a->places, b->places, false, -1);
}

static void
report_changed_child(const TableInfo *parent, const TableInfo *child)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errdetail("Rows of table \"%s\", which a lock on the row of table \"%s\" covers, changed after the snapshot of the transaction.",
					   get_rel_name(child->root), get_rel_name(parent->root)),
			 errhint("Retry the transaction."),
			 errtable_by_id(child->root)));
}

static void
check_child(const TableInfo *parent, const Datum *key, Oid relid)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	TableInfo  *child = rel ? table_info(rel) : NULL;
	Datum		referred[INDEX_MAX_KEYS];
	Versions	seen;
	Versions	latest;

	if (rel == NULL)
		return;
	if (child->parent && referenced_values(parent, &child->parent->key, key, referred))
	{
		seen = child_versions(child, referred, false);
		latest = child_versions(child, referred, true);
		if (!versions_equal(&seen, &latest))
			report_changed_child(parent, child);
	}
	relation_close(rel, NoLock);
}

/*
 * Has no transaction ended since the transaction's snapshot?  The end of any
 * raises xmax or makes the list of those in progress shorter.
 */
static bool
snapshot_is_latest(void)
{
	Snapshot	own = GetTransactionSnapshot();
	Snapshot	latest = GetLatestSnapshot();

	return own->xmax == latest->xmax && own->xcnt == latest->xcnt;
}

/*
 * Raise an error if a child of a row that the caller has locked changed after
 * the transaction's snapshot.  The lock covers the children of the row, not
 * theirs.
 */
void
check_children_snapshot(const TableInfo *table, const Datum *key)
{
	ListCell   *cell;

	if (!table->has_children || !IsolationUsesXactSnapshot() || snapshot_is_latest())
		return;
	foreach(cell, guarded_children(table->root))
	{
		check_child(table, key, lfirst_oid(cell));
	}
}
