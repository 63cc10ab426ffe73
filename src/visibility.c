/*
 * visibility.c
 *		Whether a role may see a row, and so learn about its lock.
 */
#include "visibility.h"

#include "access/relation.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "key_text.h"
#include "owner.h"
#include "policy.h"
#include "privilege.h"
#include "relation.h"
#include "role.h"
#include "statement.h"
#include "subtransaction.h"
#include "table.h"
#include "target.h"

/* A row whose visibility is checked. */
typedef struct VisibilityCheck
{
	TableInfo  *table;
	const char *key;
	bool		visible;
} VisibilityCheck;

/*
 * Read the row, and do nothing else: policies that run as the caller are code
 * of the table's owner, so they may neither write nor change settings.
 */
static bool
see_row(const VisibilityCheck *check)
{
	TableInfo  *table = check->table;
	Datum		values[INDEX_MAX_KEYS];
	RoleSwitch	saved;
	bool		save_read_only = XactReadOnly;
	bool		visible;

	restrict_role(&saved);
	XactReadOnly = true;
	key_parse_stored(table->key, table->root, check->key, values);
	visible = target_fetch(table, TARGET_SEE, values, NULL, NULL);
	XactReadOnly = save_read_only;
	leave_role(&saved);
	return visible;
}

static void
see_row_for_caller(void *arg)
{
	VisibilityCheck *check = arg;
	bool		before = set_reading_for_caller(!in_foreign_code());

	PG_TRY();
	{
		check->visible = see_row(check);
	}
	PG_FINALLY();
	{
		(void) set_reading_for_caller(before);
	}
	PG_END_TRY();
}

static bool
see_row_body(void *arg)
{
	VisibilityCheck *check = arg;

	evaluate_policies(check->table->root, see_row_for_caller, check);
	return false;
}

/*
 * A policy that raises an error hides the row: the policy of one table must
 * not keep others from reading the list of locks.  So does a policy that
 * reads the locks of its own table.
 */
static bool
policies_show_row(TableInfo *table, const char *key)
{
	VisibilityCheck check = {table, key};
	ErrorData  *error;

	if (is_evaluating_policies(table->root))
		return false;
	(void) in_subtransaction(see_row_body, &check, &error);
	if (error && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return !error && check.visible;
}

/*
 * May code of a table's owner run as the caller, although the caller did not
 * name the table?  Membership is not enough: other members of a group role
 * may own tables through it.
 */
static bool
is_trusted(Oid owner)
{
	return owner == GetUserId() || superuser_arg(owner);
}

/*
 * May the current role read the table and, under row security, this row of
 * it?
 *
 * The policies of a table run as the caller.  They run only if the caller, or
 * the statement that reads a view, named the table, or if the table's owner
 * is the caller or a superuser.  Otherwise the row counts as hidden.  So does
 * the row of a table that is locked against readers, so that a list of locks
 * does not wait for it.
 */
bool
row_visible(Oid relid, const char *key, bool named)
{
	Relation	rel;
	TableInfo  *table;
	bool		visible = false;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)) ||
		!may_select(relid, GetUserId()))
		return false;
	if (check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED)
		return true;
	if (!named && !is_trusted(relation_owner(relid)))
		return false;
	rel = relation_open_nowait(relid);
	if (rel == NULL)
		return false;
	table = table_info(rel);
	if (table->is_protected && !table->key_replaced)
		visible = policies_show_row(table, key);
	relation_close(rel, NoLock);
	return visible;
}

/*
 * May the row be disclosed to the session's user?  Where the running code is
 * not the user's own (a foreign key's action, a SECURITY DEFINER function),
 * policies do not run as the user.
 */
bool
may_disclose(Oid relid, const char *key, bool named)
{
	Oid			role = GetOuterUserId();

	if (role == GetUserId() && !in_foreign_code())
		return row_visible(relid, key, named);
	return may_select(relid, role) &&
		check_enable_rls(relid, role, true) != RLS_ENABLED;
}
