/*
 * row.h
 *		State shared by the processes of lease.pml: a clock, one row, its lock
 *		record, and the gate's slot.  Row locks held by transactions, and the
 *		promises, which are checked at each commit.
 *
 * A transaction is a process.  Its commit makes the changes visible and
 * releases the row locks in a single step.  In PostgreSQL, both also happen
 * at once, when the transaction is no longer in progress.
 */

/* long enough for a renewal before expiry to extend it */
#define TTL 2
#define NONE 255

byte clock;			/* clock.c:clock_now */

/* ---- the row that is locked ---- */

/* transaction that locked it FOR NO KEY UPDATE or wrote it */
byte row_by = NONE;
/* transaction that locked it FOR KEY SHARE, to write a child */
byte row_shared = NONE;
byte row_xmin = 1;

#ifdef ACQUIRE_FOR_NO_KEY
#define IS_FREE (row_by == NONE || row_by == _pid)
#else
#define IS_FREE ((row_by == NONE || row_by == _pid) && row_shared == NONE)
#endif

/* ---- its record in locking.lock ---- */

typedef Lock {
	byte token;		/* 0: there is no record */
	byte expires_at;
	byte xmin;		/* row_xmin */
	byte confirm_xid;
	bool lost
}

/* lease.h:has_lapsed */
#ifdef LOST_UNTIL_CLOCK
#define HAS_LAPSED(lock, now) (lock.expires_at <= now)
#else
#define HAS_LAPSED(lock, now) (lock.lost || lock.expires_at <= now)
#endif

Lock record;			/* as committed */
/* transaction that locked it FOR NO KEY UPDATE or wrote it */
byte record_by = NONE;
/* transaction that locked it FOR SHARE, always the writer's */
byte record_shared = NONE;

inline copy(to, from)
{
	to.token = from.token; to.expires_at = from.expires_at; to.xmin = from.xmin; to.confirm_xid = from.confirm_xid; to.lost = from.lost
}

inline clear(lock)
{
	lock.token = 0; lock.expires_at = 0; lock.xmin = 0; lock.confirm_xid = 0; lock.lost = false
}

/*
 * target.c:target_fetch, TARGET_LOCK: waits, and returns the row's latest
 * version.
 */
inline target_lock()
{
	atomic { IS_FREE -> row_by = _pid; xmin = row_xmin; target_held = true }
}

/*
 * target.c:target_fetch, TARGET_TRY: fails if another transaction has it
 * locked.
 */
inline target_try()
{
	atomic {
		if
		:: IS_FREE -> row_by = _pid; xmin = row_xmin; target_held = true
		:: else
		fi
	}
}

/*
 * record.c:record_lock, LockTupleNoKeyExclusive: waits, then reads the record
 * again. Inserting a record waits in the same way, for the unique index.
 */
inline record_lock(lock)
{
	atomic {
		record_by == NONE && record_shared == NONE -> record_by = _pid;
#ifndef NO_REREAD
		copy(lock, record)
#endif
	}
}

/* ---- the gate ---- */

#define LATEST(a, b) ((a) > (b) -> (a) : (b))

byte slot;			/* gate.c: what the gate has for the row's key */

#ifdef NO_BARRIER_RAISE
/* store buffers: values not yet visible to other processors */
byte buffer[PROCESSES];
#endif

/*
 * bucket.c:bucket_raise, slot_raise.  bucket.pml and slot.pml show that they
 * are like single steps.
 */
inline gate_raise(until)
{
#ifdef GATE
	d_step {
#ifdef NO_BARRIER_RAISE
		buffer[_pid] = LATEST(until, buffer[_pid])
#else
		slot = LATEST(until, slot)
#endif
	}
#else
	skip
#endif
}

/* Makes a plain store visible, at a time of the processor's choice. */
inline drain(process)
{
#ifdef NO_BARRIER_RAISE
	slot = LATEST(slot, buffer[process]);
	buffer[process] = 0
#else
	skip
#endif
}

/* ---- the promises ---- */

bool ended;			/* the editor's lock was broken or taken over */
/* a foreign write was committed since the lock in the record was acquired */
bool written;
/* the transaction in which confirm() has succeeded */
byte confirming = NONE;

bool S1_broken;			/* exclusion: two locks at the same time */
bool S2_broken;			/* enforcement: a foreign write under a live lock */
/*
 * fencing: a change during a confirmed save, or an ended token was accepted
 */
bool S4_broken;
/* not a promise, but the invariant of the gate's memory-ordering argument */
bool gate_too_early;
/* liveness: a live lock is refused, although only its owner wrote the row */
bool loss_unfounded;
/* the owner has written the row without a live lock */
bool written_unlocked;

/*
 * While a lock is live, no foreign write has committed since its acquisition.
 * A clock that is set back makes a lock live again, which shows that it is no
 * promise then; S4 is.
 */
inline check_enforcement()
{
#ifndef STEP_BACK
	S2_broken = record.expires_at > clock && written;
	assert(!S2_broken)
#else
	skip
#endif
}

inline check_fencing()
{
	S4_broken = confirming != NONE && confirming != _pid;
	assert(!S4_broken)
}

/* ---- transactions ---- */

/*
 * Commit or rollback: releases all row locks, which is also a memory barrier.
 */
inline release_row_locks()
{
	drain(_pid);
	row_by = (row_by == _pid -> NONE : row_by);
	row_shared = (row_shared == _pid -> NONE : row_shared);
	record_by = (record_by == _pid -> NONE : record_by);
	record_shared = (record_shared == _pid -> NONE : record_shared);
	confirming = (confirming == _pid -> NONE : confirming);
	clear(lock); xmin = 0; expires_at = 0; now = 0; target_held = false; passed = false
}
