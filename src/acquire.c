/*
 * acquire.c
 *		acquire(), try_acquire(), acquire_all(), take_over().
 *
 * Rule 1: the target row is locked before the record.  The new expiry is
 * computed once the target row is locked.  If a lookup before that finds the
 * lock held, the target row is not locked, so that the holder's save does not
 * wait for the acquirer.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "children.h"
#include "clock.h"
#include "event.h"
#include "gate.h"
#include "handover.h"
#include "key_array.h"
#include "key_text.h"
#include "lease.h"
#include "limit.h"
#include "locking.h"
#include "owner.h"
#include "place.h"
#include "privilege.h"
#include "record.h"
#include "relation.h"
#include "report.h"
#include "request.h"
#include "result.h"
#include "sequence.h"
#include "stats.h"
#include "subtransaction.h"
#include "sweep.h"
#include "table_access.h"
#include "target.h"
#include "visibility.h"
#include "waiting.h"

PG_FUNCTION_INFO_V1(locking_acquire);
PG_FUNCTION_INFO_V1(locking_try_acquire);
PG_FUNCTION_INFO_V1(locking_acquire_all);
PG_FUNCTION_INFO_V1(locking_take_over);

typedef enum Outcome
{
	GRANTED,
	RENEWED,
	RESUMED,
	HELD,
	HELD_ELSEWHERE,				/* by the same owner, in another client */
	RESERVED					/* for owners that requested the row */
} Outcome;

static const char *const outcome_names[] = {
	[GRANTED] = "granted",
	[RENEWED] = "renewed",
	[RESUMED] = "resumed",
	[HELD] = "held",
	[HELD_ELSEWHERE] = "held_elsewhere",
	[RESERVED] = "reserved",
};

static bool
is_granted(Outcome outcome)
{
	return outcome == GRANTED || outcome == RENEWED || outcome == RESUMED;
}

/* The arguments of a call, and what they refer to. */
typedef struct AcquireRequest
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
	bool		right_checked;	/* the caller may learn of a lock */
	bool		preferred;		/* the row is the caller's before others */
} AcquireRequest;

/* ---- outcome ---- */

static bool
same_client(const AcquireRequest *request, const Lock *lock)
{
	return request->client == NULL || lock->client == NULL || strcmp(request->client, lock->client) == 0;
}

/* The outcome for a row that has this live lock. */
static Outcome
outcome_against(const AcquireRequest *request, const Lock *lock)
{
	if (!is_current_owner(lock->owner))
		return HELD;
	return same_client(request, lock) ? RENEWED : HELD_ELSEWHERE;
}

static Interval
requested_ttl(const AcquireRequest *request)
{
	if (request->ttl)
		return *request->ttl;
	if (request->table->has_ttl)
		return limited_ttl(&request->table->ttl);
	return seconds_interval(Min(locking_time_until_expiration, locking_max_ttl));
}

/* ---- granting ---- */

/* Make "lock", whose token is set, a new lock of the current owner. */
static void
grant(const AcquireRequest *request, Lock *lock, TransactionId xmin, TimestampTz now, TimestampTz expires_at)
{
	lock->owner = pstrdup(require_owner());
	lock->owner_name = stored_owner_name();
	lock->client = request->client;
	lock->hard = request->hard;
	lock->note = request->note;
	lock->acquired_at = now;
	lock->renewed_at = now;
	lock->expires_at = expires_at;
	lock->ttl = requested_ttl(request);
	lock->row_xmin = xmin;
	lock->confirm_xid = InvalidTransactionId;
	lock->lost = false;
	lock->handed_over = false;
}

/*
 * Extend the current owner's lock.  Explicit arguments override stored
 * values.  Where others may have written the row, because the lock was soft
 * or had lapsed, it refers to the present version from now on.
 */
static void
extend(const AcquireRequest *request, Lock *lock, bool lapsed, TransactionId xmin,
	   TimestampTz now, TimestampTz expires_at)
{
	lease_extend(lock, request->ttl, now, expires_at);
	if (lapsed || (request->hard_given && request->hard && !lock->hard))
		lock->row_xmin = xmin;
	if (request->hard_given)
		lock->hard = request->hard;
	if (request->client)
		lock->client = request->client;
	if (request->note)
		lock->note = request->note;
}

static Outcome
insert_lock(Relation records, const AcquireRequest *request, Lock *lock, char *key, TransactionId xmin,
			TimestampTz now, TimestampTz expires_at)
{
	count_new_lock(records);
	lock->relation = request->table->root;
	lock->key = key;
	lock->token = next_token(0);
	grant(request, lock, xmin, now, expires_at);
	record_insert(records, lock);
	event_record(EVENT_ACQUIRED, lock, NULL);
	return GRANTED;
}

/*
 * Taking over a live lock from another client of the same owner does not
 * increase the number of its locks.
 */
static bool
replaces_own_lock(EventKind how, const Lock *lock)
{
	return how == EVENT_TAKEN_OVER && is_current_owner(lock->owner);
}

/* Reuse the record of an ended lock for the new one. */
static Outcome
replace_lock(Relation records, const AcquireRequest *request, Lock *lock, EventKind how, TransactionId xmin,
			 TimestampTz now, TimestampTz expires_at)
{
	if (!replaces_own_lock(how, lock))
		count_new_lock(records);
	event_record(how, lock, request->reason);
	lock->token = next_token(lock->token);
	grant(request, lock, xmin, now, expires_at);
	record_update(records, lock);
	event_record(EVENT_ACQUIRED, lock, NULL);
	return GRANTED;
}

/*
 * Take a lock that was handed over to the current owner.  It keeps its token,
 * and counts since the hand-over.
 */
static Outcome
take(Relation records, const AcquireRequest *request, Lock *lock, TransactionId xmin, TimestampTz now,
	 TimestampTz expires_at)
{
	grant(request, lock, xmin, now, expires_at);
	record_update(records, lock);
	event_record(EVENT_ACQUIRED, lock, NULL);
	return GRANTED;
}

/*
 * Is it the turn of other owners that requested the row of a lapsed lock?
 * Then "lock" receives what is reported of the turn.
 */
static bool
is_reserved(AcquireRequest *request, Lock *lock, TimestampTz now)
{
	Turn		turn = {TURN_OF_ALL};

	if (!request->take_over)
		turn = turn_after(lock, now);
	request->preferred = turn.of == TURN_OF_CALLER;
	if (turn.of != TURN_OF_OTHERS)
		return false;
	lock->token = 0;
	lock->owner = turn.owner;
	lock->owner_name = turn.owner_name;
	lock->client = NULL;
	lock->note = NULL;
	lock->expires_at = turn.ends_at;
	return true;
}

/* Determine the outcome, with the record locked. */
static Outcome
resolve_record(Relation records, AcquireRequest *request, Lock *lock, TransactionId xmin, TimestampTz expires_at)
{
	TimestampTz now = clock_now();	/* rule 3: read with the record locked */
	Outcome		outcome = outcome_against(request, lock);
	bool		lapsed = has_lapsed(lock, now) ||
	(outcome == RENEWED && lease_was_passed(lock, request->table->ncolumns == 0, xmin));

	note_clock(lock->renewed_at, now);
	if (lapsed && !(outcome == RENEWED && lease_is_resumable(lock, xmin)))
		return is_reserved(request, lock, now) ? RESERVED :
			replace_lock(records, request, lock, EVENT_EXPIRED, xmin, now, expires_at);
	if (outcome != RENEWED)
		return request->take_over ?
			replace_lock(records, request, lock, EVENT_TAKEN_OVER, xmin, now, expires_at) : outcome;
	if (lock->handed_over)
		return take(records, request, lock, xmin, now, expires_at);

	if (lapsed)
		count_new_lock(records);
	extend(request, lock, lapsed, xmin, now, expires_at);
	record_update(records, lock);
	if (!lapsed)
		return RENEWED;
	event_record(EVENT_RESUMED, lock, NULL);
	return RESUMED;
}

/* Can the lapsed lock be the current owner's to resume? */
static bool
may_be_resumable(const AcquireRequest *request, const Lock *lock)
{
	return outcome_against(request, lock) == RENEWED && !lock->lost && lease_knows_row(lock);
}

/*
 * Find a live lock that conflicts with the request, or, if "lapsed_too", the
 * turn of others, without locking anything.  Of a row that was not locked of
 * late, the gate says that there is none.  Otherwise "preferred" receives
 * whether the row is left to the caller: it is the caller's lock, or turn.
 */
static bool
find_foreign_holder(Relation records, AcquireRequest *request, const char *key, bool lapsed_too,
					Lock *lock, Outcome *outcome)
{
	TimestampTz now = clock_now();
	bool		lapsed;

	request->preferred = false;
	gate_begin_statement();
	if (gate_proves_unlocked(request->table->root, place_of_text(key, strlen(key)), lapsed_too) ||
		!record_find(records, request->table->root, key, lock))
		return false;
	lapsed = has_lapsed(lock, now);
	if (lapsed && !may_be_resumable(request, lock))
	{
		*outcome = RESERVED;
		return is_reserved(request, lock, now);
	}
	*outcome = lapsed ? RESUMED : outcome_against(request, lock);
	request->preferred = is_granted(*outcome);
	return !request->preferred;
}

/*
 * Lock the target row, then the record, and grant the lock if possible.  If
 * the gate proves, with the row locked, that it was never locked by an owner,
 * no record has to be looked up.
 */
static Outcome
acquire_row(Relation records, AcquireRequest *request, Lock *lock)
{
	TransactionId xmin;
	TimestampTz now;
	TimestampTz expires_at;
	Interval	ttl = requested_ttl(request);
	char	   *key;
	bool		never_locked;
	bool		found;
	Outcome		outcome;

	if (!target_fetch(request->table, TARGET_LOCK, request->values, &key, &xmin))
		report_no_such_row(request->table, request->values);
	now = clock_now();
	expires_at = lease_end(now, &ttl);

	never_locked = gate_proves_unlocked(request->table->root, place_of_text(key, strlen(key)), true);

	/* before locking the record and reading the clock that decides */
	gate_raise(request->table->root, key, expires_at);

	/*
	 * if the record is gone when it is locked, the lock was released or
	 * broken
	 */
	found = !never_locked && record_find(records, request->table->root, key, lock) &&
		record_lock(records, lock, LockTupleNoKeyExclusive, LockWaitBlock);
	if (expires_at <= clock_now())
	{
		/* the wait for the record outlasted the new lease */
		now = clock_now();
		expires_at = lease_end(now, &ttl);
		gate_raise(request->table->root, key, expires_at);
	}
	if (found)
		outcome = resolve_record(records, request, lock, xmin, expires_at);
	else
		outcome = insert_lock(records, request, lock, key, xmin, now, expires_at);

	if (is_granted(outcome))
	{
		check_children_snapshot(request->table, request->values);
		drop_own_request(lock->relation, lock->key, lock->owner);
	}
	return outcome;
}

/* The caller may learn that the row is held only if it could lock it. */
static void
check_right_once(AcquireRequest *request)
{
	if (!request->right_checked)
		check_may_lock(request->table, request->values);
	request->right_checked = true;
}

/*
 * Try once.  "lock" receives the lock that the row has afterwards.  Without
 * requests there are no turns, so a lapsed lock cannot be in the way.
 */
static Outcome
try_once(AcquireRequest *request, Lock *lock)
{
	Relation	records = records_open(RowExclusiveLock);
	Outcome		outcome;

	if (!request->take_over &&
		find_foreign_holder(records, request, target_key(request->table, request->values), requests_may_exist(), lock, &outcome))
		check_right_once(request);
	else
	{
		outcome = acquire_row(records, request, lock);
		sweep_soon(lock->token);
	}
	table_close(records, NoLock);
	return outcome;
}

/* ---- waiting for a lock to end ---- */

typedef struct Attempt
{
	AcquireRequest *request;
	const char *key;
	TimestampTz deadline;
	Lock	   *lock;
	Outcome		outcome;
} Attempt;

static bool
attempt_body(void *arg)
{
	Attempt    *attempt = arg;

	attempt->outcome = try_once(attempt->request, attempt->lock);
	return is_granted(attempt->outcome);
}

/*
 * Look the record up, without locking anything.  Returns whether the row
 * seems to be free for the caller.
 */
static bool
row_seems_free(Attempt *attempt)
{
	Relation	records = records_open(RowExclusiveLock);
	bool		held = find_foreign_holder(records, attempt->request, attempt->key, true, attempt->lock, &attempt->outcome);

	table_close(records, NoLock);
	if (held)
		check_right_once(attempt->request);
	return !held;
}

/*
 * Try, if it is the backend's turn, and at the deadline in any case.  The
 * attempt is undone if the row turns out to be locked by another owner: a
 * waiter must not keep the holder from saving.  Returns whether to go on
 * waiting, until "until" at most.
 */
static bool
is_to_wait(Attempt *attempt, Wait *wait, TimestampTz *until)
{
	bool		last = clock_now() >= attempt->deadline;
	bool		checked = attempt->request->right_checked;
	bool		seems_free = row_seems_free(attempt);
	bool		is_next = wait_is_next(wait, seems_free) || (seems_free && attempt->request->preferred);

	*until = attempt->deadline;
	if (is_next || (seems_free && last))
		(void) in_subtransaction(attempt_body, attempt, NULL);
	else if (seems_free)
		return true;
	if (is_granted(attempt->outcome) || last)
		return false;

	/*
	 * the check may have waited for a row lock and so taken the wake-up: look
	 * again
	 */
	*until = checked == attempt->request->right_checked ?
		Min(attempt->lock->expires_at, attempt->deadline) : clock_now();
	return true;
}

static void
wait_in_queue(Attempt *attempt, Wait *wait)
{
	TimestampTz until;

	for (;;)
	{
		wait_prepare(wait);
		if (!is_to_wait(attempt, wait, &until))
			return;
		wait_sleep(wait, until);
	}
}

/*
 * Wait for the row until a time.  "lock" receives the lock that it has then.
 */
static Outcome
try_until(AcquireRequest *request, TimestampTz deadline, Lock *lock)
{
	Attempt		attempt = {request, target_key(request->table, request->values), deadline, lock, HELD};
	Wait		wait;

	wait_begin(&wait, request->table->root, attempt.key, require_owner());
	PG_TRY();
	{
		wait_in_queue(&attempt, &wait);
	}
	PG_CATCH();
	{
		wait_end(&wait, false, 0);
		PG_RE_THROW();
	}
	PG_END_TRY();
	wait_end(&wait, is_granted(attempt.outcome), lock->expires_at);
	return attempt.outcome;
}

/* ---- functions ---- */

static bool
hard_argument(FunctionCallInfo fcinfo, int argno, AcquireRequest *request)
{
	request->hard_given = !PG_ARGISNULL(argno);
	return request->hard_given ? PG_GETARG_BOOL(argno) : request->table->hard;
}

/*
 * Read the arguments: relation, key, ..., and from position "ttl" on: ttl,
 * hard, client, note.
 */
static void
read_request(FunctionCallInfo fcinfo, int ttl, AcquireRequest *request)
{
	memset(request, 0, sizeof(AcquireRequest));
	(void) require_owner();
	request->table = protected_table(fcinfo, 0, RowShareLock, MAY_LOCK);
	check_may_lock_any(request->table);
	request->ttl = interval_argument(fcinfo, ttl, "ttl");
	request->hard = hard_argument(fcinfo, ttl + 1, request);
	request->client = name_argument(fcinfo, ttl + 2, "client");
	request->note = text_argument(fcinfo, ttl + 3, "note");
}

static void
count_refusal(Outcome outcome, const Lock *lock)
{
	if (!is_granted(outcome))
		stats_count(lock->relation, COUNT_REFUSED_ACQUISITIONS);
}

/* Raise the error for an outcome that is not a grant. */
static void
report_refusal(Outcome outcome, const Lock *lock)
{
	count_refusal(outcome, lock);
	if (outcome == HELD)
		report_locked(ERROR, lock, InvalidOid);
	if (outcome == RESERVED)
		report_reserved(lock);
	if (outcome == HELD_ELSEWHERE)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("row \"%s\" of table \"%s\" is locked by you in another client",
						lock->key, get_rel_name(lock->relation)),
				 errdetail("The client is \"%s\".", clipped(lock->client)),
				 errhint("Release the lock with token " INT64_FORMAT " first.", lock->token),
				 errtable_by_id(lock->relation)));
}

/*
 * The time until which to wait for another owner's lock to end.  A time that
 * is not in the future means not to wait.
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
	AcquireRequest request;
	Lock		lock;

	read_request(fcinfo, 2, &request);
	key_argument(request.table->key, request.table->root, fcinfo, 1, request.values);
	report_refusal(deadline > now ? try_until(&request, deadline, &lock) : try_once(&request, &lock), &lock);
	PG_RETURN_INT64(lock.token);
}

Datum
locking_take_over(PG_FUNCTION_ARGS)
{
	AcquireRequest request;
	Lock		lock;

	read_request(fcinfo, 3, &request);
	key_argument(request.table->key, request.table->root, fcinfo, 1, request.values);
	request.take_over = true;
	request.reason = text_argument(fcinfo, 2, "reason");
	(void) try_once(&request, &lock);
	PG_RETURN_INT64(lock.token);
}

/*
 * May the caller learn who holds the lock, or has the turn?  Otherwise it
 * learns what the error of acquire() would disclose (report.c).
 */
static bool
is_disclosed(Outcome outcome, const Lock *lock)
{
	return (outcome != HELD && outcome != RESERVED) || may_disclose(lock->relation, lock->key, true);
}

Datum
locking_try_acquire(PG_FUNCTION_ARGS)
{
	AcquireRequest request;
	Lock		lock;
	Outcome		outcome;
	TupleDesc	desc;
	Datum		values[10];
	bool		nulls[10] = {0};
	bool		hidden;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_request(fcinfo, 2, &request);
	key_argument(request.table->key, request.table->root, fcinfo, 1, request.values);
	outcome = try_once(&request, &lock);
	count_refusal(outcome, &lock);
	hidden = !is_disclosed(outcome, &lock);

	values[0] = BoolGetDatum(is_granted(outcome));
	values[1] = CStringGetTextDatum(outcome_names[outcome]);
	nulls[2] = hidden || outcome == RESERVED;
	values[2] = Int64GetDatum(lock.token);
	nulls[3] = hidden;
	values[3] = CStringGetTextDatum(lock.owner);
	nulls[4] = hidden || lock.owner_name == NULL;
	values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(lock.owner_name);
	nulls[5] = hidden || lock.client == NULL;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(lock.client);
	nulls[6] = hidden || outcome == RESERVED;
	values[6] = BoolGetDatum(lock.hard);
	nulls[7] = hidden || outcome == RESERVED;
	values[7] = TimestampTzGetDatum(lock.acquired_at);
	nulls[8] = nulls[9] = hidden && outcome == HELD;
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
 * The stored spellings of the keys in an argument, sorted and without
 * duplicates.  All callers lock in this order, which avoids deadlocks.
 */
static char **
sorted_keys(TableInfo *table, FunctionCallInfo fcinfo, int argno, int *n)
{
	int			nelements;
	Datum	  **values = key_array_argument(table->key, table->root, fcinfo, argno, &nelements);
	char	  **keys = palloc((nelements + 1) * sizeof(char *));

	for (int i = 0; i < nelements; i++)
		keys[i] = target_key(table, values[i]);
	qsort(keys, nelements, sizeof(char *), compare_texts);

	*n = 0;
	for (int i = 0; i < nelements; i++)
		if (*n == 0 || strcmp(keys[*n - 1], keys[i]) != 0)
			keys[(*n)++] = keys[i];
	return keys;
}

static int64
acquire_key(AcquireRequest *request, const char *key)
{
	Lock		lock;

	key_parse_stored(request->table->key, request->table->root, key, request->values);
	request->right_checked = false;
	report_refusal(try_once(request, &lock), &lock);
	return lock.token;
}

Datum
locking_acquire_all(PG_FUNCTION_ARGS)
{
	AcquireRequest request;
	TupleDesc	desc;
	Tuplestorestate *result = begin_result(fcinfo, &desc);
	char	  **keys;
	int			n;
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "acquire_all", ALLOCSET_DEFAULT_SIZES);

	read_request(fcinfo, 2, &request);
	keys = sorted_keys(request.table, fcinfo, 1, &n);
	check_lock_count(n);
	for (int i = 0; i < n; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(per_row);
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = CStringGetTextDatum(keys[i]);
		values[1] = Int64GetDatum(acquire_key(&request, keys[i]));
		tuplestore_putvalues(result, desc, values, nulls);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(per_row);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(per_row);
	return (Datum) 0;
}
