/*
 * row_lock.c
 *		Locking a row, and reading its xmin, without the executor.
 *
 * It has the effect of SELECT ... FOR NO KEY UPDATE, with a fifth of the
 * work, where nothing but the primary key decides which row that is, and
 * nothing but the privileges on the whole table whether the caller may lock
 * it.  Elsewhere the executor does it (target.c).
 */
#include "row_lock.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "key_text.h"

/* Are values of the key compared and converted by built-in functions only? */
static bool
has_plain_key(const Key *key)
{
	if (!key->image_equal)
		return false;
	for (int i = 0; i < key->ncolumns; i++)
		if (key->columns[i].kind == KEY_OTHER || OidIsValid(key->columns[i].code_owner) ||
			key->columns[i].equals >= FirstNormalObjectId)
			return false;
	return true;
}

/*
 * May rows of the table be locked here, by the current role?  Not where an
 * extension checks or logs the privileges of queries.
 */
static bool
is_sufficient(const TableInfo *table)
{
	return !table->partitioned && has_plain_key(table->key) && ExecutorCheckPerms_hook == NULL &&
		pg_class_aclmask(table->root, GetUserId(), ACL_SELECT | ACL_UPDATE, ACLMASK_ALL) == (ACL_SELECT | ACL_UPDATE) &&
		locking_may_use_schema(get_rel_namespace(table->root), GetUserId()) &&
		check_enable_rls(table->root, InvalidOid, true) != RLS_ENABLED;
}

/*
 * Does the index contain all rows that the transaction's snapshot may show?
 * Otherwise the planner does not use it either (get_relation_info()).
 */
static bool
is_complete(Relation index)
{
	return index->rd_index->indisvalid &&
		(!index->rd_index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin));
}

/* Search the primary key's index, which has the columns of the key. */
static IndexScanDesc
begin_scan(Relation rel, Relation index, Snapshot snapshot, const Key *key, const Datum *values)
{
	ScanKeyData keys[INDEX_MAX_KEYS];
	IndexScanDesc scan;

	for (int i = 0; i < key->ncolumns; i++)
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(key->columns[i].equals), values[i]);
	scan = locking_index_beginscan(rel, index, snapshot, key->ncolumns);
	index_rescan(scan, keys, key->ncolumns, NULL, 0);
	return scan;
}

/*
 * Lock the version that a scan has found, or its last one, into "locked".
 * False: there is none, or it is locked and the policy is not to wait.  The
 * results are handled as ExecLockRows() does.
 */
static bool
lock_version(Relation rel, TupleTableSlot *found, Snapshot snapshot, LockTupleMode mode,
			 LockWaitPolicy policy, TupleTableSlot *locked, bool *moved)
{
	ItemPointerData tid = found->tts_tid;
	TM_FailureData failure;
	uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	TM_Result	result;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	result = table_tuple_lock(rel, &tid, snapshot, locked, GetCurrentCommandId(false), mode, policy, flags, &failure);
	*moved = result == TM_Ok && failure.traversed;
	if ((result == TM_Updated || result == TM_Deleted) && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (result != TM_Ok && result != TM_Deleted && result != TM_SelfModified && result != TM_WouldBlock)
		elog(ERROR, "unexpected result %d of locking a row", (int) result);
	return result == TM_Ok;
}

static char *
key_of_slot(const Key *key, TupleTableSlot *slot)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull;

	for (int i = 0; i < key->ncolumns; i++)
		values[i] = slot_getattr(slot, key->columns[i].attnum, &isnull);
	return key_text(key, values);
}

/* Lock the row that a scan finds first. */
static bool
lock_first(IndexScanDesc scan, const TableInfo *table, Snapshot snapshot, LockWaitPolicy policy,
		   TupleTableSlot *locked, bool *moved)
{
	TupleTableSlot *found = table_slot_create(scan->heapRelation, NULL);
	LockTupleMode mode = table->has_children ? LockTupleExclusive : LockTupleNoKeyExclusive;
	bool		ok = false;

	while (!ok && index_getnext_slot(scan, ForwardScanDirection, found))
		ok = lock_version(scan->heapRelation, found, snapshot, mode, policy, locked, moved);
	ExecDropSingleTupleTableSlot(found);
	return ok;
}

/*
 * Lock the row with the given key.  A row that has another key after a
 * concurrent update is not the one that was asked for.
 */
static bool
lock_by_index(const TableInfo *table, Relation rel, Relation index, const Datum *values, LockWaitPolicy policy,
			  char **key, TransactionId *xmin)
{
	TupleTableSlot *locked = table_slot_create(rel, NULL);
	Snapshot	snapshot;
	IndexScanDesc scan;
	bool		moved;
	bool		ok;
	char	   *text = NULL;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	scan = begin_scan(rel, index, snapshot, table->key, values);
	ok = lock_first(scan, table, snapshot, policy, locked, &moved);
	if (ok)
	{
		bool		isnull;
		Datum		xid = slot_getsysattr(locked, MinTransactionIdAttributeNumber, &isnull);

		text = key_of_slot(table->key, locked);
		ok = !moved || strcmp(text, key_text(table->key, values)) == 0;
		if (xmin)
			*xmin = DatumGetTransactionId(xid);
	}
	if (key)
		*key = text;
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(locked);
	return ok;
}

/*
 * The transaction that wrote the committed version that a scan finds, or 0 if
 * there is none.
 */
static TransactionId
version_found(Relation rel, IndexScanDesc scan)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TransactionId xmin = InvalidTransactionId;

	while (!TransactionIdIsValid(xmin) && index_getnext_slot(scan, ForwardScanDirection, slot))
		if (table_tuple_satisfies_snapshot(rel, slot, snapshot))
		{
			bool		isnull;

			xmin = DatumGetTransactionId(slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull));
		}
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	return xmin;
}

/*
 * The transaction that wrote the row with the given key, of which a version
 * is committed or this transaction's own, or 0 if there is no such row,
 * whatever the caller may read.  The row is not locked, and nothing is waited
 * for.  The caller has locked the table and the index of its primary key.
 * SnapshotAny takes no predicate locks (record.c).  Returns false if only the
 * executor could find the row.
 */
bool
row_version(const TableInfo *table, const char *key, TransactionId *xmin)
{
	Relation	rel;
	Relation	index;
	bool		complete;

	if (table->partitioned || !has_plain_key(table->key))
		return false;
	rel = table_open(table->root, NoLock);
	index = index_open(locking_primary_key_index(rel), NoLock);
	complete = is_complete(index);
	if (complete)
	{
		Datum		values[INDEX_MAX_KEYS];
		IndexScanDesc scan;

		key_parse_stored(table->key, table->root, key, values);
		scan = begin_scan(rel, index, SnapshotAny, table->key, values);
		*xmin = version_found(rel, scan);
		index_endscan(scan);
	}
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return complete;
}

/*
 * Lock the row with the given key, as target_fetch() describes.  The caller
 * has locked the table.  "found" receives the result.  Returns false if the
 * executor has to do it.
 */
bool
row_lock(const TableInfo *table, const Datum *values, LockWaitPolicy policy, char **key, TransactionId *xmin,
		 bool *found)
{
	Relation	rel;
	Relation	index;
	bool		complete;

	if (!is_sufficient(table))
		return false;
	rel = table_open(table->root, NoLock);
	index = index_open(locking_primary_key_index(rel), AccessShareLock);
	complete = is_complete(index);
	if (complete)
		*found = lock_by_index(table, rel, index, values, policy, key, xmin);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return complete;
}
