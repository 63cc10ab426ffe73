/*
 * request.c
 *		Requests: the queue of owners that wait for a row.
 *
 * A request belongs to the owner and outlives locks.  The caller's rights are
 * checked here, and the table is then written with the rights of its owner.
 */
#include "request.h"

#include <limits.h>

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "argument.h"
#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "event.h"
#include "lease.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "privilege.h"
#include "record.h"
#include "report.h"
#include "subtransaction.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_request);
PG_FUNCTION_INFO_V1(locking_withdraw);
PG_FUNCTION_INFO_V1(locking_decline);

/*
 * Notify listeners.  The event's owner is the requester; token and expiry are
 * those of the requested lock.
 */
static void
notify_request(EventKind kind, Datum *parameters, char *owner, char *owner_name, const char *message)
{
	Relation	records = records_open(AccessShareLock);
	Lock		lock = {0};

	(void) record_find(records, DatumGetObjectId(parameters[0]), TextDatumGetCString(parameters[1]), &lock);
	table_close(records, NoLock);
	lock.relation = DatumGetObjectId(parameters[0]);
	lock.key = TextDatumGetCString(parameters[1]);
	lock.owner = owner;
	lock.owner_name = owner_name;
	event_record(kind, &lock, message);
}

static void
notify_own_request(EventKind kind, Datum *parameters)
{
	notify_request(kind, parameters, require_owner(), stored_owner_name(), NULL);
}

/* "arg": relation and key, which receives the new key. */
static bool
wait_for_key(void *arg)
{
	Datum	   *parameters = arg;
	Relation	records = records_open(RowExclusiveLock);
	Lock		lock;

	if (record_find(records, DatumGetObjectId(parameters[0]), TextDatumGetCString(parameters[1]), &lock) &&
		record_lock(records, &lock, LockTupleKeyShare, LockWaitBlock))
		parameters[1] = CStringGetTextDatum(lock.key);
	table_close(records, NoLock);
	return false;
}

/*
 * The holder may be changing the row's key, and so move the requests without
 * this one.  Wait for that, and follow the row to its new key.  The record
 * does not stay locked: the transaction of a requester, however long it is,
 * must not keep the holder from releasing the row.
 */
static void
follow_key(Datum *parameters)
{
	(void) in_subtransaction(wait_for_key, parameters, NULL);
}

/*
 * The id of a new request, greater than those of all requests for the row
 * that it sees.  After a switchover by logical replication, which does not
 * replicate sequences, the sequence may be behind them.  Concurrent requests
 * with the same id are ordered by their owners' names.
 */
#define NEXT_ID \
	"greatest(pg_catalog.nextval('locking.request_queue_id_seq')," \
	" (SELECT max(id) + 1 FROM locking.request_queue WHERE relation = $1 AND key = $2))"

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
	if (catalog_execute("INSERT INTO locking.request_queue (id, relation, key, owner, owner_name, message)"
						" SELECT " NEXT_ID ", $1, $2, $3, $4, $5" WITHIN_LIMIT("request_queue", "", "$6")
						" ON CONFLICT (relation, key, owner) DO UPDATE SET message = excluded.message",
						lengthof(types), types, parameters, nulls) == 0)
		report_too_many("has too many requests", "Withdraw some with locking.withdraw().");
	notify_own_request(EVENT_REQUESTED, parameters);
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
		notify_own_request(EVENT_WITHDRAWN, parameters);
	PG_RETURN_VOID();
}

/* Refuse an owner that does not hold a live lock on the row. */
static void
check_holds_row(Oid relid, const char *key)
{
	Relation	records = records_open(AccessShareLock);
	Lock		lock;
	bool		held = record_find(records, relid, key, &lock) &&
	is_current_owner(lock.owner) && !has_lapsed(&lock, clock_now());

	table_close(records, NoLock);
	if (!held)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row \"%s\" of table \"%s\" is not locked by you", clipped(key), get_rel_name(relid)),
				 errdetail("Only the holder of the lock can decline requests for the row."),
				 errtable_by_id(relid)));
}

/*
 * Remove another owner's request for a row that the current owner has locked,
 * and notify listeners: the event's owner is the requester.
 */
Datum
locking_decline(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[3];
	Datum		name;
	bool		isnull;
	char	   *owner;
	char	   *owner_name;
	char	   *message = text_argument(fcinfo, 3, "message");

	argument_not_null(fcinfo, 2, "owner");
	owner = name_argument(fcinfo, 2, "owner");
	(void) own_row_argument(fcinfo, values, parameters);
	check_holds_row(DatumGetObjectId(parameters[0]), TextDatumGetCString(parameters[1]));
	parameters[2] = CStringGetTextDatum(owner);
	name = catalog_query("DELETE FROM locking.request_queue WHERE relation = $1 AND key = $2 AND owner = $3"
						 " RETURNING coalesce(owner_name, '')",
						 lengthof(types), types, parameters, NULL, &isnull);
	if (isnull)
		PG_RETURN_BOOL(false);
	owner_name = TextDatumGetCString(name);
	notify_request(EVENT_DECLINED, parameters, owner, owner_name[0] ? owner_name : NULL, message);
	PG_RETURN_BOOL(true);
}

/* ---- the queue of a row ---- */

/* in the order of the table's columns */
enum
{
	COL_ID = 1,
	COL_RELATION,
	COL_KEY,
	COL_OWNER,
	COL_OWNER_NAME
};

static Request *
read_request_row(TupleTableSlot *slot)
{
	Request    *request = palloc(sizeof(Request));
	bool		isnull;
	Datum		name;

	request->id = DatumGetInt64(slot_getattr(slot, COL_ID, &isnull));
	request->owner = TextDatumGetCString(slot_getattr(slot, COL_OWNER, &isnull));
	name = slot_getattr(slot, COL_OWNER_NAME, &isnull);
	request->owner_name = isnull ? NULL : TextDatumGetCString(name);
	return request;
}

/*
 * Search the committed requests for a row, at most "max".  The index is read
 * with SnapshotAny, like those of lock records (record.c), to take no
 * predicate locks.
 */
static List *
search_queue(Relation queue, Oid relid, const char *key, int max)
{
	Relation	index = index_open(catalog_relid("request_queue_pkey"), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(queue)));
	TupleTableSlot *slot = table_slot_create(queue, NULL);
	IndexScanDesc scan = locking_index_beginscan(queue, index, SnapshotAny, 2);
	List	   *requests = NIL;
	ScanKeyData keys[2];

	/* columns of the index */
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(key));
	index_rescan(scan, keys, 2, NULL, 0);
	while (list_length(requests) < max && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		if (table_tuple_satisfies_snapshot(queue, slot, snapshot))
			requests = lappend(requests, read_request_row(slot));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	return requests;
}

/* Nearly always the table is empty, and then not searched at all. */
static List *
some_requests_of(Oid relid, const char *key, int max)
{
	Relation	queue = catalog_open("request_queue", AccessShareLock);
	List	   *requests = RelationGetNumberOfBlocks(queue) == 0 ? NIL :
	search_queue(queue, relid, key, max);

	table_close(queue, AccessShareLock);
	return requests;
}

/* Has any owner requested the row? */
bool
is_requested(Oid relid, const char *key)
{
	return some_requests_of(relid, key, 1) != NIL;
}

static int
compare_by_arrival(const ListCell *a, const ListCell *b)
{
	const Request *left = lfirst(a);
	const Request *right = lfirst(b);

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return strcmp(left->owner, right->owner);
}

/* The requests for a row, in the order of arrival. */
List *
requests_of(Oid relid, const char *key)
{
	List	   *requests = some_requests_of(relid, key, INT_MAX);

	list_sort(requests, compare_by_arrival);
	return requests;
}

static void
drop_request(Relation queue, Oid relid, const char *key, const char *owner)
{
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	TM_FailureData failure;

	ScanKeyInit(&keys[0], COL_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyEntryInitialize(&keys[1], 0, COL_KEY, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(key));
	ScanKeyEntryInitialize(&keys[2], 0, COL_OWNER, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
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

/* Can there be requests?  Vacuum leaves no pages to an empty queue. */
bool
requests_may_exist(void)
{
	Relation	queue = catalog_open("request_queue", RowExclusiveLock);
	bool		may_exist = RelationGetNumberOfBlocks(queue) > 0;

	table_close(queue, NoLock);
	return may_exist;
}

/*
 * Delete the request of an owner that has been granted the lock.  Every
 * acquisition calls this, so the executor is not used.
 */
void
drop_own_request(Oid relid, const char *key, const char *owner)
{
	Relation	queue;

	if (!requests_may_exist())
		return;
	queue = catalog_open("request_queue", RowExclusiveLock);
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
