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

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/syscache.h"

static void
switch_role(RoleSwitch *saved, Oid role, int flags)
{
	GetUserIdAndSecContext(&saved->role, &saved->context);
	SetUserIdAndSecContext(role, saved->context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | flags);
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
	switch_role(saved, GetUserId(), 0);
}

void
enter_role(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, 0);
	pin_search_path();
}

/*
 * The same, and forced row security does not apply, as in a foreign key's
 * checks.
 */
void
enter_role_as_foreign_key(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_NOFORCE_RLS);
	pin_search_path();
}

void
leave_role(const RoleSwitch *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->role, saved->context);
}

void
refuse_missing(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation with OID %u does not exist", relid)));
}

Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		refuse_missing(relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}
