/*
 * truncate.c
 *		The guard of TRUNCATE: a statement trigger on every protected table
 *		and on each of its partitions.
 *
 * TRUNCATE holds the table exclusively, so no acquisition of its rows is in
 * progress.  Acquirers of its parent's rows are blocked by a lock on the
 * parent table.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "children.h"
#include "clock.h"
#include "event.h"
#include "key_text.h"
#include "lease.h"
#include "locking.h"
#include "orphan.h"
#include "owner.h"
#include "owner_scope.h"
#include "plan.h"
#include "privilege.h"
#include "query.h"
#include "record.h"
#include "relation.h"
#include "release.h"
#include "report.h"
#include "role.h"
#include "sql.h"
#include "stats.h"
#include "table.h"
#include "table_access.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(locking_guard_truncate);

/* Is the locked row among those that are truncated? */
static bool
contains_row(TableInfo *truncated, const Lock *lock)
{
	Key		   *key = truncated->key;
	Datum		values[INDEX_MAX_KEYS];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (truncated->relid == truncated->root)
		return true;
	key_parse_stored(key, truncated->root, lock->key, values);
	initStringInfo(&query);
	append_key_select(&query, key, truncated->relid, false);
	append_key_conditions(&query, key, types);
	return find_row(truncated->relid, query.data, key->ncolumns, types, values, 0, NULL);
}

/*
 * Read the values of the locked row that its children reference.  The
 * truncating role may have no rights on the parent, and has not chosen the
 * type of its key.
 */
static bool
values_of_locked(TableInfo *parent, const ForeignKey *fk, const Lock *lock, Datum *referred)
{
	Datum		key[INDEX_MAX_KEYS];
	RoleSwitch	saved;

	enter_role(&saved, relation_owner(parent->root));
	key_parse_stored(parent->key, parent->root, lock->key, key);
	leave_role(&saved);
	return referenced_values(parent, fk, key, referred);
}

/* Does any row of the truncated table reference the locked one? */
static bool
refers_to(TableInfo *truncated, TableInfo *parent, const Lock *lock)
{
	const ForeignKey *fk = &truncated->parent->key;
	Datum		referred[INDEX_MAX_KEYS];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (!values_of_locked(parent, fk, lock, referred))
		return false;
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT FROM");
	append_table(&query, truncated->relid);
	append_child_conditions(&query, truncated, types);
	return find_row(truncated->relid, query.data, fk->n, types, referred, 0, NULL);
}

static bool
is_held_by_writer(const Lock *lock)
{
	const char *writer = writing_owner();

	return writer && strcmp(lock->owner, writer) == 0;
}

/*
 * Refuse the TRUNCATE if another owner has this live hard lock.  "child" is
 * the truncated table if it is not the one with the locked row.
 */
static void
refuse_if_live(Relation records, TableInfo *table, Lock *lock, Oid child)
{
	if (!(lock->hard ? lease_is_live(records, lock, true) : !has_lapsed(lock, clock_now())))
		return;
	if (lock->hard || writer_is_unnamed())
		stats_count(table->root, COUNT_REFUSED_WRITES);
	if (writer_is_unnamed())
		refuse_unnamed(table->root);
	report_locked(lock->hard ? ERROR : WARNING, lock, child);
}

/*
 * Check the locks on the rows.  The writer's own ones end with their rows
 * (rule 6).
 */
static void
check_own_locks(Relation records, TableInfo *table)
{
	ListCell   *cell;

	foreach(cell, records_of(records, table->root))
	{
		Lock	   *lock = lfirst(cell);

		if (!contains_row(table, lock))
			continue;
		if (!is_held_by_writer(lock))
			refuse_if_live(records, table, lock, InvalidOid);
		else if (record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
			release_record(records, lock, EVENT_RELEASED, NULL);
	}
}

/*
 * Check the locks on parent rows.  The parent's rows must not be acquired
 * while their children are removed.
 */
static void
check_parent_locks(Relation records, TableInfo *table)
{
	Relation	rel;
	TableInfo  *parent;
	ListCell   *cell;

	if (table->parent == NULL)
		return;
	relation_close(open_root(table->parent->key.target, ExclusiveLock, check_may_exclude, NULL), NoLock);
	rel = table_open(table->parent->key.target, AccessShareLock);
	parent = table_info(rel);
	if (check_parent_protected(parent, rel))
	{
		foreach(cell, records_of(records, parent->root))
		{
			Lock	   *lock = lfirst(cell);

			if (!is_held_by_writer(lock) && refers_to(table, parent, lock))
				refuse_if_live(records, table, lock, table->root);
		}
	}
	table_close(rel, NoLock);
}

/* The TRUNCATE trigger of protected tables and their partitions. */
Datum
locking_guard_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TableInfo  *table;
	Relation	records;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event))
		refuse_trigger("guard_truncate", "BEFORE TRUNCATE");
	if (!locking_enforce)
		return PointerGetDatum(NULL);
	table = table_info(trigger->tg_relation);
	check_has_settings(table, trigger->tg_relation, trigger->tg_trigger);
	check_in_force(table);
	if (table->required)
	{
		stats_count(table->root, COUNT_REFUSED_WRITES);
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_REQUIRED),
				 errmsg("table \"%s\" cannot be truncated: its rows can only be written with a lock on them",
						get_rel_name(table->root)),
				 errhint("Delete the rows that you have locked, or have a superuser disable locking.enforce."),
				 errtable_by_id(table->root)));
	}
	note_owner_use();
	note_rows_removed(table->root);
	records = records_open(RowExclusiveLock);
	check_parent_locks(records, table);
	check_own_locks(records, table);
	table_close(records, NoLock);
	return PointerGetDatum(NULL);
}
