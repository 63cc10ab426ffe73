/*
 * weak.pml
 *		The barriers of gate.c, bucket.c, waiting.c and event_queue.c on a
 *		processor that reorders: a store may become visible to others late,
 *		and stores to two places in any order (store buffer); a load may give
 *		an old value, and loads of two places may be executed in any order.
 *
 * Memory is the history of each place.  A process has, for each place, the
 * oldest store that it may still read ("current"); a load gives that one or
 * any later one.  So what a store buffer holds back, or what a load has read
 * early, is an old value that may still be read.  A barrier moves "current"
 * on.  These are the views of Kang et al., A promising semantics for
 * relaxed-memory concurrency (POPL 2017), without promises: that a store is
 * executed before an earlier load of the same process is not modelled.
 *
 * x86 allows less: there, only a store may become visible late.
 */

#define PLACES 4
#define DEPTH 4			/* stores to a place, with the first value */
#define LOCKS 3

#define LATEST(a, b) ((a) > (b) -> (a) : (b))

byte stored[PLACES * DEPTH];
byte number[PLACES];		/* of stores so far, without the first value */
/* what a process that has read a store may no longer miss */
byte carried[PLACES * DEPTH * PLACES];
byte ordered[PLACES];		/* by full barriers, which have one order */

bool is_locked[LOCKS];
byte released[LOCKS * PLACES];

bool order_broken;

#define AT(place, i) ((place) * DEPTH + (i))

/*
 * What a process has seen: by its loads without a barrier (read), and at its
 * last full barrier (published)
 */
#define MEMORY byte current[PLACES], read[PLACES], published[PLACES], at, k

/* pg_atomic_read_u64, without a barrier */
inline load(place, value)
{
	atomic {
		at = current[place];
		do
		:: at < number[place] -> at++
		:: break
		od;
		value = stored[AT(place, at)];
		current[place] = at;
		k = 0;
		do
		:: k < PLACES -> read[k] = LATEST(read[k], carried[AT(place, at) * PLACES + k]); k++
		:: k == PLACES -> break
		od;
		at = 0; k = 0
	}
}

/* pg_atomic_write_u64, without a barrier */
inline store(place, value)
{
	d_step {
		number[place]++;
		at = number[place];
		stored[AT(place, at)] = value;
		current[place] = at;
		k = 0;
		do
		:: k < PLACES -> carried[AT(place, at) * PLACES + k] = published[k]; k++
		:: k == PLACES -> break
		od;
		carried[AT(place, at) * PLACES + place] = at;
		at = 0; k = 0
	}
}

/* pg_read_barrier */
inline read_barrier()
{
	d_step {
		k = 0;
		do
		:: k < PLACES -> current[k] = LATEST(current[k], read[k]); k++
		:: k == PLACES -> break
		od;
		k = 0
	}
}

/* pg_memory_barrier, and an atomic operation that reads and writes */
inline barrier()
{
	d_step {
		k = 0;
		do
		:: k < PLACES ->
			current[k] = LATEST(LATEST(current[k], read[k]), ordered[k]);
			ordered[k] = current[k];
			published[k] = current[k];
			k++
		:: k == PLACES -> break
		od;
		k = 0
	}
}

/* SpinLockAcquire, LWLockAcquire: what the last holder had seen is seen. */
inline lock(which)
{
	atomic {
		!is_locked[which] -> is_locked[which] = true;
		k = 0;
		do
		:: k < PLACES -> current[k] = LATEST(current[k], released[which * PLACES + k]); k++
		:: k == PLACES -> break
		od;
		k = 0
	}
}

inline unlock(which, orders)
{
	d_step {
		k = 0;
		do
		:: k < PLACES && orders -> released[which * PLACES + k] = LATEST(released[which * PLACES + k], current[k]); k++
		:: k == PLACES || !orders -> break
		od;
		k = 0;
		is_locked[which] = false
	}
}

#define CHECK(broken) d_step { order_broken = (broken); assert(!order_broken) }

/* ---- gate.c, point 2: a renewal, and a guard that may miss it ---- */

#ifdef RENEWAL

#define CLOCK 0
#define SLOT 1
#define OLD_EXPIRY 1
#define NEW_EXPIRY 2

bool extended, passed;

proctype Ticker()
{
	MEMORY;

	store(CLOCK, OLD_EXPIRY)
}

/* renew.c:renew_record: extends if its clock says that the lock is live */
proctype Renewer()
{
	MEMORY;
	byte now;

	store(SLOT, NEW_EXPIRY);
#ifndef NO_BARRIER_RAISE
	barrier();		/* bucket.c:bucket_raise */
#endif
	load(CLOCK, now);
	extended = now < OLD_EXPIRY;
	CHECK(extended && passed)
}

/* gate.c:has_expired */
proctype Guard()
{
	MEMORY;
	byte now, slot;

	load(CLOCK, now);
#ifndef NO_BARRIER_READ
	barrier();
#endif
	load(SLOT, slot);
	slot = LATEST(slot, OLD_EXPIRY);
	passed = slot <= now;
	CHECK(extended && passed)
}

init { atomic { run Ticker(); run Renewer(); run Guard() } }

#endif

/* ---- gate.c, point 1: an acquisition, and a later writer ---- */

#ifdef ACQUISITION

#define SLOT 0
#define ROW 0
#ifdef ROW_UNORDERED
#define ORDERS false
#else
#define ORDERS true
#endif

bool acquired;

proctype Acquirer()
{
	MEMORY;

	lock(ROW);
	store(SLOT, 1);
	acquired = true;
	unlock(ROW, ORDERS)
}

proctype Writer()
{
	MEMORY;
	byte slot;
	bool is_later;

	lock(ROW);
	is_later = acquired;
	load(SLOT, slot);
	CHECK(is_later && slot == 0);
	unlock(ROW, ORDERS)
}

init { atomic { run Acquirer(); run Writer() } }

#endif

/* ---- bucket.c: a key that is displaced while it is read ---- */

#ifdef BUCKET

#define KEY 0
#define OVERFLOW 1
#define HEAD 2
#define MUTEX 0

/* an expiry and a key, 0 or 1; so a head is the tag, and the overflow */
#define SLOT_OF(expires_at, key) ((expires_at) * 2 + (key))

proctype Raiser(byte expires_at; byte key)
{
	MEMORY;
	byte slot, overflow;

	lock(MUTEX);
	load(KEY, slot);
	if
	:: slot % 2 != key && slot < SLOT_OF(expires_at, key) ->
		load(OVERFLOW, overflow);
		overflow = LATEST(overflow, slot / 2);
		store(OVERFLOW, overflow);	/* bucket.c:slot_raise */
#ifndef NO_BARRIER_RAISE
		barrier();
#endif
		store(KEY, SLOT_OF(expires_at, key));
		store(HEAD, SLOT_OF(overflow, key))
	:: else
	fi;
	unlock(MUTEX, true);
	barrier()
}

/* bucket.h:bucket_latest, for key 0, which was raised to 1 before */
proctype Reader()
{
	MEMORY;
	byte head, slot, overflow;

	barrier();		/* gate.c:has_expired */
	load(HEAD, head);
	if
	/* bucket.h:head_proves_passed */
	:: head % 2 != 0 && head / 2 == 0 -> CHECK(true)
	:: else
	fi;
	load(KEY, slot);
#ifndef NO_BARRIER_OVERFLOW
	read_barrier();
#endif
	load(OVERFLOW, overflow);
	CHECK(slot % 2 != 0 && overflow == 0)
}

init
{
	atomic {
		stored[AT(KEY, 0)] = SLOT_OF(1, 0);
		run Raiser(2, 1);
		run Raiser(3, 0);
		run Reader()
	}
}

#endif

/* ---- gate.c, point 8: the gate is cleared while a check reads it ---- */

#ifdef CLEARING

#define EPOCH 0
#define SLOT 1
#define MUTEX 0

proctype Clearer()
{
	MEMORY;

	store(EPOCH, 1);	/* gate.c:begin_clearing, pg_atomic_fetch_add_u64 */
#ifndef NO_BARRIER_EPOCH
	barrier();
#endif
	lock(MUTEX);
	store(SLOT, 0);		/* bucket.c:bucket_clear */
	unlock(MUTEX, true);
	store(EPOCH, 2)
}

/* gate.c:bucket_proves_unlocked, filling_counts; filled in epoch 0 */
proctype Reader()
{
	MEMORY;
	byte slot, epoch;

	load(SLOT, slot);
#ifndef NO_BARRIER_COUNTS
	read_barrier();
#endif
	load(EPOCH, epoch);
	CHECK(slot == 0 && epoch == 0)
}

init
{
	atomic {
		stored[AT(SLOT, 0)] = 1;
		run Clearer();
		run Reader()
	}
}

#endif

/* ---- gate.c, point 3: the mark of a filled gate ---- */

#ifdef FILLING

#define SLOT 0
#define MARK 1
#define MUTEX 0
#ifdef MUTEX_UNORDERED
#define ORDERS false
#else
#define ORDERS true
#endif

/* gate.c:fill_if_needed, finish_filling */
proctype Filler()
{
	MEMORY;

	store(SLOT, 1);
#ifndef NO_BARRIER_FILLED
	barrier();
#endif
	lock(MUTEX);
	store(MARK, 1);
	unlock(MUTEX, ORDERS)
}

/* gate.c:check_filled */
proctype Reader()
{
	MEMORY;
	byte mark, slot;

	lock(MUTEX);
	load(MARK, mark);
	unlock(MUTEX, ORDERS);
#ifndef NO_BARRIER_FILLED
	barrier();
#endif
	load(SLOT, slot);
	CHECK(mark == 1 && slot == 0)
}

init { atomic { run Filler(); run Reader() } }

#endif

/* ---- waiting.c: a waiter, and a commit that looks for waiters ---- */

#ifdef WAKING

#define COUNT 0
#define RECORD 1	/* 0: held, 1: free */

bool sleeps, is_silent;

/*
 * waiting.c:wait_begin (an atomic operation) and wait_prepare; latches have
 * barriers of their own, which are not relied on
 */
proctype Waiter()
{
	MEMORY;
	byte record;

	store(COUNT, 1);
#ifndef NO_BARRIER_WAIT
	barrier();
#endif
	load(RECORD, record);
	sleeps = record == 0;
	CHECK(sleeps && is_silent)
}

/* waiting.c:wake_noted, after the commit */
proctype Committer()
{
	MEMORY;
	byte count;

	store(RECORD, 1);
#ifndef NO_BARRIER_WAKE
	barrier();
#endif
	load(COUNT, count);
	is_silent = count == 0;
	CHECK(sleeps && is_silent)
}

init { atomic { run Waiter(); run Committer() } }

#endif

/* ---- event_queue.c: a pass, and two transactions of one row ---- */

#ifdef QUEUE

#define ENTRY(i) (i)
#define COMMITTED(i) (2 + (i))
#define ROW 0
#define ENTRIES 1
#define STATES 2	/* the proc array */
#ifdef QUEUE_UNORDERED
#define ORDERS false
#else
#define ORDERS true
#endif

byte turn;

/* adds its event and commits, the second after the first */
proctype Writer(byte i)
{
	MEMORY;

	turn == i;
	lock(ROW);
	lock(ENTRIES);
	store(ENTRY(i), 1);
	unlock(ENTRIES, ORDERS);
	lock(STATES);
	store(COMMITTED(i), 1);
	unlock(STATES, ORDERS);
	unlock(ROW, true);
	turn++
}

/* event_queue.c:event_queue_take, with a snapshot */
proctype Worker()
{
	MEMORY;
	byte first, second, first_committed, second_committed;

	lock(STATES);
	load(COMMITTED(0), first_committed);
	load(COMMITTED(1), second_committed);
	unlock(STATES, ORDERS);
	lock(ENTRIES);
	load(ENTRY(0), first);
	load(ENTRY(1), second);
	unlock(ENTRIES, ORDERS);
	CHECK(second == 1 && second_committed == 1 && (first == 0 || first_committed == 0))
}

init { atomic { run Writer(0); run Writer(1); run Worker() } }

#endif
