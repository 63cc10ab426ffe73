/*
 * sequence.h
 *		Numbers from the extension's sequences: tokens and ids of events.
 */
#ifndef LOCKING_SEQUENCE_H
#define LOCKING_SEQUENCE_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void sequence_register(void);
extern void sequence_init(void);
extern int64 next_token(int64 above);
extern int64 next_event_id(void);
extern void token_seen(int64 token);

#pragma GCC visibility pop

#endif							/* LOCKING_SEQUENCE_H */
