/*
 * rewrite.c
 *		Locks of rows that ALTER TABLE has rewritten.
 *
 * An ALTER TABLE that rewrites the table becomes the xmin of all rows, as if
 * it had written them.  Records of live locks refer to the new versions from
 * then on, so that these locks can still be confirmed (rule 5).  Lapsed ones
 * cannot be resumed: it is not known whether their rows were written before.
 */
#include "rewrite.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

#include "clock.h"
#include "compat.h"
#include "key_text.h"
#include "lease.h"
#include "partition.h"
#include "record.h"
#include "relation.h"
#include "role.h"
#include "subtransaction.h"
#include "table.h"
#include "table_settings.h"
#include "target.h"

/*
 * Has this transaction given the table a new file?  If so, it has it locked.
 * Other tables are not locked here, since that might have to wait.
 */
static bool
has_new_file(Oid relid)
{
	LOCKTAG		tag;
	Relation	rel;
	bool		new_file;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	if (!locking_holds_lock(&tag, AccessExclusiveLock))
		return false;
	rel = RelationIdGetRelation(relid);
	new_file = rel && locking_new_file(rel);
	if (rel)
		RelationClose(rel);
	return new_file;
}

typedef struct LockedKey
{
	TableInfo  *table;
	const char *text;
	Datum		values[INDEX_MAX_KEYS];
} LockedKey;

/* The key is parsed by code of the type's, with the rights of the owner. */
static bool
parse_body(void *arg)
{
	LockedKey  *key = arg;
	RoleSwitch	saved;

	enter_role(&saved, relation_owner(key->table->root));
	key_parse_stored(key->table->key, key->table->root, key->text, key->values);
	leave_role(&saved);
	return true;
}

/*
 * The transaction that wrote the locked row, or InvalidTransactionId if the
 * key no longer names one, since it is not one of its new type.
 */
static TransactionId
xmin_of_locked(TableInfo *table, const Lock *lock)
{
	LockedKey	key = {table, lock->key};
	ErrorData  *error = NULL;

	if (in_subtransaction(parse_body, &key, &error))
		return target_xmin(table, key.values);
	if (error && ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
		ReThrowError(error);
	return InvalidTransactionId;
}

/*
 * Does the record follow the rewrite?  Only that of a live lock under which
 * no other owner can have written the row.  A lock that was handed over and
 * has not been taken refers to no version.  Other owners may have written the
 * row of a soft lock: the lock stays live, but cannot be resumed.
 */
static bool
is_followed(const Lock *lock)
{
	return lock->hard && lease_knows_row(lock) && !has_lapsed(lock, clock_now());
}

static void
follow_row(Relation records, TableInfo *table, Lock *lock)
{
	TransactionId xmin = is_followed(lock) ? xmin_of_locked(table, lock) : InvalidTransactionId;

	if (!TransactionIdIsCurrentTransactionId(xmin) || lease_is_resumable(lock, xmin) ||
		!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		return;
	lock->row_xmin = xmin;
	record_update(records, lock);
}

/*
 * The root of a partition may be locked by a session that waits for the
 * partition.  Then the records stay as they are.
 */
static void
follow_rows(Oid root)
{
	Relation	rel = relation_open_nowait(root);
	TableInfo  *table;

	if (rel == NULL)
		return;
	table = table_info(rel);

	if (table->is_protected && !table->key_replaced)
	{
		Relation	records = records_open(RowExclusiveLock);
		ListCell   *cell;

		foreach(cell, records_of(records, root))
		{
			follow_row(records, table, lfirst(cell));
		}
		table_close(records, NoLock);
	}
	relation_close(rel, NoLock);
}

/* An ALTER TABLE of this table and of those inheriting from it has ended. */
void
follow_rewrite(Oid relid)
{
	List	   *roots = NIL;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		if (has_new_file(lfirst_oid(cell)))
			roots = list_append_unique_oid(roots, table_root(lfirst_oid(cell)));
	}
	foreach(cell, roots)
	{
		if (is_protected_table(lfirst_oid(cell)))
			follow_rows(lfirst_oid(cell));
	}
}
