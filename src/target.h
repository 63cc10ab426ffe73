/*
 * target.h
 *		The row that a lock is on.
 */
#ifndef LOCKING_TARGET_H
#define LOCKING_TARGET_H

#include "postgres.h"

#include "fmgr.h"

#include "table.h"
#include "table_access.h"

#pragma GCC visibility push(hidden)

extern bool target_fetch(TableInfo *table, TargetQuery query, const Datum *values,
						 char **key, TransactionId *xmin);
extern TransactionId target_xmin(TableInfo *table, const Datum *values);
extern bool target_lock_as_owner(TableInfo *table, const char *key);
extern char *target_key(TableInfo *table, const Datum *values);
extern TableInfo *row_argument(FunctionCallInfo fcinfo, LOCKMODE lockmode, TableRight right,
							   Datum *values, char **key);
extern TableInfo *any_row_argument(FunctionCallInfo fcinfo, char **key);
extern TableInfo *own_row_argument(FunctionCallInfo fcinfo, Datum *values, Datum *parameters);
extern void check_may_lock(TableInfo *table, const Datum *values);
pg_noreturn extern void report_no_such_row(const TableInfo *table, const Datum *values);

#pragma GCC visibility pop

#endif							/* LOCKING_TARGET_H */
