/*
 * events.pml
 *		The queue of events (event_queue.c): sessions add events of one row or
 *		send them within their transactions, a worker publishes what has
 *		committed and may be terminated at any step, and a listener must hear
 *		each event of a committed transaction once and in order.
 *
 * Session 0 and session 1 hold the row one after the other, as rule 1 has it.
 * Each has two events in a transaction, which may be rolled back.  The number
 * of an event tells its place in the row's order.
 */

#define SESSIONS 2
#define EACH 2					/* events of a transaction */
#define EVENTS 4
#define WORKERS 3				/* transactions of the worker, at most */
#define XACTS 5					/* SESSIONS + WORKERS */
#define NOBODY 15
#ifndef KILLS
#define KILLS 1					/* terminations of the worker, at most */
#endif

mtype = { NOT_STARTED, RUNNING, COMMITTED, ABORTED };

mtype state[XACTS];				/* of transactions; what clog and procs say */
byte row_owner = NOBODY;		/* the session that has the row locked */

/* entries, in the order in which they were added */
byte n_entries;
byte event[EVENTS];
byte adder[EVENTS];
byte publisher[EVENTS];			/* NOBODY: not claimed */
bool in_queue[EVENTS];

/* what the listener has heard */
byte last_heard;				/* its number + 1 */
bool heard[EVENTS];
bool order_broken, once_broken, lost_broken, rollback_broken;

byte next_event;				/* number of the row's next event */
byte by[EVENTS];				/* the transaction of an event */
byte sessions_done;

/* A commit makes notifications visible in the order of their sending. */
inline hear(e) {
	once_broken = once_broken || heard[e];
	assert(!once_broken);
	order_broken = order_broken || (e + 1 <= last_heard);
	assert(!order_broken);
	heard[e] = true;
	last_heard = e + 1
}

proctype Session(byte self)
{
	byte i, j, e;
	byte sent[EVENTS];			/* notifications of this transaction */
	byte n_sent;
	bool busy;
	mtype seen;

	atomic { row_owner == NOBODY -> row_owner = self; state[self] = RUNNING }
	i = 0;
	do
	:: i < EACH ->
		d_step { e = next_event; next_event++; by[e] = self }
		if
		:: true ->				/* event_queue_add */
			d_step {
				event[n_entries] = e; adder[n_entries] = self;
				publisher[n_entries] = NOBODY; in_queue[n_entries] = true;
				n_entries++
			}
		:: true ->				/* notification.c:send_earlier */
#ifndef NOT_CLAIMED
			do
			:: atomic {
					busy = false;
					j = 0;
					do
					:: j < n_entries ->
#ifndef NOT_WAITED
						busy = busy || (in_queue[j] && publisher[j] != NOBODY &&
							publisher[j] != self && state[publisher[j]] == RUNNING);
#endif
						j++
					:: else -> break
					od;
					j = 0;
					do
					:: !busy && j < n_entries ->
						if
						:: in_queue[j] && publisher[j] != self &&
							(adder[j] == self || state[adder[j]] == COMMITTED) &&
							(publisher[j] == NOBODY || state[publisher[j]] == ABORTED) ->
							publisher[j] = self; sent[n_sent] = event[j]; n_sent++
						:: else
						fi;
						j++
					:: else -> break
					od;
					j = 0;
					if
					:: !busy -> break
					:: busy	/* XactLockTableWait, and again */
					fi
				}
			od;
#endif
			atomic { sent[n_sent] = e; n_sent++ }
		fi;
		i++
	:: else -> break
	od;
	if
	:: atomic {
			state[self] = COMMITTED;
			i = 0;
			do
			:: i < n_sent -> hear(sent[i]); i++
			:: else -> break
			od
		}
	:: state[self] = ABORTED
	fi;
	d_step { row_owner = NOBODY; sessions_done++ }
}

/* The transactions of the worker and of its successors. */
proctype Worker()
{
	byte i, j, self, kills;
	byte sent[EVENTS];
	byte n_sent;
	mtype snapshot[XACTS];
	mtype added, published;
	bool all_done;

	self = SESSIONS;
	do
	:: self < XACTS ->

		atomic {
			all_done = sessions_done == SESSIONS;
			state[self] = RUNNING; n_sent = 0;
			i = 0;
			do
			:: i < XACTS -> snapshot[i] = state[i]; i++
			:: else -> break
			od;
			i = 0
		}
		/* event_queue_take */
		do
		:: atomic { i < n_entries ->
#ifdef STATE_OF_EACH
				added = state[adder[i]];
#else
				added = snapshot[adder[i]];
#endif
				published = (publisher[i] == NOBODY -> ABORTED : snapshot[publisher[i]]);
				if
				:: in_queue[i] && added == COMMITTED && published == ABORTED ->
#ifndef NO_STAMP
					publisher[i] = self;
#endif
#ifdef REMOVE_WHEN_TAKEN
					in_queue[i] = false;
#endif
					sent[n_sent] = i; n_sent++
				:: in_queue[i] && (added == ABORTED || (added == COMMITTED && published == COMMITTED)) ->
					in_queue[i] = false
				:: else
				fi;
				i++
			}
		:: else -> break
		od;
		if
		:: kills < KILLS ->		/* terminated before the commit */
			atomic { state[self] = ABORTED; kills++ }
		:: atomic {
				state[self] = COMMITTED;
				i = 0;
				do
				:: i < n_sent -> hear(event[sent[i]]); i++
				:: else -> break
				od
			};
			if
			:: kills < KILLS -> kills++	/* terminated before it removes them */
			:: atomic {
					i = 0;
					do
					:: i < n_sent -> in_queue[sent[i]] = false; i++
					:: else -> break
					od
				}
			fi
		fi;
		if
		:: all_done && n_sent == 0 && kills == KILLS -> break
		:: else
		fi;
		self++
	:: else -> break
	od;
	/* as often as needed, at the end: whatever is left is published */
	sessions_done == SESSIONS;
	atomic {
		i = 0;
		do
		:: i < n_entries ->
			if
			:: in_queue[i] && state[adder[i]] == COMMITTED &&
				(publisher[i] == NOBODY || state[publisher[i]] == ABORTED) ->
				hear(event[i]); in_queue[i] = false
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < next_event ->
			lost_broken = lost_broken || (state[by[i]] == COMMITTED && !heard[i]);
			assert(!lost_broken);
			rollback_broken = rollback_broken || (state[by[i]] == ABORTED && heard[i]);
			assert(!rollback_broken);
			i++
		:: else -> break
		od
	}
}

init
{
	atomic {
		byte k = 0;
		do
		:: k < XACTS -> state[k] = NOT_STARTED; k++
		:: else -> break
		od;
		run Session(0); run Session(1); run Worker()
	}
}
