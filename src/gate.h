/*
 * gate.h
 *		The gate: a filter in shared memory that proves most rows unlocked
 *		without a lookup.
 */
#ifndef LOCKING_GATE_H
#define LOCKING_GATE_H

#include "postgres.h"

#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

extern void gate_init(void);
extern void gate_raise(Oid relid, const char *key, TimestampTz expires_at);
extern void gate_raise_written(Oid relid, const char *key, TimestampTz expires_at);
extern void gate_begin_statement(void);
extern void gate_prefetch(Oid relid, uint64 place);
extern bool gate_proves_unlocked(Oid relid, uint64 place, bool lapsed_too);
extern void gate_count_false_positive(void);

#pragma GCC visibility pop

#endif							/* LOCKING_GATE_H */
