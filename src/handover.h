/*
 * handover.h
 *		Handing a row over to an owner that requested it, and the turns of
 *		those owners after an expiry.
 */
#ifndef LOCKING_HANDOVER_H
#define LOCKING_HANDOVER_H

#include "postgres.h"

#include "event.h"
#include "record.h"

#pragma GCC visibility push(hidden)

/* A hand-over that was prepared before the record is locked. */
typedef struct HandOver
{
	bool		possible;		/* the target row is locked */
	const char *named;			/* the next holder; NULL: the first requester */
	TimestampTz expires_at;
} HandOver;

/* Whose turn it is, for the current owner. */
typedef enum TurnOf
{
	TURN_OF_ALL,				/* there are no turns, or they are over */
	TURN_OF_CALLER,
	TURN_OF_OTHERS
} TurnOf;

typedef struct Turn
{
	TurnOf		of;
	char	   *owner;			/* the latest requester to have its turn */
	char	   *owner_name;		/* or NULL */
	TimestampTz ends_at;		/* when the caller may acquire the row */
} Turn;

extern void hand_over_prepare(Relation records, HandOver *next, Lock *lock, const char *named);
extern bool hand_over(Relation records, const HandOver *next, Lock *lock, EventKind how, const char *reason);
extern void hand_over_check_enabled(void);
extern Turn turn_after(const Lock *lapsed, TimestampTz now);
extern bool turns_are_over(const Lock *lapsed, TimestampTz now);

#pragma GCC visibility pop

#endif							/* LOCKING_HANDOVER_H */
