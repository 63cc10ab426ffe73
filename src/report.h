/*
 * report.h
 *		Error reports for refused operations.
 */
#ifndef LOCKING_REPORT_H
#define LOCKING_REPORT_H

#include "postgres.h"

#include "compat.h"
#include "record.h"

#pragma GCC visibility push(hidden)

extern char *clipped(const char *text);
extern void report_reserved(const Lock *turn);
pg_noreturn extern void report_not_taken(const Lock *lock);
extern void report_locked(int elevel, const Lock *lock, Oid child);
pg_noreturn extern void report_lost(int64 token);
pg_noreturn extern void report_not_owner(int64 token);

#pragma GCC visibility pop

#endif							/* LOCKING_REPORT_H */
