/*
 * acquire.c
 *		acquire(), try_acquire(), acquire_all(), take_over().
 *
 * Rule 1: the target row first, then the record; the new end is reckoned once
 * the target row is held.  Whoever finds the row held without having locked
 * it leaves it unlocked, so that the holder's save does not wait for him.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "clock.h"
#include "event.h"
#include "gate.h"
#include "key_text.h"
#include "lease.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "privilege.h"
#include "record.h"
#include "relation.h"
#include "report.h"
#include "request.h"
#include "result.h"
#include "subtransaction.h"
#include "sweep.h"
#include "table_access.h"
#include "target.h"

PG_FUNCTION_INFO_V1(locking_acquire);
PG_FUNCTION_INFO_V1(locking_try_acquire);
PG_FUNCTION_INFO_V1(locking_acquire_all);
PG_FUNCTION_INFO_V1(locking_take_over);

/* how often a waiting acquire() looks again, in milliseconds */
#define WAIT_STEP 20L

typedef enum Outcome
{
	GRANTED,
	RENEWED,
	RESUMED,
	HELD,
	HELD_ELSEWHERE				/* by the same owner, in another client */
} Outcome;

static const char *const outcome_names[] = {
	[GRANTED] = "granted",
	[RENEWED] = "renewed",
	[RESUMED] = "resumed",
	[HELD] = "held",
	[HELD_ELSEWHERE] = "held_elsewhere",
};

/* What is asked for. */
typedef struct Wish
{
	TableInfo  *table;
	Datum		values[INDEX_MAX_KEYS];
	Interval   *ttl;			/* or NULL: the table's, or the setting */
	bool		hard;
	bool		hard_given;
	char	   *client;
	char	   *note;
	bool		take_over;
	char	   *reason;
	bool		answerable;		/* he may be told of a lock that is held */
} Wish;

/* ---- deciding ---- */

static bool
same_client(const Wish *wish, const Lock *lock)
{
	return wish->client == NULL || lock->client == NULL || strcmp(wish->client, lock->client) == 0;
}

/* How a live lock stands to the wish. */
static Outcome
standing(const Wish *wish, const Lock *lock)
{
	if (!is_current_owner(lock->owner))
		return HELD;
	return same_client(wish, lock) ? RENEWED : HELD_ELSEWHERE;
}

static Interval
wished_ttl(const Wish *wish)
{
	if (wish->ttl)
		return *wish->ttl;
	if (wish->table->has_ttl)
		return limited_ttl(&wish->table->ttl);
	return seconds_interval(Min(locking_time_until_expiration, locking_max_ttl));
}

/* ---- granting ---- */

/* Make "lock" a new lock of the current owner's. */
static void
grant(const Wish *wish, Lock *lock, TransactionId xmin, TimestampTz now, TimestampTz expires_at)
{
	lock->token = next_token();
	lock->owner = pstrdup(require_owner());
	lock->owner_name = stored_owner_name();
	lock->client = wish->client;
	lock->hard = wish->hard;
	lock->note = wish->note;
	lock->acquired_at = now;
	lock->renewed_at = now;
	lock->expires_at = expires_at;
	lock->ttl = wished_ttl(wish);
	lock->row_xmin = xmin;
	lock->confirm_xid = InvalidTransactionId;
}

/* One's own lock goes on; what the call says anew is taken over into it. */
static void
extend(const Wish *wish, Lock *lock, TimestampTz now, TimestampTz expires_at)
{
	lease_extend(lock, wish->ttl, now, expires_at);
	if (wish->hard_given)
		lock->hard = wish->hard;
	if (wish->client)
		lock->client = wish->client;
	if (wish->note)
		lock->note = wish->note;
}

static Outcome
insert_lock(Relation records, const Wish *wish, Lock *lock, char *key, TransactionId xmin,
			TimestampTz now, TimestampTz expires_at)
{
	take_room_for_lock(records);
	lock->relation = wish->table->root;
	lock->key = key;
	grant(wish, lock, xmin, now, expires_at);
	record_insert(records, lock);
	event_record(EVENT_ACQUIRED, lock, NULL);
	return GRANTED;
}

/*
 * One of the owner's own live locks, of another client's, makes room itself.
 */
static bool
frees_room(EventKind how, const Lock *lock)
{
	return how == EVENT_TAKEN_OVER && is_current_owner(lock->owner);
}

/* The record of an ended lock becomes the new one's. */
static Outcome
replace_lock(Relation records, const Wish *wish, Lock *lock, EventKind how, TransactionId xmin,
			 TimestampTz now, TimestampTz expires_at)
{
	if (!frees_room(how, lock))
		take_room_for_lock(records);
	event_record(how, lock, wish->reason);
	grant(wish, lock, xmin, now, expires_at);
	record_update(records, lock);
	event_record(EVENT_ACQUIRED, lock, NULL);
	return GRANTED;
}

/* The record is locked: what becomes of it? */
static Outcome
decide(Relation records, const Wish *wish, Lock *lock, TransactionId xmin, TimestampTz expires_at)
{
	TimestampTz now = clock_now();	/* rule 3: read with the record locked */
	bool		lapsed = has_lapsed(lock, now);
	Outcome		outcome = standing(wish, lock);

	if (lapsed && !(outcome == RENEWED && lease_is_resumable(lock, xmin)))
		return replace_lock(records, wish, lock, EVENT_EXPIRED, xmin, now, expires_at);
	if (outcome != RENEWED)
		return wish->take_over ?
			replace_lock(records, wish, lock, EVENT_TAKEN_OVER, xmin, now, expires_at) : outcome;

	if (lapsed)
		take_room_for_lock(records);
	extend(wish, lock, now, expires_at);
	if (lapsed)
		lock->row_xmin = xmin;
	record_update(records, lock);
	if (!lapsed)
		return RENEWED;
	event_record(EVENT_RESUMED, lock, NULL);
	return RESUMED;
}

/* Is it held by another now?  Asked without locking anything. */
static bool
peek(Relation records, const Wish *wish, const char *key, Lock *lock, Outcome *outcome)
{
	if (!record_find(records, wish->table->root, key, lock) || has_lapsed(lock, clock_now()))
		return false;
	*outcome = standing(wish, lock);
	return *outcome == HELD || *outcome == HELD_ELSEWHERE;
}

/* Lock the target row, then settle the record. */
static Outcome
settle(Relation records, const Wish *wish, Lock *lock)
{
	TransactionId xmin;
	TimestampTz now;
	TimestampTz expires_at;
	Interval	ttl = wished_ttl(wish);
	char	   *key;
	Outcome		outcome;

	if (!target_fetch(wish->table, TARGET_LOCK, wish->values, &key, &xmin))
		no_such_row(wish->table, wish->values);
	now = clock_now();
	expires_at = lease_end(now, &ttl);

	/* before the record is locked and the clock read that decides */
	gate_raise(wish->table->root, key, expires_at);

	/*
	 * a record that is gone once locked was released or broken: then insert
	 */
	if (record_find(records, wish->table->root, key, lock) &&
		record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock))
		outcome = decide(records, wish, lock, xmin, expires_at);
	else
		outcome = insert_lock(records, wish, lock, key, xmin, now, expires_at);

	if (outcome <= RESUMED)
		drop_own_request(lock->relation, lock->key, lock->owner);
	return outcome;
}

/* One try.  "lock" gets the lock as it stands after it. */
static Outcome
try_once(Wish *wish, Lock *lock)
{
	Relation	records = records_open(RowExclusiveLock);
	Outcome		outcome;

	if (!wish->take_over && peek(records, wish, target_key(wish->table, wish->values), lock, &outcome))
	{
		if (!wish->answerable)
			check_may_lock(wish->table, wish->values);
		wish->answerable = true;
	}
	else
	{
		outcome = settle(records, wish, lock);
		sweep_soon();
	}
	table_close(records, NoLock);
	return outcome;
}

/* ---- waiting for a lease to end ---- */

typedef struct Try
{
	Wish	   *wish;
	Lock	   *lock;
	Outcome		outcome;
} Try;

static bool
try_body(void *arg)
{
	Try		   *try = arg;

	try->outcome = try_once(try->wish, try->lock);
	return try->outcome <= RESUMED;
}

/*
 * A try that lets go of the target row when the lock went to somebody else in
 * between: a waiter must not keep the holder from saving.
 */
static Outcome
try_and_let_go(Wish *wish, Lock *lock)
{
	Try			try = {wish, lock};

	(void) in_subtransaction(try_body, &try, NULL);
	return try.outcome;
}

static void
nap(TimestampTz deadline)
{
	long		left = TimestampDifferenceMilliseconds(clock_now(), deadline);

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Max(1L, Min(WAIT_STEP, left)), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* A lease's end wakes nobody, so look again and again. */
static Outcome
try_until(Wish *wish, TimestampTz deadline, Lock *lock)
{
	Outcome		outcome;

	while ((outcome = try_and_let_go(wish, lock)) > RESUMED && clock_now() < deadline)
		nap(deadline);
	return outcome;
}

/* ---- functions ---- */

static bool
hard_argument(FunctionCallInfo fcinfo, int argno, Wish *wish)
{
	wish->hard_given = !PG_ARGISNULL(argno);
	return wish->hard_given ? PG_GETARG_BOOL(argno) : wish->table->hard;
}

/* relation, key, ..., and from "ttl" on: ttl, hard, client, note */
static void
read_wish(FunctionCallInfo fcinfo, int ttl, Wish *wish)
{
	memset(wish, 0, sizeof(Wish));
	(void) require_owner();
	wish->table = protected_table(fcinfo, 0, RowShareLock, MAY_LOCK);
	check_may_lock_any(wish->table);
	wish->ttl = interval_argument(fcinfo, ttl, "ttl");
	wish->hard = hard_argument(fcinfo, ttl + 1, wish);
	wish->client = name_argument(fcinfo, ttl + 2, "client");
	wish->note = text_argument(fcinfo, ttl + 3, "note");
}

static void
refuse(Outcome outcome, const Lock *lock)
{
	if (outcome == HELD)
		report_locked(ERROR, lock, InvalidOid);
	if (outcome == HELD_ELSEWHERE)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("row \"%s\" of table \"%s\" is locked by you, in another client",
						lock->key, get_rel_name(lock->relation)),
				 errdetail("The client is \"%s\".", clipped(lock->client)),
				 errhint("Release the lock with token " INT64_FORMAT " first.", lock->token),
				 errtable_by_id(lock->relation)));
}

/*
 * Until when to wait for another's lock to end; now or earlier: not at all.
 */
static TimestampTz
wait_argument(FunctionCallInfo fcinfo, int argno, TimestampTz now)
{
	TimestampTz deadline;

	if (PG_ARGISNULL(argno))
		return now;
	deadline = time_after(now, PG_GETARG_INTERVAL_P(argno));
	if (deadline < now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wait must not be negative")));
	return deadline;
}

Datum
locking_acquire(PG_FUNCTION_ARGS)
{
	TimestampTz now = clock_now();
	TimestampTz deadline = wait_argument(fcinfo, 6, now);
	Wish		wish;
	Lock		lock;

	read_wish(fcinfo, 2, &wish);
	key_argument(wish.table->key, wish.table->root, fcinfo, 1, wish.values);
	refuse(deadline > now ? try_until(&wish, deadline, &lock) : try_once(&wish, &lock), &lock);
	PG_RETURN_INT64(lock.token);
}

Datum
locking_take_over(PG_FUNCTION_ARGS)
{
	Wish		wish;
	Lock		lock;

	read_wish(fcinfo, 3, &wish);
	key_argument(wish.table->key, wish.table->root, fcinfo, 1, wish.values);
	wish.take_over = true;
	wish.reason = text_argument(fcinfo, 2, "reason");
	(void) try_once(&wish, &lock);
	PG_RETURN_INT64(lock.token);
}

Datum
locking_try_acquire(PG_FUNCTION_ARGS)
{
	Wish		wish;
	Lock		lock;
	Outcome		outcome;
	TupleDesc	desc;
	Datum		values[10];
	bool		nulls[10] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_wish(fcinfo, 2, &wish);
	key_argument(wish.table->key, wish.table->root, fcinfo, 1, wish.values);
	outcome = try_once(&wish, &lock);

	values[0] = BoolGetDatum(outcome <= RESUMED);
	values[1] = CStringGetTextDatum(outcome_names[outcome]);
	values[2] = Int64GetDatum(lock.token);
	values[3] = CStringGetTextDatum(lock.owner);
	nulls[4] = lock.owner_name == NULL;
	values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(lock.owner_name);
	nulls[5] = lock.client == NULL;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(lock.client);
	values[6] = BoolGetDatum(lock.hard);
	values[7] = TimestampTzGetDatum(lock.acquired_at);
	values[8] = TimestampTzGetDatum(lock.expires_at);
	values[9] = Float8GetDatum(seconds_until(lock.expires_at, clock_now()));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* ---- acquire_all ---- */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * The rows' own spellings, sorted and each once: the order all callers lock
 * in.
 */
static char **
sorted_keys(TableInfo *table, ArrayType *array, int *n)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **keys;
	int			nelements;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &nelements);
	keys = palloc((nelements + 1) * sizeof(char *));
	for (int i = 0; i < nelements; i++)
	{
		Datum		values[INDEX_MAX_KEYS];

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("key must not be null")));
		key_parse(table->key, table->root, TextDatumGetCString(elements[i]), values);
		keys[i] = target_key(table, values);
	}
	qsort(keys, nelements, sizeof(char *), compare_texts);

	*n = 0;
	for (int i = 0; i < nelements; i++)
		if (*n == 0 || strcmp(keys[*n - 1], keys[i]) != 0)
			keys[(*n)++] = keys[i];
	return keys;
}

static int64
acquire_key(Wish *wish, const char *key)
{
	Lock		lock;

	key_parse_stored(wish->table->key, wish->table->root, key, wish->values);
	wish->answerable = false;
	refuse(try_once(wish, &lock), &lock);
	return lock.token;
}

Datum
locking_acquire_all(PG_FUNCTION_ARGS)
{
	Wish		wish;
	TupleDesc	desc;
	Tuplestorestate *result = begin_result(fcinfo, &desc);
	char	  **keys;
	int			n;
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "acquire_all", ALLOCSET_DEFAULT_SIZES);

	read_wish(fcinfo, 2, &wish);
	argument_not_null(fcinfo, 1, "keys");
	keys = sorted_keys(wish.table, PG_GETARG_ARRAYTYPE_P(1), &n);
	check_number_of_locks(n);
	for (int i = 0; i < n; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(per_row);
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = CStringGetTextDatum(keys[i]);
		values[1] = Int64GetDatum(acquire_key(&wish, keys[i]));
		tuplestore_putvalues(result, desc, values, nulls);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(per_row);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(per_row);
	return (Datum) 0;
}
