/*
 * guard_trigger.c
 *		The guard's triggers on tables and their partitions.
 *
 * Each function waits for writers of the relation that it changes: a trigger
 * is created under ShareRowExclusiveLock and dropped under
 * AccessExclusiveLock.
 */
#include "guard_trigger.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "partition.h"
#include "relation.h"

/*
 * Triggers of the same kind fire in the byte order of their names.  "~" is
 * the last ASCII character, so the guard sees the row as the users' own
 * triggers leave it.
 */
#define ROW_TRIGGER "~locking_guard"
#define TRUNCATE_TRIGGER "~locking_guard_truncate"

static bool
has_trigger(Oid relid, const char *name)
{
	return OidIsValid(get_trigger_oid(relid, name, true));
}

static void
execute_ddl(const char *command)
{
	(void) catalog_execute(command, 0, NULL, NULL, NULL);
}

static bool
is_guard_function(Oid function)
{
	char	   *name = get_func_name(function);

	return name && get_func_namespace(function) == get_namespace_oid("locking", false) &&
		(strcmp(name, "guard") == 0 || strcmp(name, "guard_truncate") == 0);
}

/*
 * Is this a trigger that calls the guard, under whatever name, or that has
 * the name of one?
 */
static bool
is_guard_trigger(Form_pg_trigger trigger)
{
	return is_guard_function(trigger->tgfoid) || strcmp(NameStr(trigger->tgname), ROW_TRIGGER) == 0 ||
		strcmp(NameStr(trigger->tgname), TRUNCATE_TRIGGER) == 0;
}

/* The row trigger of an open relation that calls the guard, or NULL. */
const Trigger *
row_guard_of(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (TRIGGER_FOR_ROW(triggers->triggers[i].tgtype) && is_guard_function(triggers->triggers[i].tgfoid))
			return &triggers->triggers[i];
	return NULL;
}

/* What is known of a trigger; see is_guard_trigger(). */
typedef struct GuardTrigger
{
	Oid			relid;
	char	   *name;
	bool		for_row;
	bool		always;			/* fires in replicas, too */
} GuardTrigger;

static GuardTrigger *
copy_guard_trigger(Form_pg_trigger trigger)
{
	GuardTrigger *copy = palloc(sizeof(GuardTrigger));

	copy->relid = trigger->tgrelid;
	copy->name = pstrdup(NameStr(trigger->tgname));
	copy->for_row = TRIGGER_FOR_ROW(trigger->tgtype);
	copy->always = trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
	return copy;
}

/*
 * The guard's triggers on a relation, with or without clones, which are
 * dropped with the trigger of the parent.
 */
static List *
guard_triggers(Oid relid, bool with_clones)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	List	   *found = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(tuple);

		if (is_guard_trigger(trigger) && (with_clones || !OidIsValid(trigger->tgparentid)))
			found = lappend(found, copy_guard_trigger(trigger));
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return found;
}

/*
 * The guard's triggers on a table and its partitions that are set to ENABLE
 * ALWAYS, as on the subscriber of a logical replication.
 */
List *
triggers_that_fire_always(Oid root)
{
	List	   *always = NIL;
	ListCell   *relation;
	ListCell   *cell;

	foreach(relation, partition_descendants(root))
	{
		foreach(cell, guard_triggers(lfirst_oid(relation), true))
		{
			if (((GuardTrigger *) lfirst(cell))->always)
				always = lappend(always, lfirst(cell));
		}
	}
	return always;
}

static void
warn_of_pending_detach(Oid relid)
{
	ereport(WARNING,
			(errmsg("the guard of partition \"%s\" fires no longer in a replica", get_rel_name(relid)),
			 errdetail("Its detachment is pending, so its trigger cannot be set to ENABLE ALWAYS."),
			 errhint("Complete it with ALTER TABLE ... DETACH PARTITION ... FINALIZE."),
			 errtable_by_id(relid)));
}

/*
 * Set the triggers that have replaced these to ENABLE ALWAYS.  Each is in the
 * list by itself.  PostgreSQL alters no partition whose detachment is
 * pending.
 */
void
fire_always(List *triggers)
{
	ListCell   *cell;

	foreach(cell, triggers)
	{
		const GuardTrigger *trigger = lfirst(cell);

		if (locking_detach_is_pending(trigger->relid))
			warn_of_pending_detach(trigger->relid);
		else
			execute_ddl(psprintf("ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %s", qualified_name(trigger->relid),
								 quote_identifier(trigger->for_row ? ROW_TRIGGER : TRUNCATE_TRIGGER)));
	}
}

/*
 * Refuse to attach a table that has the row trigger, or whose own partitions
 * have it.  Other tools may leave it behind, and PostgreSQL would fail to
 * clone that of the root.
 */
void
refuse_remaining_trigger(Oid partition)
{
	ListCell   *cell;

	foreach(cell, partition_descendants(partition))
	{
		Oid			relid = lfirst_oid(cell);

		if (has_trigger(relid, ROW_TRIGGER))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" has the guard trigger \"%s\", but is not protected",
							get_rel_name(relid), ROW_TRIGGER),
					 errdetail("As a partition it gets the guard trigger of its root."),
					 errhint("Drop the trigger first with DROP TRIGGER %s ON %s.",
							 quote_identifier(ROW_TRIGGER), qualified_name(relid)),
					 errtable_by_id(relid)));
	}
}

/*
 * Drop the guard's triggers on a relation.  One that remained without
 * settings would refuse every write.
 */
static void
drop_triggers(Oid relid)
{
	ListCell   *cell;

	if (guard_triggers(relid, false) == NIL)
		return;
	LockRelationOid(relid, AccessExclusiveLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	foreach(cell, guard_triggers(relid, false))
		execute_ddl(psprintf("DROP TRIGGER %s ON %s", quote_identifier(((GuardTrigger *) lfirst(cell))->name),
							 qualified_name(relid)));
}

/*
 * Drop the triggers of a table and its partitions that are no longer
 * protected.
 */
void
drop_all_triggers(Oid root)
{
	ListCell   *cell;

	foreach(cell, partition_descendants(root))
		drop_triggers(lfirst_oid(cell));
}

/*
 * Wait for writers and check again: does the relation still belong to the
 * root, and lack the trigger?
 */
static bool
lacks_trigger(Oid relid, Oid root, const char *name)
{
	if (has_trigger(relid, name))
		return false;
	LockRelationOid(relid, ShareRowExclusiveLock);
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)) && table_root(relid) == root &&
		!has_trigger(relid, name);
}

static bool
create_truncate_trigger(Oid relid, Oid root)
{
	if (!lacks_trigger(relid, root, TRUNCATE_TRIGGER))
		return false;
	execute_ddl(psprintf("CREATE TRIGGER %s BEFORE TRUNCATE ON %s FOR EACH STATEMENT"
						 " EXECUTE FUNCTION locking.guard_truncate()",
						 quote_identifier(TRUNCATE_TRIGGER), qualified_name(relid)));
	return true;
}

static bool
create_row_trigger(Oid relid, Oid root, bool on_insert)
{
	if (!lacks_trigger(relid, root, ROW_TRIGGER))
		return false;
	execute_ddl(psprintf("CREATE TRIGGER %s BEFORE %sUPDATE OR DELETE ON %s FOR EACH ROW"
						 " EXECUTE FUNCTION locking.guard()",
						 quote_identifier(ROW_TRIGGER), on_insert ? "INSERT OR " : "", qualified_name(relid)));
	return true;
}

/*
 * Create the TRUNCATE trigger on every partition, since TRUNCATE of a
 * partition fires no trigger of its root.  Another partition may have been
 * attached while waiting for one, so repeat until none lacks it.
 */
void
create_truncate_triggers(Oid relid, Oid root)
{
	bool		added;

	do
	{
		ListCell   *cell;

		added = false;
		foreach(cell, partition_descendants(relid))
			added |= create_truncate_trigger(lfirst_oid(cell), root);
	} while (added);
}

/*
 * Create the triggers of a table and its partitions.  PostgreSQL clones the
 * row trigger to partitions, except those whose detachment is pending.
 */
void
create_triggers(Oid root, bool on_insert)
{
	ListCell   *cell;

	(void) create_row_trigger(root, root, on_insert);
	CommandCounterIncrement();
	foreach(cell, partition_descendants(root))
		(void) create_row_trigger(lfirst_oid(cell), root, on_insert);
	create_truncate_triggers(root, root);
}
