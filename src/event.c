/*
 * event.c
 *		Lock events: recording in the history, and notification of listeners.
 */
#include "event.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "commands/sequence.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "clock.h"
#include "locking.h"
#include "notification.h"
#include "owner.h"

/*
 * async.c refuses payloads of NOTIFY_PAYLOAD_MAX_LENGTH or more bytes, which
 * no header defines
 */
#define PAYLOAD_MAX 7999

static const char *const event_names[] = {
	[EVENT_ACQUIRED] = "acquired",
	[EVENT_RESUMED] = "resumed",
	[EVENT_RELEASED] = "released",
	[EVENT_EXPIRED] = "expired",
	[EVENT_BROKEN] = "broken",
	[EVENT_TAKEN_OVER] = "taken_over",
	[EVENT_REQUESTED] = "requested",
	[EVENT_WITHDRAWN] = "withdrawn",
};

/* ---- history ---- */

/* inet_client_addr() of this session.  Null for a Unix-domain socket. */
static Datum
client_address(bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	*isnull = fcinfo->isnull;
	return address;
}

static void
insert_history(EventKind kind, const Lock *lock, const char *reason)
{
	Relation	history = catalog_open("event", RowExclusiveLock);
	Datum		values[11];
	bool		nulls[11] = {0};
	NameData	session_role;
	const char *actor;

	namestrcpy(&session_role, GetUserNameFromId(GetSessionUserId(), false));
	values[0] = Int64GetDatum(nextval_internal(catalog_relid("event_id_seq"), false));
	values[1] = TimestampTzGetDatum(clock_now());
	values[2] = CStringGetTextDatum(event_names[kind]);
	values[3] = ObjectIdGetDatum(lock->relation);
	values[4] = CStringGetTextDatum(lock->key);
	values[5] = Int64GetDatum(lock->token);
	values[6] = CStringGetTextDatum(lock->owner);

	/*
	 * a release is attributed to the owner even if a referential action
	 * caused it
	 */
	actor = kind == EVENT_RELEASED ? lock->owner : current_owner();
	nulls[7] = actor == NULL;
	values[7] = actor ? CStringGetTextDatum(actor) : (Datum) 0;
	values[8] = NameGetDatum(&session_role);
	values[9] = client_address(&nulls[9]);
	nulls[10] = reason == NULL;
	values[10] = reason ? CStringGetTextDatum(reason) : (Datum) 0;
	CatalogTupleInsert(history, heap_form_tuple(RelationGetDescr(history), values, nulls));
	table_close(history, NoLock);
	CommandCounterIncrement();
}

/* ---- notification ---- */

static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (value)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

/* ISO 8601 in UTC, as usual in JSON. */
static char *
iso_time(TimestampTz when)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char		buffer[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(when))
		return pstrdup("infinity");
	if (timestamp2tm(when, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	tm.tm_isdst = 0;			/* otherwise no zone is written */
	EncodeDateTime(&tm, fsec, true, 0, NULL, USE_XSD_DATES, buffer);
	return pstrdup(buffer);
}

static char *
build_payload(EventKind kind, const Lock *lock, const char *table, bool with_texts)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"event\": \"%s\"", event_names[kind]);
	append_member(&json, "table", table);
	append_member(&json, "key", with_texts ? lock->key : NULL);
	append_member(&json, "owner", with_texts ? lock->owner : NULL);
	append_member(&json, "owner_name", with_texts ? lock->owner_name : NULL);
	appendStringInfo(&json, ", \"token\": %s", lock->token ? psprintf(INT64_FORMAT, lock->token) : "null");
	append_member(&json, "expires_at", lock->token ? iso_time(lock->expires_at) : NULL);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/*
 * A number by which events that have an order are recognized: those of a
 * row's locks, and those of an owner's requests for a row.  The events of one
 * number are serialized by the locks that their backends hold (rule 1; the
 * request's row in the queue).
 */
static uint64
row_number(EventKind kind, const Lock *lock)
{
	uint64		row = hash_bytes_extended((const unsigned char *) lock->key, strlen(lock->key), lock->relation);

	if (kind < EVENT_REQUESTED)
		return row;
	return hash_bytes_extended((const unsigned char *) lock->owner, strlen(lock->owner), row);
}

/*
 * Texts that are too long for a notification are left out.  The token still
 * identifies the lock.
 */
static void
notify(EventKind kind, const Lock *lock, const char *table)
{
	char	   *json = build_payload(kind, lock, table, true);

	if (strlen(json) > PAYLOAD_MAX)
		json = build_payload(kind, lock, table, false);
	notification_send(row_number(kind, lock), json);
}

/* The table's name with its schema, or NULL if it is being dropped. */
static char *
table_name(Oid relid)
{
	char	   *table = get_rel_name(relid);
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	return table && schema ? quote_qualified_identifier(schema, table) : NULL;
}

/*
 * Record an event: insert it into the history, and notify listeners.  Events
 * of a table that is being dropped are ignored.
 */
void
event_record(EventKind kind, const Lock *lock, const char *reason)
{
	char	   *table = table_name(lock->relation);

	if (table == NULL)
		return;
	if (locking_history && kind < EVENT_REQUESTED)
		insert_history(kind, lock, reason);
	if (locking_notify != NOTIFY_OFF)
		notify(kind, lock, table);
}
