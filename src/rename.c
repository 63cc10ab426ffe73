/*
 * rename.c
 *		rename_owner(): gives what an owner has to another name.
 *
 * The owner of locks is a name.  PostgreSQL tells nobody that a role was
 * renamed, and an application's users are not known to it at all, so an
 * administrator calls this function after a user was renamed.  A record is
 * locked before it is changed, so a confirmed save of the owner is waited
 * for; no lease is extended, so the clock does not matter.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "argument.h"
#include "catalog.h"
#include "owner.h"
#include "record.h"

PG_FUNCTION_INFO_V1(locking_rename_owner);

/* ---- arguments ---- */

static char *
owner_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	char	   *owner;

	argument_not_null(fcinfo, argno, what);
	owner = name_argument(fcinfo, argno, what);
	if (owner[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", what)));
	return owner;
}

/* The new name must be one that set_owner() would accept. */
static char *
new_owner_argument(FunctionCallInfo fcinfo, int argno)
{
	char	   *owner = owner_argument(fcinfo, argno, "new_owner");

	(void) set_config_option("locking.owner", owner, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, false, 0, false);
	return owner;
}

/* ---- locks ---- */

/* In the order in which other functions lock several records. */
static int64
move_locks(const char *old_owner, char *new_owner)
{
	Relation	records = records_open(RowExclusiveLock);
	List	   *locks = records_of_owner(records, old_owner);
	ListCell   *cell;
	int64		moved = 0;

	list_sort(locks, compare_rows);
	foreach(cell, locks)
	{
		Lock	   *lock = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (!record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock) ||
			strcmp(lock->owner, old_owner) != 0)
			continue;
		lock->owner = new_owner;
		record_update(records, lock);
		moved++;
	}
	table_close(records, NoLock);
	return moved;
}

/* ---- drafts, requests and ids ---- */

static int64
execute(const char *sql, const char *old_owner, const char *new_owner)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(old_owner), CStringGetTextDatum(new_owner)};

	return catalog_execute(sql, lengthof(types), types, values, NULL);
}

/* No text is lost (S7): where both names have a draft, both are kept. */
static int64
move_owned_drafts(const char *old_owner, const char *new_owner)
{
	int64		moved = execute("UPDATE locking.draft d SET owner = $2 WHERE d.owner = $1"
								" AND NOT EXISTS (SELECT FROM locking.draft o"
								"  WHERE o.relation = d.relation AND o.key = d.key AND o.owner = $2"
								"   AND o.client = d.client AND o.is_new = d.is_new)", old_owner, new_owner);
	int64		kept = execute("SELECT FROM locking.draft WHERE owner = $1 AND $2 IS NOT NULL", old_owner, new_owner);

	if (kept > 0)
		ereport(WARNING,
				(errmsg_plural(INT64_FORMAT " draft of owner \"%s\" was not moved",
							   INT64_FORMAT " drafts of owner \"%s\" were not moved", kept, kept, old_owner),
				 errdetail("Owner \"%s\" has drafts of the same rows.", new_owner)));
	return moved;
}

/* Where both names wait for a row, the better place counts. */
static int64
move_owned_requests(const char *old_owner, const char *new_owner)
{
	execute("DELETE FROM locking.request_queue q USING locking.request_queue o"
			" WHERE o.relation = q.relation AND o.key = q.key AND (o.id, o.owner) < (q.id, q.owner)"
			"  AND (q.owner, o.owner) IN (($1, $2), ($2, $1))", old_owner, new_owner);
	execute("DELETE FROM locking.request_queue q WHERE q.owner IN ($1, $2) AND EXISTS (SELECT FROM locking.lock l"
			" WHERE l.relation = q.relation AND l.key = q.key AND l.owner = $2 AND l.expires_at > pg_catalog.clock_timestamp())",
			old_owner, new_owner);
	return execute("UPDATE locking.request_queue SET owner = $2 WHERE owner = $1", old_owner, new_owner);
}

/* A request that was executed is not executed again under the new name. */
static void
move_ids(const char *old_owner, const char *new_owner)
{
	execute("UPDATE locking.done d SET owner = $2 WHERE d.owner = $1"
			" AND NOT EXISTS (SELECT FROM locking.done o WHERE o.owner = $2 AND o.id = d.id)", old_owner, new_owner);
}

/*
 * EXECUTE is the right to rename owners, as with set_owner().
 */
Datum
locking_rename_owner(PG_FUNCTION_ARGS)
{
	char	   *old_owner = owner_argument(fcinfo, 0, "old_owner");
	char	   *new_owner = new_owner_argument(fcinfo, 1);
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {0};

	(void) require_owner();		/* refuses foreign code */
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (strcmp(old_owner, new_owner) != 0)
	{
		values[0] = Int64GetDatum(move_locks(old_owner, new_owner));
		values[1] = Int64GetDatum(move_owned_drafts(old_owner, new_owner));
		values[2] = Int64GetDatum(move_owned_requests(old_owner, new_owner));
		move_ids(old_owner, new_owner);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
