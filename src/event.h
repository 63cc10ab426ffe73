/*
 * event.h
 *		Lock events.
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
	EVENT_HANDED_OVER,
	EVENT_REQUESTED,			/* from here on not in the history */
	EVENT_WITHDRAWN,
	EVENT_DECLINED
} EventKind;

extern void event_record(EventKind kind, const Lock *lock, const char *reason);

#pragma GCC visibility pop

#endif							/* LOCKING_EVENT_H */
