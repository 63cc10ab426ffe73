/*
 * request.c
 *		Requests: the queue of owners that wait for a row.
 *
 * A request belongs to the owner and outlives locks.  The caller's rights are
 * checked here, and the table is then written with the rights of its owner.
 */
#include "request.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "catalog.h"
#include "event.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "privilege.h"
#include "record.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_request);
PG_FUNCTION_INFO_V1(locking_withdraw);

/*
 * Notify listeners.  The event's owner is the requester; token and expiry are
 * those of the requested lock.
 */
static void
notify_request(EventKind kind, Datum *parameters)
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
 * The holder may be changing the row's key, and so move the requests without
 * this one.  Lock the record against that, and follow the row to its new key.
 */
static void
follow_key(Datum *parameters)
{
	Relation	records = records_open(RowExclusiveLock);
	Lock		lock;

	if (record_find(records, DatumGetObjectId(parameters[0]), TextDatumGetCString(parameters[1]), &lock) &&
		record_lock(records, &lock, LockTupleKeyShare, LockWaitBlock))
		parameters[1] = CStringGetTextDatum(lock.key);
	table_close(records, NoLock);
}

/*
 * An owner has at most one request for a row.  Repeating it changes the
 * message, not the position in the queue.
 */
Datum
locking_request(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID};
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[6];
	bool		nulls[6] = {0};
	char	   *name = stored_owner_name();
	char	   *message = text_argument(fcinfo, 2, "message");
	TableInfo  *table = own_row_argument(fcinfo, values, parameters);

	check_may_lock_any(table);
	check_may_lock(table, values);
	follow_key(parameters);
	nulls[3] = name == NULL;
	parameters[3] = name ? CStringGetTextDatum(name) : (Datum) 0;
	nulls[4] = message == NULL;
	parameters[4] = message ? CStringGetTextDatum(message) : (Datum) 0;
	parameters[5] = Int32GetDatum(locking_max_locks_per_owner);
	if (catalog_execute("INSERT INTO locking.request_queue (relation, key, owner, owner_name, message)"
						" SELECT $1, $2, $3, $4, $5" WITHIN_LIMIT("request_queue", "$6")
						" ON CONFLICT (relation, key, owner) DO UPDATE SET message = excluded.message",
						lengthof(types), types, parameters, nulls) == 0)
		report_too_many("has too many requests", "Withdraw some with locking.withdraw().");
	notify_request(EVENT_REQUESTED, parameters);
	PG_RETURN_VOID();
}

Datum
locking_withdraw(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[3];

	(void) own_row_argument(fcinfo, values, parameters);
	if (catalog_execute("DELETE FROM locking.request_queue WHERE relation = $1 AND key = $2 AND owner = $3",
						lengthof(types), types, parameters, NULL) > 0)
		notify_request(EVENT_WITHDRAWN, parameters);
	PG_RETURN_VOID();
}

static void
drop_request(Relation queue, Oid relid, const char *key, const char *owner)
{
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	TM_FailureData failure;

	/* the key is columns 2, 3 and 4 of the table */
	ScanKeyInit(&keys[0], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyEntryInitialize(&keys[1], 0, 3, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(key));
	ScanKeyEntryInitialize(&keys[2], 0, 4, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(owner));
	scan = systable_beginscan(queue, catalog_relid("request_queue_pkey"), true, NULL, 3, keys);

	/*
	 * a request that another session of the owner is changing is kept
	 */
	if ((tuple = systable_getnext(scan)) != NULL)
		(void) table_tuple_delete(queue, &tuple->t_self, GetCurrentCommandId(true), SnapshotAny,
								  InvalidSnapshot, false, &failure, false);
	systable_endscan(scan);
}

/*
 * Delete the request of an owner that has been granted the lock.  Every
 * acquisition calls this, so the executor is not used, and an empty table is
 * not searched at all.
 */
void
drop_own_request(Oid relid, const char *key, const char *owner)
{
	Relation	queue = catalog_open("request_queue", RowExclusiveLock);

	if (RelationGetNumberOfBlocks(queue) > 0)
		drop_request(queue, relid, key, owner);
	table_close(queue, NoLock);
}

/*
 * Move requests to the new key of a row.  An owner that has requests for both
 * keys keeps the one for the old key.
 */
void
move_requests(Oid relid, const char *old_key, const char *new_key)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(relid), CStringGetTextDatum(old_key), CStringGetTextDatum(new_key)
	};

	catalog_execute("DELETE FROM locking.request_queue q USING locking.request_queue o"
					" WHERE q.relation = $1 AND q.key = $3 AND o.relation = $1 AND o.key = $2 AND o.owner = q.owner",
					lengthof(types), types, values, NULL);
	catalog_execute("UPDATE locking.request_queue SET key = $3 WHERE relation = $1 AND key = $2",
					lengthof(types), types, values, NULL);
}
