/*
 * statement.h
 *		The statements that are being executed, and whose code they are.
 */
#ifndef LOCKING_STATEMENT_H
#define LOCKING_STATEMENT_H

#include "postgres.h"

#include "utils/rel.h"

#pragma GCC visibility push(hidden)

extern void statement_init(void);
extern uint64 statement_number(void);
extern bool in_foreign_code(void);
extern bool is_fired_by_foreign_code(void);
extern bool in_referential_action(Relation rel, HeapTuple old, HeapTuple new);
extern bool statement_names(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_STATEMENT_H */
