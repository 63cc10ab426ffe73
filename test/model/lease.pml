/*
 * lease.pml
 *		One row and its lock: an editor that acquires, renews, resumes and
 *		saves, its heartbeat in another session, a foreign writer, a rival
 *		that acquires, takes over or breaks the lock, and a clock that may
 *		tick between any two steps, and with -DSTEP_BACK be set back once.
 *		With -DGATE the guard checks the gate first.  With -DHAND_OVER the
 *		editor hands the row over, also in the transaction that saves, and the
 *		next holder takes the lock.
 *
 * README.md has a table of the defines that remove parts of the protocol.
 */

#define PROCESSES 5
#define LAST_TICK 5
#define WRITES 2

#include "row.h"

#define EDITORS 1		/* tokens */
#define RIVALS 2
#define NEXT 3

#define SAVE 10			/* transaction ids: the editor's saves */
#define FOREIGN 20		/* transaction ids: foreign writes */
#define OWN 30			/* transaction ids: the editor's other writes */
#define NEXT_SAVE 40		/* transaction id: the next holder's save */

active proctype Clock()
{
#ifdef STEP_BACK
	bool set_back;

#endif
	do
	:: clock < LAST_TICK -> clock++
#ifdef STEP_BACK
	:: d_step { !set_back && clock >= STEP_BACK -> clock = clock - STEP_BACK; set_back = true }
#endif
#ifdef NO_BARRIER_RAISE
	:: d_step { buffer[1] > 0 -> drain(1) }		/* the editor's */
#endif
	:: clock == LAST_TICK -> break
	od
}

/* ---- acquire.c ---- */

/*
 * acquire.c:acquire_row, resolve_record, grant.  A live lock is left
 * unchanged unless it is taken over.  The lookup before these steps is an
 * optimization and is not modelled.
 */
inline settle(mine, take_over)
{
#ifdef TARGET_NOT_LOCKED
	xmin = row_xmin;
#else
	target_lock();
#endif
	expires_at = clock + TTL;
#ifndef RAISE_AFTER_COMMIT
	gate_raise(expires_at);
#endif
	record_lock(lock);
	now = clock;				/* rule 3 */
	if
	:: lock.token != 0 && !HAS_LAPSED(lock, now) && !take_over -> goto lost
	:: else
	fi;
	d_step { lock.token = mine; lock.expires_at = expires_at; lock.xmin = xmin; lock.confirm_xid = 0; lock.lost = false }
}

inline commit_grant(take_over)
{
	atomic {
		check_fencing();
#ifndef STEP_BACK
		S1_broken = record.token != 0 && record.token != lock.token && record.expires_at > clock && !take_over;
		assert(!S1_broken);
#endif
		ended = ended || record.token == EDITORS;
		copy(record, lock);
		written = false;
		check_enforcement();
		release_row_locks()
	}
#ifdef RAISE_AFTER_COMMIT
	gate_raise(record.expires_at)
#endif
}

/* ---- renew.c ---- */

/* renew.c:find_own_lock: looks up the committed record by token */
inline find_own()
{
	atomic {
		if
		:: record.token == EDITORS -> copy(lock, record)
		:: else -> goto lost
		fi
	}
}

/* lease.c:lease_is_resumable */
#define IS_OWN(xmin) (xmin == lock.xmin || xmin == lock.confirm_xid)

/*
 * renew.c:resume: locks the target row only if it need not
 * wait
 */
inline resume()
{
#ifdef RESUME_WITHOUT_TARGET
	xmin = row_xmin;
#else
	if
	:: !target_held ->
#ifdef RESUME_WAITS
		target_lock()
#else
		target_try()
#endif
	:: else
	fi;
	if
	:: !target_held -> goto lost
	:: else
	fi;
#endif
#ifndef RESUME_UNCHECKED
	if
	:: lock.lost || !IS_OWN(xmin) -> goto lost
	:: else
	fi;
#endif
	lock.xmin = xmin
}

/*
 * lease.c:lease_was_passed: a live lock, but the row was written by another
 * owner, before the clock was set back
 */
inline refuse_passed()
{
#ifndef PASSED_UNCHECKED
	if
	:: d_step {
			!IS_OWN(xmin) ->
			loss_unfounded = !written && !written_unlocked && !ended;
			assert(!loss_unfounded)
		};
		goto lost
	:: else
	fi
#else
	skip
#endif
}

/* The clock reading that decides whether the lock has lapsed */
#if defined(CLOCK_BEFORE_RECORD_LOCK) || defined(CLOCK_BEFORE_RAISE)
#define DECIDING_CLOCK skip
#else
#define DECIDING_CLOCK now = clock
#endif

/* Without a barrier, the processor may read the clock before the slot. */
inline raise_or_find_raised(until)
{
#ifdef NO_BARRIER_LATE_ENOUGH
	early = clock;
	atomic {
		if
		:: slot >= until
		:: slot < until -> slot = until; early = NONE
		fi
	}
#else
	gate_raise(until)
#endif
}

/*
 * renew.c:renew_record.  "save" is the transaction's id for confirm(), or 0.
 */
inline renew_record(save)
{
	expires_at = clock + TTL;
#ifndef CLOCK_BEFORE_RAISE
	raise_or_find_raised(expires_at);
#endif
#ifdef CLOCK_BEFORE_RECORD_LOCK
	now = clock;
#endif
#ifdef VERSION_BEFORE_RECORD_LOCK
	xmin = (target_held -> xmin : row_xmin);
#endif
	record_lock(lock);
	passed = written;
#ifndef TOKEN_UNCHECKED
	if
	:: lock.token != EDITORS -> goto lost
	:: else
	fi;
#endif
	/* if waiting for the owner's own save took longer than the ttl */
	if
	:: expires_at <= clock -> expires_at = clock + TTL;
#ifndef NO_SECOND_RAISE
		gate_raise(expires_at)
#endif
	:: else
	fi;
	DECIDING_CLOCK;
#ifdef NO_BARRIER_LATE_ENOUGH
	now = (early < now -> early : now);
#endif
#ifdef CLOCK_BEFORE_RAISE
	now = clock;
	gate_raise(expires_at);
#endif
	if
	:: HAS_LAPSED(lock, now) -> resume()
#ifdef RENEW_TAKES_XMIN
	:: !HAS_LAPSED(lock, now) -> lock.xmin = row_xmin
#else
	:: !HAS_LAPSED(lock, now) && target_held -> refuse_passed()
	:: !HAS_LAPSED(lock, now) && !target_held ->
		/* row_lock.c:row_version: the committed version, not locked */
#ifndef VERSION_UNREAD
#ifndef VERSION_BEFORE_RECORD_LOCK
		xmin = row_xmin;
#endif
		refuse_passed()
#endif
#endif
	fi;
	/* renew.c:note_confirmation, lease.c:lease_extend */
	d_step {
		lock.xmin = (save != 0 && target_held && xmin == lock.confirm_xid -> xmin : lock.xmin);
		lock.confirm_xid = (save != 0 -> save : lock.confirm_xid);
		lock.expires_at = LATEST(lock.expires_at, expires_at)
	}
}

/* renew.c:locking_renew: locks the row first if the record looks lapsed */
inline renew()
{
	find_own();
	if
	:: HAS_LAPSED(lock, clock) -> target_lock()
	:: else
	fi;
	renew_record(0)
}

/*
 * renew.c:locking_confirm.  S4 holds from here to the end of the transaction.
 */
inline confirm(save)
{
	find_own();
#ifndef CONFIRM_WITHOUT_TARGET
	target_lock();
#endif
	renew_record(save);
	atomic {
		S4_broken = ended || written;
		assert(!S4_broken);
		confirming = _pid
	}
}

inline commit_renewal()
{
	atomic {
		check_fencing();
		S4_broken = ended || passed;
		assert(!S4_broken);
		copy(record, lock);
		check_enforcement();
		release_row_locks()
	}
}

/* The save is a write by the lock's owner, which the guard allows. */
inline commit_save(save)
{
	atomic {
		IS_FREE -> row_xmin = save;
		S4_broken = ended || written;
		assert(!S4_broken);
		copy(record, lock);
		check_enforcement();
		release_row_locks()
	}
}

inline rollback()
{
	d_step { release_row_locks() }
}

#ifdef OWN_WRITES
/*
 * A write by the editor without confirm().  guard.c:note_holders_write notes
 * it if the lock is live and the version that it replaces is the owner's;
 * own_write.c:store_own_write stores it just before the commit.
 */
inline write_unconfirmed(save)
{
	target_lock();
	d_step { copy(lock, record) };
	if
	:: lock.token != EDITORS -> goto lost
	:: lock.token == EDITORS && HAS_LAPSED(lock, clock) -> noted = false
	:: lock.token == EDITORS && !HAS_LAPSED(lock, clock) ->
#ifdef NOTE_UNCHECKED
		noted = true
#else
		noted = IS_OWN(xmin)
#endif
	fi;
#ifndef OWN_WRITES_UNNOTED
	if
	:: noted ->
		record_lock(lock);
		if
		:: lock.token == EDITORS && !lock.lost -> lock.xmin = save
		:: else
		fi
	:: !noted -> written_unlocked = true
	fi;
#endif
	atomic {
		check_fencing();
		row_xmin = save;
		if
		:: record_by == _pid -> copy(record, lock)
		:: else
		fi;
		release_row_locks()
	}
}
#endif

#ifdef REACQUIRE
/*
 * acquire.c:resolve_record, RENEWED or RESUMED: the editor acquires the row
 * that it has locked, and gets the same token.
 */
inline reacquire()
{
	target_lock();
	expires_at = clock + TTL;
	gate_raise(expires_at);
	record_lock(lock);
	now = clock;
	if
	:: lock.token != EDITORS -> goto lost
	:: lock.token == EDITORS && HAS_LAPSED(lock, now) -> resume()
	:: lock.token == EDITORS && !HAS_LAPSED(lock, now) ->
#ifndef REACQUIRE_UNCHECKED
		refuse_passed()
#endif
	fi;
	lock.expires_at = LATEST(lock.expires_at, expires_at);
	atomic { S4_broken = written; assert(!S4_broken) };
	commit_renewal()
}
#endif

/* local variables of a process */
#ifdef NO_BARRIER_LATE_ENOUGH
#define LOCALS Lock lock; byte xmin, expires_at, now, early = NONE; bool target_held, passed
#else
#define LOCALS Lock lock; byte xmin, expires_at, now; bool target_held, passed
#endif

/* ---- handover.c ---- */

#ifdef HAND_OVER
bool untaken;			/* handed_over, as committed */
bool S3_broken;			/* a save by an owner that has not read the row */

/* handover.c:reserve */
inline reserve()
{
	d_step {
		lock.token = NEXT;
		lock.expires_at = expires_at;
		lock.lost = false;
#ifndef KEEP_VERSION
		lock.xmin = 0;
		lock.confirm_xid = 0
#endif
	}
}

/* release.c:end_lock, handover.c:hand_over_prepare, hand_over */
inline hand_over()
{
	find_own();
#ifndef HAND_OVER_WITHOUT_TARGET
	target_lock();
#endif
	expires_at = clock + TTL;
	gate_raise(expires_at);
	record_lock(lock);
	if
	:: lock.token != EDITORS -> goto lost
	:: else
	fi;
	if
	:: expires_at <= clock -> expires_at = clock + TTL; gate_raise(expires_at)
	:: else
	fi;
	reserve()
}

/* The same after confirm(): row and record are locked already. */
inline hand_over_confirmed()
{
	expires_at = clock + TTL;
	gate_raise(expires_at);
	reserve()
}

/* The next holder's lock is a new one, like that of an acquirer. */
inline commit_hand_over(save)
{
	atomic {
		check_fencing();
		row_xmin = (save != 0 -> save : row_xmin);
		ended = true;
		copy(record, lock);
		untaken = true;
		written = false;
		check_enforcement();
		release_row_locks()
	}
}

/* The owner that requested the row.  Its page shows the row as of "read". */
active proctype NextHolder()
{
	LOCALS;
	byte read = row_xmin;

end_no_lock: record.token == NEXT;
	if
	:: true ->
		/* acquire.c:take */
		target_lock();
		expires_at = clock + TTL;
		gate_raise(expires_at);
		record_lock(lock);
		now = clock;
		if
		:: lock.token != NEXT || HAS_LAPSED(lock, now) -> goto lost
		:: else
		fi;
		d_step { lock.expires_at = expires_at; lock.xmin = xmin; lock.confirm_xid = 0 };
		atomic {
			check_fencing();
			copy(record, lock);
			untaken = false;
			check_enforcement();
			release_row_locks()
		};
		read = row_xmin
	:: true				/* it tries without that */
	fi;

	/* renew.c:find_own_lock, locking_confirm */
#ifndef CONFIRM_UNTAKEN
	if
	:: untaken && !HAS_LAPSED(record, clock) -> goto lost
	:: else
	fi;
#endif
	target_lock();
	expires_at = clock + TTL;
	gate_raise(expires_at);
	record_lock(lock);
	now = clock;
	if
	:: lock.token != NEXT -> goto lost
	:: lock.token == NEXT && lock.lost -> goto lost
	:: lock.token == NEXT && lock.expires_at <= now && xmin != lock.xmin && xmin != lock.confirm_xid -> goto lost
	:: else
	fi;
	atomic {
		S3_broken = row_xmin != read;
		assert(!S3_broken);
		row_xmin = NEXT_SAVE;
		lock.expires_at = LATEST(lock.expires_at, expires_at);
		lock.xmin = (lock.expires_at <= now -> xmin : lock.xmin);
		lock.confirm_xid = NEXT_SAVE;
		copy(record, lock);
		check_enforcement();
		release_row_locks()
	};
	goto done;
lost:	rollback();
done:	skip
}
#endif

/* ---- the processes ---- */

active proctype Editor()
{
	LOCALS;
	byte calls;
#ifdef OWN_WRITES
	bool noted;
#endif

	settle(EDITORS, false);
	commit_grant(false);
	do
	:: calls < CALLS ->
		calls++;
		if
		:: true -> renew();
			if
			:: commit_renewal()
			:: rollback()
			fi
		:: true -> confirm(SAVE + calls);
			if
			:: commit_save(SAVE + calls)
			:: rollback()
			fi
#ifdef OWN_WRITES
		:: true -> write_unconfirmed(OWN + calls)
#endif
#ifdef REACQUIRE
		:: true -> reacquire()
#endif
#ifdef HAND_OVER
		:: true -> hand_over(); commit_hand_over(0); goto done
		:: true -> confirm(SAVE + calls); hand_over_confirmed(); commit_hand_over(SAVE + calls); goto done
#endif
		fi
	:: calls == CALLS -> goto done
	od;
lost:	rollback();
done:	skip
}

#ifdef HEARTBEAT
/* Another session of the same owner, with the same token */
active proctype Heartbeat()
{
	LOCALS;

end_no_lock: record.token == EDITORS;
	renew();
	if
	:: commit_renewal()
	:: rollback()
	fi;
	goto done;
lost:	rollback();
done:	skip
}
#endif

/* ---- guard.c ---- */

#ifndef BELOW
/* gate.c:gate_proves_unlocked, has_expired */
inline check_gate(free)
{
#ifdef GATE
#if defined(SLOT_BEFORE_CLOCK)
	seen = slot;
	now = clock;
#elif defined(NO_BARRIER_READ)
	if
	:: seen = slot; now = clock
	:: now = clock; seen = slot
	fi;
#else
#ifndef EARLY_CLOCK
	now = clock;
#endif
	d_step {
		seen = slot;
		free = seen <= now;
		gate_too_early = free && record.expires_at > now;
	}
#ifdef LEMMA
	assert(!gate_too_early);
#endif
#endif
	free = seen <= now
#else
	free = false
#endif
}

/* lease.c:lease_is_live.  All locks are hard, and none is the writer's. */
inline check_record(free)
{
#ifndef OLD_SNAPSHOT
	/* record.c:record_find, with a new snapshot */
	d_step { copy(lock, record) };
#endif
	if
	:: lock.token == 0 -> free = true
	:: lock.token != 0 && !HAS_LAPSED(lock, clock) -> free = false
	:: lock.token != 0 && HAS_LAPSED(lock, clock) ->
#ifdef NO_SHARE_LOCK
		free = true
#else
		/* record.c:record_lock, LockTupleShare, FIND_LAST_VERSION */
		atomic {
			record_by == NONE -> record_shared = _pid;
#ifndef NO_REREAD
			copy(lock, record)
#endif
		};
		free = lock.token == 0 || HAS_LAPSED(lock, clock)
#endif
	fi
}

active proctype Writer()
{
	LOCALS;
	byte writes, seen;
	bool free;

	do
	:: writes < WRITES ->
		writes++;
#ifdef OLD_SNAPSHOT
		/* the statement's snapshot, older than the row lock */
		d_step { copy(lock, record) };
#endif
#ifdef EARLY_CLOCK
		now = clock;			/* gate.c:rely_on_gate */
#endif
		/* by the executor, before it fires the trigger */
		target_lock();
		check_gate(free);
		if
		:: !free -> check_record(free)
		:: free
		fi;
		if
		:: free ->
			atomic {
				check_fencing();
				row_xmin = FOREIGN + writes;
				written = true;
				check_enforcement();
				release_row_locks()
			}
		:: rollback()			/* 55P03, or voluntarily */
		fi;
		d_step { free = false; seen = 0 }
	:: writes == WRITES -> break
	od
}
#endif

/* ---- the rival ---- */

#ifdef RIVAL
/* release.c:locking_break_lock, end_lock */
inline break_lock()
{
	record_lock(lock);
	atomic {
		check_fencing();
		ended = ended || record.token == EDITORS;
		clear(record);
		release_row_locks()
	}
}

active proctype Rival()
{
	LOCALS;
	bool take_over;

	if
	:: take_over = false; settle(RIVALS, take_over); commit_grant(take_over)
	:: take_over = true; settle(RIVALS, take_over); commit_grant(take_over)
	:: break_lock()
	fi;
	goto done;
lost:	rollback();
done:	skip
}
#endif
