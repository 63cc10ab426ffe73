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

/* The place of a uuid, the same as that of its text. */
static inline uint64
place_of_uuid(const unsigned char *uuid)
{
	uint64		halves[2];

	memcpy(halves, uuid, sizeof(halves));
	halves[1] = (halves[1] ^ halves[1] >> 32) * UINT64CONST(0x9e3779b97f4a7c15);
	halves[0] ^= halves[1];
	halves[0] = (halves[0] ^ halves[0] >> 32) * UINT64CONST(0xbf58476d1ce4e5b9);
	return halves[0] ^ halves[0] >> 32;
}

#pragma GCC visibility pop

#endif							/* LOCKING_PLACE_H */
