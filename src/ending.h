/*
 * ending.h
 *		How a lock ended, as far as the history tells.
 */
#ifndef LOCKING_ENDING_H
#define LOCKING_ENDING_H

#include "postgres.h"

#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

typedef struct LockEnding
{
	Oid			relation;
	char	   *key;
	char	   *owner;
	char	   *event;			/* NULL: not in the history */
	TimestampTz at;
	char	   *actor;			/* or NULL */
	char	   *actor_name;		/* or NULL */
	char	   *reason;			/* or NULL */
	char	   *successor;		/* owner of the row's next lock, or NULL */
	char	   *successor_name; /* or NULL, as after a hand-over */
	bool		handed_over;	/* to the successor */
} LockEnding;

extern bool find_ending(int64 token, LockEnding *ending);

#pragma GCC visibility pop

#endif							/* LOCKING_ENDING_H */
