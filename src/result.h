/*
 * result.h
 *		Results of functions that return a set.
 */
#ifndef LOCKING_RESULT_H
#define LOCKING_RESULT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/tuplestore.h"

#pragma GCC visibility push(hidden)

extern Tuplestorestate *begin_result(FunctionCallInfo fcinfo, TupleDesc *desc);

#pragma GCC visibility pop

#endif							/* LOCKING_RESULT_H */
