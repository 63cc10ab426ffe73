/*
 * protect.h
 *		Triggers of protected tables.
 */
#ifndef LOCKING_PROTECT_H
#define LOCKING_PROTECT_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

/*
 * Triggers of the same kind fire in the byte order of their names.  "~" is
 * the last ASCII character, so the guard sees the row as the users' own
 * triggers leave it.
 */
#define ROW_TRIGGER "~locking_guard"
#define TRUNCATE_TRIGGER "~locking_guard_truncate"

extern void drop_triggers(Oid relid);
extern void create_truncate_triggers(Oid relid, Oid root);

#pragma GCC visibility pop

#endif							/* LOCKING_PROTECT_H */
