/*
 * rewrite.c
 *		Locks of rows that ALTER TABLE has rewritten, or whose xmin is about
 *		to mean something else.
 *
 * An ALTER TABLE that rewrites the table becomes the xmin of all rows, as if
 * it had written them.  Records of live locks refer to the new versions from
 * then on, so that these locks can still be confirmed (rule 5).  Lapsed ones
 * cannot be resumed: it is not known whether their rows were written before.
 *
 * A lock that is live by the clock may have been passed by another owner's
 * write, if the clock was set back.  The xmin that shows it is gone after the
 * command, so it is read before, with the table locked as the command does.
 */
#include "rewrite.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"

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
 * May the record follow the rewrite?  Only that of a live lock under which no
 * other owner can have written the row.  A lock that was handed over and has
 * not been taken refers to no version.  Other owners may have written the row
 * of a soft lock: the lock stays live, but cannot be resumed.
 */
static bool
may_follow(const Lock *lock)
{
	return lock->hard && lease_knows_row(lock) && !has_lapsed(lock, clock_now());
}

/* Let the record refer to this version of its row. */
static void
refer_to_version(Relation records, Lock *lock, TransactionId xmin, LockWaitPolicy policy)
{
	if (!TransactionIdIsValid(xmin) || lease_is_resumable(lock, xmin) ||
		!record_lock(records, lock, LockTupleNoKeyExclusive, policy))
		return;
	lock->row_xmin = xmin;
	record_update(records, lock);
}

/* ---- before the command ---- */

/*
 * The tokens of the locks whose records may follow the present ALTER TABLE.
 * NULL: none.
 */
static HTAB *followers = NULL;

static void
forget_followers(void)
{
	if (followers)
		hash_destroy(followers);
	followers = NULL;
}

static void
add_follower(int64 token)
{
	HASHCTL		control = {0};

	control.keysize = control.entrysize = sizeof(int64);
	if (followers == NULL)
		followers = hash_create("locking rewritten rows", 32, &control, HASH_ELEM | HASH_BLOBS);
	(void) hash_search(followers, &token, HASH_ENTER, NULL);
}

static bool
is_follower(int64 token)
{
	return followers && hash_search(followers, &token, HASH_FIND, NULL) != NULL;
}

/* Is the row there, as its holder left it? */
static bool
has_own_version(TableInfo *table, const Lock *lock)
{
	TransactionId xmin = xmin_of_locked(table, lock);

	return TransactionIdIsValid(xmin) && !lease_was_passed(lock, table->ncolumns == 0, xmin);
}

static void
note_follower(Relation records, TableInfo *table, Lock *lock)
{
	if (may_follow(lock) && has_own_version(table, lock))
		add_follower(lock->token);
}

/* ---- after the command ---- */

static void
follow_row(Relation records, TableInfo *table, Lock *lock)
{
	bool		follows = is_follower(lock->token) && may_follow(lock);
	TransactionId xmin = follows ? xmin_of_locked(table, lock) : InvalidTransactionId;

	if (TransactionIdIsCurrentTransactionId(xmin))
		refer_to_version(records, lock, xmin, LockWaitBlock);
}

/* ---- the rows of a command ---- */

typedef void (*LockVisitor) (Relation records, TableInfo *table, Lock *lock);

/*
 * The root of a partition may be locked by a session that waits for the
 * partition.  Then the records stay as they are.  So do those of a table with
 * another access method, whose rows may have no xmin.
 */
static void
visit_locks(Oid root, LockVisitor visit)
{
	Relation	rel = relation_open_nowait(root);
	TableInfo  *table;

	if (rel == NULL)
		return;
	table = table_info(rel);

	if (table->is_protected && !table->key_replaced && !table->not_in_heap)
	{
		Relation	records = records_open(RowExclusiveLock);
		ListCell   *cell;

		foreach(cell, records_of(records, root))
		{
			visit(records, table, lfirst(cell));
		}
		table_close(records, NoLock);
	}
	relation_close(rel, NoLock);
}

/* The protected roots of tables. */
static List *
protected_roots(List *relids)
{
	List	   *roots = NIL;
	ListCell   *cell;

	foreach(cell, relids)
	{
		Oid			root = table_root(lfirst_oid(cell));

		if (is_protected_table(root))
			roots = list_append_unique_oid(roots, root);
	}
	return roots;
}

/* May the command rewrite the tables that inherit from its own, too? */
static bool
recurses(const AlterTableStmt *alter)
{
	ListCell   *cell;

	foreach(cell, alter->cmds)
	{
		AlterTableType type = ((AlterTableCmd *) lfirst(cell))->subtype;

		if (type == AT_AddColumn || type == AT_AlterColumnType || locking_sets_expression(type))
			return alter->relation->inh;
	}
	return false;
}

/*
 * An ALTER TABLE begins, which may rewrite protected tables.  They are locked
 * here as the command is about to do.
 */
void
expect_rewrite(AlterTableStmt *alter)
{
	LOCKMODE	lockmode = AlterTableGetLockLevel(alter->cmds);
	Oid			relid = RangeVarGetRelid(alter->relation, NoLock, true);
	ListCell   *cell;

	forget_followers();
	if (lockmode < AccessExclusiveLock || !OidIsValid(relid) ||
		protected_roots(find_all_inheritors(relid, NoLock, NULL)) == NIL)
		return;
	relid = RangeVarGetRelidExtended(alter->relation, lockmode, RVR_MISSING_OK, RangeVarCallbackOwnsRelation, NULL);
	if (!OidIsValid(relid))
		return;
	foreach(cell, protected_roots(find_all_inheritors(relid, recurses(alter) ? lockmode : NoLock, NULL)))
	{
		visit_locks(lfirst_oid(cell), note_follower);
	}
}

/* An ALTER TABLE of this table and of those inheriting from it has ended. */
void
follow_rewrite(Oid relid)
{
	List	   *rewritten = NIL;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		if (has_new_file(lfirst_oid(cell)))
			rewritten = lappend_oid(rewritten, lfirst_oid(cell));
	}
	foreach(cell, protected_roots(rewritten))
	{
		visit_locks(lfirst_oid(cell), follow_row);
	}
}

/* ---- other guarded columns ---- */

static void
mark_passed(Relation records, TableInfo *table, Lock *lock)
{
	if (lock->hard && lease_knows_row(lock) &&
		lease_was_passed(lock, true, xmin_of_locked(table, lock)))
		lease_mark_lost(records, lock);
}

/*
 * A record that is locked belongs to a renewal or a save in progress.  The
 * save needs the table, so do not wait for it.
 */
static void
refer_to_present(Relation records, TableInfo *table, Lock *lock)
{
	if (may_follow(lock))
		refer_to_version(records, lock, xmin_of_locked(table, lock), LockWaitSkip);
}

/*
 * Some columns are about to be guarded, rather than all.  The table is locked
 * against writers.  Other owners may write rows of live locks from then on,
 * so their xmin will not show that a lock was passed: mark these locks.
 */
void
expect_some_columns(Oid root)
{
	visit_locks(root, mark_passed);
}

/*
 * All columns are about to be guarded, rather than some, so other owners may
 * have written rows of live locks: let the records refer to the rows as they
 * are.  The table is locked against writers.
 */
void
expect_all_columns(Oid root)
{
	visit_locks(root, refer_to_present);
}
