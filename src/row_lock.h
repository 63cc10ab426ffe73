/*
 * row_lock.h
 *		Locking a row without the executor.
 */
#ifndef LOCKING_ROW_LOCK_H
#define LOCKING_ROW_LOCK_H

#include "postgres.h"

#include "nodes/lockoptions.h"

#include "table.h"

#pragma GCC visibility push(hidden)

extern bool row_lock(const TableInfo *table, const Datum *values, LockWaitPolicy policy,
					 char **key, TransactionId *xmin, bool *found);
extern bool row_version(const TableInfo *table, const char *key, TransactionId *xmin);

#pragma GCC visibility pop

#endif							/* LOCKING_ROW_LOCK_H */
