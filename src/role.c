/*
 * role.c
 *		Running code of another role as that role.
 *
 * Functions of types, policies, and what planning a query evaluates belong to
 * the owner of the type or table.  Where this extension runs such code
 * without the caller having named the table in a command, or a caller that
 * has the owner's rights and more, it runs as that owner, in a
 * security-restricted operation, whose changes of settings end with it.  The
 * search_path is pinned then, as in maintenance commands from PostgreSQL 17
 * on: otherwise a caller could have functions of its own called with the
 * owner's rights.  An error leaves it to the end of the transaction or
 * subtransaction to restore role and settings.
 */
#include "role.h"

#include "miscadmin.h"
#include "utils/guc.h"

static void
switch_role(RoleSwitch *saved, Oid role, int flags)
{
	GetUserIdAndSecContext(&saved->role, &saved->context);
	SetUserIdAndSecContext(role, saved->context | SECURITY_LOCAL_USERID_CHANGE | flags);
	saved->guc_level = NewGUCNestLevel();
}

static void
pin_search_path(void)
{
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Keeps the role. */
void
restrict_role(RoleSwitch *saved)
{
	switch_role(saved, GetUserId(), SECURITY_RESTRICTED_OPERATION);
}

void
enter_role(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_RESTRICTED_OPERATION);
	pin_search_path();
}

/*
 * The same, and forced row security does not apply, as in a foreign key's
 * checks.
 */
void
enter_role_as_foreign_key(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	pin_search_path();
}

/*
 * For this extension's own statements on its own tables, whose triggers are
 * its own, too.
 */
void
enter_role_unrestricted(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, 0);
	pin_search_path();
}

void
leave_role(const RoleSwitch *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->role, saved->context);
}
