/*
 * release.h
 *		Deletion of the record of a lock that has ended.
 */
#ifndef LOCKING_RELEASE_H
#define LOCKING_RELEASE_H

#include "postgres.h"

#include "event.h"
#include "record.h"

#pragma GCC visibility push(hidden)

extern void release_record(Relation records, Lock *lock, EventKind kind, const char *reason);

#pragma GCC visibility pop

#endif							/* LOCKING_RELEASE_H */
