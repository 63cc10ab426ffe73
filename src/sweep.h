/*
 * sweep.h
 *		Housekeeping at commits.
 */
#ifndef LOCKING_SWEEP_H
#define LOCKING_SWEEP_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void sweep_init(void);
extern void sweep_soon(int64 token);

#pragma GCC visibility pop

#endif							/* LOCKING_SWEEP_H */
