/*
 * event_worker.h
 *		The background worker that publishes events.
 */
#ifndef LOCKING_EVENT_WORKER_H
#define LOCKING_EVENT_WORKER_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern bool event_worker_ensure(void);

#pragma GCC visibility pop

#endif							/* LOCKING_EVENT_WORKER_H */
