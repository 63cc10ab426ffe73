/*
 * guard.c
 *		The row trigger of protected tables, which every write passes.
 *
 * When it runs (BEFORE ... FOR EACH ROW, the last of its kind by name), the
 * writer has the target row locked.  An acquirer locks that row before the
 * record (rule 1), so of the two, the second always sees the first: a record
 * that is not found with a snapshot taken now (rule 2) will not exist when
 * this write commits.  A record that seems to have lapsed is locked FOR SHARE
 * before it counts as such (rule 3): the guard waits for a renewal in
 * progress, and a later renewal waits.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "clock.h"
#include "draft.h"
#include "event.h"
#include "gate.h"
#include "key_text.h"
#include "lease.h"
#include "locking.h"
#include "orphan.h"
#include "own_write.h"
#include "owner.h"
#include "owner_scope.h"
#include "place.h"
#include "plan.h"
#include "query.h"
#include "record.h"
#include "referential.h"
#include "relation.h"
#include "release.h"
#include "report.h"
#include "request.h"
#include "statement.h"
#include "stats.h"
#include "table.h"
#include "table_access.h"
#include "trigger.h"
#include "tuple.h"
#include "visibility.h"
#include "waiting.h"

PG_FUNCTION_INFO_V1(locking_guard);

/* State that is kept from row to row, in the trigger's fn_extra. */
typedef struct Statement
{
	MemoryContext cxt;
	Table	   *table;
	Probe	   *probe;			/* NULL until the first lookup */
} Statement;

/* A write: one call of the trigger. */
typedef struct Write
{
	Statement  *statement;
	Relation	rel;
	TableInfo  *table;
	HeapTuple	old;			/* NULL: INSERT */
	HeapTuple	new;			/* NULL: DELETE */
	bool		is_movement;	/* INSERT of a row that moves here */
	bool		is_action;		/* referential action of the session */
	bool		gate_checked;	/* the gate did not prove the row unlocked */
	bool		owner_known;
	const char *owner;			/* see writer_of() */
	bool		holds_row;		/* the owner has a live lock on the row */
	char	   *own_key;		/* of the owner's record after the write */
	int			parents_held;	/* locks on the old and new parent */
	int			parents_not_held;	/* these parents without a lock */
	Relation	records;		/* NULL until a record has to be read */
} Write;

/*
 * Look up the record of a row that the writer has locked.  Nearly always
 * there is none.
 */
static bool
lookup_record(Write *write, Oid relid, const char *key, Lock *lock)
{
	/*
	 * no scan is kept open for an INSERT: the memory of COPY's triggers is
	 * freed too late to close it
	 */
	bool		found = (write->old == NULL ||
						 record_may_exist(&write->statement->probe, write->statement->cxt, relid, key));

	if (found)
	{
		if (write->records == NULL)
			write->records = records_open(RowExclusiveLock);
		found = record_find(write->records, relid, key, lock);
	}
	if (!found)
		gate_count_false_positive();
	return found;
}

/*
 * Look up the record unless the gate proves that there is none.  A lapsed
 * record may be missed, unless "lapsed_too".
 */
static bool
find_record(Write *write, Oid relid, const char *key, bool lapsed_too, Lock *lock)
{
	return !gate_proves_unlocked(relid, place_of_text(key, strlen(key)), lapsed_too) &&
		lookup_record(write, relid, key, lock);
}

/* The record of the row itself, by its key before the write. */
static bool
find_own_record(Write *write, bool lapsed_too, Lock *lock)
{
	Oid			root = write->table->root;
	char	   *key = key_of_tuple(write->table->key, write->rel, write->old, false);

	return write->gate_checked ? lookup_record(write, root, key, lock) :
		find_record(write, root, key, lapsed_too, lock);
}

/* ---- skipped rows ---- */

/* The number of rows of a table that a statement skipped. */
typedef struct Skipped
{
	MemoryContext query;
	char	   *table;
	int64		rows;
	struct Skipped *next;
} Skipped;

static Skipped *skipped_list = NULL;

/*
 * Report the skipped rows when the memory of the statement is deleted.  If an
 * error deletes it, nothing was skipped.
 */
static void
report_skipped(void *arg)
{
	Skipped    *skipped = arg;
	Skipped   **link = &skipped_list;

	while (*link && *link != skipped)
		link = &(*link)->next;
	if (*link)
		*link = skipped->next;
	if (IsTransactionState())
		ereport(NOTICE,
				(errmsg_plural("skipped " INT64_FORMAT " row of table \"%s\" that is locked by another owner",
							   "skipped " INT64_FORMAT " rows of table \"%s\" that are locked by other owners",
							   skipped->rows, skipped->rows, skipped->table)));
}

static void
count_skipped(MemoryContext query, const char *table)
{
	Skipped    *skipped;
	MemoryContextCallback *callback;

	for (skipped = skipped_list; skipped; skipped = skipped->next)
	{
		if (skipped->query == query && strcmp(skipped->table, table) == 0)
		{
			skipped->rows++;
			return;
		}
	}
	skipped = MemoryContextAlloc(query, sizeof(Skipped));
	skipped->query = query;
	skipped->table = MemoryContextStrdup(query, table);
	skipped->rows = 1;
	skipped->next = skipped_list;
	skipped_list = skipped;
	callback = MemoryContextAlloc(query, sizeof(MemoryContextCallback));
	callback->func = report_skipped;
	callback->arg = skipped;
	MemoryContextRegisterResetCallback(query, callback);
}

/* ---- conflicts with locks ---- */

/* The owner charged with the write, or NULL; computed lazily. */
static const char *
writer_of(Write *write)
{
	if (!write->owner_known)
		write->owner = write->is_action ? session_owner() : writing_owner();
	write->owner_known = true;
	return write->owner;
}

/* Is it a write of the session, which has not named an owner? */
static bool
is_unnamed(const Write *write)
{
	return write->is_action ? session_owner() == NULL : writer_is_unnamed();
}

static bool
is_held_by_writer(Write *write, const Lock *lock)
{
	const char *writer = writer_of(write);

	return writer && strcmp(lock->owner, writer) == 0;
}

/*
 * Will the xmin of the row not show that a write by another owner passed the
 * lock: that of a child, one that another write of the row may hide, since
 * others may write some of its columns, or one with the same xmin as an
 * owner's (rule 5)?
 */
static bool
is_untraceable(const Write *write, const Lock *lock, Oid child)
{
	return OidIsValid(child) || write->table->ncolumns > 0 || lease_names_transaction(lock);
}

/*
 * Is this a live hard lock of another owner?  A soft one raises a warning.
 * Without a named owner the writer may be the holder, or not.
 */
static bool
conflicts(Write *write, Lock *lock, Oid child)
{
	bool		live;

	if (is_held_by_writer(write, lock))
		return false;
	live = lock->hard ? lease_is_live(write->records, lock, is_untraceable(write, lock, child)) :
		!has_lapsed(lock, clock_now());
	if (live && is_unnamed(write))
	{
		stats_count(write->table->root, COUNT_REFUSED_WRITES);
		refuse_unnamed(write->table->root);
	}
	if (live && !lock->hard)
		report_locked(WARNING, lock, child);
	if (!lock->hard && lease_names_transaction(lock))
		lease_forget_row(write->records, lock);
	return live && lock->hard;
}

/* Check the lock of one row.  Returns true if the write is to be skipped. */
static bool
check_lock(Write *write, Lock *lock, Oid child)
{
	if (!conflicts(write, lock, child))
		return false;

	/*
	 * rule 8: skipping a write of a foreign key's action would violate the
	 * key; a skipped row that moves would be lost
	 */
	if (locking_on_locked == ON_LOCKED_ERROR || InNoForceRLSOperation() || write->is_movement)
	{
		stats_count(write->table->root, COUNT_REFUSED_WRITES);
		report_locked(ERROR, lock, child);
	}
	return true;
}

/* ---- changed columns ---- */

static bool
column_changed(const Write *write, AttrNumber attnum)
{
	return column_differs(write->rel, attnum, write->old, write->new);
}

static bool
key_changed(const Write *write)
{
	return key_differs(write->table->key, write->rel, write->old, write->new);
}

/*
 * Lapsed locks have to be found, too, where a write that passes one has to be
 * noted in its record (rule 5).
 */
static inline bool
lapsed_matter(const TableInfo *table)
{
	return table->ncolumns > 0 || records_refer_to_transaction();
}

/* ---- the row's own lock ---- */

/* The transaction that wrote the version of the row that is replaced. */
static TransactionId
old_xmin(const Write *write)
{
	return HeapTupleHeaderGetRawXmin(write->old->t_data);
}

/*
 * Does the lock cover writes of its owner?  One that was handed over does not
 * until it is taken, since its owner has not read the row (S3).
 */
static bool
covers_writes(const Lock *lock)
{
	return !lock->handed_over && !has_lapsed(lock, clock_now());
}

/*
 * Does the writer have a live lock on the row?  If it seems to have lapsed,
 * wait for a renewal in progress (rule 3): the write of a holder that is not
 * noted would count as another owner's.  A lock that another owner's write
 * has passed before the clock was set back is marked as lost (rule 5).
 */
static bool
holds_row(Write *write, Lock *lock)
{
	if (lock->handed_over || !lease_is_live(write->records, lock, false))
		return false;
	if (!lease_was_passed(lock, write->table->ncolumns == 0, old_xmin(write)))
		return true;
	lease_mark_lost(write->records, lock);
	return false;
}

/*
 * If the owner writes in a savepoint of the transaction that confirmed, the
 * new row version has the id of the subtransaction, so store that id (rule
 * 4).
 */
static void
note_savepoint(Relation records, Lock *lock)
{
	TransactionId xid = GetCurrentTransactionId();

	if (lock->lost || xid == lock->confirm_xid ||
		!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		return;
	lock->confirm_xid = xid;
	record_update(records, lock);
}

/*
 * Note that the holder writes the row, so that the new version is not taken
 * for another owner's.  In the transaction that confirmed the lock, the
 * record names it already.  A lapsed lock is not found unless it moves with
 * the row.
 */
static void
note_holders_write(Write *write, Lock *lock, bool moves)
{
	if (TransactionIdIsCurrentTransactionId(lock->confirm_xid))
		note_savepoint(write->records, lock);
	else if ((write->holds_row || moves) && lease_is_resumable(lock, old_xmin(write)))
		note_own_write(lock->token);
}

/*
 * An UPDATE that moves a row to another partition fires UPDATE, then DELETE
 * of the same old row, then INSERT of the new one.  The UPDATE is checked;
 * the DELETE does not end the lock; the INSERT is checked for what BEFORE
 * INSERT triggers of the new partition may have changed: key and reference.
 * No other DELETE is mistaken for that one: a subtransaction cannot delete an
 * old version that it has updated.
 */
static struct
{
	TransactionId xid;
	SubTransactionId subxid;
	uint64		statement;		/* the statement that moves the row */
	Oid			relid;			/* the partition that the row leaves */
	ItemPointerData tid;
	Oid			root;
	bool		deleted;		/* the DELETE has fired; INSERT is next */
	bool		is_action;
	bool		holds_row;
	char	   *key;			/* new key of the writer's lock, or NULL */
}			movement;

/*
 * The key must outlive the statement, but is needed in this transaction only.
 */
static void
remember_key(const char *key)
{
	if (movement.key && movement.xid == GetTopTransactionIdIfAny())
		pfree(movement.key);
	movement.key = key ? MemoryContextStrdup(TopTransactionContext, key) : NULL;
}

static void
expect_movement(const Write *write)
{
	if (!write->rel->rd_rel->relispartition)
		return;
	remember_key(write->own_key);
	movement.xid = GetTopTransactionId();
	movement.subxid = GetCurrentSubTransactionId();
	movement.statement = statement_number();
	movement.relid = RelationGetRelid(write->rel);
	movement.tid = write->old->t_self;
	movement.root = write->table->root;
	movement.deleted = false;
	movement.is_action = write->is_action;
	movement.holds_row = write->holds_row;
}

static bool
is_movement_expected(void)
{
	return TransactionIdIsValid(movement.xid) && movement.xid == GetTopTransactionIdIfAny() &&
		movement.subxid == GetCurrentSubTransactionId() && movement.statement == statement_number();
}

/*
 * Is this the DELETE of a row that moves?  A move changes the key, since the
 * partition key is part of it.
 */
static bool
is_movement_delete(const Write *write)
{
	if (write->new || !is_movement_expected())
		return false;
	movement.deleted = movement.relid == RelationGetRelid(write->rel) &&
		ItemPointerEquals(&movement.tid, &write->old->t_self);
	return movement.deleted;
}

/* Is this the INSERT of a row that moves? */
static bool
is_movement_insert(const Write *write)
{
	if (write->old || !is_movement_expected() || !movement.deleted ||
		movement.root != write->table->root)
		return false;
	movement.deleted = false;
	return true;
}

/*
 * Remove a record left over at a key to which a row moves: its own row no
 * longer exists.  A record that has moved on by the time that it is locked
 * belongs to a row with another key.
 */
static void
remove_leftover(Relation records, Oid relid, const char *key)
{
	Lock		leftover;

	if (record_find(records, relid, key, &leftover) &&
		record_lock(records, &leftover, LockTupleExclusive, LockWaitBlock) &&
		strcmp(leftover.key, key) == 0)
		release_record(records, &leftover, EVENT_EXPIRED, NULL);
}

/* Move the owner's lock with the row to its new key. */
static void
move_lock(Write *write, Lock *lock, char *new_key)
{
	Relation	records = write->records;
	const char *old_key = lock->key;

	if (!record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
		return;
	remove_leftover(records, lock->relation, new_key);
	if (TransactionIdIsCurrentTransactionId(lock->confirm_xid))
		lock->confirm_xid = GetCurrentTransactionId();
	lock->key = new_key;
	record_update(records, lock);
	move_requests(lock->relation, old_key, new_key);
	wake_when_ended(lock->relation, old_key);
	move_drafts(lock->relation, old_key, new_key);
	write->own_key = new_key;
}

/*
 * Rule 6: a DELETE by the owner ends the lock, and a change of the key moves
 * it.
 */
static void
follow_row(Write *write, Lock *lock)
{
	Relation	records = write->records;
	char	   *new_key;
	bool		moves;

	if (write->new == NULL)
	{
		if (record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
			release_record(records, lock, EVENT_RELEASED, NULL);
		return;
	}
	write->own_key = lock->key;
	new_key = key_of_tuple(write->table->key, write->rel, write->new, true);
	moves = new_key && strcmp(new_key, lock->key) != 0;
	note_holders_write(write, lock, moves);
	if (moves)
		move_lock(write, lock, new_key);
}

/* Check the lock on the new key of the row, which another owner may hold. */
static bool
check_new_key(Write *write)
{
	char	   *new_key = key_of_tuple(write->table->key, write->rel, write->new, true);
	Lock		lock;

	return new_key && find_record(write, write->table->root, new_key, false, &lock) &&
		check_lock(write, &lock, InvalidOid);
}

/*
 * The UPDATE has moved the lock to the key that it assigned.  Move it on to
 * the key with which the row is inserted, if that is another one.
 */
static void
follow_movement(Write *write)
{
	char	   *new_key = key_of_tuple(write->table->key, write->rel, write->new, true);
	Lock		lock;

	write->holds_row = movement.holds_row;
	if (movement.key && new_key && strcmp(new_key, movement.key) != 0 &&
		find_record(write, write->table->root, movement.key, true, &lock) &&
		is_held_by_writer(write, &lock))
		move_lock(write, &lock, new_key);
}

/*
 * Check the lock of the row itself.  Returns true if the row is to be
 * skipped.  A lapsed record of the writer matters, too, where it has to
 * follow the row, or where a confirmed save continues in a savepoint.
 */
static bool
check_own_lock(Write *write)
{
	Lock		lock;
	bool		moves;
	bool		found;

	if (write->is_movement && !check_new_key(write))
		follow_movement(write);
	if (write->old == NULL)
		return false;
	moves = write->new && key_changed(write);
	if (moves)
		note_rows_removed(write->table->root);
	found = find_own_record(write, moves || lapsed_matter(write->table), &lock);
	if ((found && check_lock(write, &lock, InvalidOid)) || (moves && check_new_key(write)))
		return true;
	if (found && is_held_by_writer(write, &lock))
	{
		write->holds_row = holds_row(write, &lock);
		follow_row(write, &lock);
	}
	return false;
}

/* ---- the parent row's lock ---- */

/* The parent row that fetch_parent() reads. */
typedef struct ParentRow
{
	const Key  *definition;
	char	   *key;			/* NULL: no such row */
} ParentRow;

static void
read_key(void *arg, HeapTuple row, TupleDesc desc)
{
	ParentRow  *parent = arg;
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull;

	for (int i = 0; i < parent->definition->ncolumns; i++)
		values[i] = SPI_getbinval(row, desc, i + 1, &isnull);
	parent->key = key_text(parent->definition, values);
}

/*
 * Read or lock the parent row, with a current snapshot and with the rights of
 * the parent's owner, like the check of the foreign key.  Returns its key, or
 * NULL if there is no such row or, with TARGET_TRY, if another transaction
 * has it locked.
 */
static char *
fetch_parent(Write *write, TableInfo *parent, TargetQuery which, const Datum *values)
{
	ParentRow	row = {parent->key};
	SPIQuery	query = {
		.plan = parent_plan(write->table, parent, which),
		.values = values,
		.latest = true,
		.max_rows = 1,
		.read = read_key,
		.arg = &row
	};

	(void) query_run_as_table_owner(&query, parent->root);
	return row.key;
}

/*
 * Check the lock of a parent row.  Returns true if the row is to be skipped.
 */
static bool
check_parent_lock(Write *write, TableInfo *parent, const char *key, bool *held)
{
	Lock		lock;

	*held = false;
	if (key == NULL || !find_record(write, parent->root, key, true, &lock))
		return false;
	if (check_lock(write, &lock, write->table->root))
		return true;
	*held = is_held_by_writer(write, &lock) && covers_writes(&lock);
	return false;
}

/*
 * Another transaction has the parent row locked.  It may be a save of the
 * holder, which will then need this child row, too.  Determine whether the
 * lock is live.  The record is not locked, since the parent row would have to
 * be locked first (rule 1).
 */
static bool
parent_is_held(Write *write, TableInfo *parent, Datum *values, Lock *lock)
{
	char	   *key = fetch_parent(write, parent, TARGET_SEE, values);

	return key && find_record(write, parent->root, key, true, lock) &&
		lock->hard && !is_held_by_writer(write, lock) && !has_lapsed(lock, clock_now());
}

/*
 * Rule 7: the parent row is locked FOR KEY SHARE before its record is read,
 * so the writer waits for an acquirer, which locks the row FOR UPDATE, or the
 * acquirer waits.
 */
static bool
check_parent_row(Write *write, TableInfo *parent, Datum *values)
{
	char	   *key = fetch_parent(write, parent, TARGET_TRY, values);
	Lock		lock;
	bool		held;

	if (key == NULL)
	{
		if (parent_is_held(write, parent, values, &lock) &&
			check_lock(write, &lock, write->table->root))
			return true;
		key = fetch_parent(write, parent, TARGET_LOCK, values);
	}
	if (check_parent_lock(write, parent, key, &held))
		return true;
	if (held)
		write->parents_held++;
	else
		write->parents_not_held++;
	return false;
}

/*
 * Check the parent of one version of the row.  Returns true if the row is to
 * be skipped.
 */
static bool
check_parent_of(Write *write, TableInfo *parent, HeapTuple version)
{
	Parent	   *reference = write->table->parent;
	Datum		values[INDEX_MAX_KEYS];

	for (int i = 0; i < reference->key.n; i++)
	{
		bool		isnull;

		values[i] = tuple_value(write->rel, version, reference->attnums[i], version == write->new, &isnull);
		if (isnull)
			return false;		/* no parent */
	}
	return check_parent_row(write, parent, values);
}

/*
 * Check the parents of the old and the new row.  Returns true if the row is
 * to be skipped.
 */
static bool
check_parents(Write *write)
{
	Relation	rel;
	TableInfo  *parent;
	bool		skip = false;

	if (write->table->parent == NULL)
		return false;
	rel = table_open(write->table->parent->key.target, RowShareLock);
	parent = table_info(rel);
	if (check_parent_protected(parent, rel))
	{
		if (write->old)
			skip = check_parent_of(write, parent, write->old);
		if (write->new && !skip)
			skip = check_parent_of(write, parent, write->new);
	}
	table_close(rel, NoLock);
	return skip;
}

/* ---- the trigger ---- */

/*
 * Does the write change anything that is guarded?  Key and reference always
 * are.
 */
static bool
is_guarded_change(const Write *write)
{
	const TableInfo *table = write->table;

	if (table->ncolumns == 0 || write->old == NULL || write->new == NULL)
		return true;
	for (int i = 0; i < table->ncolumns; i++)
		if (column_changed(write, table->columns[i]))
			return true;
	if (key_changed(write))
		return true;
	if (table->parent)
		for (int i = 0; i < table->parent->key.n; i++)
			if (column_changed(write, table->parent->attnums[i]))
				return true;
	return false;
}

/* Refuse a write without a lock to a table that requires one. */
static void
refuse_unlocked(Write *write)
{
	HeapTuple	row = write->old ? write->old : write->new;
	char	   *key = key_of_tuple(write->table->key, write->rel, row, write->old == NULL);
	bool		named = key && may_disclose(write->table->root, key, true);

	stats_count(write->table->root, COUNT_REFUSED_WRITES);
	if (is_unnamed(write))
		refuse_unnamed(write->table->root);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_REQUIRED),
			 named ?
			 errmsg("row \"%s\" of table \"%s\" can only be written with a lock on it",
					key, get_rel_name(write->table->root)) :
			 errmsg("rows of table \"%s\" can only be written with a lock on them",
					get_rel_name(write->table->root)),
			 writer_of(write) ?
			 errdetail("The table requires a lock for writing, but the current owner, \"%s\", has none.",
					   writer_of(write)) :
			 errdetail("The table requires a lock for writing, but code that runs on behalf of a table's owner has no lock owner."),
			 errhint("Acquire a lock first with locking.acquire()."),
			 errtable_by_id(write->table->root)));
}

static void
init_write(const TriggerData *trigger, Statement *statement, bool gate_checked, Write *write)
{
	write->statement = statement;
	write->gate_checked = gate_checked;
	write->rel = trigger->tg_relation;
	write->table = statement->table->info;
	write->old = trigger_old_row(trigger);
	write->new = trigger_new_row(trigger);
	write->is_movement = is_movement_insert(write);
	write->is_action = write->is_movement ? movement.is_action :
		write->old && in_referential_action(write->rel, write->old, write->new);
	write->owner_known = false;
	write->owner = NULL;
	write->holds_row = false;
	write->own_key = NULL;
	write->parents_held = 0;
	write->parents_not_held = 0;
	write->records = NULL;
}

/*
 * Does the writer hold a lock that covers the row: the lock on the row, or
 * those on its old and new parents?
 */
static bool
is_covered(const Write *write)
{
	return write->holds_row || (write->parents_held > 0 && write->parents_not_held == 0);
}

/*
 * All checks of a write.  Returns true if the row is to be skipped.  A
 * referential action needs no lock of its own, since its cause required one.
 */
static bool
check_write(Write *write)
{
	bool		skip;

	if (is_movement_delete(write) || !is_guarded_change(write))
		return false;
	skip = check_parents(write) || check_own_lock(write);
	if (write->records)
		table_close(write->records, NoLock);
	if (!skip && write->table->required && !is_covered(write) && !write->is_action)
		refuse_unlocked(write);
	if (!skip && write->old && write->new)
		expect_movement(write);
	return skip;
}

static pg_noinline Statement *
begin_statement(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = row_trigger_data(fcinfo, "guard");
	Statement  *statement;

	statement = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Statement));
	statement->cxt = fcinfo->flinfo->fn_mcxt;
	statement->table = table_entry(trigger->tg_relation);
	fcinfo->flinfo->fn_extra = statement;
	note_owner_use();
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		note_rows_removed(statement->table->info->root);
	gate_begin_statement();
	return statement;
}

/* place_of_unchanged_key() where the key is not an integer */
static bool
place_of_other_key(const TriggerData *trigger, const TableInfo *table, HeapTuple new, uint64 *place)
{
	Relation	rel = trigger->tg_relation;
	HeapTuple	old = trigger->tg_trigtuple;

	if (!key_place(table->key, rel, old, place))
		return false;
	gate_prefetch(table->root, *place);
	return new == NULL || !key_differs(table->key, rel, old, new);
}

/*
 * Compute the place of a row whose key does not change.  False: the key
 * changes, or only its text yields the place.
 */
static inline bool
place_of_unchanged_key(const TriggerData *trigger, const TableInfo *table, uint64 *place)
{
	Relation	rel = trigger->tg_relation;
	const Key  *key = table->key;
	HeapTuple	new = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : NULL;
	int64		old_integer;
	int64		new_integer;

	if (!key_integer(key, rel, trigger->tg_trigtuple, &old_integer))
		return place_of_other_key(trigger, table, new, place);
	*place = place_of_integer(old_integer);
	return new == NULL || (key_integer(key, rel, new, &new_integer) && old_integer == new_integer);
}

/*
 * Nearly every write ends here: only the row's own lock matters, its key does
 * not change, and the gate proves it unlocked.  "checked" receives whether
 * the gate was consulted.
 */
static inline bool
passes_gate(const TriggerData *trigger, const TableInfo *table, bool *checked)
{
	uint64		place;

	*checked = table->is_plain &&
		place_of_unchanged_key(trigger, table, &place);
	return *checked && gate_proves_unlocked(table->root, place, lapsed_matter(table));
}

/*
 * The checks of a write that does not pass the gate.  Returns true if the row
 * is to be skipped.
 */
static pg_noinline bool
check_row(const TriggerData *trigger, Statement *statement, bool gate_checked)
{
	Write		write;

	check_has_settings(statement->table->info, trigger->tg_relation, trigger->tg_trigger);
	check_in_force(statement->table->info);
	init_write(trigger, statement, gate_checked, &write);
	if (!check_write(&write))
		return false;
	count_skipped(statement->cxt, get_rel_name(write.table->root));
	return true;
}

/* The row trigger of protected tables. */
pg_attribute_hot Datum
locking_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Statement  *statement = fcinfo->flinfo->fn_extra;
	bool		gate_checked;
	HeapTuple	result;

	/* an FmgrInfo belongs to one trigger of one relation in one statement */
	if (unlikely(statement == NULL))
		statement = begin_statement(fcinfo);
	if (unlikely(!statement->table->info->valid))
		(void) table_entry(trigger->tg_relation);
	result = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (!locking_enforce ||
		passes_gate(trigger, statement->table->info, &gate_checked) ||
		!check_row(trigger, statement, gate_checked))
		return PointerGetDatum(result);
	return PointerGetDatum(NULL);
}
