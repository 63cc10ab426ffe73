/*
 * place.h
 *		Places: the numbers by which the gate addresses rows.
 */
#ifndef LOCKING_PLACE_H
#define LOCKING_PLACE_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern uint64 place_of_text(const char *key, int length);

/* The place of an integer key, the same as that of its text. */
static inline uint64
place_of_integer(int64 key)
{
	return (uint64) key;
}

#pragma GCC visibility pop

#endif							/* LOCKING_PLACE_H */
