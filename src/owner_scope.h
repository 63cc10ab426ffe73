/*
 * owner_scope.h
 *		Calls of set_owner() whose effect would end unused.
 */
#ifndef LOCKING_OWNER_SCOPE_H
#define LOCKING_OWNER_SCOPE_H

#include "postgres.h"

#include "fmgr.h"

#pragma GCC visibility push(hidden)

extern void owner_scope_init(void);
extern void check_owner_scope(FunctionCallInfo fcinfo);
extern void note_owner_use(void);

#pragma GCC visibility pop

#endif							/* LOCKING_OWNER_SCOPE_H */
