/*
 * role.c
 *		Running code of another role as that role.
 *
 * Functions of types, policies, and what planning a query evaluates belong to
 * the owner of the type or table.  This extension may run such code although
 * the caller has not named the table in a command, or for a caller that has
 * the owner's privileges and more.  It then runs as that owner, in a
 * security-restricted operation, at whose end changes of settings are undone.
 * The search_path is pinned, as in maintenance commands from PostgreSQL 17
 * on: otherwise a caller could have its own functions called with the owner's
 * rights.  After an error, the end of the transaction or subtransaction
 * restores role and settings.
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

/* Enter a security-restricted operation as the current role. */
void
restrict_role(RoleSwitch *saved)
{
	switch_role(saved, GetUserId(), SECURITY_RESTRICTED_OPERATION);
}

/* Enter a security-restricted operation as another role. */
void
enter_role(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_RESTRICTED_OPERATION);
	pin_search_path();
}

/* The same, without forced row security, like the checks of a foreign key. */
void
enter_role_as_foreign_key(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	pin_search_path();
}

/*
 * Switch to another role for this extension's own statements on its own
 * tables, whose triggers are its own, too.
 */
void
enter_role_unrestricted(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, 0);
	pin_search_path();
}

/* Return to the role before the switch, and undo changes of settings. */
void
leave_role(const RoleSwitch *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->role, saved->context);
}
