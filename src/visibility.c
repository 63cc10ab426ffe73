/*
 * visibility.c
 *		Whether a role may see a row.
 */
#include "visibility.h"

#include "access/relation.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
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

/* A row that the caller may be able to see. */
typedef struct VisibilityCheck
{
	TableInfo  *table;
	const char *key;
	bool		visible;
} VisibilityCheck;

/*
 * Read a row, and do nothing else: the policies that run as the caller are
 * the table owner's code, so they may neither write nor leave settings.
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
see_row_as_own_reading(void *arg)
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

	evaluate_policies(check->table->root, see_row_as_own_reading, check);
	return false;
}

/*
 * A policy that fails hides the row: one table's must not keep everybody from
 * reading the list of locks.  So does one that comes back to its own table by
 * asking for its locks.
 */
static bool
policies_show_row(TableInfo *table, const char *key)
{
	VisibilityCheck check = {table, key};
	ErrorData  *error;

	if (is_being_evaluated(table->root))
		return false;
	(void) in_subtransaction(see_row_body, &check, &error);
	if (error && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return !error && check.visible;
}

/*
 * May the code of a table's owner run as the caller without having been named
 * by the caller?  Membership is no trust: other members of a group role may
 * own tables by it.
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
 * the statement that reads a view, named the table, or if its owner is one of
 * the caller's own roles or a superuser; otherwise the row counts as hidden.
 * So does one whose table is locked against readers, rather than that a list
 * of locks waits for it.
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
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;

	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return false;
	table = table_info(rel);
	if (table->is_protected && !table->key_replaced)
		visible = policies_show_row(table, key);
	relation_close(rel, NoLock);
	return visible;
}

/*
 * May the session's user be told of the row?  Where the code that runs is not
 * its own (a foreign key's action, a SECURITY DEFINER function) policies are
 * not run as it.
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
