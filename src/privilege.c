/*
 * privilege.c
 *		Privileges on tables.
 */
#include "privilege.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

/* Does the role have SELECT on the whole table? */
bool
may_select(Oid relid, Oid role)
{
	return pg_class_aclcheck(relid, role, ACL_SELECT) == ACLCHECK_OK;
}

/*
 * Check a privilege of the current role.  Called before the relation is
 * locked, so that a role without it cannot block others.
 */
void
check_right(Oid relid, TableRight right)
{
	static const AclMode modes[] = {
		[MAY_READ] = ACL_SELECT,
		[MAY_LOCK] = ACL_UPDATE,
		[MAY_INSERT] = ACL_INSERT,
		[MAY_NAME] = ACL_SELECT | ACL_UPDATE,
		[MAY_NAME_NEW] = ACL_SELECT | ACL_INSERT,
	};
	Oid			role = GetUserId();

	if (pg_class_aclmask(relid, role, modes[right], ACLMASK_ANY) == 0 &&
		(right == MAY_READ ||
		 pg_attribute_aclcheck_all(relid, role, modes[right], ACLMASK_ANY) != ACLCHECK_OK))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

/*
 * Check the privileges for locking any row of a table.  Called before any
 * lookup, so that nothing reveals whether a row is locked.
 */
void
check_may_lock_any(const TableInfo *table)
{
	check_right(table->root, MAY_LOCK);
	if (may_select(table->root, GetUserId()))
		return;
	for (int i = 0; i < table->key->ncolumns; i++)
		if (pg_attribute_aclcheck(table->root, table->key->columns[i].attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table->root));
}

/*
 * Check that the current role may lock the parent of protected rows in
 * EXCLUSIVE mode, which blocks acquirers.  It needs a privilege with which it
 * could block writers anyway: one of those for LOCK TABLE in that mode, or
 * REFERENCES, with which a foreign key is created.
 */
void
check_may_exclude(Oid relid, void *arg)
{
	Oid			role = GetUserId();

	if (pg_class_aclcheck(relid, role, ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_REFERENCES) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, role, ACL_REFERENCES, ACLMASK_ANY) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table \"%s\"", get_rel_name(relid)),
				 errdetail("The parent of protected rows is locked in EXCLUSIVE mode, which requires the UPDATE, DELETE, TRUNCATE or REFERENCES privilege."),
				 errtable_by_id(relid)));
}
