/*
 * orphan.c
 *		Removal of drafts and requests of rows that are gone.
 *
 * A request for a row that does not exist any more is of no use.  A draft
 * still is: it may be all that is left of a text (S7), so it is kept for
 * locking.keep_history after it was saved.
 *
 * Requests are removed in two ways.  The guard notes each table whose rows a
 * transaction deletes, truncates or gives other keys, and at the commit the
 * requests for rows of these tables are checked.  So the guard's cost does
 * not depend on the number of rows, and nothing is done if the queue has no
 * pages.
 * What the guard does not see (a row written by replication, a partition that
 * is dropped or detached) is found by the sweep, which checks some requests
 * and old drafts each time, in a cycle through the tables.
 *
 * Whether a row exists is looked up in the primary key's index.  A query,
 * which runs code of the table's owner when it is planned, would let that
 * role delay the commits of others.  Nothing is waited for: a row of a table
 * that is locked counts as existing.  Transactions that are serializable
 * remove nothing, since reading rows could make them fail.
 */
#include "orphan.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "key_text.h"
#include "locking.h"
#include "partition.h"
#include "relation.h"
#include "role.h"
#include "table.h"

/* number of requests for rows of a noted table that a commit checks */
#define MAX_CHECKED_REQUESTS 64

/* number of requests, and of drafts, that a step of the sweep checks */
#define SWEEP_SIZE 4

/* A table of drafts or requests, and how far the sweep has come in it. */
typedef struct Kept
{
	const char *name;
	AttrNumber	relation;		/* columns */
	AttrNumber	key;
	AttrNumber	saved_at;		/* InvalidAttrNumber: of any age */
	AttrNumber	is_new;			/* InvalidAttrNumber: never */
	ItemPointerData next;
} Kept;

static Kept requests = {"request_queue", 2, 3, InvalidAttrNumber, InvalidAttrNumber, {{0, 0}, 0}};
static Kept drafts = {"draft", 1, 2, 6, 8, {{0, 0}, 0}};

/* ---- whether a row exists ---- */

/* The conditions of an index on the columns of a key. */
static void
set_index_keys(ScanKey keys, Relation index, const Datum *values)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		Oid			type = index->rd_opcintype[i];
		Oid			equals = get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(equals), values[i]);
	}
}

static bool
index_has_row(Relation rel, Oid index_relid, const Datum *values)
{
	Relation	index = index_open(index_relid, NoLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int			n = IndexRelationGetNumberOfKeyAttributes(index);
	IndexScanDesc scan = locking_index_beginscan(rel, index, snapshot, n);
	ScanKeyData keys[INDEX_MAX_KEYS];
	bool		found;

	set_index_keys(keys, index, values);
	index_rescan(scan, keys, n, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	index_close(index, NoLock);
	return found;
}

/*
 * May a table, which is no partitioned one, have the row?  If it cannot be
 * told without waiting, it may.
 */
static bool
may_have_row(Oid relid, const Datum *values)
{
	Relation	rel;
	bool		found = true;

	if (!lock_relation_nowait(relid))
		return true;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return false;
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		found = false;			/* its partitions may */
	else
	{
		list_free(RelationGetIndexList(rel));
		if (OidIsValid(rel->rd_pkindex) && lock_relation_nowait(rel->rd_pkindex))
			found = index_has_row(rel, rel->rd_pkindex, values);
	}
	relation_close(rel, NoLock);
	return found;
}

static bool
row_exists(TableInfo *table, const char *key)
{
	Datum		values[INDEX_MAX_KEYS];
	RoleSwitch	saved;
	ListCell   *cell;

	enter_role(&saved, relation_owner(table->root));
	key_parse_stored(table->key, table->root, key, values);
	leave_role(&saved);
	foreach(cell, partition_descendants(table->root))
	{
		if (may_have_row(lfirst_oid(cell), values))
			return true;
	}
	return false;
}

/* Is the row gone, or is its table?  If in doubt, it is not. */
static bool
is_gone(Oid relid, const char *key)
{
	Relation	rel;
	TableInfo  *table;
	bool		gone;

	if (!lock_relation_nowait(relid))
		return false;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return true;
	table = table_info(rel);
	gone = !table->is_protected || (!table->key_replaced && !row_exists(table, key));
	relation_close(rel, NoLock);
	return gone;
}

/* ---- removal ---- */

/* Remove a draft or request, unless another transaction is writing it. */
static void
remove_tuple(Relation rel, HeapTuple tuple)
{
	TM_FailureData failure;

	(void) table_tuple_delete(rel, &tuple->t_self, GetCurrentCommandId(true), SnapshotAny,
							  InvalidSnapshot, false, &failure, false);
}

static Datum
column(const Kept *kept, Relation rel, HeapTuple tuple, AttrNumber attnum)
{
	bool		isnull;

	return heap_getattr(tuple, attnum, RelationGetDescr(rel), &isnull);
}

/* Is it of a row that was never there? */
static bool
is_of_new_row(const Kept *kept, Relation rel, HeapTuple tuple)
{
	return AttributeNumberIsValid(kept->is_new) &&
		DatumGetBool(column(kept, rel, tuple, kept->is_new));
}

static void
remove_if_orphaned(const Kept *kept, Relation rel, HeapTuple tuple)
{
	if (is_of_new_row(kept, rel, tuple) ||
		is_gone(DatumGetObjectId(column(kept, rel, tuple, kept->relation)),
				TextDatumGetCString(column(kept, rel, tuple, kept->key))))
		remove_tuple(rel, tuple);
}

/* Open a table of drafts or requests.  NULL: locked, or without pages. */
static Relation
open_without_waiting(const Kept *kept)
{
	Oid			relid = catalog_relid(kept->name);
	Relation	rel;

	if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
		return NULL;
	rel = catalog_open(kept->name, NoLock);
	if (RelationGetNumberOfBlocks(rel) > 0)
		return rel;
	relation_close(rel, RowExclusiveLock);
	return NULL;
}

/* ---- tables whose rows the transaction has removed ---- */

static Oid	noted[4];
static int	nnoted = 0;

/*
 * Note that the transaction may remove rows of a table.  If the queue is
 * empty now, or there is no room, the sweep finds the requests.
 */
void
note_rows_removed(Oid root)
{
	Relation	queue;

	for (int i = 0; i < nnoted; i++)
		if (noted[i] == root)
			return;
	queue = open_without_waiting(&requests);
	if (queue == NULL)
		return;
	relation_close(queue, RowExclusiveLock);
	if (nnoted < lengthof(noted))
		noted[nnoted++] = root;
}

/* Has a table been noted? */
bool
rows_were_removed(void)
{
	return nnoted > 0;
}

/* Forget the tables at the end of the transaction. */
void
forget_rows_removed(void)
{
	nnoted = 0;
}

static void
remove_orphans_of(Relation queue, Oid root)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, requests.relation, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(root));
	scan = systable_beginscan(queue, catalog_relid("request_queue_pkey"), true, snapshot, 1, &key);
	for (int i = 0; i < MAX_CHECKED_REQUESTS && (tuple = systable_getnext(scan)) != NULL; i++)
		remove_if_orphaned(&requests, queue, tuple);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
}

/*
 * Remove the requests for rows that the transaction has removed.  The body of
 * a subtransaction.
 */
bool
remove_noted_orphans(void *arg)
{
	Relation	queue = IsolationIsSerializable() ? NULL : open_without_waiting(&requests);

	if (queue == NULL)
		return true;
	CommandCounterIncrement();	/* to see what the transaction has written */
	for (int i = 0; i < nnoted; i++)
		remove_orphans_of(queue, noted[i]);
	relation_close(queue, NoLock);
	return true;
}

/* ---- sweep ---- */

static bool
is_old_enough(const Kept *kept, Relation rel, HeapTuple tuple)
{
	return !AttributeNumberIsValid(kept->saved_at) ||
		DatumGetTimestampTz(column(kept, rel, tuple, kept->saved_at)) <
		clock_now() - locking_keep_history * USECS_PER_SEC;
}

/*
 * Check what is stored on one page, from the offset reached on.  Returns
 * whether the page is done.
 */
static bool
sweep_page(Kept *kept, Relation rel, BlockNumber block, OffsetNumber first)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan_strat(rel, snapshot, 0, NULL, true, false);
	HeapTuple	tuple;
	int			checks = 0;

	heap_setscanlimits(scan, block, 1);
	while (checks < SWEEP_SIZE && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		if (ItemPointerGetOffsetNumber(&tuple->t_self) < first || !is_old_enough(kept, rel, tuple))
			continue;
		checks++;
		ItemPointerSet(&kept->next, block, OffsetNumberNext(ItemPointerGetOffsetNumber(&tuple->t_self)));
		remove_if_orphaned(kept, rel, tuple);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	return checks < SWEEP_SIZE;
}

static void
sweep_kept(Kept *kept)
{
	Relation	rel = open_without_waiting(kept);
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&kept->next);

	if (rel == NULL)
		return;
	if (block >= RelationGetNumberOfBlocks(rel))
		ItemPointerSet(&kept->next, block = 0, FirstOffsetNumber);
	if (sweep_page(kept, rel, block, ItemPointerGetOffsetNumberNoCheck(&kept->next)))
		ItemPointerSet(&kept->next, block + 1, FirstOffsetNumber);
	relation_close(rel, NoLock);
}

/*
 * Remove some requests and old drafts of rows that are gone, in as many steps
 * as are given.
 */
void
sweep_orphans(int64 steps)
{
	if (IsolationIsSerializable())
		return;
	for (; steps > 0 && !InterruptPending; steps--)
	{
		sweep_kept(&requests);
		if (locking_keep_history >= 0)
			sweep_kept(&drafts);
	}
}
