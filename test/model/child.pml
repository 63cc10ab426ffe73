/*
 * child.pml
 *		Variant of lease.pml in which the foreign writer writes a child of the
 *		locked row (rule 7).  That write neither locks the row FOR NO KEY
 *		UPDATE nor changes its xmin.
 */

#define BELOW
#include "lease.pml"

/*
 * guard.c:check_parent_row: FOR KEY SHARE.  While another transaction has the
 * row locked, the writer is rejected if the row's lock is live; otherwise it
 * waits.
 */
inline share_parent(refused)
{
#ifndef NO_KEY_SHARE
	if
	:: atomic {
#ifdef ACQUIRE_FOR_NO_KEY
			true ->
#else
			row_by == NONE ->
#endif
			row_shared = _pid
		}
	:: atomic { row_by != NONE && record.token != 0 && !HAS_LAPSED(record, clock) -> refused = true }
	fi
#else
	skip
#endif
}

/* gate.c:gate_proves_unlocked with lapsed_too must not hide a lapsed lock */
inline check_gate_for_lapsed(free)
{
#ifdef GATE
#ifdef LAPSED_HIDDEN
	now = clock;
	free = slot <= now
#else
	free = slot == 0
#endif
#else
	free = false
#endif
}

/*
 * lease.c:lease_is_live, with "mark".  The write does not change the locked
 * row, so it marks the record as lost.
 */
inline mark_lost(refused)
{
	d_step { copy(lock, record) };
	if
	:: lock.token == 0
	:: lock.token != 0 && !HAS_LAPSED(lock, clock) -> refused = true
	:: lock.token != 0 && HAS_LAPSED(lock, clock) && lock.lost ->
		atomic { record_by == NONE -> record_shared = _pid; copy(lock, record) };
		refused = lock.token != 0 && !HAS_LAPSED(lock, clock)
	:: lock.token != 0 && HAS_LAPSED(lock, clock) && !lock.lost ->
		record_lock(lock);
		refused = lock.token != 0 && !HAS_LAPSED(lock, clock);
#ifndef STAYS_RESUMABLE
		lock.lost = true
#endif
	fi
}

active proctype ChildWriter()
{
	LOCALS;
	byte writes;
	bool refused, free;

	do
	:: writes < WRITES ->
		writes++;
		share_parent(refused);
		if
		:: !refused ->
			check_gate_for_lapsed(free);
			if
			:: !free -> mark_lost(refused)
			:: free
			fi
		:: refused
		fi;
		if
		:: !refused ->
			atomic {
				check_fencing();
				if
				:: record_by == _pid -> copy(record, lock)
				:: else
				fi;
				written = true;
				check_enforcement();
				release_row_locks()
			}
		:: rollback()
		fi;
		d_step { free = false; refused = false }
	:: writes == WRITES -> break
	od
}
