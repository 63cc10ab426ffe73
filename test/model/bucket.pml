/*
 * bucket.pml
 *		bucket.c:bucket_raise and the reading of a bucket, step by step, in a
 *		bucket with slots for two keys: backends raise three keys, one of them
 *		twice, and displace each other's slots, while another backend reads.
 *		A reading that begins after a backend has finished never gives an
 *		earlier expiry than that backend raised.  So lease.pml may model the
 *		bucket of a row as one slot, and raising and reading as single steps.
 */

#define SLOTS 2
#define KEYS 3

/*
 * A slot: expiry and fingerprint, which is also the tag.  The fingerprint of
 * key 0 is 0, as in a slot that was never raised.
 */
#define SLOT(expires_at, key) ((expires_at) * 4 + (key))
#define EXPIRY(slot) ((slot) / 4)
#define TAG(slot) ((slot) % 4)
#define SAME_FINGERPRINT(a, b) (TAG(a) == TAG(b))
#define LATEST(a, b) ((a) > (b) -> (a) : (b))

byte slot[SLOTS];
byte overflow;			/* an expiry */

/* the head, read and written in one step */
byte tag[SLOTS];
byte head_overflow;

bool raising;			/* the bucket's spinlock */
byte finished[KEYS];		/* latest expiry whose raising has ended */
bool gate_too_early;

/* bucket.c:find_slot */
inline find_slot(raised)
{
	current = slot[0];
	found = 0;
	atomic {
		if
		:: !SAME_FINGERPRINT(current, raised) && (slot[1] < current || SAME_FINGERPRINT(slot[1], raised)) ->
			found = 1;
			current = slot[1]
		:: else
		fi
	}
}

/* bucket.c:raise_exclusively */
inline raise_overflow(raised)
{
	if
	:: SAME_FINGERPRINT(current, raised)
#ifndef OWN_EXPIRY_DROPPED
	:: !SAME_FINGERPRINT(current, raised) && current > raised ->
		overflow = LATEST(overflow, EXPIRY(raised))
#endif
#ifndef DISPLACED_DROPPED
	:: !SAME_FINGERPRINT(current, raised) && current < raised ->
		overflow = LATEST(overflow, EXPIRY(current))
#endif
	:: else
	fi
}

inline write_slot(raised)
{
	if
	:: current < raised -> slot[found] = raised
	:: else
	fi
}

/* bucket.c:write_head */
inline write_head()
{
	d_step {
#ifndef TAG_NOT_WRITTEN
		tag[0] = TAG(slot[0]);
		tag[1] = TAG(slot[1]);
#endif
#ifndef HEAD_WITHOUT_OVERFLOW
		head_overflow = overflow
#endif
	}
}

proctype Raiser(byte expires_at; byte key)
{
	byte raised = SLOT(expires_at, key);
	byte current, found;

#ifndef RAISE_NOT_EXCLUSIVE
	atomic { !raising -> raising = true };
#endif
	find_slot(raised);
#ifdef HEAD_BEFORE_SLOT
	write_head();
#endif
#ifdef DISPLACED_BEFORE_OVERFLOW
	/* also what the processor may do without a barrier */
	write_slot(raised);
	raise_overflow(raised);
#else
	raise_overflow(raised);
	write_slot(raised);
#endif
#ifndef HEAD_BEFORE_SLOT
	write_head();
#endif
	atomic {
		raising = false;
		finished[key] = LATEST(finished[key], expires_at);
		raised = 0; current = 0; found = 0
	}
}

/* bucket.h:bucket_latest */
inline read_slots(key)
{
	do
	:: i < SLOTS ->
		atomic {
			now = slot[i];
#ifdef LAST_MATCH
			latest = (SAME_FINGERPRINT(now, key) -> now : latest);
#else
			latest = (SAME_FINGERPRINT(now, key) -> LATEST(now, latest) : latest);
#endif
			i++; now = 0
		}
	:: i == SLOTS -> break
	od
}

/*
 * gate.c:bucket_proves_unlocked, at each time: is a lock that ends at "due",
 * later than "time", missed?
 */
proctype Reader(byte key; byte time)
{
	byte due, latest, now, i, seen;

	due = finished[key];
	/* bucket.h:head_proves_passed */
	if
	:: d_step { tag[0] != key && tag[1] != key && head_overflow <= time -> latest = 0 }
	:: else ->
#if defined(OVERFLOW_READ_FIRST)
		seen = overflow;
		read_slots(key)
#elif defined(NO_BARRIER_OVERFLOW)
		/* without a barrier, the processor may read it early */
		if
		:: seen = overflow; read_slots(key)
		:: read_slots(key); seen = overflow
		fi
#else
		read_slots(key);
		seen = overflow
#endif
	fi;
	gate_too_early = due > time && LATEST(EXPIRY(latest), seen) <= time;
	assert(!gate_too_early)
}

init
{
	byte key, time;

	atomic {
		run Raiser(2, 0);
		run Raiser(3, 0);
		run Raiser(1, 1);
		run Raiser(2, 2);
		select(key : 0 .. 2);
		select(time : 0 .. 2);
		run Reader(key, time)
	}
}
