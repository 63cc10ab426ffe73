/*
 * argument.h
 *		Arguments of SQL functions.
 */
#ifndef LOCKING_ARGUMENT_H
#define LOCKING_ARGUMENT_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

extern void argument_not_null(FunctionCallInfo fcinfo, int argno, const char *what);
extern char *text_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern char *name_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern Datum draft_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern Interval *interval_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern Datum bool_argument(FunctionCallInfo fcinfo, int argno, bool fallback);
extern Datum age_argument(FunctionCallInfo fcinfo, int argno, const char *what);

#pragma GCC visibility pop

#endif							/* LOCKING_ARGUMENT_H */
