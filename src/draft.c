/*
 * draft.c
 *		Drafts: unsaved changes, stored alongside a lock.
 *
 * A draft belongs to the owner and outlives the lock.  The caller's rights
 * are checked here, and the table is then written with the rights of its
 * owner.
 */
#include "draft.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "argument.h"
#include "catalog.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "privilege.h"
#include "report.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_save_draft);
PG_FUNCTION_INFO_V1(locking_discard_draft);
PG_FUNCTION_INFO_V1(locking_purge_drafts);

/*
 * Save the draft of a lock's owner for the locked row, replacing an earlier
 * one.
 */
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
						" SELECT $1, $2, $3, $4, $5" WITHIN_LIMIT("draft", "$6")
						" ON CONFLICT (relation, key, owner) DO UPDATE"
						" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
						lengthof(types), types, values, NULL) == 0)
		report_too_many("has too many drafts",
						"Discard some with locking.discard_draft() or locking.purge_drafts().");
}

/*
 * A draft is also accepted for a lapsed lock, as long as its record exists:
 * expiry alone must not lose text (S7).  The record is locked against a
 * change of the key, which would move the drafts without this one, and in a
 * mode in which neither a save nor a heartbeat is waited for.
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
	check_owner_named();
	records = records_open(RowExclusiveLock);
	if (!record_find_token(records, PG_GETARG_INT64(0), &lock))
		report_lost(PG_GETARG_INT64(0));
	if (!is_current_owner(lock.owner))
		report_not_owner(lock.token);
	check_right(lock.relation, MAY_LOCK);
	if (!record_lock(records, &lock, LockTupleKeyShare, LockWaitBlock))
		report_lost(PG_GETARG_INT64(0));
	table_close(records, NoLock);
	save_draft(&lock, data);
	PG_RETURN_VOID();
}

Datum
locking_discard_draft(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[INDEX_MAX_KEYS];
	Datum		parameters[3];

	(void) own_row_argument(fcinfo, values, parameters);
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2 AND owner = $3",
					lengthof(types), types, parameters, NULL);
	PG_RETURN_VOID();
}

/* Move drafts to the new key of a row. */
void
move_drafts(Oid relid, const char *old_key, const char *new_key)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(relid), CStringGetTextDatum(old_key), CStringGetTextDatum(new_key)
	};

	catalog_execute("INSERT INTO locking.draft SELECT relation, $3, owner, token, data, saved_at"
					" FROM locking.draft WHERE relation = $1 AND key = $2"
					" ON CONFLICT (relation, key, owner) DO UPDATE"
					" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
					lengthof(types), types, values, NULL);
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2",
					2, types, values, NULL);
}

/*
 * Delete old drafts: those of the current owner, since PUBLIC has EXECUTE, or
 * those of all owners if a superuser calls it.
 */
Datum
locking_purge_drafts(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INTERVALOID, TEXTOID, BOOLOID};
	Datum		values[3];

	values[0] = age_argument(fcinfo, 0, "older_than");
	values[1] = CStringGetTextDatum(require_owner());
	values[2] = BoolGetDatum(superuser());
	PG_RETURN_INT64(catalog_execute("DELETE FROM locking.draft"
									" WHERE saved_at < clock_timestamp() - $1 AND (owner = $2 OR $3)",
									3, types, values, NULL));
}
