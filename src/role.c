/*
 * role.c
 *		Running code of another role as that role.
 *
 * Functions of types, policies, and what planning a query evaluates belong to
 * whoever made the type or table.  What this extension runs of it without the
 * user having named the table in a command runs as that owner, as PostgreSQL
 * does for foreign keys and in maintenance: in a security-restricted operation,
 * whose changes of settings end with it.  An error leaves it to the end of the
 * transaction or subtransaction to restore role and settings.
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

void
enter_role(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, 0);
}

/* The same, and forced row security does not apply, as in a foreign key's checks. */
void
enter_role_as_foreign_key(RoleSwitch *saved, Oid role)
{
	switch_role(saved, role, SECURITY_NOFORCE_RLS);
}

void
leave_role(const RoleSwitch *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->role, saved->context);
}

Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}
