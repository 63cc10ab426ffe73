/*
 * waiting.h
 *		Backends that wait for a row: the order in which they try, and how
 *		they are woken.
 */
#ifndef LOCKING_WAITING_H
#define LOCKING_WAITING_H

#include "postgres.h"

#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

/* The wait of this backend for a row. */
typedef struct Wait
{
	uint64		row;
	int			entry;			/* in shared memory; -1: none, poll */
	TimestampTz free_since;		/* the row seems free to a later one; 0: no */
	struct Wait *outer;			/* of the statement that this one is part of */
} Wait;

extern void waiting_init(void);

extern void wait_begin(Wait *wait, Oid relid, const char *key, const char *owner);
extern void wait_prepare(Wait *wait);
extern bool wait_is_next(Wait *wait, bool row_is_free);
extern void wait_sleep(Wait *wait, TimestampTz until);
extern void wait_end(Wait *wait, bool granted, TimestampTz expires_at);

extern void wake_when_ended(Oid relid, const char *key);
extern void wake_when_handed_over(Oid relid, const char *key, const char *owner);

#pragma GCC visibility pop

#endif							/* LOCKING_WAITING_H */
