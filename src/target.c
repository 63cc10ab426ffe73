/*
 * target.c
 *		The row that a lock is on.
 *
 * It is read and locked as the caller, so that privileges and row security
 * apply (S8), and before the lock record (rule 1).
 */
#include "target.h"

#include "access/transam.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "key_text.h"
#include "owner.h"
#include "plan.h"
#include "policy.h"
#include "query.h"
#include "relation.h"
#include "row_lock.h"
#include "subtransaction.h"

/* A row that is read: its key, and after it xmin if the plan includes it. */
typedef struct RowState
{
	const Key  *key;
	bool		with_xmin;
	char	   *text;
	TransactionId xmin;
} RowState;

static void
read_row(void *arg, HeapTuple tuple, TupleDesc desc)
{
	RowState   *row = arg;
	Datum		values[INDEX_MAX_KEYS + 1];
	int			n = row->key->ncolumns + (row->with_xmin ? 1 : 0);
	bool		isnull;

	for (int i = 0; i < n; i++)
		values[i] = SPI_getbinval(tuple, desc, i + 1, &isnull);
	row->text = key_text(row->key, values);
	if (row->with_xmin)
		row->xmin = DatumGetTransactionId(values[n - 1]);
}

/*
 * Read xmin as the owner of the table.  It has no column privilege, so a
 * caller with privileges on some columns only cannot read it.  The caller has
 * locked the row, or the table, so its xmin may be disclosed.
 * InvalidTransactionId: there is no such row.
 */
TransactionId
target_xmin(TableInfo *table, const Datum *values)
{
	RowState	row = {table->key, true};
	SPIQuery	query = {
		.plan = table_plan(table, TARGET_SEE, true),
		.values = values,
		.latest = true,
		.max_rows = 1,
		.read = read_row,
		.arg = &row
	};

	(void) query_run_as_table_owner(&query, table->root);
	return row.xmin;
}

/* Read or lock the row by a query, as target_fetch() describes. */
static bool
run_plan(TableInfo *table, TargetQuery which, const Datum *values, char **key, TransactionId *xmin)
{
	RowState	row = {table->key, xmin && may_select(table->root, GetUserId())};
	SPIQuery	query = {
		.plan = table_plan(table, which, row.with_xmin),
		.values = values,
		.read_only = which == TARGET_SEE,
		.max_rows = 1,
		.read = read_row,
		.arg = &row
	};

	if (query_run(&query) == 0)
		return false;
	if (key)
		*key = row.text;
	if (xmin)
		*xmin = row.with_xmin ? row.xmin : target_xmin(table, values);
	return true;
}

/*
 * Read or lock the row, as the caller.  False if there is no row that the
 * caller can see, or, with TARGET_TRY, if another transaction has it locked.
 * "key" receives the stored spelling, "xmin" the transaction that wrote the
 * row; either may be NULL.
 */
bool
target_fetch(TableInfo *table, TargetQuery which, const Datum *values, char **key, TransactionId *xmin)
{
	LockWaitPolicy policy = which == TARGET_TRY ? LockWaitSkip : LockWaitBlock;
	bool		found;

	if (which != TARGET_SEE && row_lock(table, values, policy, key, xmin, &found))
		return found;
	return run_plan(table, which, values, key, xmin);
}

/*
 * Lock the row with the rights of the table's owner, where those of the
 * caller do not matter.  False if there is no row.
 */
bool
target_lock_as_owner(TableInfo *table, const char *key)
{
	Datum		values[INDEX_MAX_KEYS];
	SPIQuery	query = {
		.plan = table_plan(table, TARGET_LOCK_AS_OWNER, false),
		.values = values,
		.latest = true,
		.max_rows = 1
	};

	key_parse_stored(table->key, table->root, key, values);
	return query_run_as_table_owner(&query, table->root) > 0;
}

/* ---- keys ---- */

/* A key whose stored spelling is looked up. */
typedef struct Spelling
{
	TableInfo  *table;
	const Datum *values;
	char	   *key;			/* NULL: the caller can see no such row */
} Spelling;

static void
fetch_stored_key(void *arg)
{
	Spelling   *spelling = arg;

	(void) target_fetch(spelling->table, TARGET_SEE, spelling->values, &spelling->key, NULL);
}

/*
 * The spelling of a key.  Where equal values may be spelled differently, that
 * of the stored row, or without one, that of the caller.
 */
char *
target_key(TableInfo *table, const Datum *values)
{
	Spelling	spelling = {table, values};

	if (!table->key->image_equal && !is_evaluating_policies(table->root))
		evaluate_policies(table->root, fetch_stored_key, &spelling);
	return spelling.key ? spelling.key : key_text(table->key, values);
}

/*
 * The spelling of the argument "key", the second one of a function, and its
 * values.
 */
static char *
row_key_argument(TableInfo *table, FunctionCallInfo fcinfo, Datum *values)
{
	key_argument(table->key, table->root, fcinfo, 1, values);
	return target_key(table, values);
}

/*
 * The row that the arguments "relation" and "key", the first two of a
 * function, name: its table, values and spelling.
 */
TableInfo *
row_argument(FunctionCallInfo fcinfo, LOCKMODE lockmode, TableRight right, Datum *values, char **key)
{
	TableInfo  *table = protected_table(fcinfo, 0, lockmode, right);

	*key = row_key_argument(table, fcinfo, values);
	return table;
}

/*
 * The same for a row that the caller may name, of a table that may have been
 * unprotected.
 */
TableInfo *
any_row_argument(FunctionCallInfo fcinfo, char **key)
{
	TableInfo  *table = table_with_key(fcinfo, 0, AccessShareLock, MAY_NAME);
	Datum		values[INDEX_MAX_KEYS];

	*key = row_key_argument(table, fcinfo, values);
	return table;
}

/*
 * The same for a row that the caller may name, as three parameters of a
 * statement: relation, key and current owner.
 */
TableInfo *
own_row_argument(FunctionCallInfo fcinfo, Datum *values, Datum *parameters)
{
	char	   *key;
	TableInfo  *table = row_argument(fcinfo, AccessShareLock, MAY_NAME, values, &key);

	parameters[0] = ObjectIdGetDatum(table->root);
	parameters[1] = CStringGetTextDatum(key);
	parameters[2] = CStringGetTextDatum(require_owner());
	return table;
}

/* ---- rights on a row ---- */

/* Report that the caller can lock no such row. */
void
report_no_such_row(const TableInfo *table, const Datum *values)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("there is no row with key \"%s\" in table \"%s\"",
					key_text(table->key, values), get_rel_name(table->root)),
			 errdetail("It does not exist, or you are not allowed to update it."),
			 !table->partitioned && has_subclass(table->root) ?
			 errhint("Rows of tables that inherit from \"%s\" are locked in their own table.",
					 get_rel_name(table->root)) : 0,
			 errtable_by_id(table->root)));
}

typedef struct LockTrial
{
	TableInfo  *table;
	const Datum *values;
	bool		succeeded;
} LockTrial;

static bool
lock_row_body(void *arg)
{
	LockTrial  *trial = arg;

	trial->succeeded = target_fetch(trial->table, TARGET_TRY, trial->values, NULL, NULL) ||
		target_fetch(trial->table, TARGET_LOCK, trial->values, NULL, NULL);
	return false;
}

/*
 * Do the row's policies allow the caller to lock it?  Only locking it shows
 * that.  The row lock is undone, so that the holder's save does not wait for
 * the caller.
 */
static bool
policies_allow_lock(TableInfo *table, const Datum *values)
{
	LockTrial	trial = {table, values};

	(void) in_subtransaction(lock_row_body, &trial, NULL);
	return trial.succeeded;
}

/*
 * Check that the caller could lock the row, before disclosing that it is
 * locked, where this was found without locking the row.
 */
void
check_may_lock(TableInfo *table, const Datum *values)
{
	bool		allowed;

	if (check_enable_rls(table->root, InvalidOid, true) == RLS_ENABLED)
		allowed = policies_allow_lock(table, values);
	else
		allowed = target_fetch(table, TARGET_SEE, values, NULL, NULL);
	if (!allowed)
		report_no_such_row(table, values);
}
