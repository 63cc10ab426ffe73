/*
 * target.c
 *		The row that a lock is on.
 *
 * It is read and locked as the caller, so that privileges and row security
 * apply (S8), before the lock record (rule 1).
 */
#include "locking.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "role.h"
#include "statement.h"

typedef void (*RowReader) (void *arg, HeapTuple tuple, TupleDesc desc);

/*
 * Run one of a table's queries; "read" gets the row, in the caller's memory.
 */
static bool
run_plan(SPIPlanPtr plan, const Datum *values, bool read_only, RowReader read, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		found;

	SPI_connect();
	if (SPI_execute_plan(plan, unconstify(Datum *, values), NULL, read_only, 1) < 0)
		elog(ERROR, "could not read the row to be locked");
	found = SPI_processed > 0;
	if (found && read)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		read(arg, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return found;
}

/*
 * What is read of a row: its key, and after it xmin if the plan asks for it.
 */
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
 * xmin is not among the columns that can be granted, so a caller who was
 * granted some columns only cannot read it; a caller with the row locked may
 * have it all the same.
 */
static TransactionId
fetch_xmin(TableInfo *table, const Datum *values)
{
	RowState	row = {table->key, true};
	RoleSwitch	saved;

	enter_role_as_foreign_key(&saved, relation_owner(table->root));
	(void) run_plan(table_plan(table, TARGET_SEE, true), values, false, read_row, &row);
	leave_role(&saved);
	return row.xmin;
}

/*
 * Read at most one row with the rights of the table's owner, as foreign keys
 * are checked: never with those of the records' owner, since planning a query
 * on a table runs code of its owner.  With a snapshot of now: the
 * transaction's may be older than what it writes.  "row" gets the columns, if
 * it is given.
 */
bool
find_row(Oid relid, const char *query, int n, Oid *types, Datum *values, int ncolumns, Datum *row)
{
	MemoryContext caller = CurrentMemoryContext;
	RoleSwitch	saved;
	bool		found;

	enter_role_as_foreign_key(&saved, relation_owner(relid));
	SPI_connect();
	CommandCounterIncrement();
	if (SPI_execute_snapshot(SPI_prepare(query, n, types), values, NULL,
							 GetLatestSnapshot(), InvalidSnapshot, false, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", query);
	found = SPI_processed > 0;
	for (int i = 0; found && i < ncolumns; i++)
	{
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		isnull;
		MemoryContext spi;

		row[i] = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1, &isnull);
		if (isnull)
			found = false;
		else
		{
			spi = MemoryContextSwitchTo(caller);
			row[i] = datumCopy(row[i], att->attbyval, att->attlen);
			MemoryContextSwitchTo(spi);
		}
	}
	SPI_finish();
	leave_role(&saved);
	return found;
}

/*
 * Read or lock the row, as the caller.  False if there is none that he can
 * see (with TARGET_TRY: or somebody else has it locked).  "key" gets the
 * spelling that is stored, "xmin" the transaction that wrote the row; either
 * may be NULL.
 */
bool
target_fetch(TableInfo *table, TargetQuery query, const Datum *values, char **key, TransactionId *xmin)
{
	RowState	row = {table->key};

	row.with_xmin = xmin && pg_class_aclcheck(table->root, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
	if (!run_plan(table_plan(table, query, row.with_xmin), values, query == TARGET_SEE, read_row, &row))
		return false;
	if (key)
		*key = row.text;
	if (xmin)
		*xmin = row.with_xmin ? row.xmin : fetch_xmin(table, values);
	return true;
}

/* The relations whose policies are being evaluated, on the C stack. */
typedef struct Evaluation
{
	struct Evaluation *outer;
	Oid			relid;
} Evaluation;

static Evaluation *evaluations = NULL;

static bool
is_being_evaluated(Oid relid)
{
	for (Evaluation *e = evaluations; e; e = e->outer)
		if (e->relid == relid)
			return true;
	return false;
}

/*
 * "key" gets the stored spelling, if there is a row that the caller can see.
 */
static void
fetch_stored_key(TableInfo *table, const Datum *values, char **key)
{
	Evaluation	evaluation = {evaluations, table->root};

	evaluations = &evaluation;
	PG_TRY();
	{
		(void) target_fetch(table, TARGET_SEE, values, key, NULL);
	}
	PG_FINALLY();
	{
		evaluations = evaluation.outer;
	}
	PG_END_TRY();
}

/*
 * A key's spelling.  Where equal values may be spelled differently the stored
 * row says which; without one, what the caller wrote.
 */
char *
target_key(TableInfo *table, const Datum *values)
{
	char	   *key = NULL;

	if (!table->key->image_equal && !is_being_evaluated(table->root))
		fetch_stored_key(table, values, &key);
	return key ? key : key_text(table->key, values);
}

/*
 * Asked before the relation is locked, so that who has no right on it does
 * not hold it up.
 */
void
check_right(Oid relid, TableRight right)
{
	static const AclMode modes[] = {
		[MAY_READ] = ACL_SELECT,
		[MAY_LOCK] = ACL_UPDATE,
		[MAY_NAME] = ACL_SELECT | ACL_UPDATE,
	};
	Oid			role = GetUserId();

	if (pg_class_aclmask(relid, role, modes[right], ACLMASK_ANY) == 0 &&
		(right == MAY_READ ||
		 pg_attribute_aclcheck_all(relid, role, modes[right], ACLMASK_ANY) != ACLCHECK_OK))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

/*
 * May the current role keep acquirers out of the parent of protected rows,
 * which takes EXCLUSIVE mode?  It takes a privilege that lets it hold up
 * writers anyhow: those of LOCK TABLE in that mode, or REFERENCES, with which
 * a foreign key is made.
 */
void
check_may_exclude(Oid relid, void *arg)
{
	Oid			role = GetUserId();

	if (pg_class_aclcheck(relid, role, ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_REFERENCES) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, role, ACL_REFERENCES, ACLMASK_ANY) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table \"%s\"", get_rel_name(relid)),
				 errdetail("As the parent of protected rows it has to be locked in EXCLUSIVE mode, which takes the UPDATE, DELETE, TRUNCATE or REFERENCES privilege."),
				 errtable_by_id(relid)));
}

/*
 * Privileges for locking rows of a table at all.  Asked before anything is
 * looked up, so that nothing shows whether a row is locked.
 */
void
check_may_lock_any(const TableInfo *table)
{
	check_right(table->root, MAY_LOCK);
	if (pg_class_aclcheck(table->root, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;
	for (int i = 0; i < table->key->ncolumns; i++)
		if (pg_attribute_aclcheck(table->root, table->key->columns[i].attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table->root));
}

void
no_such_row(const TableInfo *table, const Datum *values)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("there is no row with key \"%s\" in table \"%s\"",
					key_text(table->key, values), get_rel_name(table->root)),
			 errdetail("It does not exist, or you may not update it."),
			 !table->partitioned && has_subclass(table->root) ?
			 errhint("Rows of tables that inherit from \"%s\" are locked in their own table.",
					 get_rel_name(table->root)) : 0,
			 errtable_by_id(table->root)));
}

typedef struct RowQuestion
{
	TableInfo  *table;
	const Datum *values;
	const char *key;			/* or this */
	bool		answer;
} RowQuestion;

static bool
lock_row_body(void *arg)
{
	RowQuestion *question = arg;

	question->answer = target_fetch(question->table, TARGET_TRY, question->values, NULL, NULL) ||
		target_fetch(question->table, TARGET_LOCK, question->values, NULL, NULL);
	return false;
}

/*
 * Would the row's policies let the caller lock it?  Only locking tells; it is
 * undone, so that the holder's save does not wait for who asked.
 */
static bool
policies_allow_lock(TableInfo *table, const Datum *values)
{
	RowQuestion question = {table, values};

	(void) in_subtransaction(lock_row_body, &question, NULL);
	return question.answer;
}

/*
 * Before an answer about somebody's lock that was found without locking the
 * row: would the caller have got that far?
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
		no_such_row(table, values);
}

/*
 * Read a row, and do nothing else: the policies that run as the caller are
 * the table owner's code, so they may neither write nor leave settings.
 */
static bool
see_row(RowQuestion *question)
{
	Datum		values[INDEX_MAX_KEYS];
	RoleSwitch	saved;
	bool		save_read_only = XactReadOnly;
	bool		visible;

	restrict_role(&saved);
	XactReadOnly = true;
	key_parse_stored(question->table->key, question->table->root, question->key, values);
	visible = target_fetch(question->table, TARGET_SEE, values, NULL, NULL);
	XactReadOnly = save_read_only;
	leave_role(&saved);
	return visible;
}

static bool
see_row_body(void *arg)
{
	RowQuestion *question = arg;
	Evaluation	evaluation = {evaluations, question->table->root};
	bool		before = set_own_reading(!in_foreign_code());

	evaluations = &evaluation;
	PG_TRY();
	{
		question->answer = see_row(question);
	}
	PG_FINALLY();
	{
		evaluations = evaluation.outer;
		(void) set_own_reading(before);
	}
	PG_END_TRY();
	return false;
}

/*
 * A policy that fails hides the row: one table's must not keep everybody from
 * reading the list of locks.  So does one that comes back to its own table by
 * asking for its locks.
 */
static bool
policies_show_row(TableInfo *table, const char *key)
{
	RowQuestion question = {table, NULL, key};
	ErrorData  *error;

	if (is_being_evaluated(table->root))
		return false;
	(void) in_subtransaction(see_row_body, &question, &error);
	if (error && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return !error && question.answer;
}

/*
 * May the code of a table's owner run as the caller without having been named
 * by the caller?  Membership is no trust: other members of a group role may
 * own tables by it.
 */
static bool
is_trusted(Oid owner)
{
	return owner == GetUserId() || superuser_arg(owner);
}

/*
 * May the current role read the table and, under row security, this row of
 * it?
 *
 * The policies of a table run as the caller.  They run only if the caller, or
 * the statement that reads a view, named the table, or if its owner is one of
 * the caller's own roles or a superuser; otherwise the row counts as hidden.
 * So does one whose table is locked against readers, rather than that a list
 * of locks waits for it.
 */
bool
row_visible(Oid relid, const char *key, bool named)
{
	Relation	rel;
	TableInfo  *table;
	bool		visible = false;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)) ||
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		return false;
	if (check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED)
		return true;
	if (!named && !is_trusted(relation_owner(relid)))
		return false;
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;

	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return false;
	table = table_info(rel);
	if (table->is_protected && !table->key_replaced)
		visible = policies_show_row(table, key);
	relation_close(rel, NoLock);
	return visible;
}

/*
 * May the session's user be told of the row?  Where the code that runs is not
 * its own (a foreign key's action, a SECURITY DEFINER function) policies are
 * not run as it.
 */
bool
may_tell(Oid relid, const char *key, bool named)
{
	Oid			role = GetOuterUserId();

	if (role == GetUserId() && !in_foreign_code())
		return row_visible(relid, key, named);
	return pg_class_aclcheck(relid, role, ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(relid, role, true) != RLS_ENABLED;
}
