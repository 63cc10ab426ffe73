/*
 * numbered.h
 *		Writing rows that have a number from a sequence.
 */
#ifndef LOCKING_NUMBERED_H
#define LOCKING_NUMBERED_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

extern bool numbered_write(Relation rel, ItemPointer replaced, HeapTuple tuple, const char *index);

#pragma GCC visibility pop

#endif							/* LOCKING_NUMBERED_H */
