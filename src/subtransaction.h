/*
 * subtransaction.h
 *		Work in a subtransaction, whose effects, including row locks, can be
 *		undone.
 */
#ifndef LOCKING_SUBTRANSACTION_H
#define LOCKING_SUBTRANSACTION_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

typedef bool (*SubtransactionBody) (void *arg);

extern bool in_subtransaction(SubtransactionBody body, void *arg, ErrorData **error);

#pragma GCC visibility pop

#endif							/* LOCKING_SUBTRANSACTION_H */
