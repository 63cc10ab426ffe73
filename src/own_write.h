/*
 * own_write.h
 *		Writes of locked rows by their owner, without confirm().
 */
#ifndef LOCKING_OWN_WRITE_H
#define LOCKING_OWN_WRITE_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void own_write_init(void);
extern void note_own_write(int64 token);
extern bool has_own_writes(int64 token);
extern bool is_own_write(int64 token, TransactionId xmin);
extern void forget_own_writes(int64 token);

#pragma GCC visibility pop

#endif							/* LOCKING_OWN_WRITE_H */
