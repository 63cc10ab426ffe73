/*
 * record.c
 *		Lock records: finding, locking and writing rows of locking.lock.
 *
 * The table is accessed directly, without the executor, so that no user code
 * runs with the rights of the records' owner.  Every search takes a snapshot
 * of its own (rule 2), newer than any row lock of the caller, even under
 * REPEATABLE READ. Every write is followed by a command counter increment, so
 * that the next search sees it.
 */
#include "record.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "gate.h"
#include "record_expiry.h"

/*
 * Open the table.  Direct access bypasses the executor, which would check
 * that the transaction may write, so check it here.
 */
Relation
records_open(LOCKMODE lockmode)
{
	if (lockmode >= RowExclusiveLock)
	{
		PreventCommandIfReadOnly("lock changes");
		PreventCommandIfParallelMode("lock changes");
	}
	return catalog_open("lock", lockmode);
}

/* ---- reading ---- */

static char *
slot_text(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static Datum
slot_value(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? (Datum) 0 : value;
}

static void
read_lock(TupleTableSlot *slot, Lock *lock)
{
	lock->tid = slot->tts_tid;
	lock->relation = DatumGetObjectId(slot_value(slot, COL_RELATION));
	lock->key = slot_text(slot, COL_KEY);
	lock->token = DatumGetInt64(slot_value(slot, COL_TOKEN));
	lock->owner = slot_text(slot, COL_OWNER);
	lock->owner_name = slot_text(slot, COL_OWNER_NAME);
	lock->client = slot_text(slot, COL_CLIENT);
	lock->hard = DatumGetBool(slot_value(slot, COL_HARD));
	lock->note = slot_text(slot, COL_NOTE);
	lock->acquired_at = DatumGetTimestampTz(slot_value(slot, COL_ACQUIRED_AT));
	lock->renewed_at = DatumGetTimestampTz(slot_value(slot, COL_RENEWED_AT));
	lock->expires_at = DatumGetTimestampTz(slot_value(slot, COL_EXPIRES_AT));
	lock->ttl = *DatumGetIntervalP(slot_value(slot, COL_TTL));
	lock->row_xmin = DatumGetTransactionId(slot_value(slot, COL_ROW_XMIN));
	lock->confirm_xid = DatumGetTransactionId(slot_value(slot, COL_CONFIRM_XID));
	lock->lost = DatumGetBool(slot_value(slot, COL_LOST));
	lock->handed_over = DatumGetBool(slot_value(slot, COL_HANDED_OVER));
}

/*
 * A search in one of the indexes.  The index is read with SnapshotAny, which
 * takes no predicate locks, and each version is checked against a snapshot
 * taken now (see "Snapshots" in src/README.md).
 */
typedef struct Search
{
	Relation	records;
	Relation	index;
	IndexScanDesc scan;
	Snapshot	snapshot;
	TupleTableSlot *slot;
} Search;

static void
search_begin(Search *search, Relation records, const char *index, ScanKey keys, int nkeys)
{
	search->records = records;
	search->index = index_open(catalog_relid(index), AccessShareLock);
	search->snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(records)));
	search->slot = table_slot_create(records, NULL);
	search->scan = locking_index_beginscan(records, search->index, SnapshotAny, nkeys);
	index_rescan(search->scan, keys, nkeys, NULL, 0);
}

static bool
search_next(Search *search, Lock *lock)
{
	while (index_getnext_slot(search->scan, ForwardScanDirection, search->slot))
	{
		if (!table_tuple_satisfies_snapshot(search->records, search->slot, search->snapshot))
			continue;
		read_lock(search->slot, lock);
		return true;
	}
	return false;
}

static void
search_end(Search *search)
{
	index_endscan(search->scan);
	ExecDropSingleTupleTableSlot(search->slot);
	UnregisterSnapshot(search->snapshot);
	index_close(search->index, NoLock);
}

static void
relation_key(ScanKey key, Oid relid)
{
	ScanKeyInit(key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
}

static void
row_keys(ScanKey keys, Oid relid, const char *key)
{
	relation_key(&keys[0], relid);
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(key));
}

/* Find the record of a row: there is at most one, lapsed or not (S1). */
bool
record_find(Relation records, Oid relid, const char *key, Lock *lock)
{
	ScanKeyData keys[2];
	Search		search;
	bool		found;

	row_keys(keys, relid, key);
	search_begin(&search, records, "lock_pkey", keys, 2);
	found = search_next(&search, lock);
	search_end(&search);
	return found;
}

/*
 * The first search of the guard for a row: does any version of a record of
 * the row exist, visible or not?  The scan is kept open for the statement.  A
 * negative result requires no snapshot: that of the statement keeps vacuum
 * from removing the last entry of a record that is being updated.
 */
struct Probe
{
	Relation	records;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	MemoryContextCallback callback;
};

/* After an error everything has been released already. */
static void
probe_end(void *arg)
{
	Probe	   *probe = arg;

	if (!IsTransactionState())
		return;
	index_endscan(probe->scan);
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	table_close(probe->records, NoLock);
}

static Probe *
probe_begin(MemoryContext statement)
{
	MemoryContext caller = MemoryContextSwitchTo(statement);
	Probe	   *probe = palloc(sizeof(Probe));

	probe->records = records_open(RowExclusiveLock);
	probe->index = index_open(catalog_relid("lock_pkey"), AccessShareLock);
	probe->slot = table_slot_create(probe->records, NULL);
	probe->scan = locking_index_beginscan(probe->records, probe->index, SnapshotAny, 2);
	probe->callback.func = probe_end;
	probe->callback.arg = probe;
	MemoryContextRegisterResetCallback(statement, &probe->callback);
	MemoryContextSwitchTo(caller);
	return probe;
}

/* Could there be a record of the row?  "kept" holds the open scan. */
bool
record_may_exist(Probe **kept, MemoryContext statement, Oid relid, const char *key)
{
	Probe	   *probe = *kept ? *kept : (*kept = probe_begin(statement));
	MemoryContext caller;
	ScanKeyData keys[2];
	bool		found;

	row_keys(keys, relid, key);
	/* what the scan allocates must live as long as the scan */
	caller = MemoryContextSwitchTo(statement);
	index_rescan(probe->scan, keys, 2, NULL, 0);
	found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
	if (found)
	{
		/* keep no page pinned */
		ExecClearTuple(probe->slot);
		index_rescan(probe->scan, keys, 2, NULL, 0);
	}
	MemoryContextSwitchTo(caller);
	return found;
}

/* Find the record with a token. */
bool
record_find_token(Relation records, int64 token, Lock *lock)
{
	ScanKeyData key;
	Search		search;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(token));
	search_begin(&search, records, "lock_token_key", &key, 1);
	found = search_next(&search, lock);
	search_end(&search);
	return found;
}

static List *
append_copy(List *locks, const Lock *lock)
{
	Lock	   *copy = palloc(sizeof(Lock));

	*copy = *lock;
	return lappend(locks, copy);
}

/* The records of rows with the given keys. */
List *
records_of_keys(Relation records, Oid relid, const List *keys)
{
	List	   *locks = NIL;
	const ListCell *cell;

	foreach(cell, keys)
	{
		Lock		lock;

		if (record_find(records, relid, lfirst(cell), &lock))
			locks = append_copy(locks, &lock);
	}
	return locks;
}

static List *
find_all(Relation records, const char *index, ScanKey key)
{
	List	   *locks = NIL;
	Search		search;
	Lock		lock;

	search_begin(&search, records, index, key, 1);
	while (search_next(&search, &lock))
		locks = append_copy(locks, &lock);
	search_end(&search);
	return locks;
}

/* All records of a table, ordered by key. */
List *
records_of(Relation records, Oid relid)
{
	ScanKeyData key;

	relation_key(&key, relid);
	return find_all(records, "lock_pkey", &key);
}

static void
owner_key(ScanKey key, const char *owner)
{
	ScanKeyEntryInitialize(key, 0, 1, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(owner));
}

/* All records of an owner, including lapsed ones. */
List *
records_of_owner(Relation records, const char *owner)
{
	ScanKeyData key;

	owner_key(&key, owner);
	return find_all(records, "lock_owner_idx", &key);
}

/*
 * The order in which records of several rows are locked, to avoid deadlocks:
 * that of acquire_all().
 */
int
compare_rows(const ListCell *a, const ListCell *b)
{
	const Lock *left = lfirst(a);
	const Lock *right = lfirst(b);

	if (left->relation != right->relation)
		return left->relation < right->relation ? -1 : 1;
	return strcmp(left->key, right->key);
}

/*
 * The number of live locks of an owner, counted up to "max".
 *
 * A dirty snapshot is used: locks that other transactions are acquiring
 * count, so that sessions of an owner cannot exceed the limit by not
 * committing, and so do locks that are being released.  A lock that is being
 * renewed at this moment may count twice.  A dirty snapshot takes no
 * predicate locks either, and unlike SnapshotAny it lets the scan mark index
 * entries of dead records, which the next scan skips.
 */
int
record_count_live(Relation records, const char *owner, int max)
{
	TimestampTz now = clock_now();
	Relation	index = index_open(catalog_relid("lock_owner_idx"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(records, NULL);
	SnapshotData dirty;
	IndexScanDesc scan;
	ScanKeyData key;
	int			live = 0;

	InitDirtySnapshot(dirty);
	owner_key(&key, owner);
	scan = locking_index_beginscan(records, index, &dirty, 1);
	index_rescan(scan, &key, 1, NULL, 0);
	while (live < max && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		live += DatumGetTimestampTz(slot_value(slot, COL_EXPIRES_AT)) > now;
		CHECK_FOR_INTERRUPTS();
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return live;
}

/*
 * The records among the next "max" entries of the index on tokens, after
 * "*token", which is advanced, or reset to the start when there are no more
 * entries.  Entries are counted rather than records, since there may be any
 * number of entries of deleted records.
 */
List *
records_after(Relation records, int64 *token, int max)
{
	List	   *locks = NIL;
	ScanKeyData key;
	Search		search;
	Lock		lock;
	int			n;

	ScanKeyInit(&key, 1, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(*token));
	search_begin(&search, records, "lock_token_key", &key, 1);
	for (n = 0; n < max && index_getnext_slot(search.scan, ForwardScanDirection, search.slot); n++)
	{
		*token = DatumGetInt64(slot_value(search.slot, COL_TOKEN));
		if (!table_tuple_satisfies_snapshot(records, search.slot, search.snapshot))
			continue;
		read_lock(search.slot, &lock);
		locks = append_copy(locks, &lock);
	}
	if (n < max)
		*token = PG_INT64_MIN;
	search_end(&search);
	return locks;
}

/*
 * Lock a record and read it again as it is now (its owner may have changed
 * the row's key).  False if the record is gone or belongs to another lock by
 * then, or, unless the policy is LockWaitBlock, if another transaction has it
 * locked.
 */
bool
record_lock(Relation records, Lock *lock, LockTupleMode mode, LockWaitPolicy policy)
{
	TupleTableSlot *slot = table_slot_create(records, NULL);
	Snapshot	snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(records)));
	TM_FailureData failure;
	TM_Result	result;
	Lock		now;
	bool		same = false;

	result = table_tuple_lock(records, &lock->tid, snapshot, slot, GetCurrentCommandId(false),
							  mode, policy, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	if (result == TM_Ok)
	{
		read_lock(slot, &now);
		same = now.token == lock->token;
		if (same)
			*lock = now;
	}
	else if (result != TM_Deleted && result != TM_WouldBlock)
		elog(ERROR, "unexpected result %d of locking a lock record", (int) result);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	return same;
}

/* ---- writing ---- */

/* the last transaction of this backend that a record refers to */
static TransactionId last_referred = InvalidTransactionId;

/*
 * May a record refer to this transaction, as one that confirm() has updated
 * does?  If so, the guard searches for lapsed ones, too: the owner's next
 * write has to be noted, and one of another owner would look like the owner's
 * (rule 5).
 */
pg_attribute_hot bool
records_refer_to_transaction(void)
{
	return TransactionIdIsValid(last_referred) && last_referred == GetTopTransactionIdIfAny();
}

/* A record refers to this transaction, or will when it commits. */
void
note_reference_to_transaction(void)
{
	last_referred = GetTopTransactionIdIfAny();
}

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column - 1] = text == NULL;
	if (text)
		values[column - 1] = CStringGetTextDatum(text);
}

static void
set_xid(Datum *values, bool *nulls, int column, TransactionId xid)
{
	nulls[column - 1] = !TransactionIdIsValid(xid);
	values[column - 1] = TransactionIdGetDatum(xid);
}

static HeapTuple
form_record(Relation records, const Lock *lock)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {0};

	values[COL_RELATION - 1] = ObjectIdGetDatum(lock->relation);
	set_text(values, nulls, COL_KEY, lock->key);
	values[COL_TOKEN - 1] = Int64GetDatum(lock->token);
	set_text(values, nulls, COL_OWNER, lock->owner);
	set_text(values, nulls, COL_OWNER_NAME, lock->owner_name);
	set_text(values, nulls, COL_CLIENT, lock->client);
	values[COL_HARD - 1] = BoolGetDatum(lock->hard);
	set_text(values, nulls, COL_NOTE, lock->note);
	values[COL_ACQUIRED_AT - 1] = TimestampTzGetDatum(lock->acquired_at);
	values[COL_RENEWED_AT - 1] = TimestampTzGetDatum(lock->renewed_at);
	values[COL_EXPIRES_AT - 1] = TimestampTzGetDatum(lock->expires_at);
	values[COL_TTL - 1] = IntervalPGetDatum(unconstify(Interval *, &lock->ttl));
	set_xid(values, nulls, COL_ROW_XMIN, lock->row_xmin);
	set_xid(values, nulls, COL_CONFIRM_XID, lock->confirm_xid);
	values[COL_LOST - 1] = BoolGetDatum(lock->lost);
	values[COL_HANDED_OVER - 1] = BoolGetDatum(lock->handed_over);
	return heap_form_tuple(RelationGetDescr(records), values, nulls);
}

/*
 * Handle an error of a write.  A unique violation means that a record of the
 * row was being written when this one was searched for, by a transaction that
 * has committed since: it has changed a key, or it does not lock target rows
 * first, as COPY into this table.
 */
pg_noreturn static void
report_write_error(MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->constraint_name == NULL ||
		strcmp(error->constraint_name, "lock_pkey") != 0)
		PG_RE_THROW();
	FlushErrorState();
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("the row has just been locked by another transaction"),
			 errhint("Try again.")));
}

/* Write a version of a record, the first one if "replaced" is NULL. */
static void
write_record(Relation records, ItemPointer replaced, HeapTuple tuple)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		if (replaced)
			CatalogTupleUpdate(records, replaced, tuple);
		else
			CatalogTupleInsert(records, tuple);
	}
	PG_CATCH();
	{
		report_write_error(caller);
	}
	PG_END_TRY();
}

/* Insert a record. */
void
record_insert(Relation records, Lock *lock)
{
	HeapTuple	tuple = form_record(records, lock);

	write_record(records, NULL, tuple);
	gate_raise_written(lock->relation, lock->key, lock->expires_at);
	if (TransactionIdIsCurrentTransactionId(lock->row_xmin))
		note_reference_to_transaction();
	lock->tid = tuple->t_self;
	CommandCounterIncrement();
}

/* Update a record that the caller has locked. */
void
record_update(Relation records, Lock *lock)
{
	HeapTuple	tuple = form_record(records, lock);

	write_record(records, &lock->tid, tuple);
	gate_raise_written(lock->relation, lock->key, lock->expires_at);
	note_reference_to_transaction();
	lock->tid = tuple->t_self;
	CommandCounterIncrement();
}

/*
 * Delete a record as it was read, waiting for another transaction that has it
 * locked.  False: it is gone or was updated meanwhile.
 */
bool
record_delete_unchanged(Relation records, const Lock *lock)
{
	TM_FailureData failure;
	TM_Result	result;
	ItemPointerData tid = lock->tid;

	result = table_tuple_delete(records, &tid, GetCurrentCommandId(true), GetCatalogSnapshot(RelationGetRelid(records)),
								InvalidSnapshot, true, &failure, false);
	if (result == TM_Ok)
		CommandCounterIncrement();
	else if (result != TM_Updated && result != TM_Deleted && result != TM_SelfModified)
		elog(ERROR, "unexpected result %d of deleting a lock record", (int) result);
	return result == TM_Ok;
}

/* Delete a record that the caller has locked. */
void
record_delete(Relation records, Lock *lock)
{
	CatalogTupleDelete(records, &lock->tid);
	CommandCounterIncrement();
}
