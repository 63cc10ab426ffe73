/*
 * locking.h
 *		Settings and SQLSTATEs of the extension.
 *
 * A lock is a lease on one row: a record in locking.lock.  Terms, guarantees
 * and the numbered rules of the protocol that comments refer to ("rule 3")
 * are defined in src/README.md.
 *
 * The headers declare everything hidden: calls between files then need no
 * indirection, and only the functions that SQL calls are visible.
 */
#ifndef LOCKING_H
#define LOCKING_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

#define ERRCODE_LOCK_LOST		MAKE_SQLSTATE('L', 'K', '0', '0', '1')
#define ERRCODE_LOCK_REQUIRED	MAKE_SQLSTATE('L', 'K', '0', '0', '2')

/* values of locking.notify */
enum Notify
{
	NOTIFY_OFF,
	NOTIFY_IN_TRANSACTION,
	NOTIFY_AFTER_COMMIT
};

typedef enum OnLocked
{
	ON_LOCKED_ERROR,
	ON_LOCKED_SKIP
} OnLocked;

extern char *locking_owner_setting;
extern char *locking_owner_name_setting;
extern int	locking_time_until_expiration;	/* seconds */
extern int	locking_time_until_warning; /* seconds */
extern int	locking_on_locked;
extern bool locking_enforce;
extern bool locking_require_owner;
extern int	locking_notify;
extern bool locking_history;
extern int	locking_keep_lapsed;	/* seconds */
extern int	locking_keep_history;	/* seconds, or -1: for ever */
extern int	locking_hand_over_time; /* seconds; 0: off */
extern int	locking_max_ttl;	/* seconds */
extern int	locking_max_name_length;	/* bytes, like the next */
extern int	locking_max_text_length;
extern int	locking_max_draft_size; /* kB */
extern int	locking_max_locks_per_owner;

/*
 * in bytes; not locking.max_name_length, since the check hook of a setting
 * cannot read another setting
 */
#define MAX_OWNER_LENGTH 255

extern void define_settings(void);
extern void check_owner_argument(const char *owner);

#pragma GCC visibility pop

#endif							/* LOCKING_H */
