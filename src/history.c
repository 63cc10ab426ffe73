/*
 * history.c
 *		Functions on the history of locks: history_of(), purge_history().
 *
 * The caller names the table, so its policies run as in a query of the
 * caller.  Whether the row is visible is determined before its events are
 * looked up.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "catalog.h"
#include "result.h"
#include "table_access.h"
#include "visibility.h"

PG_FUNCTION_INFO_V1(locking_history_of);
PG_FUNCTION_INFO_V1(locking_purge_history);

#define SCHEMA_NAME "schema_name"
#define TABLE_NAME "table_name"

/*
 * columns of locking.event, in the order of the columns of locking.history,
 * which has the names of the table in addition
 */
static const char *const history_columns[] = {
	"at", "event", "relation", SCHEMA_NAME, TABLE_NAME, "key", "token", "owner", "actor", "actor_name",
	"session_role", "client_addr", "reason", "id",
};

/* The names of the table, of which all events are. */
static Datum
table_names(Oid relid, const char *column, bool *isnull)
{
	char	   *name = strcmp(column, TABLE_NAME) == 0 ? get_rel_name(relid) :
	get_namespace_name(get_rel_namespace(relid));

	*isnull = name == NULL;
	return name ? CStringGetTextDatum(name) : (Datum) 0;
}

static void
put_event(Tuplestorestate *result, TupleDesc desc, HeapTuple event, TupleDesc event_desc,
		  const AttrNumber *columns, Oid relid)
{
	Datum		values[lengthof(history_columns)];
	bool		nulls[lengthof(history_columns)];

	for (int i = 0; i < lengthof(history_columns); i++)
		values[i] = columns[i] == SPI_ERROR_NOATTRIBUTE ? table_names(relid, history_columns[i], &nulls[i]) :
			heap_getattr(event, columns[i], event_desc, &nulls[i]);
	tuplestore_putvalues(result, desc, values, nulls);
}

Datum
locking_history_of(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Tuplestorestate *result = begin_result(fcinfo, &desc);
	TableInfo  *table = protected_table(fcinfo, 0, AccessShareLock, MAY_READ);
	Relation	events;
	ScanKeyData keys[2];
	TupleDesc	event_desc;
	AttrNumber	columns[lengthof(history_columns)];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *key;

	argument_not_null(fcinfo, 1, "key");
	key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!row_visible(table->root, key, true))
		return (Datum) 0;
	events = catalog_open("event", AccessShareLock);
	event_desc = RelationGetDescr(events);
	for (int i = 0; i < lengthof(history_columns); i++)
		columns[i] = SPI_fnumber(event_desc, history_columns[i]);
	ScanKeyInit(&keys[0], SPI_fnumber(event_desc, "relation"), BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(table->root));
	ScanKeyEntryInitialize(&keys[1], 0, SPI_fnumber(event_desc, "key"),
						   BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key));
	scan = systable_beginscan(events, catalog_relid("event_row_idx"), true, GetActiveSnapshot(), 2, keys);
	while ((tuple = systable_getnext(scan)) != NULL)
		put_event(result, desc, tuple, event_desc, columns, table->root);
	systable_endscan(scan);
	table_close(events, AccessShareLock);
	return (Datum) 0;
}

Datum
locking_purge_history(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INTERVALOID};
	Datum		values[] = {age_argument(fcinfo, 0, "older_than")};

	PG_RETURN_INT64(catalog_execute("DELETE FROM locking.event WHERE at < clock_timestamp() - $1",
									1, types, values, NULL));
}
