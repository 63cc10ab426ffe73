/*
 * key_array.h
 *		Arrays of primary keys, as an argument of a function.
 */
#ifndef LOCKING_KEY_ARRAY_H
#define LOCKING_KEY_ARRAY_H

#include "postgres.h"

#include "fmgr.h"

#include "key.h"

#pragma GCC visibility push(hidden)

extern Datum **key_array_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, int *n);

#pragma GCC visibility pop

#endif							/* LOCKING_KEY_ARRAY_H */
