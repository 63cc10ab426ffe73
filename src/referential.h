/*
 * referential.h
 *		Referential actions of foreign keys.
 */
#ifndef LOCKING_REFERENTIAL_H
#define LOCKING_REFERENTIAL_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

extern bool in_referential_action(Relation rel, HeapTuple old, HeapTuple new);

#pragma GCC visibility pop

#endif							/* LOCKING_REFERENTIAL_H */
