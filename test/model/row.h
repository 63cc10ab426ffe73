/*
 * row.h
 *		What the processes of lease.pml share: a clock, one row, its lock record, the
 *		gate's slot; transactions that lock them, and the promises, which are
 *		looked at whenever a transaction commits.
 *
 * A transaction is a process.  Committing makes its changes visible and lets go
 * of its row locks in one step, as in PostgreSQL, where both follow from the
 * transaction's no longer being in progress.
 */

#define TTL 2			/* so that a renewal can come before the end, and move it */
#define NOBODY 255

byte clock;			/* clock.c:clock_now */

/* ---- the row that is locked ---- */

byte row_by = NOBODY;		/* the transaction that has it FOR NO KEY UPDATE or has written it */
byte row_shared = NOBODY;	/* the transaction that has it FOR KEY SHARE, to write a child of it */
byte row_xmin = 1;

#ifdef ACQUIRE_FOR_NO_KEY
#define IS_FREE (row_by == NOBODY || row_by == _pid)
#else
#define IS_FREE ((row_by == NOBODY || row_by == _pid) && row_shared == NOBODY)
#endif

/* ---- its record in locking.lock ---- */

typedef Lock {
	byte token;		/* 0: there is no record */
	byte expires_at;
	byte xmin;		/* row_xmin */
	byte confirm_xid
}

Lock record;			/* as committed */
byte record_by = NOBODY;	/* the transaction that has it FOR NO KEY UPDATE, or has written it */
byte record_shared = NOBODY;	/* the transaction that has it FOR SHARE: the only writer's */

inline copy(to, from)
{
	to.token = from.token; to.expires_at = from.expires_at; to.xmin = from.xmin; to.confirm_xid = from.confirm_xid
}

inline clear(lock)
{
	lock.token = 0; lock.expires_at = 0; lock.xmin = 0; lock.confirm_xid = 0
}

/* target.c:target_fetch, TARGET_LOCK: waits, and has the row's newest version. */
inline target_lock()
{
	atomic { IS_FREE -> row_by = _pid; xmin = row_xmin; target_held = true }
}

/* target.c:target_fetch, TARGET_TRY: or somebody else has it. */
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
 * record.c:record_lock, LockTupleNoKeyExclusive: waits, then reads the record anew.
 * Inserting one waits for the unique index in the same way.
 */
inline record_lock(lock)
{
	atomic {
		record_by == NOBODY && record_shared == NOBODY -> record_by = _pid;
#ifndef NO_REREAD
		copy(lock, record)
#endif
	}
}

/* ---- the gate ---- */

#define LATEST(a, b) ((a) > (b) -> (a) : (b))

byte slot;			/* gate.c: the slot that the row's key hashes to */

#ifdef NO_BARRIER_RAISE
byte buffer[PROCESSES];		/* a processor's store buffer: what only he sees yet */
#endif

/* gate.c:raise_slot.  slot.pml shows that its loop is as good as one step. */
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

/* What a plain store is until the processor pleases. */
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
bool written;			/* a foreign write was committed since the lock in the record was acquired */
byte confirming = NOBODY;	/* the transaction in which confirm() has succeeded */

bool S1_broken;			/* exclusion: two locks at a time */
bool S2_broken;			/* enforcement: a foreign write under a live lock */
bool S4_broken;			/* fencing: something happened during a confirmed save, or an ended token was good */
bool gate_too_early;		/* not a promise, but what the gate's argument rests on */

/* While a lock lives, nothing foreign has been written since it was acquired. */
inline check_enforcement()
{
	S2_broken = record.expires_at > clock && written;
	assert(!S2_broken)
}

inline check_fencing()
{
	S4_broken = confirming != NOBODY && confirming != _pid;
	assert(!S4_broken)
}

/* ---- transactions ---- */

/* Commit or rollback: all row locks go, and a process that has passed them on is a barrier. */
inline let_go()
{
	drain(_pid);
	row_by = (row_by == _pid -> NOBODY : row_by);
	row_shared = (row_shared == _pid -> NOBODY : row_shared);
	record_by = (record_by == _pid -> NOBODY : record_by);
	record_shared = (record_shared == _pid -> NOBODY : record_shared);
	confirming = (confirming == _pid -> NOBODY : confirming);
	clear(lock); xmin = 0; expires_at = 0; now = 0; target_held = false
}
