/*
 * event.c
 *		Lock events: recording in the history, and notification of listeners.
 */
#include "event.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
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
#include "sequence.h"
#include "stats.h"

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
	[EVENT_HANDED_OVER] = "handed_over",
	[EVENT_REQUESTED] = "requested",
	[EVENT_WITHDRAWN] = "withdrawn",
	[EVENT_DECLINED] = "declined",
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
set_text(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL;
	*value = text ? CStringGetTextDatum(text) : (Datum) 0;
}

/*
 * Is the lock's owner the actor?  A release is attributed to the owner even
 * if a referential action caused it.
 */
static bool
is_own_event(EventKind kind)
{
	return kind == EVENT_ACQUIRED || kind == EVENT_RESUMED || kind == EVENT_RELEASED;
}

/*
 * The time of an event, later than that of the transaction's last one:
 * PostgreSQL sends equal notifications of a transaction only once, so they
 * must differ.  Another transaction begins anew, since the clock may have
 * been set back.
 */
static TimestampTz
event_time(void)
{
	static TimestampTz transaction = 0;
	static TimestampTz last = 0;

	if (transaction != GetCurrentTransactionStartTimestamp())
	{
		transaction = GetCurrentTransactionStartTimestamp();
		last = 0;
	}
	last = Max(clock_now(), last + 1);
	return last;
}

static void
insert_history(EventKind kind, const Lock *lock, TimestampTz at, const char *reason)
{
	Relation	history = catalog_open("event", RowExclusiveLock);
	Datum		values[12];
	bool		nulls[12] = {0};
	NameData	session_role;
	bool		own = is_own_event(kind);

	namestrcpy(&session_role, GetUserNameFromId(GetSessionUserId(), false));
	values[0] = Int64GetDatum(next_event_id());
	values[1] = TimestampTzGetDatum(at);
	values[2] = CStringGetTextDatum(event_names[kind]);
	values[3] = ObjectIdGetDatum(lock->relation);
	values[4] = CStringGetTextDatum(lock->key);
	values[5] = Int64GetDatum(lock->token);
	values[6] = CStringGetTextDatum(lock->owner);
	set_text(&values[7], &nulls[7], own ? lock->owner : current_owner());
	set_text(&values[8], &nulls[8], own ? lock->owner_name : stored_owner_name());
	values[9] = NameGetDatum(&session_role);
	values[10] = client_address(&nulls[10]);
	set_text(&values[11], &nulls[11], reason);
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
build_payload(EventKind kind, const Lock *lock, TimestampTz at, const char *table, const char *message,
			  bool with_texts)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"event\": \"%s\"", event_names[kind]);
	append_member(&json, "table", table);
	append_member(&json, "key", with_texts ? lock->key : NULL);
	append_member(&json, "owner", with_texts ? lock->owner : NULL);
	append_member(&json, "owner_name", with_texts ? lock->owner_name : NULL);
	append_member(&json, "token", lock->token ? psprintf(INT64_FORMAT, lock->token) : NULL);
	append_member(&json, "expires_at", lock->token ? iso_time(lock->expires_at) : NULL);
	append_member(&json, "at", iso_time(at));
	if (kind == EVENT_DECLINED)
		append_member(&json, "message", with_texts ? message : NULL);
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
notify(EventKind kind, const Lock *lock, TimestampTz at, const char *table, const char *message)
{
	char	   *json = build_payload(kind, lock, at, table, message, true);

	if (strlen(json) > PAYLOAD_MAX)
		json = build_payload(kind, lock, at, table, message, false);
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

static void
count(EventKind kind, Oid relid)
{
	switch (kind)
	{
		case EVENT_ACQUIRED:
			stats_count(relid, COUNT_ACQUISITIONS);
			break;
		case EVENT_RESUMED:
			stats_count(relid, COUNT_RESUMPTIONS);
			break;
		case EVENT_EXPIRED:
			stats_count(relid, COUNT_EXPIRIES);
			break;
		case EVENT_BROKEN:
			stats_count(relid, COUNT_BREAKS);
			break;
		case EVENT_TAKEN_OVER:
			stats_count(relid, COUNT_TAKEOVERS);
			break;
		default:				/* not counted */
			break;
	}
}

/*
 * Record an event: count it, insert it into the history, and notify
 * listeners.  Events of a table that is being dropped are ignored.
 */
void
event_record(EventKind kind, const Lock *lock, const char *reason)
{
	char	   *table;
	TimestampTz at;

	/* only notifications need the schema */
	table = locking_notify != NOTIFY_OFF ? table_name(lock->relation) : get_rel_name(lock->relation);
	if (table == NULL)
		return;
	count(kind, lock->relation);
	at = event_time();
	if (locking_history && kind < EVENT_REQUESTED)
		insert_history(kind, lock, at, reason);
	if (locking_notify != NOTIFY_OFF)
		notify(kind, lock, at, table, reason);
}
