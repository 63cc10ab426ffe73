/*
 * ask.c
 *		Questions about a row's lock: is_locked(), lock_applies(),
 *		lock_seconds_remaining(), row_key(), row_visible().
 */
#include "locking.h"

#include "access/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "statement.h"

PG_FUNCTION_INFO_V1(locking_is_locked);
PG_FUNCTION_INFO_V1(locking_lock_applies);
PG_FUNCTION_INFO_V1(locking_lock_seconds_remaining);
PG_FUNCTION_INFO_V1(locking_row_key);
PG_FUNCTION_INFO_V1(locking_row_visible);

/*
 * The live lock of the row that the arguments name, if the caller may see
 * that row.
 */
static bool
live_lock(FunctionCallInfo fcinfo, Lock *lock)
{
	TableInfo  *table = protected_table(fcinfo, 0, AccessShareLock, MAY_READ);
	Datum		values[INDEX_MAX_KEYS];
	Relation	records;
	char	   *key;
	bool		found;

	key_argument(table->key, table->root, fcinfo, 1, values);
	key = target_key(table, values);
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

/* ---- row_key ---- */

static Oid
table_of_row(HeapTupleHeader row)
{
	Oid			type = getBaseType(HeapTupleHeaderGetTypeId(row));
	Oid			relid = get_typ_typrelid(type);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument of row_key() must be a row of a table"),
				 errhint("SELECT locking.row_key(a) FROM article a")));
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
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument of row_key() must be a row of a table"),
				 errhint("SELECT locking.row_key(a) FROM article a")));
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
