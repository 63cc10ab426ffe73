/*
 * lists.c
 *		Lists by key: locks_of(), history_of().
 *
 * The caller names the table, so its policies run as for a query of the
 * caller's own; whether the row is visible is decided before its records are
 * looked up.
 */
#include "locking.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "result.h"

PG_FUNCTION_INFO_V1(locking_locks_of);
PG_FUNCTION_INFO_V1(locking_history_of);

/* ---- locks_of ---- */

/*
 * Those of the keys, each once or as often as it was given, whose rows are
 * visible.
 */
static List *
visible_keys(const TableInfo *table, ArrayType *array)
{
	List	   *keys = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *key = nulls[i] ? NULL : TextDatumGetCString(elements[i]);

		if (key && row_visible(table->root, key, true))
			keys = lappend(keys, key);
	}
	return keys;
}

static void
set_optional(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL;
	*value = text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* In the order of the columns of locking.locks. */
static void
put_lock(Tuplestorestate *result, TupleDesc desc, const Lock *lock, TimestampTz now)
{
	Datum		values[13];
	bool		nulls[13] = {0};

	values[0] = ObjectIdGetDatum(lock->relation);
	values[1] = CStringGetTextDatum(lock->key);
	values[2] = Int64GetDatum(lock->token);
	values[3] = CStringGetTextDatum(lock->owner);
	set_optional(&values[4], &nulls[4], lock->owner_name);
	set_optional(&values[5], &nulls[5], lock->client);
	values[6] = BoolGetDatum(lock->hard);
	set_optional(&values[7], &nulls[7], lock->note);
	values[8] = TimestampTzGetDatum(lock->acquired_at);
	values[9] = TimestampTzGetDatum(lock->renewed_at);
	values[10] = TimestampTzGetDatum(lock->expires_at);
	values[11] = Float8GetDatum(seconds_until(lock->expires_at, now));
	values[12] = BoolGetDatum(is_current_owner(lock->owner));
	tuplestore_putvalues(result, desc, values, nulls);
}

Datum
locking_locks_of(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Tuplestorestate *result = begin_result(fcinfo, &desc);
	TableInfo  *table = protected_table(fcinfo, 0, AccessShareLock, MAY_READ);
	TimestampTz now = clock_now();
	Relation	records;
	ListCell   *cell;

	argument_not_null(fcinfo, 1, "keys");
	records = records_open(AccessShareLock);
	foreach(cell, records_of_keys(records, table->root, visible_keys(table, PG_GETARG_ARRAYTYPE_P(1))))
	{
		const Lock *lock = lfirst(cell);

		if (!has_lapsed(lock, now))
			put_lock(result, desc, lock, now);
	}
	table_close(records, AccessShareLock);
	return (Datum) 0;
}

/* ---- history_of ---- */

/* columns of locking.event, in the order of those of locking.history */
static const char *const history_columns[] = {
	"at", "event", "relation", "key", "token", "owner", "actor", "session_role",
	"client_addr", "reason", "id",
};

static void
put_event(Tuplestorestate *result, TupleDesc desc, HeapTuple event, TupleDesc event_desc,
		  const AttrNumber *columns)
{
	Datum		values[lengthof(history_columns)];
	bool		nulls[lengthof(history_columns)];

	for (int i = 0; i < lengthof(history_columns); i++)
		values[i] = heap_getattr(event, columns[i], event_desc, &nulls[i]);
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
		put_event(result, desc, tuple, event_desc, columns);
	systable_endscan(scan);
	table_close(events, AccessShareLock);
	return (Datum) 0;
}
