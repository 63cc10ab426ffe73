/*
 * statement.h
 *		The stack of running statements, and on whose behalf they run.
 */
#ifndef LOCKING_STATEMENT_H
#define LOCKING_STATEMENT_H

#include "postgres.h"

#include "executor/execdesc.h"

#pragma GCC visibility push(hidden)

typedef enum ActionState
{
	ACTION_NONE,				/* or not caused by the session */
	ACTION_OWN,
	ACTION_UNKNOWN				/* begun before the library was loaded */
} ActionState;

extern void statement_init(void);
extern int	trigger_depth(void);
extern ActionState running_action(void);
extern uint64 statement_number(void);
extern bool in_foreign_code(void);
extern bool is_fired_by_foreign_code(void);
extern const QueryDesc *outermost_query(void);
extern bool statement_names(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_STATEMENT_H */
