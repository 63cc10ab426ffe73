/*
 * event_sweep.h
 *		Removal of old events from the history.
 */
#ifndef LOCKING_EVENT_SWEEP_H
#define LOCKING_EVENT_SWEEP_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern bool sweep_events(int64 acquisitions);

#pragma GCC visibility pop

#endif							/* LOCKING_EVENT_SWEEP_H */
