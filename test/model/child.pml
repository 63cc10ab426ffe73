/*
 * child.pml
 *		As lease.pml, but the foreign writer writes a child of the locked row (rule 7),
 *		which neither needs that row FOR NO KEY UPDATE nor shows in its xmin.
 */

#define BELOW
#include "lease.pml"

/*
 * guard.c:check_parent_row: FOR KEY SHARE.  While somebody has the row locked, he is
 * refused if its lock is live; else he waits.
 */
inline share_parent(refused)
{
#ifndef NO_KEY_SHARE
	if
	:: atomic {
#ifdef ACQUIRE_FOR_NO_KEY
			true ->
#else
			row_by == NOBODY ->
#endif
			row_shared = _pid
		}
	:: atomic { row_by != NOBODY && record.token != 0 && record.expires_at > clock -> refused = true }
	fi
#else
	skip
#endif
}

/* gate.c:gate_proves_unlocked, with lapsed_too: a lapsed lock is wanted, too. */
inline ask_gate_for_lapsed(free)
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
 * lease.c:lease_is_live, with "below".  What is written does not show in the locked
 * row, so the record notes that there is nothing to resume any more.
 */
inline spoil_lapsed(refused)
{
	d_step { copy(lock, record) };
	if
	:: lock.token == 0
	:: lock.token != 0 && lock.expires_at > clock -> refused = true
	:: lock.token != 0 && lock.expires_at <= clock && lock.xmin == 0 && lock.confirm_xid == 0 ->
		atomic { record_by == NOBODY -> record_shared = _pid; copy(lock, record) };
		refused = lock.token != 0 && lock.expires_at > clock
	:: lock.token != 0 && lock.expires_at <= clock && (lock.xmin != 0 || lock.confirm_xid != 0) ->
		record_lock(lock);
		refused = lock.token != 0 && lock.expires_at > clock;
#ifndef NO_SPOIL
		d_step { lock.xmin = 0; lock.confirm_xid = 0 }
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
			ask_gate_for_lapsed(free);
			if
			:: !free -> spoil_lapsed(refused)
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
				let_go()
			}
		:: rollback()
		fi;
		d_step { free = false; refused = false }
	:: writes == WRITES -> break
	od
}
