/*
 * fill.pml
 *		The gate after a start, when its slots are empty and say nothing: two writers who
 *		fill it if nobody has, and records that come meanwhile, by an acquisition, by a
 *		renewal, by a transaction that was prepared before the crash, by replay on a
 *		standby, while the table may be rewritten.  With -DBY_OTHER_WAYS by COPY
 *		instead, while the trigger that raises for it is switched off and on.
 *
 * Time stands still: every record is live, and a slot is raised or 0.
 */

#define NOBODY 255
#define BLOCKS 3

#define EMPTY 0
#define IN_PROGRESS 1		/* of a transaction that has not ended, or is prepared */
#define COMMITTED 2
#define COPIED 3		/* committed, and came without the row's being locked */

byte version[BLOCKS];		/* of the row's record, as they lie in locking.lock */
byte blocks;			/* of the table's file */
byte row_by = NOBODY;		/* who has the row locked that the record is of */
bool raised;			/* gate.c: the slot */

/* ---- how far the gate is filled: gate.c:Mark, find_mark ---- */

#define UNKNOWN 0
#define FILLING 1
#define FILLED 2
#define CHANGES 3

byte mark[CHANGES];		/* by the xmin of the trigger's row in pg_trigger */
byte scanned[CHANGES];		/* so many blocks were read by who gave it up, */
byte scanned_file[CHANGES];	/* of this file */
byte file;			/* the table's, which VACUUM FULL replaces */
byte users;			/* who has locks on the table that VACUUM FULL waits for */
byte trigger_xmin;
bool trigger_on = true;		/* ~raise_gate, ENABLE ALWAYS */
bool copying;			/* somebody has the lock on the table that ALTER TABLE waits for */
bool in_recovery;

#ifdef MARK_WITHOUT_TRIGGER_XMIN
#define OWN 0
#else
#define OWN xmin
#endif

bool stale[2];			/* an invalidation of the table waits for this writer */

bool S2_broken;

#define RECORDED (version[0] >= COMMITTED || version[1] >= COMMITTED || version[2] >= COMMITTED)
#define BY_COPY (version[0] == COPIED || version[1] == COPIED || version[2] == COPIED)

/* A version goes where there is room, be it before or behind a scan under way. */
inline put_version(block)
{
	atomic {
		if
		:: blocks > 0 && version[0] == EMPTY -> block = 0
		:: blocks > 1 && version[1] == EMPTY -> block = 1
		:: blocks > 2 && version[2] == EMPTY -> block = 2
		:: blocks < BLOCKS -> block = blocks; blocks++
		fi;
		version[block] = IN_PROGRESS
	}
}

/* ---- the ways in which records come ---- */

/* gate.c:gate_raise, in acquire.c:acquire_row and renew.c:renew_record: filled or not. */
inline gate_raise()
{
#ifdef RAISE_ONLY_IF_FILLED
	raised = raised || mark[trigger_xmin] == FILLED
#else
	raised = true
#endif
}

/* Before the crash there was a lock, or one was acquired by a prepared transaction, or none. */
init
{
	atomic {
		run Writer(0);
		run Writer(1);
#ifdef BY_OTHER_WAYS
		run Copy();
		run Admin()
#else
		run Holder();
		run Rewrite();
		if
		:: version[1] = COMMITTED; blocks = 2
		:: version[1] = IN_PROGRESS; blocks = 2; row_by = _pid; users = 1
		:: in_recovery = true
		:: true
		fi
#endif
	};
	if
	:: row_by == _pid ->
		if
		:: d_step { version[1] = COMMITTED; row_by = NOBODY; users-- }	/* COMMIT PREPARED */
		:: d_step { version[1] = EMPTY; row_by = NOBODY; users-- }
		fi
	:: in_recovery ->
		if
		:: d_step { version[0] = COMMITTED; blocks = 1 }	/* replay of an acquisition */
		:: true
		fi;
		in_recovery = false					/* promotion */
	:: else
	fi
}

#ifndef BY_OTHER_WAYS
/* Renews the lock, or acquires one. */
proctype Holder()
{
	byte old = NOBODY, block;

	!in_recovery;
	users++;			/* record.c:records_open */
	atomic { row_by == NOBODY -> row_by = _pid };
#ifdef KEPT_END_NOT_RAISED
	if
	:: RECORDED			/* its end stays what it was */
	:: !RECORDED -> gate_raise()
	fi;
#else
	gate_raise();
#endif
	atomic {
		if
		:: version[0] >= COMMITTED -> old = 0
		:: version[1] >= COMMITTED -> old = 1
		:: version[2] >= COMMITTED -> old = 2
		:: !RECORDED
		fi
	};
	put_version(block);
	if
	:: d_step {
			version[block] = COMMITTED;
			if
			:: old != NOBODY -> version[old] = EMPTY	/* and is vacuumed at once */
			:: else
			fi;
			row_by = NOBODY; users--; old = NOBODY; block = 0
		}
	:: d_step { version[block] = EMPTY; row_by = NOBODY; users--; old = NOBODY; block = 0 }
	fi
}

/* VACUUM FULL: the records are where they were not, and raise nothing. */
proctype Rewrite()
{
	!in_recovery;
	atomic {
		users == 0 ->
		version[0] = (RECORDED -> COMMITTED : EMPTY);
		blocks = (RECORDED -> 1 : 0);
		version[1] = EMPTY;
		version[2] = EMPTY;
		file++
	}
}

#else
/* COPY, restore, replication: gate.c:locking_raise_gate raises, if the trigger is on. */
proctype Copy()
{
	byte block;

	!in_recovery;
	copying = true;
#ifndef NO_TRIGGER_RAISE
	raised = raised || trigger_on;
#endif
	if
	:: atomic {
			version[0] == EMPTY && version[1] == EMPTY && version[2] == EMPTY ->	/* the primary key */
			put_version(block)
		};
		d_step { version[block] = COPIED; copying = false; block = 0 }
	:: copying = false
	fi
}

/* ALTER TABLE locking.lock DISABLE TRIGGER, and ENABLE ALWAYS. */
proctype Admin()
{
	!in_recovery;
	atomic { !copying -> trigger_on = false; trigger_xmin++; stale[0] = true; stale[1] = true };
	atomic { !copying -> trigger_on = true; trigger_xmin++; stale[0] = true; stale[1] = true }
}
#endif

/* ---- gate.c: asking and filling ---- */

/* gate.c:invalidate_filled: the relation cache's callback, whenever messages are read. */
inline accept_invalidations()
{
	d_step {
		known_filled = known_filled && !stale[me];
		changed = changed || stale[me];
		stale[me] = false
	}
}

/* gate.c:current_mark, trigger_always_raises: is there one, and which? */
inline own_mark()
{
	atomic {
		xmin = trigger_xmin;
		filled = true;
#ifndef TRIGGER_NOT_ASKED
		filled = trigger_on;
#endif
#ifndef MARK_ON_STANDBY
		filled = filled && !in_recovery;
#endif
	}
}

#ifdef FILL_SEES_ONLY_COMMITTED
#define IS_SEEN(block) (version[block] >= COMMITTED)
#else
#define IS_SEEN(block) (version[block] != EMPTY)
#endif

/*
 * gate.c:fill_if_needed: claim_filling, fill, finish_filling.  Block by block, as many as there were at
 * the start; whoever gives up on the way leaves how far he came.
 */
inline fill_once()
{
	atomic {
		filled = mark[OWN] == FILLED;
		claimed = mark[OWN] == UNKNOWN;
		if
		:: claimed ->
			mark[OWN] = FILLING;
			to = blocks;
#ifndef RESUME_IN_OTHER_FILE
			scanned[OWN] = (scanned_file[OWN] == file -> scanned[OWN] : 0);
#endif
			block = scanned[OWN]
		:: !claimed
		fi
	};
#ifdef MARK_BEFORE_SCAN
	mark[OWN] = (claimed -> FILLED : mark[OWN]);
#endif
	do
	:: claimed && block < to ->
		atomic { raised = raised || IS_SEEN(block); block++ }
	:: claimed && block < to ->
		atomic { scanned[OWN] = block; scanned_file[OWN] = file; mark[OWN] = UNKNOWN; claimed = false }
	:: claimed && block >= to ->
		atomic { mark[OWN] = FILLED; filled = true; claimed = false }
	:: !claimed -> break
	od;
	atomic { block = 0; to = 0 }
}

/* gate.c:check_filled */
inline find_out_filled()
{
	users++;			/* table_open, which reads the messages, too */
	accept_invalidations();
	changed = false;
	own_mark();
	if
	:: filled -> fill_once()
	:: !filled
	fi;
	accept_invalidations();		/* a filling takes time */
	d_step {
#ifndef NO_GENERATION
		filled = filled && !changed;
#endif
		known_filled = filled; xmin = 0; changed = false; users--
	}
}

/*
 * Transactions that write the row; or another row, whose writer fills the gate just
 * as well.  To be refused are locks whose acquirer had the row before him, and those that came
 * by other ways before the statement.
 */
proctype Writer(byte me)
{
	byte writes, xmin, block, to;
	bool due, filled, known_filled, changed, claimed, free;

	do
	:: writes < 2 ->
		writes++;
		d_step { due = BY_COPY };
#ifndef RELY_WITHOUT_LOCK
		/* gate.c:rely_on_gate: taking the table's lock does, and holding it keeps the trigger as it is */
		accept_invalidations();
#endif
		if
		:: atomic { row_by == NOBODY -> row_by = _pid; due = due || (RECORDED && !BY_COPY) }
		:: due = false
		fi;
		/* gate.c:gate_proves_unlocked */
		filled = known_filled;
		if
		:: !filled -> find_out_filled()
		:: filled
		fi;
		free = filled && !raised;
		/* record.c:record_find */
		free = free || !RECORDED;
		atomic {
			S2_broken = free && due && !in_recovery;	/* nobody writes on a standby */
			assert(!S2_broken);
			row_by = (row_by == _pid -> NOBODY : row_by);
			due = false; filled = false; free = false; changed = false
		}
	:: writes == 2 -> break
	od
}
