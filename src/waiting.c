/*
 * waiting.c
 *		Backends that wait for a row: the order in which they try, and how
 *		they are woken.
 *
 * A backend that waits in acquire() has an entry in shared memory.  The
 * entries of a row are in the order of arrival, and only the first backend
 * tries to acquire the row when it becomes free.  Exceptions are an owner to
 * which the row was handed over or whose turn it is (handover.c), the former
 * holder while the lapsed lock may be resumed, the last attempt before a
 * timeout, and a row that stays free for MAX_SLEEP because the first backend
 * is held up.
 *
 * A transaction that ends a lock notes the row, and wakes the first backend
 * once it has committed.  No wake-up is lost: a waiter enters the queue and
 * resets its latch before it looks the record up, so either it finds the
 * record as committed, or the committing backend finds the entry and sets the
 * latch after that.  Entry and search are ordered by the lock of the queue,
 * and where the search is omitted since no backend waits, by the barriers
 * around "count".  Other wake-ups are harmless.
 *
 * A backend leaves the queue when it is granted the lock, and wakes the next
 * one once that is committed, so that the next one does not wait for the row
 * lock, but for the lease, whose end it then knows.  It is not woken if it
 * would look before that anyway.  If the grant is rolled back, in whole or to
 * a savepoint, the row is free, and the next one is woken at once.  So it is
 * by a backend that leaves for another reason (a timeout, an error, its end),
 * since the wake-up for a free row may have been its own.
 *
 * Expiry signals no backend: a waiter sleeps exactly until the expiry that it
 * has found in the record.  It looks every MAX_SLEEP besides, which covers
 * what wakes nobody: COMMIT PREPARED, a lease that is shortened, a superuser
 * who changes the record.
 *
 * Without shared memory (before PostgreSQL 17, unless preloaded), or if there
 * are more than MAX_WAITERS, a backend polls every POLL_STEP instead, and is
 * not in the queue.
 */
#include "waiting.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/spin.h"

#include "clock.h"
#include "compat.h"
#include "early_release.h"
#include "inject.h"
#include "shared.h"

#define NQUEUES 64
#define MAX_WAITERS 1024
#define NONE (-1)

/* milliseconds */
#define MAX_SLEEP 1000L
#define POLL_STEP 20L

/* A waiting backend.  It is in a queue, or in the list of free entries. */
typedef struct Waiter
{
	int			next;
	int			previous;
	Latch	   *latch;
	uint64		row;
	uint32		owner;			/* hash */
	TimestampTz looks_at;		/* when it looks again without being woken */
} Waiter;

/* The waiters of all rows with the same hash modulo NQUEUES. */
typedef struct Queue
{
	LWLock		lock;
	int			first;
	int			last;
} Queue;

typedef struct Waiting
{
	uint32		version;
	int			tranche;
	pg_atomic_uint32 count;		/* entries in the queues */
	slock_t		mutex;			/* of the next */
	int			free;			/* first free entry */
	Queue		queues[NQUEUES];
	Waiter		waiters[MAX_WAITERS];
} Waiting;

/* ---- shared memory ---- */

static Size
waiting_size(void)
{
	return sizeof(Waiting);
}

static void
waiting_initialize(void *memory)
{
	Waiting    *waiting = memory;

	waiting->version = 1;
	waiting->tranche = LWLockNewTrancheId();
	pg_atomic_init_u32(&waiting->count, 0);
	SpinLockInit(&waiting->mutex);
	for (int i = 0; i < NQUEUES; i++)
	{
		LWLockInitialize(&waiting->queues[i].lock, waiting->tranche);
		waiting->queues[i].first = NONE;
		waiting->queues[i].last = NONE;
	}
	waiting->free = NONE;
	for (int i = MAX_WAITERS - 1; i >= 0; i--)
	{
		waiting->waiters[i].next = waiting->free;
		waiting->free = i;
	}
}

static SharedArea area = {
	.name = "locking waiters",
	.version = 1,
	.size = waiting_size,
	.initialize = waiting_initialize,
	.purpose = "the queue of waiting sessions of \"locking\"",
	.consequence = "A session that waits for a row polls instead, and is not woken."
};

/* The shared memory, or NULL. */
static Waiting *
waiting_area(void)
{
	static bool registered = false;
	Waiting    *waiting;

	(void) shared_try_to_attach(&area);
	waiting = area.memory;
	if (waiting && !registered)
	{
		LWLockRegisterTranche(waiting->tranche, "locking_waiters");
		registered = true;
	}
	return waiting;
}

static uint64
row_hash(Oid relid, const char *key)
{
	uint64		table = ((uint64) MyDatabaseId << 32) | relid;

	return hash_combine64(hash_bytes_extended((const unsigned char *) key, strlen(key), 0),
						  hash_bytes_extended((const unsigned char *) &table, sizeof(table), 0));
}

static uint32
owner_hash(const char *owner)
{
	return hash_bytes((const unsigned char *) owner, strlen(owner));
}

static Queue *
queue_of(Waiting *waiting, uint64 row)
{
	return &waiting->queues[row % NQUEUES];
}

/* ---- entries ---- */

static int
allocate_entry(Waiting *waiting)
{
	int			entry;

	SpinLockAcquire(&waiting->mutex);
	entry = waiting->free;
	if (entry != NONE)
		waiting->free = waiting->waiters[entry].next;
	SpinLockRelease(&waiting->mutex);
	return entry;
}

static void
free_entry(Waiting *waiting, int entry)
{
	SpinLockAcquire(&waiting->mutex);
	waiting->waiters[entry].next = waiting->free;
	waiting->free = entry;
	SpinLockRelease(&waiting->mutex);
}

static void
append_entry(Waiting *waiting, int entry)
{
	Waiter	   *waiter = &waiting->waiters[entry];
	Queue	   *queue = queue_of(waiting, waiter->row);

	LWLockAcquire(&queue->lock, LW_EXCLUSIVE);
	waiter->next = NONE;
	waiter->previous = queue->last;
	if (queue->last == NONE)
		queue->first = entry;
	else
		waiting->waiters[queue->last].next = entry;
	queue->last = entry;
	LWLockRelease(&queue->lock);
}

static void
remove_entry(Waiting *waiting, int entry)
{
	Waiter	   *waiter = &waiting->waiters[entry];
	Queue	   *queue = queue_of(waiting, waiter->row);

	LWLockAcquire(&queue->lock, LW_EXCLUSIVE);
	if (waiter->previous == NONE)
		queue->first = waiter->next;
	else
		waiting->waiters[waiter->previous].next = waiter->next;
	if (waiter->next == NONE)
		queue->last = waiter->previous;
	else
		waiting->waiters[waiter->next].previous = waiter->previous;
	LWLockRelease(&queue->lock);
}

/* The first waiter for a row, from an entry on.  The queue is locked. */
static int
next_waiter(const Waiting *waiting, int entry, uint64 row)
{
	while (entry != NONE && waiting->waiters[entry].row != row)
		entry = waiting->waiters[entry].next;
	return entry;
}

static bool
is_first(Waiting *waiting, const Wait *wait)
{
	Queue	   *queue = queue_of(waiting, wait->row);
	bool		first;

	LWLockAcquire(&queue->lock, LW_SHARED);
	first = next_waiter(waiting, queue->first, wait->row) == wait->entry;
	LWLockRelease(&queue->lock);
	return first;
}

/* ---- waking ---- */

/*
 * A row whose waiters are woken when the transaction ends: the first one, or
 * those of an owner.
 */
typedef struct Wake
{
	uint64		row;
	bool		to_owner;
	uint32		owner;
	TimestampTz expires_at;		/* of the lock that the row has now; 0: none */
	SubTransactionId noted_in;
} Wake;

#define MAX_WAKES 32

static Wake wakes[MAX_WAKES];
static int	nwakes = 0;
static bool wake_all = false;	/* there were too many */

static bool
is_to_wake(const Waiter *waiter, const Wake *wake)
{
	return wake->to_owner ? waiter->owner == wake->owner : waiter->looks_at > wake->expires_at;
}

static void
wake_waiters(Waiting *waiting, const Wake *wake)
{
	Queue	   *queue = queue_of(waiting, wake->row);
	int			entry;

	LWLockAcquire(&queue->lock, LW_SHARED);
	entry = next_waiter(waiting, queue->first, wake->row);
	while (entry != NONE)
	{
		const Waiter *waiter = &waiting->waiters[entry];

		if (is_to_wake(waiter, wake))
			SetLatch(waiter->latch);
		entry = wake->to_owner ? next_waiter(waiting, waiter->next, wake->row) : NONE;
	}
	LWLockRelease(&queue->lock);
}

static void
wake_all_waiters(Waiting *waiting)
{
	for (int i = 0; i < NQUEUES; i++)
	{
		Queue	   *queue = &waiting->queues[i];

		LWLockAcquire(&queue->lock, LW_SHARED);
		for (int entry = queue->first; entry != NONE; entry = waiting->waiters[entry].next)
			SetLatch(waiting->waiters[entry].latch);
		LWLockRelease(&queue->lock);
	}
}

/*
 * After a commit, or after the rollback of the transaction or to a savepoint,
 * which undoes grants.  Raises no error.
 */
static void
wake_noted(int from, bool committed)
{
	Waiting    *waiting = area.memory;

	pg_memory_barrier();		/* after the commit, see the file's header */
	if (pg_atomic_read_u32(&waiting->count) == 0)
		return;
	for (int i = from; i < nwakes; i++)
	{
		if (!committed)
			wakes[i].expires_at = 0;
		wake_waiters(waiting, &wakes[i]);
	}
}

/* Does a backend wait for one of the rows that the transaction has noted? */
static bool
is_waited_for(void)
{
	Waiting    *waiting = area.memory;
	bool		waited_for = false;

	if (pg_atomic_read_u32(&waiting->count) == 0)
		return false;
	for (int i = 0; i < nwakes && !waited_for; i++)
	{
		Queue	   *queue = queue_of(waiting, wakes[i].row);

		LWLockAcquire(&queue->lock, LW_SHARED);
		waited_for = next_waiter(waiting, queue->first, wakes[i].row) != NONE;
		LWLockRelease(&queue->lock);
	}
	return waited_for;
}

/*
 * Nothing is woken at PREPARE TRANSACTION: the locks have not ended yet, and
 * COMMIT PREPARED may run in another session.
 */
static void
wake_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && nwakes > 0 && is_waited_for())
		early_release_before_commit();
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (wake_all && event != XACT_EVENT_PREPARE)
		wake_all_waiters(area.memory);
	else if (nwakes > 0 && event != XACT_EVENT_PREPARE)
		wake_noted(0, event == XACT_EVENT_COMMIT);
	nwakes = 0;
	wake_all = false;
	if (event == XACT_EVENT_COMMIT)
		early_release_after_commit();
	early_release_forget();
}

/*
 * A savepoint is rolled back.  The subtransactions within it have the numbers
 * from its own on.
 */
static void
wake_at_rollback(SubXactEvent event, SubTransactionId subxact, SubTransactionId parent, void *arg)
{
	int			kept = nwakes;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (kept > 0 && wakes[kept - 1].noted_in >= subxact)
		kept--;
	if (kept < nwakes)
		wake_noted(kept, false);
	nwakes = kept;
}

static void
note_wake(Wake wake)
{
	wake.noted_in = GetCurrentSubTransactionId();
	if (nwakes == MAX_WAKES)
		wake_all = true;
	else
		wakes[nwakes++] = wake;
}

/* The lock on a row ends with this transaction: wake the first waiter. */
void
wake_when_ended(Oid relid, const char *key)
{
	Wake		wake = {0};

	if (waiting_area() == NULL)
		return;
	wake.row = row_hash(relid, key);
	note_wake(wake);
}

/* A row is handed over: wake the waiters of its next holder. */
void
wake_when_handed_over(Oid relid, const char *key, const char *owner)
{
	Wake		wake = {0};

	if (waiting_area() == NULL)
		return;
	wake.row = row_hash(relid, key);
	wake.to_owner = true;
	wake.owner = owner_hash(owner);
	note_wake(wake);
}

/* ---- waiting ---- */

/* the waits of this backend, the innermost first */
static Wait *current_waits = NULL;

/* Leave the queue. */
static void
leave(Wait *wait)
{
	Waiting    *waiting = area.memory;

	current_waits = wait->outer;
	if (wait->entry == NONE)
		return;
	remove_entry(waiting, wait->entry);
	pg_atomic_fetch_sub_u32(&waiting->count, 1);
	free_entry(waiting, wait->entry);
	wait->entry = NONE;
}

/* Leave the queue without the lock, so that the next one tries. */
static void
pass_on(Wait *wait)
{
	Wake		wake = {0};
	bool		in_queue = wait->entry != NONE;

	leave(wait);
	wake.row = wait->row;
	if (in_queue)
		wake_waiters(area.memory, &wake);
}

/* The session is terminated while it waits. */
static void
pass_on_at_exit(int code, Datum arg)
{
	while (current_waits)
		pass_on(current_waits);
}

/*
 * Begin to wait for a row, as the last in its queue.  The caller calls
 * wait_end(), also after an error.
 */
void
wait_begin(Wait *wait, Oid relid, const char *key, const char *owner)
{
	static bool at_exit = false;
	Waiting    *waiting = waiting_area();

	if (!at_exit)
		before_shmem_exit(pass_on_at_exit, (Datum) 0);
	at_exit = true;
	wait->row = row_hash(relid, key);
	wait->entry = waiting ? allocate_entry(waiting) : NONE;
	wait->free_since = 0;
	if (wait->entry != NONE)
	{
		Waiter	   *waiter = &waiting->waiters[wait->entry];

		waiter->latch = MyLatch;
		waiter->row = wait->row;
		waiter->owner = owner_hash(owner);
		waiter->looks_at = DT_NOEND;
		pg_atomic_fetch_add_u32(&waiting->count, 1);
		append_entry(waiting, wait->entry);
	}
	wait->outer = current_waits;
	current_waits = wait;
}

/* Called before looking up the record: later wake-ups end the next sleep. */
void
wait_prepare(Wait *wait)
{
	INJECT("look");
	if (wait->entry != NONE)
		((Waiting *) area.memory)->waiters[wait->entry].looks_at = DT_NOEND;
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	pg_memory_barrier();
}

/*
 * May this backend try to acquire the row?  Called after looking up the
 * record.
 */
bool
wait_is_next(Wait *wait, bool row_is_free)
{
	TimestampTz now;

	if (!row_is_free || wait->entry == NONE || is_first(area.memory, wait))
	{
		wait->free_since = 0;
		return row_is_free;
	}
	now = clock_now();
	if (wait->free_since == 0)
		wait->free_since = now;
	return now >= wait->free_since + MAX_SLEEP * 1000;
}

/* Sleep until the backend is woken, or at most until a time. */
void
wait_sleep(Wait *wait, TimestampTz until)
{
	TimestampTz now = clock_now();
	long		timeout = TimestampDifferenceMilliseconds(now, until);

	timeout = Max(1L, Min(timeout, wait->entry == NONE ? POLL_STEP : MAX_SLEEP));
	if (wait->entry != NONE)
		((Waiting *) area.memory)->waiters[wait->entry].looks_at = now + timeout * 1000;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout,
					 locking_wait_event());
	CHECK_FOR_INTERRUPTS();
}

/*
 * Stop waiting.  If the lock was granted, until "expires_at", the next waiter
 * is woken when the transaction ends.
 */
void
wait_end(Wait *wait, bool granted, TimestampTz expires_at)
{
	Wake		wake = {0};

	if (!granted)
	{
		pass_on(wait);
		return;
	}
	if (wait->entry != NONE)
	{
		wake.row = wait->row;
		wake.expires_at = expires_at;
		note_wake(wake);
	}
	leave(wait);
}

/* Register the shared memory and the callback that wakes. */
void
waiting_init(void)
{
	shared_register(&area);
	RegisterXactCallback(wake_at_end, NULL);
	RegisterSubXactCallback(wake_at_rollback, NULL);
}
