/*
 * event_queue.c
 *		The queue of events in shared memory.
 *
 * A session adds an event when it happens, in its transaction.  At the
 * commit nothing is left to be done that could fail or that waits for other
 * commits: the worker of the database (event_worker.c) publishes the event
 * afterwards.  An entry has the id of the (sub)transaction that added it and,
 * once it is claimed, that of the transaction that publishes it.  What is to
 * become of it follows from these two alone:
 *
 *		added by a transaction in progress or prepared		keep it
 *		added by one that was rolled back					remove it
 *		added by one that has committed, and
 *			not claimed, or by one that was rolled back		publish it
 *			claimed by a transaction in progress			keep it
 *			claimed by one that has committed				remove it
 *
 * So savepoints, two-phase commit, and sessions and workers that end at any
 * point need no code of their own.  An entry is removed by itself: one that
 * has to stay, for a long transaction, blocks neither the others nor their
 * memory.
 *
 * Ordering argument.  The entries of a database are in the order in which
 * they were added, under a lock.
 *
 * 1. Two events of one row are added in the order in which they happened, by
 *    one transaction, or the second after the transaction of the first has
 *    ended: the backend holds the target row or the record locked (rule 1).
 *    (What is said of a row also holds for an owner's request for a row,
 *    which has a row of its own.)
 * 2. A pass over the entries decides by one snapshot which transactions are
 *    in progress.  If it sees that of the first event in progress, then it
 *    sees that of the second in progress, too: it is the same, or had not
 *    ended when the snapshot was taken, as it added the second event later.
 *    So no event of a row is taken while an earlier one is kept.  It does not
 *    matter when the snapshot is taken.  A pass that looked up the present
 *    state of each transaction could find the first event in progress and
 *    then, after the commit, the second committed.
 * 3. The publisher sends what it has taken in that order, in one transaction,
 *    and what is left when it takes more is later.
 * 4. An event that cannot be added is sent within its own transaction.
 *    Before that, this transaction claims the earlier events of the row that
 *    are still here, and sends them first.  If one of them is claimed by a
 *    transaction in progress (the worker's), it waits for its end.  No other
 *    backend adds an event of the row meanwhile, as the row is locked.  2
 *    also holds for an earlier event that is kept because its publisher is
 *    in progress.
 *
 * Exactly once.  The publisher stamps an entry with its transaction id before
 * it sends, and removes the entry after the commit.  If it ends between the
 * two, the next one finds from the commit log whether it had committed.
 *
 * Nothing that a crash undoes.  A transaction that commits asynchronously is
 * seen as committed before its commit record is on disk.  So the worker
 * flushes the WAL up to that record, which it learns from the commit log,
 * before it commits what it has sent.  Where an event is sent within a later
 * transaction of the row, that transaction's own flush includes the record.
 *
 * Nothing is left behind.  An entry is added only while the database has a
 * worker or one that is being started; both are written under the lock.  A
 * worker ends by itself only if, under the lock, there is no entry.  If it is
 * terminated, its exit status makes the postmaster start it again as long as
 * entries are left.  A worker that cannot even attach to the queue ends for
 * good and cannot say so; if there has been no sign of life for LOST_AFTER,
 * the next event registers another.
 *
 * The lock is held while the commit log is read.  No backend that holds one
 * of its locks takes this one.
 * test/model/events.pml is a model of this file.
 */
#include "event_queue.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlogdefs.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "clock.h"
#include "inject.h"
#include "shared.h"

/* increase it with every change of the layout */
#define QUEUE_VERSION 2

#define DEFAULT_SIZE 1024		/* kB */

/* a typical event fits into one chunk */
#define CHUNK_SIZE 320

/* number of events published in one transaction, at most */
#define MAX_BATCH 256

/* A worker that is not there after so many ms is not relied on. */
#define START_TIMEOUT 5000

/* One that has not even been started after so many ms never will be. */
#define LOST_AFTER (2 * START_TIMEOUT)

/* minimum time in ms between complaints in the server's log */
#define COMPLAINT_INTERVAL 60000

#define NONE (-1)				/* instead of the index of a chunk */

typedef struct EventChunk
{
	int64		next;			/* of the entry, or of the free chunks */
	char		data[CHUNK_SIZE - sizeof(int64)];
} EventChunk;

/* An entry, at the beginning of its first chunk. */
typedef struct EventEntry
{
	int64		next_chunk;
	int32		next;			/* entry of the database */
	int32		previous;
	int32		length;			/* of the payload, without the final 0 */
	TransactionId xid;			/* that added it; invalid: has committed */
	TransactionId publisher;	/* that has claimed it; invalid: none */
	uint64		row;			/* entries of one row have the same number */
	XLogRecPtr	commit;			/* invalid: the commit is on disk for sure */
	char		payload[FLEXIBLE_ARRAY_MEMBER];
} EventEntry;

/* bytes of the payload in the first chunk, and in each of the others */
#define FIRST_PART ((int32) (CHUNK_SIZE - offsetof(EventEntry, payload)))
#define OTHER_PART ((int32) (CHUNK_SIZE - offsetof(EventChunk, data)))

typedef enum WorkerState
{
	WORKER_NONE,
	WORKER_STARTING,			/* registered with the postmaster */
	WORKER_RUNNING
} WorkerState;

/* The entries of a database, and its worker. */
typedef struct EventStream
{
	Oid			database;		/* invalid: not in use */
	int32		first;
	int32		last;
	WorkerState state;
	int64		since;			/* when the worker was awaited, in ms */
	int64		registered;		/* or when it left for the postmaster to start
								 * it again */
	pid_t		pid;			/* 0: the worker does not run yet */
	Latch	   *latch;			/* the worker's, or NULL */
} EventStream;

typedef struct EventQueue
{
	uint32		version;
	int			tranche;
	LWLock		lock;
	int32		free;			/* first free chunk */
	int32		nfree;
	int64		complained_at;
	EventStream streams[EVENT_MAX_DATABASES];
	EventChunk	chunks[FLEXIBLE_ARRAY_MEMBER];
} EventQueue;

/* the setting locking.event_queue_size */
static int	queue_size = DEFAULT_SIZE;

static EventQueue *queue = NULL;

/* this database's, if the pointer is not outdated */
static EventStream *my_stream = NULL;

/* ---- shared memory ---- */

static int32
chunk_count(void)
{
	return (int32) ((Size) queue_size * 1024 / CHUNK_SIZE);
}

static Size
area_size(void)
{
	return add_size(offsetof(EventQueue, chunks), mul_size(chunk_count(), CHUNK_SIZE));
}

static void
initialize(void *memory)
{
	EventQueue *new = memory;

	memset(new, 0, offsetof(EventQueue, chunks));
	new->version = QUEUE_VERSION;
	new->tranche = LWLockNewTrancheId();
	LWLockInitialize(&new->lock, new->tranche);
	new->complained_at = -COMPLAINT_INTERVAL;
	new->nfree = chunk_count();
	for (int32 i = 0; i < new->nfree; i++)
		new->chunks[i].next = i + 1 < new->nfree ? i + 1 : NONE;
}

static SharedArea area = {
	.name = "locking events",
	.version = QUEUE_VERSION,
	.size = area_size,
	.initialize = initialize,
	.purpose = "the event queue of \"locking\"",
	.consequence = "It sends events within its transactions, so that commits wait for each other."
};

/* Register the area and define its setting. */
void
event_queue_init(void)
{
	shared_register(&area);
	if (!process_shared_preload_libraries_in_progress)
		return;
	DefineCustomIntVariable("locking.event_queue_size",
							"Sets the size of the queue of events that are not published yet.",
							"Events that do not fit are sent within their transactions.",
							&queue_size, DEFAULT_SIZE, 64, 1024 * 1024,
							PGC_POSTMASTER, GUC_UNIT_KB, NULL, NULL, NULL);
}

static void
use_queue(void)
{
	EventQueue *memory = area.memory;

	LWLockRegisterTranche(memory->tranche, "LockingEvents");
	queue = memory;
}

/* Attach to the queue if there is one and it is possible. */
bool
event_queue_attach(void)
{
	if (queue == NULL && shared_try_to_attach(&area))
		use_queue();
	return queue != NULL;
}

static void
lock_queue(void)
{
	LWLockAcquire(&queue->lock, LW_EXCLUSIVE);
}

static void
unlock_queue(void)
{
	LWLockRelease(&queue->lock);
}

/* ---- streams; the caller holds the lock ---- */

static EventStream *
find_stream(Oid database)
{
	if (my_stream && my_stream->database == database)
		return my_stream;
	for (int i = 0; i < EVENT_MAX_DATABASES; i++)
		if (queue->streams[i].database == database)
			return &queue->streams[i];
	return NULL;
}

/* This database's stream, or NULL. */
static EventStream *
own_stream(void)
{
	return my_stream = find_stream(MyDatabaseId);
}

/* This database's stream, or a new one, or NULL if all are in use. */
static EventStream *
make_stream(void)
{
	if (own_stream())
		return my_stream;
	my_stream = find_stream(InvalidOid);
	if (my_stream)
	{
		my_stream->database = MyDatabaseId;
		my_stream->first = my_stream->last = NONE;
		my_stream->state = WORKER_NONE;
		my_stream->pid = 0;
		my_stream->latch = NULL;
	}
	return my_stream;
}

static bool
is_served(const EventStream *stream)
{
	return stream->state == WORKER_RUNNING ||
		(stream->state == WORKER_STARTING && clock_monotonic_ms() - stream->since < START_TIMEOUT);
}

/* Is there no worker, and will there be none unless one is registered? */
static bool
is_deserted(const EventStream *stream)
{
	return stream->state == WORKER_NONE ||
		(stream->state == WORKER_STARTING && stream->pid == 0 &&
		 clock_monotonic_ms() - stream->registered >= LOST_AFTER);
}

/* One that takes its time is awaited since it was first asked for. */
static void
await_worker(EventStream *stream)
{
	stream->registered = clock_monotonic_ms();
	if (stream->state != WORKER_STARTING)
		stream->since = stream->registered;
	stream->state = WORKER_STARTING;
	stream->pid = 0;
	stream->latch = NULL;
}

/* ---- entries; the caller holds the lock ---- */

static EventEntry *
entry_at(int32 index)
{
	return index == NONE ? NULL : (EventEntry *) &queue->chunks[index];
}

static int32
index_of(const EventEntry *entry)
{
	return (int32) ((const EventChunk *) entry - queue->chunks);
}

static int32
chunks_for(int32 length)
{
	return length <= FIRST_PART ? 1 : 1 + (length - FIRST_PART + OTHER_PART - 1) / OTHER_PART;
}

/* A chain of free chunks.  The caller has checked that there are enough. */
static int32
take_chunks(int32 count)
{
	int32		first = queue->free;
	EventChunk *last = &queue->chunks[first];

	for (int32 i = 1; i < count; i++)
		last = &queue->chunks[last->next];
	queue->free = last->next;
	queue->nfree -= count;
	last->next = NONE;
	return first;
}

/* Copy a payload into the chunks of an entry, or from them. */
static void
copy_payload(EventEntry *entry, char *payload, bool into)
{
	char	   *part = entry->payload;
	int32		size = Min(entry->length, FIRST_PART);
	int64		chunk = entry->next_chunk;

	for (int32 done = 0;;)
	{
		if (into)
			memcpy(part, payload + done, size);
		else
			memcpy(payload + done, part, size);
		done += size;
		if (done == entry->length)
			return;
		part = queue->chunks[chunk].data;
		size = Min(entry->length - done, OTHER_PART);
		chunk = queue->chunks[chunk].next;
	}
}

static char *
payload_of(EventEntry *entry)
{
	char	   *payload = palloc(entry->length + 1);

	copy_payload(entry, payload, false);
	payload[entry->length] = '\0';
	return payload;
}

static void
append_entry(EventStream *stream, EventEntry *entry)
{
	entry->next = NONE;
	entry->previous = stream->last;
	if (entry->previous == NONE)
		stream->first = index_of(entry);
	else
		entry_at(entry->previous)->next = index_of(entry);
	stream->last = index_of(entry);
}

/* Returns the next entry. */
static EventEntry *
remove_entry(EventStream *stream, EventEntry *entry)
{
	EventEntry *next = entry_at(entry->next);
	EventChunk *last = (EventChunk *) entry;

	if (entry->previous == NONE)
		stream->first = entry->next;
	else
		entry_at(entry->previous)->next = entry->next;
	if (next)
		next->previous = entry->previous;
	else
		stream->last = entry->previous;

	queue->nfree += chunks_for(entry->length);
	while (last->next != NONE)
		last = &queue->chunks[last->next];
	last->next = queue->free;
	queue->free = index_of(entry);
	return next;
}

/* ---- the fate of an entry ---- */

typedef enum Fate
{
	KEEP,
	PUBLISH,
	REMOVE
} Fate;

typedef enum XactOutcome
{
	XACT_RUNNING,				/* or prepared */
	XACT_COMMITTED,
	XACT_ABORTED
} XactOutcome;

/*
 * As the active snapshot sees it, which is the same for all entries of a
 * pass.  A snapshot does not contain its own transaction.
 */
static XactOutcome
outcome_of(TransactionId xid)
{
	if (TransactionIdIsCurrentTransactionId(xid) || XidInMVCCSnapshot(xid, GetActiveSnapshot()))
		return XACT_RUNNING;
	return TransactionIdDidCommit(xid) ? XACT_COMMITTED : XACT_ABORTED;
}

/*
 * What is to become of an entry.  What has ended is noted, so that the commit
 * log is not read again.
 */
static Fate
fate_of(EventEntry *entry)
{
	if (TransactionIdIsValid(entry->xid))
	{
		XactOutcome added = outcome_of(entry->xid);

		if (added != XACT_COMMITTED)
			return added == XACT_RUNNING ? KEEP : REMOVE;
		entry->commit = TransactionIdGetCommitLSN(entry->xid);
		entry->xid = InvalidTransactionId;
	}
	if (TransactionIdIsValid(entry->publisher))
	{
		XactOutcome published = outcome_of(entry->publisher);

		if (published != XACT_ABORTED)
			return published == XACT_RUNNING ? KEEP : REMOVE;
		entry->publisher = InvalidTransactionId;
	}
	return PUBLISH;
}

/* Remove what need not be published. */
static void
sweep_stream(EventStream *stream)
{
	EventEntry *entry = entry_at(stream->first);

	while (entry)
		entry = fate_of(entry) == REMOVE ? remove_entry(stream, entry) : entry_at(entry->next);
}

static void
purge_stream(EventStream *stream)
{
	EventEntry *entry = entry_at(stream->first);

	while (entry)
		entry = remove_entry(stream, entry);
}

/* ---- sessions ---- */

/*
 * Add an event of the current (sub)transaction.  Events with the same number
 * "row" are published in the order in which they are added.
 */
QueueOutcome
event_queue_add(uint64 row, const char *payload)
{
	int32		length = strlen(payload);
	TransactionId xid = GetCurrentTransactionId();
	QueueOutcome outcome = QUEUED;
	EventStream *stream;

	lock_queue();
	stream = own_stream();
	if (stream == NULL || !is_served(stream))
		outcome = QUEUE_UNSERVED;
	else if (queue->nfree < chunks_for(length))
		outcome = QUEUE_FULL;
	else
	{
		EventEntry *entry = entry_at(take_chunks(chunks_for(length)));

		entry->length = length;
		entry->xid = xid;
		entry->publisher = InvalidTransactionId;
		entry->row = row;
		entry->commit = InvalidXLogRecPtr;
		copy_payload(entry, unconstify(char *, payload), true);
		append_entry(stream, entry);
	}
	unlock_queue();
	return outcome;
}

/*
 * See to it that this database has a worker, by "start", which registers one.
 * Returns false if there is none and will be none soon.
 */
bool
event_queue_request_worker(bool (*start) (Oid database))
{
	EventStream *stream;
	bool		served = false;

	lock_queue();
	stream = make_stream();
	if (stream)
	{
		if (is_deserted(stream) && start(MyDatabaseId))
		{
			stream->state = WORKER_NONE;
			await_worker(stream);
		}
		served = is_served(stream);
		if (stream->state == WORKER_NONE)
			stream->database = InvalidOid;
	}
	unlock_queue();
	return served;
}

/* Make room.  Needs an active snapshot. */
void
event_queue_sweep(void)
{
	lock_queue();
	for (int i = 0; i < EVENT_MAX_DATABASES; i++)
		if (OidIsValid(queue->streams[i].database))
			sweep_stream(&queue->streams[i]);
	unlock_queue();
}

/* A transaction in progress that is publishing an event of the row. */
static TransactionId
find_publisher(EventStream *stream, uint64 row)
{
	for (EventEntry *entry = entry_at(stream->first); entry; entry = entry_at(entry->next))
		if (entry->row == row && TransactionIdIsValid(entry->publisher) &&
			!TransactionIdIsCurrentTransactionId(entry->publisher) &&
			outcome_of(entry->publisher) == XACT_RUNNING)
			return entry->publisher;
	return InvalidTransactionId;
}

/* May the current transaction send this event of a row that it has locked? */
static bool
may_claim(EventEntry *entry)
{
	if (TransactionIdIsValid(entry->publisher) && TransactionIdIsCurrentTransactionId(entry->publisher))
		return false;
	return fate_of(entry) == PUBLISH || TransactionIdIsCurrentTransactionId(entry->xid);
}

/*
 * Claim the events of a row that are still here, for a transaction that sends
 * them and a later one itself.  Returns their payloads.  If the worker is
 * sending one of them, nothing is claimed, and "busy" receives its
 * transaction, whose end the caller has to wait for.  Needs an active
 * snapshot.
 */
List *
event_queue_claim(uint64 row, TransactionId publisher, TransactionId *busy)
{
	List	   *payloads = NIL;
	EventStream *stream;

	lock_queue();
	stream = own_stream();
	*busy = stream ? find_publisher(stream, row) : InvalidTransactionId;
	for (EventEntry *entry = stream && !TransactionIdIsValid(*busy) ? entry_at(stream->first) : NULL;
		 entry; entry = entry_at(entry->next))
	{
		if (entry->row != row || !may_claim(entry))
			continue;
		entry->publisher = publisher;
		payloads = lappend(payloads, payload_of(entry));
	}
	unlock_queue();
	return payloads;
}

/*
 * Wake the worker of this database, without the lock.  If the pointers are
 * outdated, another one is woken.  A worker that has just started looks at
 * the queue anyway.
 */
void
event_queue_wake(void)
{
	Latch	   *latch = my_stream ? *(Latch *volatile *) &my_stream->latch : NULL;

	if (latch)
		SetLatch(latch);
}

/* Has no session complained lately?  Then the caller does. */
bool
event_queue_may_complain(void)
{
	bool		result;

	lock_queue();
	result = clock_monotonic_ms() - queue->complained_at >= COMPLAINT_INTERVAL;
	if (result)
		queue->complained_at = clock_monotonic_ms();
	unlock_queue();
	return result;
}

/* The process id of this database's worker, or 0. */
int
event_queue_worker_pid(void)
{
	EventStream *stream;
	int			pid;

	lock_queue();
	stream = own_stream();
	pid = stream && stream->state == WORKER_RUNNING ? stream->pid : 0;
	unlock_queue();
	return pid;
}

/* ---- the worker ---- */

/*
 * Become the worker of a database, before connecting to it.  False if it has
 * one or needs none.
 */
bool
event_queue_serve(Oid database)
{
	EventStream *stream;
	bool		result;

	INJECT("serve");
	if (!shared_attach(&area))
		return false;
	use_queue();
	lock_queue();
	stream = find_stream(database);
	result = stream && stream->state == WORKER_STARTING && stream->pid == 0;
	if (result)
	{
		stream->pid = MyProcPid;
		my_stream = stream;
	}
	unlock_queue();
	return result;
}

/* The worker has connected. */
void
event_queue_serving(void)
{
	lock_queue();
	my_stream->state = WORKER_RUNNING;
	my_stream->latch = MyLatch;
	unlock_queue();
}

/* Is there anything to publish?  Needs an active snapshot. */
bool
event_queue_has_publishable(void)
{
	EventEntry *entry;

	lock_queue();
	sweep_stream(my_stream);
	for (entry = entry_at(my_stream->first); entry; entry = entry_at(entry->next))
		if (fate_of(entry) == PUBLISH)
			break;
	unlock_queue();
	return entry != NULL;
}

/*
 * Claim what can be published, in order, and return the payloads.  What is
 * "more" than a batch is left for the next transaction.  "commit" receives
 * the latest commit that has to be on disk before anyone hears of it.  Needs
 * an active snapshot.
 */
List *
event_queue_take(TransactionId publisher, XLogRecPtr *commit, bool *more)
{
	List	   *payloads = NIL;

	*commit = InvalidXLogRecPtr;
	*more = false;

	lock_queue();
	for (EventEntry *entry = entry_at(my_stream->first); entry; entry = entry_at(entry->next))
	{
		if (fate_of(entry) != PUBLISH)
		{
			INJECT("kept");
			continue;
		}
		*more = list_length(payloads) == MAX_BATCH;
		if (*more)
			break;
		payloads = lappend(payloads, payload_of(entry));
		entry->publisher = publisher;
		*commit = Max(*commit, entry->commit);
	}
	unlock_queue();
	return payloads;
}

/* Remove what a transaction that has committed has published. */
void
event_queue_published(TransactionId publisher)
{
	EventEntry *entry;

	lock_queue();
	entry = entry_at(my_stream->first);
	while (entry)
		entry = entry->publisher == publisher ? remove_entry(my_stream, entry) : entry_at(entry->next);
	unlock_queue();
}

bool
event_queue_is_empty(void)
{
	bool		empty;

	lock_queue();
	empty = my_stream->first == NONE;
	unlock_queue();
	return empty;
}

static void
free_stream(EventStream *stream)
{
	stream->database = InvalidOid;
	stream->state = WORKER_NONE;
	stream->latch = NULL;
	my_stream = NULL;
}

/*
 * Leave the database without a worker, unless it has events.  Returns whether
 * the worker is to end.
 */
bool
event_queue_retire(void)
{
	bool		empty;

	INJECT("retire");
	lock_queue();
	empty = my_stream->first == NONE;
	if (empty)
		free_stream(my_stream);
	unlock_queue();
	return empty;
}

/*
 * The worker ends for another reason.  Returns whether another one has to
 * follow it, for the events that are left.  If the database is gone, they are
 * removed.
 */
bool
event_queue_leave(bool database_is_gone)
{
	bool		left;

	lock_queue();
	if (database_is_gone)
		purge_stream(my_stream);
	left = my_stream->first != NONE;
	if (!left)
		free_stream(my_stream);
	else
		await_worker(my_stream);
	unlock_queue();
	return left;
}
