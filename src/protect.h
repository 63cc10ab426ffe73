/*
 * protect.h
 *		What protect.c and ddl.c share: the triggers' names.
 */
#ifndef LOCKING_PROTECT_H
#define LOCKING_PROTECT_H

/*
 * Triggers of one kind fire in the order of their names' bytes: "~" is the
 * last of ASCII, so the guard sees the row as the users' own triggers leave
 * it.
 */
#define ROW_TRIGGER "~locking_guard"
#define TRUNCATE_TRIGGER "~locking_guard_truncate"

extern void drop_triggers(Oid relid);
extern void guard_truncates(Oid relid, Oid root);

#endif							/* LOCKING_PROTECT_H */
