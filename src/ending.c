/*
 * ending.c
 *		How a lock ended, as far as the history tells.
 *
 * Only the token of the lock is known, and the history has no index on
 * tokens: it would cost every acquisition something, for a report that is
 * rarely needed.  So the row is found first, and then the end of the lock
 * among the events of the row, by index.  The row is named by any event of
 * the lock.  Mostly that is one of the latest.  Otherwise it is searched for
 * by bisection: tokens and ids come from two sequences, so the events of
 * acquisitions are nearly in the order of their tokens.  "Nearly" allows for
 * concurrent acquisitions, by a window that is searched completely.
 *
 * The report is of use without the result, so what is not found within these
 * bounds counts as unknown.
 */
#include "ending.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "catalog.h"

/* number of events that are searched completely */
#define WINDOW 1000

/* The history, opened for searches. */
typedef struct History
{
	Relation	events;
	Relation	by_id;
	Relation	by_row;
	Snapshot	snapshot;
} History;

/* ---- access ---- */

static void
open_history(History *history)
{
	history->events = catalog_open("event", AccessShareLock);
	history->by_id = index_open(catalog_relid("event_pkey"), AccessShareLock);
	history->by_row = index_open(catalog_relid("event_row_idx"), AccessShareLock);
	history->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

static void
close_history(History *history)
{
	UnregisterSnapshot(history->snapshot);
	index_close(history->by_row, AccessShareLock);
	index_close(history->by_id, AccessShareLock);
	table_close(history->events, AccessShareLock);
}

static Datum
event_value(const History *history, HeapTuple event, const char *column, bool *isnull)
{
	TupleDesc	desc = RelationGetDescr(history->events);

	return heap_getattr(event, SPI_fnumber(desc, column), desc, isnull);
}

static int64
event_number(const History *history, HeapTuple event, const char *column)
{
	bool		isnull;

	return DatumGetInt64(event_value(history, event, column, &isnull));
}

static char *
event_text(const History *history, HeapTuple event, const char *column)
{
	bool		isnull;
	Datum		value = event_value(history, event, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
event_is(const History *history, HeapTuple event, const char *kind)
{
	char	   *text = event_text(history, event, "event");

	return text && strcmp(text, kind) == 0;
}

/* Events in the order of their ids, from "id" on, or back from the last. */
static SysScanDesc
scan_events(const History *history, int64 id)
{
	ScanKeyData key;

	ScanKeyInit(&key, SPI_fnumber(RelationGetDescr(history->events), "id"), BTGreaterEqualStrategyNumber,
				F_INT8GE, Int64GetDatum(id));
	return systable_beginscan_ordered(history->events, history->by_id, history->snapshot, 1, &key);
}

/* ---- the row ---- */

static void
read_row(const History *history, HeapTuple event, LockEnding *ending)
{
	bool		isnull;

	ending->relation = DatumGetObjectId(event_value(history, event, "relation", &isnull));
	ending->key = event_text(history, event, "key");
	ending->owner = event_text(history, event, "owner");
}

/*
 * Search at most "max" events, from an id on or back from the last one, for
 * one with the token.
 */
static bool
search_window(const History *history, int64 token, int64 id, ScanDirection direction, int max, LockEnding *ending)
{
	SysScanDesc scan = scan_events(history, id);
	HeapTuple	event;
	bool		found = false;

	while (!found && max-- > 0 && (event = systable_getnext_ordered(scan, direction)) != NULL)
	{
		found = event_number(history, event, "token") == token;
		if (found)
			read_row(history, event, ending);
	}
	systable_endscan_ordered(scan);
	return found;
}

/*
 * The first acquisition among the events from "id" on.  Returns its id, and
 * its token in "token"; or "end" if there is none before that.
 */
static int64
next_acquisition(const History *history, int64 id, int64 end, int64 *token)
{
	SysScanDesc scan = scan_events(history, id);
	HeapTuple	event;
	int64		found = end;

	while (found == end && (event = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL &&
		   event_number(history, event, "id") < end)
	{
		CHECK_FOR_INTERRUPTS();
		if (!event_is(history, event, "acquired"))
			continue;
		found = event_number(history, event, "id");
		*token = event_number(history, event, "token");
	}
	systable_endscan_ordered(scan);
	return found;
}

static int64
outermost_id(const History *history, ScanDirection direction)
{
	SysScanDesc scan = scan_events(history, PG_INT64_MIN);
	HeapTuple	event = systable_getnext_ordered(scan, direction);
	int64		id = event ? event_number(history, event, "id") : 0;

	systable_endscan_ordered(scan);
	return id;
}

/* Find the acquisition of the lock by bisection. */
static bool
bisect(const History *history, int64 token, LockEnding *ending)
{
	int64		low = outermost_id(history, ForwardScanDirection);
	int64		high = outermost_id(history, BackwardScanDirection);

	while (high - low > WINDOW)
	{
		int64		middle = low + (high - low) / 2;
		int64		seen = 0;
		int64		id = next_acquisition(history, middle, high, &seen);

		if (id < high && seen == token)
			return search_window(history, token, id, ForwardScanDirection, 1, ending);
		if (id < high && seen < token)
			low = id;
		else
			high = middle;
	}
	return search_window(history, token, low - WINDOW, ForwardScanDirection, 3 * WINDOW, ending);
}

/* ---- the end ---- */

static bool
is_beginning(const History *history, HeapTuple event)
{
	return event_is(history, event, "acquired") || event_is(history, event, "resumed") ||
		event_is(history, event, "handed_over");
}

static void
read_end(const History *history, HeapTuple event, LockEnding *ending)
{
	bool		isnull;

	ending->event = event_text(history, event, "event");
	ending->at = DatumGetTimestampTz(event_value(history, event, "at", &isnull));
	ending->actor = event_text(history, event, "actor");
	ending->actor_name = event_text(history, event, "actor_name");
	ending->reason = event_text(history, event, "reason");
}

/*
 * Read the events of the row, the latest first, down to the last one of the
 * lock.  "successor" receives the owner of the lock that follows, which
 * begins by an acquisition or a hand-over.
 */
static void
find_end(const History *history, int64 token, LockEnding *ending)
{
	ScanKeyData keys[2];
	TupleDesc	desc = RelationGetDescr(history->events);
	SysScanDesc scan;
	HeapTuple	event;

	ScanKeyInit(&keys[0], SPI_fnumber(desc, "relation"), BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ending->relation));
	ScanKeyEntryInitialize(&keys[1], 0, SPI_fnumber(desc, "key"), BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(ending->key));
	scan = systable_beginscan_ordered(history->events, history->by_row, history->snapshot, 2, keys);
	while ((event = systable_getnext_ordered(scan, BackwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (event_number(history, event, "token") == token)
		{
			if (!is_beginning(history, event))
				read_end(history, event, ending);
			break;
		}
		if (!is_beginning(history, event))
			continue;
		ending->handed_over = event_is(history, event, "handed_over");
		ending->successor = event_text(history, event, "owner");
		/* the actor of a hand-over is the former holder */
		ending->successor_name = ending->handed_over ? NULL : event_text(history, event, "actor_name");
	}
	systable_endscan_ordered(scan);
}

/*
 * Find the row that the lock with a token was on, and how the lock ended.
 * False: the history does not tell.
 */
bool
find_ending(int64 token, LockEnding *ending)
{
	History		history;
	bool		found;

	memset(ending, 0, sizeof(LockEnding));
	open_history(&history);
	found = search_window(&history, token, PG_INT64_MIN, BackwardScanDirection, WINDOW, ending) ||
		bisect(&history, token, ending);
	if (found)
		find_end(&history, token, ending);
	close_history(&history);
	return found;
}
