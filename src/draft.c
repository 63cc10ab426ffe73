/*
 * draft.c
 *		What people leave beside a lock: drafts of their text, and requests
 *		for the row.
 *
 * Both are the owner's own and outlive locks.  The caller's rights are
 * checked here; the tables are then written with the rights of their owner.
 */
#include "locking.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

PG_FUNCTION_INFO_V1(locking_save_draft);
PG_FUNCTION_INFO_V1(locking_discard_draft);
PG_FUNCTION_INFO_V1(locking_request);
PG_FUNCTION_INFO_V1(locking_withdraw);
PG_FUNCTION_INFO_V1(locking_purge_history);
PG_FUNCTION_INFO_V1(locking_purge_drafts);

/*
 * A row of the owner's ($3) is replaced, or added as long as there are fewer
 * than "max"; otherwise the statement processes no row.
 */
#define UNLESS_TOO_MANY(table, max) \
	" WHERE EXISTS (SELECT FROM locking." table " WHERE relation = $1 AND key = $2 AND owner = $3)" \
	" OR (SELECT count(*) FROM (SELECT FROM locking." table " WHERE owner = $3 LIMIT " max ") o) < " max

/* ---- drafts ---- */

void
save_draft(const Lock *lock, Datum data)
{
	Oid			types[] = {REGCLASSOID, TEXTOID, TEXTOID, INT8OID, JSONBOID, INT4OID};
	Datum		values[] = {
		ObjectIdGetDatum(lock->relation), CStringGetTextDatum(lock->key),
		CStringGetTextDatum(lock->owner), Int64GetDatum(lock->token), data,
		Int32GetDatum(locking_max_locks_per_owner)
	};

	if (catalog_execute("INSERT INTO locking.draft (relation, key, owner, token, data)"
						" SELECT $1, $2, $3, $4, $5" UNLESS_TOO_MANY("draft", "$6")
						" ON CONFLICT (relation, key, owner) DO UPDATE"
						" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
						lengthof(types), types, values, NULL) == 0)
		refuse_number("has too many drafts",
					  "Discard some with locking.discard_draft() or locking.purge_drafts().");
}

/*
 * Also of a lock whose time has passed, as long as its record is there: a
 * text is not refused that nobody else has replaced yet (S7).
 */
Datum
locking_save_draft(PG_FUNCTION_ARGS)
{
	Relation	records;
	Datum		data;
	Lock		lock;

	argument_not_null(fcinfo, 0, "token");
	argument_not_null(fcinfo, 1, "data");
	data = draft_argument(fcinfo, 1, "data");
	records = records_open(RowExclusiveLock);
	if (!record_find_token(records, PG_GETARG_INT64(0), &lock))
		report_lost(PG_GETARG_INT64(0));
	table_close(records, NoLock);
	if (!is_current_owner(lock.owner))
		report_not_yours(lock.token);
	check_right(lock.relation, MAY_LOCK);
	save_draft(&lock, data);
	PG_RETURN_VOID();
}

/*
 * The row that (relation, key) arguments name, as parameters with the owner.
 */
static TableInfo *
row_parameters(FunctionCallInfo fcinfo, Datum *values, Datum *parameters)
{
	TableInfo  *table = protected_table(fcinfo, 0, AccessShareLock, MAY_NAME);

	key_argument(table->key, table->root, fcinfo, 1, values);
	parameters[0] = ObjectIdGetDatum(table->root);
	parameters[1] = CStringGetTextDatum(target_key(table, values));
	parameters[2] = CStringGetTextDatum(require_owner());
	return table;
}

static const Oid row_types[] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID};

Datum
locking_discard_draft(PG_FUNCTION_ARGS)
{
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[3];

	(void) row_parameters(fcinfo, values, parameters);
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2 AND owner = $3",
					3, row_types, parameters, NULL);
	PG_RETURN_VOID();
}

/* ---- requests ---- */

/*
 * Tell listeners: owner is who asks, token and time are of the lock he asks
 * for.
 */
static void
tell_request(EventKind kind, Datum *parameters)
{
	Relation	records = records_open(AccessShareLock);
	Lock		lock = {0};

	(void) record_find(records, DatumGetObjectId(parameters[0]), TextDatumGetCString(parameters[1]), &lock);
	table_close(records, NoLock);
	lock.relation = DatumGetObjectId(parameters[0]);
	lock.key = TextDatumGetCString(parameters[1]);
	lock.owner = require_owner();
	lock.owner_name = stored_owner_name();
	event_record(kind, &lock, NULL);
}

/*
 * One asks once: asking again changes the message, not the place in the
 * queue.
 */
Datum
locking_request(PG_FUNCTION_ARGS)
{
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[6];
	bool		nulls[6] = {0};
	char	   *name = stored_owner_name();
	char	   *message = text_argument(fcinfo, 2, "message");
	TableInfo  *table = row_parameters(fcinfo, values, parameters);

	check_may_lock_any(table);
	check_may_lock(table, values);
	nulls[3] = name == NULL;
	parameters[3] = name ? CStringGetTextDatum(name) : (Datum) 0;
	nulls[4] = message == NULL;
	parameters[4] = message ? CStringGetTextDatum(message) : (Datum) 0;
	parameters[5] = Int32GetDatum(locking_max_locks_per_owner);
	if (catalog_execute("INSERT INTO locking.request_queue (relation, key, owner, owner_name, message)"
						" SELECT $1, $2, $3, $4, $5" UNLESS_TOO_MANY("request_queue", "$6")
						" ON CONFLICT (relation, key, owner) DO UPDATE SET message = excluded.message",
						lengthof(row_types), row_types, parameters, nulls) == 0)
		refuse_number("asks for too many rows", "Withdraw some with locking.withdraw().");
	tell_request(EVENT_REQUESTED, parameters);
	PG_RETURN_VOID();
}

Datum
locking_withdraw(PG_FUNCTION_ARGS)
{
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[3];

	(void) row_parameters(fcinfo, values, parameters);
	if (catalog_execute("DELETE FROM locking.request_queue WHERE relation = $1 AND key = $2 AND owner = $3",
						3, row_types, parameters, NULL) > 0)
		tell_request(EVENT_WITHDRAWN, parameters);
	PG_RETURN_VOID();
}

static void
drop_request(Relation queue, Oid relid, const char *key, const char *owner)
{
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	TM_FailureData failure;

	/* columns 2, 3 and 4 of the table */
	ScanKeyInit(&keys[0], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyEntryInitialize(&keys[1], 0, 3, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(key));
	ScanKeyEntryInitialize(&keys[2], 0, 4, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(owner));
	scan = systable_beginscan(queue, catalog_relid("request_queue_pkey"), true, NULL, 3, keys);
	/*
	 * another session of the owner's may be changing it just now: then it
	 * stays
	 */
	if ((tuple = systable_getnext(scan)) != NULL)
		(void) table_tuple_delete(queue, &tuple->t_self, GetCurrentCommandId(true), SnapshotAny,
								  InvalidSnapshot, false, &failure, false);
	systable_endscan(scan);
}

/*
 * Who has the row no longer waits for it.  On the path of every acquire(), so
 * without the executor, and where nobody ever asked, or vacuum has cut off
 * what was empty, without a look.
 */
void
drop_own_request(Oid relid, const char *key, const char *owner)
{
	Relation	queue = catalog_open("request_queue", RowExclusiveLock);

	if (RelationGetNumberOfBlocks(queue) > 0)
		drop_request(queue, relid, key, owner);
	table_close(queue, NoLock);
}

/* The owner changed the row's key. */
void
move_papers(Oid relid, const char *old_key, const char *new_key)
{
	Oid			types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(relid), CStringGetTextDatum(old_key), CStringGetTextDatum(new_key)
	};

	catalog_execute("DELETE FROM locking.request_queue q USING locking.request_queue o"
					" WHERE q.relation = $1 AND q.key = $3 AND o.relation = $1 AND o.key = $2 AND o.owner = q.owner",
					3, types, values, NULL);
	catalog_execute("UPDATE locking.request_queue SET key = $3 WHERE relation = $1 AND key = $2",
					3, types, values, NULL);
	catalog_execute("INSERT INTO locking.draft SELECT relation, $3, owner, token, data, saved_at"
					" FROM locking.draft WHERE relation = $1 AND key = $2"
					" ON CONFLICT (relation, key, owner) DO UPDATE"
					" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
					3, types, values, NULL);
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2",
					2, types, values, NULL);
}

/* ---- purging ---- */

static Datum
age_argument(FunctionCallInfo fcinfo)
{
	argument_not_null(fcinfo, 0, "older_than");
	return PG_GETARG_DATUM(0);
}

Datum
locking_purge_history(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INTERVALOID};
	Datum		values[] = {age_argument(fcinfo)};

	PG_RETURN_INT64(catalog_execute("DELETE FROM locking.event WHERE at < clock_timestamp() - $1",
									1, types, values, NULL));
}

/*
 * Anybody may call it, so it reaches one's own drafts; a superuser's call,
 * all.
 */
Datum
locking_purge_drafts(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INTERVALOID, TEXTOID, BOOLOID};
	Datum		values[3];

	values[0] = age_argument(fcinfo);
	values[1] = CStringGetTextDatum(require_owner());
	values[2] = BoolGetDatum(superuser());
	PG_RETURN_INT64(catalog_execute("DELETE FROM locking.draft"
									" WHERE saved_at < clock_timestamp() - $1 AND (owner = $2 OR $3)",
									3, types, values, NULL));
}
