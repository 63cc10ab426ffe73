/*
 * waiting.pml
 *		Backends that wait for a row in acquire(), and the holder of its lock.
 *		A waiter may be cancelled at any time.  No time passes: an expiry, or
 *		the look every MAX_SLEEP, would hide a wake-up that is lost.
 *
 * A waiter that is never woken ends in a deadlock.
 */

#define WAITERS 2
#define NONE 255

bool held = true;		/* there is a live lock, as committed */
byte row_by = NONE;		/* the transaction that has the row locked */
bool latch[WAITERS];
byte count;			/* waiting.c: Waiting.count */
byte queue[WAITERS];
byte length;
byte cancels = 1;		/* so many waiters may be cancelled */

inline set_latch(who)
{
	latch[who] = true
}

/* waiting.c:wake_waiters */
inline wake_first()
{
	atomic {
		if
		:: length > 0 -> set_latch(queue[0])
		:: else
		fi
	}
}

/* waiting.c:wake_at_end, after the commit */
inline wake_noted()
{
#ifdef COUNT_BEFORE_COMMIT
	skip
#else
	seen = count;
#endif
	if
	:: seen > 0 -> wake_first()
	:: else
	fi
}

inline release()
{
#ifdef COUNT_BEFORE_COMMIT
	seen = count;			/* without the barrier */
#endif
#ifdef WAKE_BEFORE_COMMIT
	seen = count;
	wake_first();
	held = false
#else
	held = false;
	wake_noted()
#endif
}

active proctype Holder()
{
	byte seen;

	release()
}

/* waiting.c:remove_entry */
inline leave()
{
	d_step {
		if
		:: length == 2 && queue[0] == me -> queue[0] = queue[1]
		:: else
		fi;
		length--
	}
	count--
}

/* acquire.c:acquire_row, which waits for the row lock */
inline attempt()
{
	atomic { row_by == NONE -> row_by = me };
	if
	:: held -> row_by = NONE
	:: else ->
		leave();
		/* the commit */
		atomic { held = true; row_by = NONE };
		goto granted
	fi
}

proctype Waiter(byte me)
{
	byte seen;

#ifdef ENTER_AFTER_LOOK
	if
	:: !held -> skip
	:: held -> skip
	fi;
#endif
	/* waiting.c:wait_begin */
	count++;
	d_step { queue[length] = me; length++ };
#ifdef ENTER_AFTER_LOOK
	goto sleep;
#endif
again:
#ifndef RESET_AFTER_LOOK
	latch[me] = false;		/* waiting.c:wait_prepare */
#endif
	/* acquire.c:row_seems_free, waiting.c:wait_is_next */
	if
	:: !held && queue[0] == me -> attempt()
	:: held
	:: !held && queue[0] != me
	fi;
#ifdef RESET_AFTER_LOOK
	latch[me] = false;
#endif
sleep:
	if
	:: latch[me] -> goto again
	:: atomic { cancels > 0 -> cancels-- }; goto cancelled
	fi;
granted:
	release();
	goto done;
cancelled:
	leave();
#ifndef LEAVE_SILENTLY
	wake_first();			/* waiting.c:pass_on */
#endif
done:	skip
}

init
{
	atomic { run Waiter(0); run Waiter(1) }
}
