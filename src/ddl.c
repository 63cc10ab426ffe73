/*
 * ddl.c
 *		Following what DDL does to protected tables.
 */
#include "locking.h"

#include "access/htup_details.h"
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

/* Names to attribute numbers; 0 for a column that is not there. */
static Datum
resolve_names(Oid relid, Datum names_datum)
{
	Datum	   *names;
	Datum	   *attnums;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(names_datum), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
					  &names, NULL, &n);
	attnums = palloc((n + 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
		attnums[i] = Int16GetDatum(get_attnum(relid, NameStr(*DatumGetName(names[i]))));
	return PointerGetDatum(construct_array(attnums, n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
}

typedef struct Replacement
{
	TupleDesc	desc;
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	bool		replace[MaxTupleAttributeNumber];
} Replacement;

static void
replace(Replacement *row, const char *column, Datum value, bool isnull)
{
	int			i = SPI_fnumber(row->desc, column) - 1;

	row->values[i] = value;
	row->nulls[i] = isnull;
	row->replace[i] = true;
}

static Datum
referring_columns(const ForeignKey *fk)
{
	Datum		attnums[INDEX_MAX_KEYS];

	for (int i = 0; i < fk->n; i++)
		attnums[i] = Int16GetDatum(fk->columns[i]);
	return PointerGetDatum(construct_array(attnums, fk->n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
}

/*
 * A restore brings names, as numbers may differ in the new database.  Foreign
 * keys are made after the settings then: on_ddl looks for them again.
 */
static HeapTuple
resolve(HeapTuple tuple, TupleDesc desc)
{
	Replacement *row = palloc0(sizeof(Replacement));
	bool		isnull;
	Oid			relid = DatumGetObjectId(heap_getattr(tuple, SPI_fnumber(desc, "relation"), desc, &isnull));
	Datum		value;
	ForeignKey	fk;

	row->desc = desc;
	value = heap_getattr(tuple, SPI_fnumber(desc, "key"), desc, &isnull);
	replace(row, "key_attnums", isnull ? (Datum) 0 : resolve_names(relid, value), isnull);
	value = heap_getattr(tuple, SPI_fnumber(desc, "columns"), desc, &isnull);
	replace(row, "column_attnums", isnull ? (Datum) 0 : resolve_names(relid, value), isnull);
	isnull = !parent_key(tuple, desc, &fk);
	replace(row, "parent_attnums", isnull ? (Datum) 0 : referring_columns(&fk), isnull);
	return heap_modify_tuple(tuple, desc, row->values, row->nulls, row->replace);
}

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
	desc = RelationGetDescr(trigger->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		tuple = resolve(tuple, desc);
	tell_backends(trigger->tg_trigtuple, desc);
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

/* The names that a dump will show: those that the numbers have now. */
static const char *const follow_names =
"WITH now AS ("
" SELECT p.relation, p.key AS old_key, p.columns AS old_columns, p.parent AS old_parent,"
"  coalesce((SELECT array_agg(coalesce(a.attname, p.key[k.n]) ORDER BY k.n)"
"   FROM unnest(p.key_attnums) WITH ORDINALITY AS k(attnum, n)"
"   LEFT JOIN pg_attribute a ON a.attrelid = p.relation AND a.attnum = k.attnum AND NOT a.attisdropped), p.key) AS key,"
"  (SELECT array_agg(a.attname ORDER BY k.n)"
"   FROM unnest(p.column_attnums) WITH ORDINALITY AS k(attnum, n)"
"   JOIN pg_attribute a ON a.attrelid = p.relation AND a.attnum = k.attnum AND NOT a.attisdropped) AS columns,"
"  coalesce((SELECT c.conname FROM pg_constraint c"
"   WHERE c.conrelid = p.relation AND c.contype = 'f' AND (c.conname = p.parent OR c.conkey = p.parent_attnums)"
"   ORDER BY c.conname = p.parent DESC LIMIT 1), p.parent) AS parent"
" FROM locking.protected p)"
"UPDATE locking.protected p SET key = now.key, columns = now.columns, parent = now.parent"
" FROM now WHERE now.relation = p.relation"
" AND (now.key IS DISTINCT FROM now.old_key OR now.columns IS DISTINCT FROM now.old_columns"
"  OR now.parent IS DISTINCT FROM now.old_parent)";

/* A foreign key that a restore made after its table's settings. */
static const char *const find_parents =
"UPDATE locking.protected p SET parent_attnums = c.conkey FROM pg_constraint c"
" WHERE c.conrelid = p.relation AND c.conname = p.parent AND c.contype = 'f'"
" AND p.parent_attnums IS DISTINCT FROM c.conkey";

/* Partitions added or attached since protect(). */
static const char *const unguarded_partitions =
"SELECT t.relid::oid FROM locking.protected p"
" JOIN pg_class c ON c.oid = p.relation AND c.relkind = 'p',"
" pg_partition_tree(p.relation) t"
" WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.relid AND g.tgname = '" TRUNCATE_TRIGGER "')"
" LIMIT 1";

/*
 * Does the command make a partition?  Only then: in a restore other commands
 * follow the settings, and the dump makes the partitions' triggers itself.
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

static void
guard_partitions(void)
{
	Oid			last = InvalidOid;
	Oid			partition;
	bool		isnull;

	for (;;)
	{
		partition = DatumGetObjectId(catalog_query(unguarded_partitions, 0, NULL, NULL, NULL, &isnull));
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
	if (IsA(command, RenameStmt) || IsA(command, AlterTableStmt))
	{
		catalog_execute(follow_names, 0, NULL, NULL, NULL);
		catalog_execute(find_parents, 0, NULL, NULL, NULL);
	}
	if (makes_partition(command))
		guard_partitions();
	PG_RETURN_NULL();
}

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
	PG_RETURN_NULL();
}
