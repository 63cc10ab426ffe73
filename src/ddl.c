/*
 * ddl.c
 *		Event triggers that keep protected tables in step with DDL, and the
 *		trigger on their settings.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "compat.h"
#include "guard_trigger.h"
#include "partition.h"
#include "relation.h"
#include "rewrite.h"
#include "stats.h"
#include "table_settings.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(locking_settings_changed);
PG_FUNCTION_INFO_V1(locking_before_ddl);
PG_FUNCTION_INFO_V1(locking_on_ddl);
PG_FUNCTION_INFO_V1(locking_on_drop);

/* ---- rows of locking.protected ---- */

static void
invalidate_if_exists(Oid relid)
{
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		CacheInvalidateRelcacheByRelid(relid);
}

/*
 * Invalidate the tables whose cached settings changed.  If the parent
 * changed, its rows are locked in another mode from now on, so its table is
 * invalidated too.  Other changes do not concern the parent.
 */
static void
invalidate_tables(HeapTuple old, HeapTuple new, TupleDesc desc)
{
	Oid			old_parent = old ? parent_table(old, desc) : InvalidOid;
	Oid			new_parent = new ? parent_table(new, desc) : InvalidOid;

	if (old)
		invalidate_if_exists(settings_table(old, desc));
	if (new)
		invalidate_if_exists(settings_table(new, desc));
	if (old_parent == new_parent)
		return;
	if (OidIsValid(old_parent))
		invalidate_if_exists(table_root(old_parent));
	if (OidIsValid(new_parent))
		invalidate_if_exists(table_root(new_parent));
}

/*
 * The row trigger of locking.protected, and the TRUNCATE trigger of both
 * locking.protected and locking.lock, which only refuses.
 */
Datum
locking_settings_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	old;
	HeapTuple	new;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!(TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)))
		refuse_trigger("settings_changed", "FOR EACH ROW, or by TRUNCATE");
	check_writer(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		return PointerGetDatum(NULL);
	old = trigger_old_row(trigger);
	new = trigger_new_row(trigger);
	invalidate_tables(old, new, RelationGetDescr(trigger->tg_relation));
	if (old == NULL)
		stats_begin(settings_table(new, RelationGetDescr(trigger->tg_relation)));
	if (new == NULL)
		stats_forget(settings_table(old, RelationGetDescr(trigger->tg_relation)));
	return PointerGetDatum(new ? new : old);
}

/* ---- event triggers ---- */

static void
check_event_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not fired by the event trigger manager")));
}

static Datum
oid_array(List *oids)
{
	Datum	   *elements = palloc(list_length(oids) * sizeof(Datum));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, oids)
		elements[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	return PointerGetDatum(construct_array(elements, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * Follow ALTER TABLE ... RENAME COLUMN or CONSTRAINT, of a table and the
 * tables that inherit from it.
 */
static void
follow_rename(RenameStmt *rename)
{
	static const Oid types[] = {OIDARRAYOID, TEXTOID, TEXTOID};
	Datum		values[3];
	Oid			relid;

	if (rename->renameType != OBJECT_COLUMN && rename->renameType != OBJECT_TABCONSTRAINT)
		return;
	relid = RangeVarGetRelid(rename->relation, NoLock, true);
	if (!OidIsValid(relid))
		return;
	values[0] = oid_array(find_all_inheritors(relid, NoLock, NULL));
	values[1] = CStringGetTextDatum(rename->subname);
	values[2] = CStringGetTextDatum(rename->newname);
	if (rename->renameType == OBJECT_COLUMN)
		catalog_execute("UPDATE locking.protected SET key = array_replace(key, $2::name, $3::name),"
						" columns = array_replace(columns, $2::name, $3::name)"
						" WHERE relation::oid = ANY ($1) AND ($2::name = ANY (key) OR $2::name = ANY (columns))",
						lengthof(types), types, values, NULL);
	else
		catalog_execute("UPDATE locking.protected SET parent = $3::name"
						" WHERE relation::oid = ANY ($1) AND parent = $2::name",
						lengthof(types), types, values, NULL);
}

/*
 * The OIDs that a query on the command's objects returns as an array.  NIL if
 * the result is null.
 */
static List *
command_objects(const char *query)
{
	bool		isnull;
	Datum		array = catalog_query(query, 0, NULL, NULL, NULL, &isnull);
	List	   *relids = NIL;
	Datum	   *oids;
	int			n;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(array), OIDOID, sizeof(Oid), true, TYPALIGN_INT,
					  &oids, NULL, &n);
	for (int i = 0; i < n; i++)
		relids = lappend_oid(relids, DatumGetObjectId(oids[i]));
	return relids;
}

static List *
command_tables(void)
{
	return command_objects("SELECT array_agg(objid) FROM pg_event_trigger_ddl_commands()"
						   " WHERE classid = 'pg_class'::regclass AND object_type = 'table'");
}

/*
 * Follow a table that became a partition.  The command has locked it and its
 * partitions exclusively, so nothing waits here.  The root is invalidated
 * because its cached entry depends on settings of tables that refer to the
 * partition.
 */
static void
follow_new_partition(Oid partition)
{
	Oid			root = table_root(partition);

	if (root == partition)
		return;
	invalidate_if_exists(root);
	if (is_protected_table(root))
		create_truncate_triggers(partition, root);
}

/* Follow CREATE TABLE ... PARTITION OF, by itself or in CREATE SCHEMA. */
static void
follow_creation(void)
{
	ListCell   *cell;

	foreach(cell, command_tables())
		follow_new_partition(lfirst_oid(cell));
}

/*
 * Follow a table that ceased to be a partition.  PostgreSQL has dropped only
 * the triggers that it had cloned, of its partitions, too, which it has
 * locked for this.
 */
static void
follow_detachment(Oid partition)
{
	if (table_root(partition) == partition && !is_protected_table(partition))
		drop_all_triggers(partition);
}

/*
 * Follow ATTACH or DETACH PARTITION.  The command names the partition and has
 * locked it, so the name still refers to the same relation.
 */
static void
follow_partition_command(AlterTableCmd *command)
{
	Oid			partition = RangeVarGetRelid(((PartitionCmd *) command->def)->name, NoLock, true);
	char		kind = OidIsValid(partition) ? get_rel_relkind(partition) : '\0';

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		return;
	if (command->subtype == AT_AttachPartition)
		follow_new_partition(partition);
	else
		follow_detachment(partition);
}

static void
follow_alteration(AlterTableStmt *alter)
{
	List	   *tables = command_tables();
	ListCell   *cell;

	foreach(cell, alter->cmds)
	{
		AlterTableCmd *command = lfirst(cell);

		if ((command->subtype == AT_AttachPartition || command->subtype == AT_DetachPartition ||
			 command->subtype == AT_DetachPartitionFinalize) &&
			tables != NIL)
			follow_partition_command(command);
	}
	foreach(cell, tables)
	{
		follow_rewrite(lfirst_oid(cell));
	}
}

/*
 * Lock a table as ALTER TABLE is about to do, if its owner calls it.
 * InvalidOid: there is no such table, so the command will fail, or do
 * nothing.
 */
static Oid
lock_own_table(RangeVar *name, LOCKMODE lockmode)
{
	return RangeVarGetRelidExtended(name, lockmode, RVR_MISSING_OK, RangeVarCallbackOwnsRelation, NULL);
}

/*
 * A protected table must not become a partition: its rows would be locked as
 * rows of the root, which may not even be protected, and its own locks would
 * be lost.  If the root is protected, PostgreSQL would fail to clone the
 * root's trigger to it.
 */
static void
refuse_protected_partition(AlterTableStmt *alter, PartitionCmd *command)
{
	Oid			whole = lock_own_table(alter->relation, ShareUpdateExclusiveLock);
	Oid			partition;

	if (!OidIsValid(whole))
		return;
	partition = lock_own_table(command->name, AccessExclusiveLock);
	if (!OidIsValid(partition))
		return;
	if (is_protected_table(partition))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("protected table \"%s\" cannot become a partition", get_rel_name(partition)),
				 errdetail("Rows of a partition are locked as rows of its root, so the table's own locks would be lost."),
				 errhint("Call locking.unprotect() first, then protect the partitioned table."),
				 errtable_by_id(partition)));
	if (is_protected_table(table_root(whole)))
		refuse_remaining_trigger(partition);
}

/*
 * Refuse ATTACH PARTITION of a protected table before it begins, and note
 * which locks may follow a rewrite.  Table and partition are locked here, in
 * the order and the modes of the command, since the partition may be about to
 * be protected.
 */
Datum
locking_before_ddl(PG_FUNCTION_ARGS)
{
	Node	   *command;
	ListCell   *cell;

	check_event_trigger(fcinfo);
	command = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (!IsA(command, AlterTableStmt) || !catalog_installed())
		PG_RETURN_NULL();
	foreach(cell, ((AlterTableStmt *) command)->cmds)
	{
		AlterTableCmd *part = lfirst(cell);

		if (part->subtype == AT_AttachPartition)
			refuse_protected_partition((AlterTableStmt *) command, (PartitionCmd *) part->def);
	}
	expect_rewrite((AlterTableStmt *) command);
	PG_RETURN_NULL();
}

/*
 * Follow a DDL command.  Only the objects of the command itself are examined:
 * inconsistencies elsewhere must neither make it fail nor make it wait.
 */
Datum
locking_on_ddl(PG_FUNCTION_ARGS)
{
	Node	   *command;

	check_event_trigger(fcinfo);
	command = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (!catalog_installed())
		PG_RETURN_NULL();
	if (IsA(command, RenameStmt))
		follow_rename((RenameStmt *) command);
	else if (IsA(command, AlterTableStmt))
		follow_alteration((AlterTableStmt *) command);
	else if (IsA(command, CreateSchemaStmt) ||
			 (IsA(command, CreateStmt) && ((CreateStmt *) command)->partbound))
		follow_creation();
	PG_RETURN_NULL();
}

/* Names of dropped columns, by table. */
#define DROPPED_COLUMNS \
	"(SELECT objid, array_agg(address_names[3]::name) AS names" \
	" FROM pg_event_trigger_dropped_objects()" \
	" WHERE classid = 'pg_class'::regclass AND objsubid <> 0 GROUP BY objid) d"

/*
 * Remove dropped columns from the settings.  A key that lost a column no
 * longer identifies rows, even if a column of that name is added again.
 * After the last guarded column, all columns are guarded.
 */
static void
forget_columns(void)
{
	ListCell   *cell;

	foreach(cell, command_objects("SELECT array_agg(p.relation::oid) FROM locking.protected p, " DROPPED_COLUMNS
								  " WHERE p.relation::oid = d.objid AND p.columns <@ d.names"))
	{
		expect_all_columns(lfirst_oid(cell));
	}
	catalog_execute("UPDATE locking.protected p"
					" SET key = CASE WHEN p.key && d.names THEN '{}' ELSE p.key END,"
					"  columns = (SELECT array_agg(c) FROM unnest(p.columns) c WHERE c <> ALL (d.names))"
					" FROM " DROPPED_COLUMNS
					" WHERE p.relation::oid = d.objid AND (p.key && d.names OR p.columns && d.names)",
					0, NULL, NULL, NULL);
}

/*
 * Delete what is stored about dropped tables, with the rights of the owner of
 * the extension's tables: a role that may drop a table needs no privilege for
 * this.
 */
Datum
locking_on_drop(PG_FUNCTION_ARGS)
{
	static const char *const tables[] = {"protected", "lock", "event", "draft", "request_queue"};
	static const Oid types[] = {OIDARRAYOID};
	List	   *dropped;
	Datum		values[1];

	check_event_trigger(fcinfo);
	if (!catalog_installed())	/* the extension itself is being dropped */
		PG_RETURN_NULL();
	dropped = command_objects("SELECT array_agg(objid) FROM pg_event_trigger_dropped_objects()"
							  " WHERE classid = 'pg_class'::regclass AND objsubid = 0"
							  "  AND object_type = 'table' AND NOT is_temporary");
	values[0] = oid_array(dropped);
	for (int i = 0; dropped != NIL && i < lengthof(tables); i++)
		catalog_execute(psprintf("DELETE FROM locking.%s WHERE relation::oid = ANY ($1)", tables[i]),
						lengthof(types), types, values, NULL);
	forget_columns();
	PG_RETURN_NULL();
}
