/*
 * inspect.c
 *		Functions that read locks: is_locked(), lock_applies(),
 *		lock_seconds_remaining(), locks_of(); and those that identify a row:
 *		row_key(), row_visible().
 *
 * The caller names the table, so its policies run as in a query of the
 * caller.  Whether a row is visible is determined before its record is looked
 * up.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "argument.h"
#include "clock.h"
#include "lease.h"
#include "owner.h"
#include "record.h"
#include "result.h"
#include "statement.h"
#include "table.h"
#include "target.h"
#include "tuple.h"
#include "visibility.h"

PG_FUNCTION_INFO_V1(locking_is_locked);
PG_FUNCTION_INFO_V1(locking_lock_applies);
PG_FUNCTION_INFO_V1(locking_lock_seconds_remaining);
PG_FUNCTION_INFO_V1(locking_locks_of);
PG_FUNCTION_INFO_V1(locking_row_key);
PG_FUNCTION_INFO_V1(locking_row_visible);

/* ---- one row's lock ---- */

/*
 * Find the live lock of the row that the arguments name, provided that the
 * caller may see the row.
 */
static bool
live_lock(FunctionCallInfo fcinfo, Lock *lock)
{
	Datum		values[INDEX_MAX_KEYS];
	char	   *key;
	TableInfo  *table = row_argument(fcinfo, AccessShareLock, MAY_READ, values, &key);
	Relation	records;
	bool		found;

	if (!row_visible(table->root, key, true))
		return false;
	records = records_open(AccessShareLock);
	found = record_find(records, table->root, key, lock) && !has_lapsed(lock, clock_now());
	table_close(records, AccessShareLock);
	return found;
}

Datum
locking_is_locked(PG_FUNCTION_ARGS)
{
	Lock		lock;

	PG_RETURN_BOOL(live_lock(fcinfo, &lock));
}

Datum
locking_lock_applies(PG_FUNCTION_ARGS)
{
	Lock		lock;

	PG_RETURN_BOOL(live_lock(fcinfo, &lock) && !is_current_owner(lock.owner));
}

Datum
locking_lock_seconds_remaining(PG_FUNCTION_ARGS)
{
	Lock		lock;

	PG_RETURN_FLOAT8(live_lock(fcinfo, &lock) ? seconds_until(lock.expires_at, clock_now()) : 0.0);
}

/* ---- the locks of several rows ---- */

/* The keys of visible rows.  Duplicates are kept. */
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

/* The values are in the order of the columns of locking.locks. */
static void
put_lock(Tuplestorestate *result, TupleDesc desc, const Lock *lock, TimestampTz now)
{
	Datum		values[16];
	bool		nulls[16] = {0};

	values[0] = ObjectIdGetDatum(lock->relation);
	set_optional(&values[1], &nulls[1], get_namespace_name(get_rel_namespace(lock->relation)));
	set_optional(&values[2], &nulls[2], get_rel_name(lock->relation));
	values[3] = CStringGetTextDatum(lock->key);
	values[4] = Int64GetDatum(lock->token);
	values[5] = CStringGetTextDatum(lock->owner);
	set_optional(&values[6], &nulls[6], lock->owner_name);
	set_optional(&values[7], &nulls[7], lock->client);
	values[8] = BoolGetDatum(lock->hard);
	set_optional(&values[9], &nulls[9], lock->note);
	values[10] = TimestampTzGetDatum(lock->acquired_at);
	values[11] = TimestampTzGetDatum(lock->renewed_at);
	values[12] = TimestampTzGetDatum(lock->expires_at);
	values[13] = Float8GetDatum(seconds_until(lock->expires_at, now));
	values[14] = BoolGetDatum(is_current_owner(lock->owner));
	values[15] = BoolGetDatum(lock->handed_over);
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

/* ---- rows ---- */

static void
refuse_row_argument(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument of row_key() must be a row of a table"),
			 errhint("Use it as in SELECT locking.row_key(a) FROM article a.")));
}

static Oid
table_of_row(HeapTupleHeader row)
{
	Oid			type = getBaseType(HeapTupleHeaderGetTypeId(row));
	Oid			relid = get_typ_typrelid(type);

	if (!OidIsValid(relid))
		refuse_row_argument();
	return relid;
}

Datum
locking_row_key(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row;
	HeapTupleData tuple;
	Relation	rel;
	TableInfo  *table;
	char	   *key;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!type_is_rowtype(get_fn_expr_argtype(fcinfo->flinfo, 0)))
		refuse_row_argument();
	row = PG_GETARG_HEAPTUPLEHEADER(0);
	rel = relation_open(table_of_row(row), AccessShareLock);
	table = table_info(rel);
	if (table->key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" has no primary key", RelationGetRelationName(rel)),
				 errtable(rel)));
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	key = key_of_tuple(table->key, rel, &tuple, false);
	relation_close(rel, AccessShareLock);
	if (key == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(key));
}

Datum
locking_row_visible(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(row_visible(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
							   statement_names(PG_GETARG_OID(0))));
}
