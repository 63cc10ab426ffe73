/*
 * fill.pml
 *		The gate after a server start, when its slots are empty and must not
 *		be used.  Two writers fill it if that has not been done.  Meanwhile
 *		records are added by an acquisition, a renewal, a transaction that was
 *		prepared before a crash, or replay on a standby, and the table may be
 *		rewritten. With -DWITH_COPY they are added by COPY instead, while the
 *		trigger that raises the gate for it is disabled and enabled.  With
 *		-DCLEAR the gate is cleared meanwhile.
 *
 * The clock does not advance: every record is live, and a slot is raised or
 * 0.
 */

#define NONE 255
#define BLOCKS 3

#define EMPTY 0
#define IN_PROGRESS 1		/* transaction in progress or prepared */
#define COMMITTED 2
#define COPIED 3		/* committed, added without a lock on the row */

/* of the row's record, by position in locking.lock */
byte version[BLOCKS];
byte blocks;			/* in the table's file */
byte row_by = NONE;		/* transaction that has locked the record's row */
bool raised;			/* gate.c: the slot */

/* ---- progress of filling: gate.c:Mark, find_mark ---- */

#define UNKNOWN 0
#define FILLING 1
#define FILLED 2
#define CHANGES 3

/* indexed by xmin of the trigger's row in pg_trigger */
byte mark[CHANGES];
/* number of blocks read by an interrupted filling */
byte scanned[CHANGES];
byte scanned_file[CHANGES];	/* and the file they belong to */
/* the gate's epoch, and that of each mark */
byte epoch;
byte mark_epoch[CHANGES];
byte file;			/* the table's file, replaced by VACUUM FULL */
byte users;			/* number of table locks that block VACUUM FULL */
byte trigger_xmin;
bool trigger_on = true;		/* ~raise_gate, ENABLE ALWAYS */
bool copying;			/* COPY holds a table lock that blocks ALTER TABLE */
bool in_recovery;

#ifdef MARK_WITHOUT_TRIGGER_XMIN
#define OWN 0
#else
#define OWN xmin
#endif

bool stale[2];			/* pending invalidation message for this writer */

bool S2_broken;

#define RECORDED (version[0] >= COMMITTED || version[1] >= COMMITTED || version[2] >= COMMITTED)
#define BY_COPY (version[0] == COPIED || version[1] == COPIED || version[2] == COPIED)

/*
 * A version is put where there is room, before or after the position of a
 * scan.
 */
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

/* ---- sources of records ---- */

/*
 * gate.c:gate_raise_written, in record.c:record_insert and record_update,
 * filled or not
 */
inline gate_raise_written()
{
#ifdef RAISE_ONLY_IF_FILLED
	raised = raised || mark[trigger_xmin] == FILLED
#else
	raised = true
#endif
}

/*
 * State at the crash: a lock, a lock of a prepared transaction, or no lock.
 */
init
{
	atomic {
		run Writer(0);
		run Writer(1);
#ifdef WITH_COPY
		run Copy();
		run Admin()
#else
		run Holder();
#ifdef CLEAR
		run Clear();
#else
		run Rewrite();
#endif
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
		/* COMMIT PREPARED */
		:: d_step { version[1] = COMMITTED; row_by = NONE; users-- }
		:: d_step { version[1] = EMPTY; row_by = NONE; users-- }
		fi
	:: in_recovery ->
		if
		/* replay of an acquisition */
		:: d_step { version[0] = COMMITTED; blocks = 1 }
		:: true
		fi;
		in_recovery = false					/* promotion */
	:: else
	fi
}

#ifndef WITH_COPY
#ifdef CLEAR
/*
 * gate.c:begin_clearing, clear_gate.  What is cleared has passed by an hour;
 * here it may be live.
 */
proctype Clear()
{
	!in_recovery;
	epoch++;
	raised = false;
	epoch++
}
#endif

/* Changes the lock, or acquires one. */
proctype Holder()
{
	byte old = NONE, block;

	!in_recovery;
	users++;			/* record.c:records_open */
	atomic { row_by == NONE -> row_by = _pid };
#ifdef RAISED_BEFORE_WRITTEN
	gate_raise_written();
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
#ifndef RAISED_BEFORE_WRITTEN
#ifdef KEPT_END_NOT_RAISED
	if
	:: old != NONE			/* the expiry does not change */
	:: old == NONE -> gate_raise_written()
	fi;
#else
	gate_raise_written();
#endif
#endif
	if
	:: d_step {
			version[block] = COMMITTED;
			if
			/* vacuumed immediately */
			:: old != NONE -> version[old] = EMPTY
			:: else
			fi;
			row_by = NONE; users--; old = NONE; block = 0
		}
	:: d_step { version[block] = EMPTY; row_by = NONE; users--; old = NONE; block = 0 }
	fi
}

/* VACUUM FULL: moves records without raising the gate. */
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
/*
 * COPY, restore, replication: gate.c:locking_raise_gate, if the trigger is
 * enabled
 */
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
			/* the primary key */
			version[0] == EMPTY && version[1] == EMPTY && version[2] == EMPTY ->
			put_version(block)
		};
		d_step { version[block] = COPIED; copying = false; block = 0 }
	:: copying = false
	fi
}

/* ALTER TABLE locking.lock DISABLE TRIGGER, then ENABLE ALWAYS TRIGGER */
proctype Admin()
{
	!in_recovery;
	atomic { !copying -> trigger_on = false; trigger_xmin++; stale[0] = true; stale[1] = true };
	atomic { !copying -> trigger_on = true; trigger_xmin++; stale[0] = true; stale[1] = true }
}
#endif

/* ---- gate.c: checking and filling ---- */

/*
 * gate.c:invalidate_filled: relcache callback, called when messages are
 * processed
 */
inline accept_invalidations()
{
	d_step {
		known_filled = known_filled && !stale[me];
		changed = changed || stale[me];
		stale[me] = false
	}
}

/*
 * gate.c:current_mark, trigger_always_raises: the mark, if the gate may be
 * used
 */
inline own_mark()
{
	atomic {
		xmin = trigger_xmin;
		filled = true;
#ifndef TRIGGER_NOT_CHECKED
		filled = trigger_on;
#endif
#ifndef MARK_ON_STANDBY
		filled = filled && !in_recovery;
#endif
#ifdef CLEAR
		seen = epoch;
#ifndef FILL_WHILE_CLEARED
		filled = filled && seen % 2 == 0;
#endif
#endif
	}
}

#ifdef FILL_SEES_ONLY_COMMITTED
#define IS_SEEN(block) (version[block] >= COMMITTED)
#else
#define IS_SEEN(block) (version[block] != EMPTY)
#endif

/*
 * gate.c:fill_if_needed: claim_filling, fill, finish_filling.  Reads the
 * blocks that the table had at the start, one by one.  An interrupted filling
 * records its progress.
 */
inline fill_once()
{
	atomic {
#ifdef CLEAR
		/* gate.c:provide_mark */
		if
		:: mark_epoch[OWN] != seen && mark[OWN] != FILLING ->
			mark[OWN] = UNKNOWN;
#ifndef CONTINUE_IN_LATER_EPOCH
			scanned[OWN] = 0;
#endif
			mark_epoch[OWN] = seen
		:: else
		fi;
#endif
		filled = mark[OWN] == FILLED && mark_epoch[OWN] == seen;
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
	users++;			/* table_open, which also processes messages */
	accept_invalidations();
	changed = false;
	own_mark();
	if
	:: filled -> fill_once()
	:: !filled
	fi;
	accept_invalidations();		/* filling takes time */
	d_step {
#ifndef NO_GENERATION
		filled = filled && !changed;
#endif
		known_filled = filled; known_epoch = seen; seen = 0; xmin = 0; changed = false; users--
	}
}

/*
 * Transactions that write the row, or another row, whose writers fill the
 * gate as well.  A write must be rejected if the acquirer had locked the row
 * before, or if COPY added the lock before the statement.
 */
proctype Writer(byte me)
{
	byte writes, xmin, block, to, seen, known_epoch;
	bool due, filled, known_filled, changed, claimed, free;

	do
	:: writes < 2 ->
		writes++;
		d_step { due = BY_COPY };
#ifndef RELY_WITHOUT_LOCK
		/*
		 * gate.c:rely_on_gate: acquires a table lock, which processes
		 * messages and blocks changes of the trigger
		 */
		accept_invalidations();
#endif
		if
		:: atomic { row_by == NONE -> row_by = _pid; due = due || (RECORDED && !BY_COPY) }
		:: due = false
		fi;
		/* gate.c:gate_proves_unlocked */
		filled = known_filled;
		if
		:: !filled -> find_out_filled()
		:: filled
		fi;
#ifdef EPOCH_READ_FIRST
		filled = filled && epoch == known_epoch;
#endif
		free = filled && !raised;
#if defined(CLEAR) && !defined(EPOCH_READ_FIRST) && !defined(EPOCH_UNCHECKED)
		/* gate.c:filling_counts */
		atomic {
			known_filled = known_filled && !(free && epoch != known_epoch);
			free = free && epoch == known_epoch
		};
#endif
		/* record.c:record_find */
		free = free || !RECORDED;
		atomic {
			/* a standby is read-only */
			S2_broken = free && due && !in_recovery;
			assert(!S2_broken);
			row_by = (row_by == _pid -> NONE : row_by);
			due = false; filled = false; free = false; changed = false
		}
	:: writes == 2 -> break
	od
}
