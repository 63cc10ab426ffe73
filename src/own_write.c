/*
 * own_write.c
 *		Writes of locked rows by their owner, without confirm().
 *
 * The transaction that writes a row becomes its xmin.  If the writer is the
 * lock's owner, the record has to name that transaction: otherwise the write
 * would later be taken for another owner's (rule 5).  confirm() stores the
 * transaction at once.  Without it, the guard notes the write here, and the
 * record is updated just before the commit, so that the owner's heartbeat,
 * which updates the record, does not wait for a long transaction.  Until
 * then the row is locked, so no other transaction compares its xmin.
 *
 * A write is noted only if the version that it replaces was the owner's, or
 * that of the acquisition.  Otherwise it would hide a foreign write.
 */
#include "own_write.h"

#include "access/table.h"
#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "record.h"

/* A write by this transaction, or by one of its subtransactions. */
typedef struct Version
{
	TransactionId xid;
	bool		own;			/* not after another owner's write */
	struct Version *earlier;
} Version;

/*
 * The writes of a locked row.  One that was rolled back is no longer current,
 * and the one before it counts.
 */
typedef struct OwnWrite
{
	int64		token;			/* hash key */
	Version    *latest;			/* NULL: none */
} OwnWrite;

/* NULL: none in this transaction */
static HTAB *own_writes = NULL;

static void
create_own_writes(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(int64);
	control.entrysize = sizeof(OwnWrite);
	control.hcxt = TopTransactionContext;
	own_writes = hash_create("locking own writes", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The writes of the row of the lock with this token, or NULL. */
static OwnWrite *
find_writes(int64 token)
{
	OwnWrite   *writes = own_writes ? hash_search(own_writes, &token, HASH_FIND, NULL) : NULL;

	if (writes == NULL)
		return NULL;
	while (writes->latest && !TransactionIdIsCurrentTransactionId(writes->latest->xid))
		writes->latest = writes->latest->earlier;
	return writes;
}

static void
add_version(OwnWrite *writes, bool own)
{
	TransactionId xid = GetCurrentTransactionId();
	Version    *version;

	if (writes->latest && writes->latest->xid == xid && writes->latest->own == own)
		return;
	version = MemoryContextAlloc(TopTransactionContext, sizeof(Version));
	version->xid = xid;
	version->own = own;
	version->earlier = writes->latest;
	writes->latest = version;
}

/* The owner of the lock with this token writes the locked row. */
void
note_own_write(int64 token)
{
	OwnWrite   *writes = find_writes(token);

	if (own_writes == NULL)
		create_own_writes();
	if (writes == NULL)
	{
		writes = hash_search(own_writes, &token, HASH_ENTER, NULL);
		writes->latest = NULL;
	}
	add_version(writes, true);
	note_reference_to_transaction();
}

/*
 * The transaction, this one or a subtransaction, in which the owner of the
 * lock wrote the row last, or InvalidTransactionId.
 */
static TransactionId
last_own_write(int64 token)
{
	OwnWrite   *writes = find_writes(token);

	return writes && writes->latest && writes->latest->own ? writes->latest->xid : InvalidTransactionId;
}

/* Has the owner of this lock written the row in this transaction? */
bool
has_own_writes(int64 token)
{
	return TransactionIdIsValid(last_own_write(token));
}

/* Is this the transaction in which the owner of the lock wrote the row? */
bool
is_own_write(int64 token, TransactionId xmin)
{
	return TransactionIdIsValid(xmin) && last_own_write(token) == xmin;
}

/* Another owner writes the row, unless that is rolled back. */
void
forget_own_writes(int64 token)
{
	OwnWrite   *writes = find_writes(token);

	if (writes && writes->latest)
		add_version(writes, false);
}

/* ---- commit ---- */

/*
 * Does the record have to be updated?  Not if confirm() has done so in this
 * transaction, since the guard stored the writes that followed.
 */
static bool
is_unstored(const Lock *lock)
{
	return has_own_writes(lock->token) && !lock->lost &&
		!TransactionIdIsCurrentTransactionId(lock->confirm_xid) &&
		lock->row_xmin != last_own_write(lock->token);
}

/* Make the last write the version that the lock refers to. */
static void
store_own_write(Relation records, Lock *lock)
{
	if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock) || !is_unstored(lock))
		return;
	lock->row_xmin = last_own_write(lock->token);
	record_update(records, lock);
}

/* The records to be updated, in the order in which all sessions lock them. */
static List *
unstored_locks(Relation records)
{
	List	   *locks = NIL;
	HASH_SEQ_STATUS status;
	OwnWrite   *write;

	hash_seq_init(&status, own_writes);
	while ((write = hash_seq_search(&status)) != NULL)
	{
		Lock	   *lock = palloc(sizeof(Lock));

		if (record_find_token(records, write->token, lock) && is_unstored(lock))
			locks = lappend(locks, lock);
	}
	list_sort(locks, compare_rows);
	return locks;
}

/*
 * The table is opened without the checks of records_open(): the transaction
 * may have become read-only since the writes.
 */
static void
store_own_writes(void)
{
	Relation	records = catalog_open("lock", RowExclusiveLock);
	ListCell   *cell;

	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(cell, unstored_locks(records))
	{
		store_own_write(records, lfirst(cell));
	}
	PopActiveSnapshot();
	table_close(records, NoLock);
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (own_writes == NULL)
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		if (catalog_complete())
			store_own_writes();
	}
	else
		own_writes = NULL;		/* freed with the transaction */
}

/* Register the callback that stores own writes. */
void
own_write_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
}
