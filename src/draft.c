/*
 * draft.c
 *		Drafts: unsaved changes.
 *
 * A draft belongs to the owner and outlives the lock.  Without a lock it is
 * kept as well, for a row that the owner may write, or for a new one.  The
 * caller's rights are checked here, and the table is then written with the
 * rights of its owner.
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
PG_FUNCTION_INFO_V1(locking_save_draft_of);
PG_FUNCTION_INFO_V1(locking_save_draft_of_new);
PG_FUNCTION_INFO_V1(locking_discard_draft);
PG_FUNCTION_INFO_V1(locking_discard_draft_of_new);
PG_FUNCTION_INFO_V1(locking_purge_drafts);

/*
 * The draft of a client, which replaces an earlier one of that client, and no
 * other: two windows of an owner do not overwrite each other's text.
 */
typedef struct Draft
{
	Oid			relation;
	const char *key;			/* NULL: of a row that does not exist yet */
	const char *owner;
	const char *client;			/* NULL: not given */
	int64		token;			/* of the lock, or 0 */
	Datum		data;
} Draft;

/*
 * The parameters $1 to $5 of a statement that identify drafts.  The table's
 * primary key, by which changes of it can be published, has no nulls.
 */
static void
set_parameters(Datum *parameters, Oid relid, const char *key, const char *owner, const char *client)
{
	parameters[0] = ObjectIdGetDatum(relid);
	parameters[1] = CStringGetTextDatum(key ? key : "");
	parameters[2] = CStringGetTextDatum(owner);
	parameters[3] = CStringGetTextDatum(client ? client : "");
	parameters[4] = BoolGetDatum(key == NULL);
}

static void
write_draft(const Draft *draft)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, INT8OID, JSONBOID, INT4OID};
	Datum		values[lengthof(types)];
	bool		nulls[lengthof(types)] = {0};

	set_parameters(values, draft->relation, draft->key, draft->owner, draft->client);
	values[5] = Int64GetDatum(draft->token);
	nulls[5] = draft->token == 0;
	values[6] = draft->data;
	values[7] = Int32GetDatum(locking_max_locks_per_owner);
	if (catalog_execute("INSERT INTO locking.draft (relation, key, owner, client, is_new, token, data)"
						" SELECT $1, $2, $3, $4, $5, $6, $7" WITHIN_LIMIT("draft", " AND client = $4 AND is_new = $5", "$8")
						" ON CONFLICT (relation, key, owner, client, is_new) DO UPDATE"
						" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
						lengthof(types), types, values, nulls) == 0)
		report_too_many("has too many drafts",
						"Discard some with locking.discard_draft() or locking.purge_drafts().");
}

/*
 * Save a draft of a lock's owner for the locked row.  "client": NULL for the
 * lock's own.
 */
void
save_draft(const Lock *lock, const char *client, Datum data)
{
	Draft		draft = {lock->relation, lock->key, lock->owner, client ? client : lock->client, lock->token, data};

	write_draft(&draft);
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
	char	   *client;
	Datum		data;
	Lock		lock;

	argument_not_null(fcinfo, 0, "token");
	argument_not_null(fcinfo, 1, "data");
	data = draft_argument(fcinfo, 1, "data");
	client = name_argument(fcinfo, 2, "client");
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
	save_draft(&lock, client, data);
	PG_RETURN_VOID();
}

/* The arguments "data" and "client" of a draft without a lock. */
static void
set_content(Draft *draft, FunctionCallInfo fcinfo, int argno)
{
	argument_not_null(fcinfo, argno, "data");
	draft->data = draft_argument(fcinfo, argno, "data");
	draft->client = name_argument(fcinfo, argno + 1, "client");
	draft->owner = require_owner();
}

/*
 * Whether the row exists is not checked, so nothing is disclosed of it, and
 * the text of a row that was deleted in the meantime is kept (S7).
 */
Datum
locking_save_draft_of(PG_FUNCTION_ARGS)
{
	Datum		values[INDEX_MAX_KEYS];
	char	   *key;
	TableInfo  *table = row_argument(fcinfo, AccessShareLock, MAY_LOCK, values, &key);
	Draft		draft = {.relation = table->root, .key = key};

	set_content(&draft, fcinfo, 2);
	write_draft(&draft);
	PG_RETURN_VOID();
}

Datum
locking_save_draft_of_new(PG_FUNCTION_ARGS)
{
	TableInfo  *table = protected_table(fcinfo, 0, AccessShareLock, MAY_INSERT);
	Draft		draft = {.relation = table->root};

	set_content(&draft, fcinfo, 1);
	write_draft(&draft);
	PG_RETURN_VOID();
}

/* "client": NULL for all drafts of the row. */
static void
discard(Oid relid, const char *key, const char *client)
{
	static const Oid types[] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID};
	Datum		parameters[lengthof(types)];
	bool		nulls[lengthof(types)] = {0};

	set_parameters(parameters, relid, key, require_owner(), client);
	nulls[3] = client == NULL;
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2 AND owner = $3"
					" AND is_new = $5 AND ($4 IS NULL OR client = $4)",
					lengthof(types), types, parameters, nulls);
}

/*
 * Drafts outlive the protection of their table, and so can be discarded
 * without it.
 */
Datum
locking_discard_draft(PG_FUNCTION_ARGS)
{
	char	   *client = name_argument(fcinfo, 2, "client");
	char	   *key;
	TableInfo  *table = any_row_argument(fcinfo, &key);

	discard(table->root, key, client);
	PG_RETURN_VOID();
}

Datum
locking_discard_draft_of_new(PG_FUNCTION_ARGS)
{
	TableInfo  *table = table_with_key(fcinfo, 0, AccessShareLock, MAY_NAME_NEW);

	discard(table->root, NULL, name_argument(fcinfo, 1, "client"));
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

	catalog_execute("INSERT INTO locking.draft (relation, key, owner, client, is_new, token, data, saved_at)"
					" SELECT relation, $3, owner, client, false, token, data, saved_at"
					" FROM locking.draft WHERE relation = $1 AND key = $2 AND NOT is_new"
					" ON CONFLICT (relation, key, owner, client, is_new) DO UPDATE"
					" SET token = excluded.token, data = excluded.data, saved_at = excluded.saved_at",
					lengthof(types), types, values, NULL);
	catalog_execute("DELETE FROM locking.draft WHERE relation = $1 AND key = $2 AND NOT is_new",
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
