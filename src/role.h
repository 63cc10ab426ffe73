/*
 * role.h
 *		Running code of another role as that role.
 */
#ifndef LOCKING_ROLE_H
#define LOCKING_ROLE_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

typedef struct RoleSwitch
{
	Oid			role;			/* to be restored */
	int			context;
	int			guc_level;
} RoleSwitch;

extern void restrict_role(RoleSwitch *saved);
extern void enter_role(RoleSwitch *saved, Oid role);
extern void enter_role_as_foreign_key(RoleSwitch *saved, Oid role);
extern void enter_role_unrestricted(RoleSwitch *saved, Oid role);
extern void leave_role(const RoleSwitch *saved);

#pragma GCC visibility pop

#endif							/* LOCKING_ROLE_H */
