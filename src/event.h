/*
 * event.h
 *		Events of locks.
 */
#ifndef LOCKING_EVENT_H
#define LOCKING_EVENT_H

#include "postgres.h"

#include "record.h"

#pragma GCC visibility push(hidden)

typedef enum EventKind
{
	EVENT_ACQUIRED,
	EVENT_RESUMED,
	EVENT_RELEASED,
	EVENT_EXPIRED,
	EVENT_BROKEN,
	EVENT_TAKEN_OVER,
	EVENT_REQUESTED,			/* these two are notified, not kept */
	EVENT_WITHDRAWN
} EventKind;

extern void event_record(EventKind kind, const Lock *lock, const char *reason);

#pragma GCC visibility pop

#endif							/* LOCKING_EVENT_H */
