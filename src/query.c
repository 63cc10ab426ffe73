/*
 * query.c
 *		Queries that run through SPI, as the current role or as a table's
 *		owner.
 *
 * A query on a table for which the caller's privileges do not matter runs as
 * the owner of the table, like the checks of foreign keys.  It never runs as
 * the owner of the extension's tables, since planning a query on a table runs
 * code of that table's owner.
 */
#include "query.h"

#include "access/xact.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"

#include "relation.h"
#include "role.h"

/* The nulls of a query as SPI expects them.  NULL if there are none. */
static char *
null_flags(const SPIQuery *query)
{
	char	   *flags;

	if (query->nulls == NULL)
		return NULL;
	flags = palloc(query->nargs);
	for (int i = 0; i < query->nargs; i++)
		flags[i] = query->nulls[i] ? 'n' : ' ';
	return flags;
}

static uint64
run(const SPIQuery *query, bool fire_triggers)
{
	MemoryContext caller = CurrentMemoryContext;
	SPIPlanPtr	plan = query->plan;
	Snapshot	snapshot = InvalidSnapshot;
	uint64		processed;

	SPI_connect();
	if (plan == NULL)
		plan = SPI_prepare(query->sql, query->nargs, unconstify(Oid *, query->types));
	if (query->latest)
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
	}
	if (plan == NULL ||
		SPI_execute_snapshot(plan, unconstify(Datum *, query->values), null_flags(query), snapshot,
							 InvalidSnapshot, query->read_only, fire_triggers, query->max_rows) < 0)
		elog(ERROR, "could not execute \"%s\": %s", query->sql ? query->sql : "a saved plan",
			 SPI_result_code_string(SPI_result));
	processed = SPI_processed;
	if (query->read && SPI_tuptable && processed > 0)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		query->read(query->arg, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return processed;
}

/*
 * Run a query as the current role.  Returns the number of rows that it
 * processed.
 */
uint64
query_run(const SPIQuery *query)
{
	return run(query, true);
}

/*
 * Run a query with the rights of the owner of "relid", like the checks of a
 * foreign key.
 */
uint64
query_run_as_table_owner(const SPIQuery *query, Oid relid)
{
	RoleSwitch	saved;
	uint64		processed;

	enter_role_as_foreign_key(&saved, relation_owner(relid));
	processed = run(query, false);
	leave_role(&saved);
	return processed;
}

/* The columns that find_row() reads. */
typedef struct Columns
{
	int			n;
	Datum	   *values;
	bool		complete;		/* none is null */
} Columns;

static void
read_columns(void *arg, HeapTuple row, TupleDesc desc)
{
	Columns    *columns = arg;

	columns->complete = true;
	for (int i = 0; i < columns->n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		isnull;
		Datum		value = SPI_getbinval(row, desc, i + 1, &isnull);

		if (isnull)
			columns->complete = false;
		else
			columns->values[i] = datumCopy(value, att->attbyval, att->attlen);
	}
}

/*
 * Read at most one row of a table with the rights of its owner.  It is read
 * with a current snapshot, since the transaction's may be older than what the
 * transaction writes.  "row" receives "ncolumns" columns.  False if there is
 * no row, or if one of the columns is null.
 */
bool
find_row(Oid relid, const char *sql, int n, const Oid *types, const Datum *values,
		 int ncolumns, Datum *row)
{
	Columns		columns = {ncolumns, row};
	SPIQuery	query = {
		.sql = sql,
		.nargs = n,
		.types = types,
		.values = values,
		.latest = true,
		.max_rows = 1,
		.read = read_columns,
		.arg = &columns
	};

	return query_run_as_table_owner(&query, relid) > 0 && columns.complete;
}
