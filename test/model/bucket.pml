/*
 * bucket.pml
 *		bucket.c:bucket_raise and bucket.h:bucket_latest, step by step, in a
 *		bucket of two entries: backends raise three keys, one of them twice,
 *		and displace each other's entries, while another backend reads.  A
 *		reading that begins after a backend has finished never gives an earlier
 *		expiry than that backend raised.  So lease.pml may model the slots of a
 *		row as one slot, and raising and reading as single steps.
 */

#define ENTRIES 2
#define KEYS 3

/* A slot: expiry and fingerprint.  The fingerprint of key 0 is 0. */
#define SLOT(expires_at, key) ((expires_at) * 4 + (key))
#define EXPIRY(slot) ((slot) / 4)
#define SAME_FINGERPRINT(a, b) ((a) % 4 == (b) % 4)
#define LATEST(a, b) ((a) > (b) -> (a) : (b))

byte entry[ENTRIES];
byte overflow;			/* an expiry */
byte finished[KEYS];		/* latest expiry whose raising has ended */
bool gate_too_early;

/* bucket.c:slot_raise, which slot.pml shows to be a single step */
inline overflow_raise(until)
{
	overflow = LATEST(overflow, until)
}

/* bucket.c:find_entry: the slots are read one after the other */
inline find_entry(raised)
{
	found = 0;
	current = entry[0];
	i = 1;
	do
	:: i < ENTRIES && !SAME_FINGERPRINT(current, raised) ->
		atomic {
			now = entry[i];
			found = (now < current || SAME_FINGERPRINT(now, raised) -> i : found);
			current = (found == i -> now : current);
			i++; now = 0
		}
	:: else -> break
	od;
	i = 0
}

#ifdef EXCHANGE_UNCHECKED
#define UNCHANGED true
#else
#define UNCHANGED (entry[found] == current)
#endif

proctype Raiser(byte expires_at; byte key)
{
	byte raised = SLOT(expires_at, key);
	byte current, found, i, now;

	do
	:: find_entry(raised);
		if
		:: !SAME_FINGERPRINT(current, raised) && current > raised ->
#ifndef OVERFLOW_NOT_USED
			overflow_raise(expires_at);
#endif
			break
		:: SAME_FINGERPRINT(current, raised) && current >= raised -> break
		:: !SAME_FINGERPRINT(current, raised) && current <= raised ->
#if !defined(DISPLACED_DROPPED) && !defined(DISPLACED_BEFORE_OVERFLOW)
			overflow_raise(EXPIRY(current))
#else
			skip
#endif
		:: SAME_FINGERPRINT(current, raised) && current < raised
		fi;
		/* pg_atomic_compare_exchange_u64 */
		atomic {
			if
			:: UNCHANGED -> entry[found] = raised
			:: else -> goto again
			fi
		};
#ifdef DISPLACED_BEFORE_OVERFLOW
		if
		:: !SAME_FINGERPRINT(current, raised) -> overflow_raise(EXPIRY(current))
		:: else
		fi;
#endif
		break;
again:		skip
	od;
	atomic {
		finished[key] = LATEST(finished[key], expires_at);
		raised = 0; current = 0; found = 0
	}
}

/* bucket.h:bucket_latest */
inline read_entries(key)
{
	do
	:: i < ENTRIES ->
		atomic {
			now = entry[i];
#ifdef LAST_MATCH
			latest = (SAME_FINGERPRINT(now, key) -> now : latest);
#else
			latest = (SAME_FINGERPRINT(now, key) -> LATEST(now, latest) : latest);
#endif
			i++; now = 0
		}
	:: i == ENTRIES -> break
	od
}

proctype Reader(byte key)
{
	byte due, latest, now, i, seen;

	due = finished[key];
#if defined(OVERFLOW_READ_FIRST)
	seen = overflow;
	read_entries(key);
#elif defined(NO_BARRIER_OVERFLOW)
	/* without a barrier, the processor may read it early */
	if
	:: seen = overflow; read_entries(key)
	:: read_entries(key); seen = overflow
	fi;
#else
	read_entries(key);
	seen = overflow;
#endif
	gate_too_early = LATEST(EXPIRY(latest), seen) < due;
	assert(!gate_too_early)
}

init
{
	atomic {
		run Raiser(2, 0);
		run Raiser(3, 0);
		run Raiser(1, 1);
		run Raiser(2, 2);
		if
		:: run Reader(0)
		:: run Reader(1)
		:: run Reader(2)
		fi
	}
}
