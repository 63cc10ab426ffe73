/*
 * partition.c
 *		Partition ancestors and descendants, read from pg_inherits.
 *
 * PostgreSQL's own functions leave out a partition whose detachment is
 * pending (DETACH PARTITION ... CONCURRENTLY, between its two transactions).
 * Older transactions still reach its rows through the root, so here it
 * belongs to its root until it is detached: locks and guard remain in force.
 *
 * No relation is locked here.  The result is valid only while the caller
 * prevents the relations from being attached or detached:
 * table_access.c:open_root() locks them and repeats the lookup.  If the
 * cached row of pg_class is older than pg_inherits, a detached partition
 * counts as a root, which it is.
 */
#include "partition.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* The table of which this is a partition, or InvalidOid. */
static Oid
partition_parent(Relation inherits, Oid relid)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			parent = InvalidOid;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	if ((tuple = systable_getnext(scan)) != NULL)
		parent = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;
	systable_endscan(scan);
	return parent;
}

/* The ancestors of a partition, nearest first; NIL for other relations. */
List *
partition_ancestors(Oid relid)
{
	List	   *ancestors = NIL;
	Relation	inherits;

	if (!get_rel_relispartition(relid))
		return NIL;
	inherits = table_open(InheritsRelationId, AccessShareLock);
	while (get_rel_relispartition(relid))
	{
		relid = partition_parent(inherits, relid);
		if (!OidIsValid(relid))
			break;
		ancestors = lappend_oid(ancestors, relid);
	}
	table_close(inherits, AccessShareLock);
	return ancestors;
}

/* The root of "relid", given its ancestors. */
Oid
partition_root(const List *ancestors, Oid relid)
{
	return ancestors == NIL ? relid : llast_oid(ancestors);
}

/* The root of a partition, or the relation itself if it is no partition. */
Oid
table_root(Oid relid)
{
	return partition_root(partition_ancestors(relid), relid);
}

static List *
append_children(Relation inherits, List *relids, Oid relid)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhparent, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsParentIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		relids = lappend_oid(relids, ((Form_pg_inherits) GETSTRUCT(tuple))->inhrelid);
	systable_endscan(scan);
	return relids;
}

/*
 * A table and, if it is partitioned, all its partitions, parents before
 * children.
 */
List *
partition_descendants(Oid relid)
{
	List	   *relids = list_make1_oid(relid);
	Relation	inherits;

	if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		return relids;
	inherits = table_open(InheritsRelationId, AccessShareLock);
	for (int i = 0; i < list_length(relids); i++)
	{
		Oid			member = list_nth_oid(relids, i);

		if (get_rel_relkind(member) == RELKIND_PARTITIONED_TABLE)
			relids = append_children(inherits, relids, member);
	}
	table_close(inherits, AccessShareLock);
	return relids;
}
