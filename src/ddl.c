/*
 * ddl.c
 *		Following what DDL does to protected tables.
 */
#include "locking.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "protect.h"

PG_FUNCTION_INFO_V1(locking_settings_changed);
PG_FUNCTION_INFO_V1(locking_on_ddl);
PG_FUNCTION_INFO_V1(locking_on_drop);

/* ---- rows of locking.protected ---- */

static void
invalidate_if_there(Oid relid)
{
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		CacheInvalidateRelcacheByRelid(relid);
}

/* The parent's rows are locked more strongly from now on, or no longer. */
static void
tell_backends(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	ForeignKey	fk;

	invalidate_if_there(DatumGetObjectId(heap_getattr(tuple, SPI_fnumber(desc, "relation"), desc, &isnull)));
	if (parent_key(tuple, desc, &fk))
		invalidate_if_there(table_root(fk.target));
}

Datum
locking_settings_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	tuple;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"locking.settings_changed\" must be fired for each row")));
	check_writer(trigger->tg_relation);
	desc = RelationGetDescr(trigger->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	tell_backends(trigger->tg_trigtuple, desc);
	if (tuple != trigger->tg_trigtuple)
		tell_backends(tuple, desc);
	return PointerGetDatum(tuple);
}

/* ---- event triggers ---- */

static void
check_event(FunctionCallInfo fcinfo)
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

/* ALTER TABLE ... RENAME COLUMN or CONSTRAINT, of a table and those that inherit from it. */
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
 * Does the command make a partition?  Only then are there new ones to guard: in
 * a restore, whose dump has the partitions' triggers, they are made before the
 * settings are there.
 */
static bool
makes_partition(Node *command)
{
	ListCell   *cell;

	if (IsA(command, CreateSchemaStmt))
		return true;
	if (IsA(command, CreateStmt))
		return ((CreateStmt *) command)->partbound != NULL;
	if (!IsA(command, AlterTableStmt))
		return false;
	foreach(cell, ((AlterTableStmt *) command)->cmds)
		if (((AlterTableCmd *) lfirst(cell))->subtype == AT_AttachPartition)
			return true;
	return false;
}

/* Its locks would be nobody's: a partition stands for its root, which may not even be protected. */
static void
refuse_protected_partition(void)
{
	bool		isnull;
	Oid			partition = DatumGetObjectId(catalog_query(
		"SELECT p.relation::oid FROM locking.protected p"
		" JOIN pg_class c ON c.oid = p.relation AND c.relispartition LIMIT 1", 0, NULL, NULL, NULL, &isnull));

	if (!isnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("protected table \"%s\" cannot become a partition", get_rel_name(partition)),
				 errdetail("The rows of a partition are locked as those of its root, so its own locks would be lost."),
				 errhint("Call locking.unprotect() first, and protect the partitioned table."),
				 errtable_by_id(partition)));
}

static void
guard_partitions(void)
{
	Oid			last = InvalidOid;
	Oid			partition;
	bool		isnull;

	for (;;)
	{
		partition = DatumGetObjectId(catalog_query(
			"SELECT t.relid::oid FROM locking.protected p"
			" JOIN pg_class c ON c.oid = p.relation AND c.relkind = 'p',"
			" pg_partition_tree(p.relation) t"
			" WHERE NOT EXISTS (SELECT FROM pg_trigger g"
			"  WHERE g.tgrelid = t.relid AND g.tgname = '" TRUNCATE_TRIGGER "')"
			" LIMIT 1", 0, NULL, NULL, NULL, &isnull));
		if (isnull || partition == last)
			break;
		guard_truncate(partition);
		last = partition;
	}
}

Datum
locking_on_ddl(PG_FUNCTION_ARGS)
{
	Node	   *command;

	check_event(fcinfo);
	command = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (!catalog_installed())
		PG_RETURN_NULL();
	if (IsA(command, RenameStmt))
		follow_rename((RenameStmt *) command);
	if (makes_partition(command))
	{
		refuse_protected_partition();
		guard_partitions();
	}
	PG_RETURN_NULL();
}

/*
 * A key that lost a column is none that locks can go by, even if a column of
 * that name comes back.
 */
static const char *const forget_columns =
"UPDATE locking.protected p"
" SET key = CASE WHEN p.key && d.names THEN '{}' ELSE p.key END,"
"  columns = (SELECT array_agg(c) FROM unnest(p.columns) c WHERE c <> ALL (d.names))"
" FROM (SELECT objid, array_agg(address_names[3]::name) AS names"
"  FROM pg_event_trigger_dropped_objects()"
"  WHERE classid = 'pg_class'::regclass AND objsubid <> 0 GROUP BY objid) d"
" WHERE p.relation::oid = d.objid AND (p.key && d.names OR p.columns && d.names)";

/* With the rights of the tables' owner: whoever may drop a table may drop it. */
Datum
locking_on_drop(PG_FUNCTION_ARGS)
{
	static const char *const tables[] = {"protected", "lock", "event", "draft", "request_queue"};

	check_event(fcinfo);
	if (!catalog_installed())	/* it is the extension that is being dropped */
		PG_RETURN_NULL();
	for (int i = 0; i < lengthof(tables); i++)
		catalog_execute(psprintf("DELETE FROM locking.%s WHERE relation::oid IN"
								 " (SELECT objid FROM pg_event_trigger_dropped_objects()"
								 "  WHERE classid = 'pg_class'::regclass AND objsubid = 0)", tables[i]),
						0, NULL, NULL, NULL);
	catalog_execute(forget_columns, 0, NULL, NULL, NULL);
	PG_RETURN_NULL();
}
