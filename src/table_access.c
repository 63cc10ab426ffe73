/*
 * table_access.c
 *		Access to protected tables: locking and opening them after checking
 *		the caller's rights.
 */
#include "table_access.h"

#include "access/relation.h"
#include "catalog/pg_trigger.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "argument.h"
#include "compat.h"
#include "guard_trigger.h"
#include "inject.h"
#include "partition.h"
#include "relation.h"
#include "table_settings.h"

/*
 * Refuse to write or lock rows of a table whose primary key, or foreign key
 * to the parent, is no longer the protected one, or whose rows are not in the
 * heap.
 */
void
check_in_force(const TableInfo *table)
{
	if (table->not_in_heap)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows of table \"%s\" cannot be locked: its table access method is not heap",
						get_rel_name(table->relid)),
				 errdetail("Locks rely on row locks and transaction ids (xmin) as heap tables have them."),
				 errhint("Return to heap with ALTER TABLE ... SET ACCESS METHOD, or call locking.unprotect()."),
				 errtable_by_id(table->relid)));
	if (table->key_replaced)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the primary key of protected table \"%s\" was dropped or replaced",
						get_rel_name(table->root)),
				 errdetail("Its locks refer to the key that it had when it was protected."),
				 errhint("Call locking.protect() again, or locking.unprotect()."),
				 errtable_by_id(table->root)));
	if (table->parent_lost)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the foreign key that guards table \"%s\" by its parent was dropped or replaced",
						get_rel_name(table->root)),
				 errhint("Call locking.protect() again, or locking.unprotect()."),
				 errtable_by_id(table->root)));
}

static void
refuse_unprotected(Oid relid)
{
	char	   *name = qualified_name(relid);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not protected", get_rel_name(relid)),
			 errhint("Protect it first: SELECT locking.protect(%s).", quote_literal_cstr(name)),
			 errtable_by_id(relid)));
}

/*
 * The relation on which a guard trigger was created.  Row triggers of
 * partitions are clones, which cannot be dropped by themselves.
 */
static Oid
trigger_origin(Oid origin, const Trigger *trigger)
{
	ListCell   *cell;

	if (!TRIGGER_FOR_ROW(trigger->tgtype))
		return origin;
	foreach(cell, partition_ancestors(origin))
	{
		if (OidIsValid(get_trigger_oid(lfirst_oid(cell), trigger->tgname, true)))
			origin = lfirst_oid(cell);
	}
	return origin;
}

/*
 * Refuse a write to a table that has a guard but no settings, rather than let
 * it pass.  protect() and unprotect() leave no such table, but other tools
 * may: they create tables or restore them with their triggers, not knowing
 * the settings.
 */
void
check_has_settings(const TableInfo *table, Relation rel, const Trigger *trigger)
{
	const char *name = trigger->tgname;

	if (table->is_protected)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" has the guard trigger \"%s\", but is not protected",
					RelationGetRelationName(rel), name),
			 errdetail("Its locks cannot be checked, because it has no settings in \"locking.protected\"."),
			 errhint("Protect it with SELECT locking.protect(%s), or drop the trigger with DROP TRIGGER %s ON %s.",
					 quote_literal_cstr(qualified_name(table->root)), quote_identifier(name),
					 qualified_name(trigger_origin(RelationGetRelid(rel), trigger))),
			 errtable(rel)));
}

/*
 * Is the parent of the rows written protected?  Refuse the write if it has
 * the guard, but no settings: its rows may be locked.
 */
bool
check_parent_protected(const TableInfo *parent, Relation rel)
{
	const Trigger *guard;

	if (parent->is_protected)
		check_in_force(parent);
	else if ((guard = row_guard_of(rel)) != NULL)
		check_has_settings(parent, rel, guard);
	return parent->is_protected;
}

/* ---- partitions ---- */

/*
 * Lock the partitions between the root and a relation, in this order, and the
 * relation.
 */
static void
lock_below_root(const List *ancestors, Oid relid)
{
	for (int i = list_length(ancestors) - 2; i >= 0; i--)
		LockRelationOid(list_nth_oid(ancestors, i), AccessShareLock);
	if (ancestors != NIL)
		LockRelationOid(relid, AccessShareLock);
}

static void
unlock_below_root(const List *ancestors, Oid relid)
{
	for (int i = 0; i < list_length(ancestors) - 1; i++)
		UnlockRelationOid(list_nth_oid(ancestors, i), AccessShareLock);
	if (ancestors != NIL)
		UnlockRelationOid(relid, AccessShareLock);
}

/*
 * Open the root of the table "relid".  "check" is called before any lock is
 * taken, so that a role without rights on a table blocks no others.  The
 * catalog rows of a relation may change until it is locked, so the ancestors
 * are locked, root first, and looked up again.
 */
Relation
open_root(Oid relid, LOCKMODE lockmode, RootCheck check, void *arg)
{
	for (;;)
	{
		List	   *ancestors = partition_ancestors(relid);
		Oid			root = partition_root(ancestors, relid);
		Relation	rel;

		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(root)))
			refuse_missing(relid);
		check(root, arg);
		rel = try_relation_open(root, lockmode);
		INJECT("root-opened");
		if (rel)
			lock_below_root(ancestors, relid);
		if (rel && equal(ancestors, partition_ancestors(relid)))
			return rel;
		if (rel == NULL)
		{
			AcceptInvalidationMessages();
			continue;
		}
		unlock_below_root(ancestors, relid);
		relation_close(rel, lockmode);
	}
}

/* ---- protected tables ---- */

/*
 * A RootCheck for protected tables.  "arg" points to the required TableRight.
 */
static void
check_may_use(Oid root, void *arg)
{
	if (!is_known_as_protected(root) && !is_protected_table(root))
		refuse_unprotected(root);
	check_right(root, *(TableRight *) arg);
}

/*
 * The root table of "relid", locked, if it is protected and the current role
 * has the right. protect() of a child conflicts with RowShareLock, so the
 * cached entry of the table is current.
 */
TableInfo *
protected_table_by_id(Oid relid, LOCKMODE lockmode, TableRight right)
{
	Relation	rel = open_root(relid, lockmode, check_may_use, &right);
	TableInfo  *info = table_info(rel);

	if (!info->is_protected)
		refuse_unprotected(info->root);
	relation_close(rel, NoLock);
	check_in_force(info);
	return info;
}

/* The same for an argument of a function. */
TableInfo *
protected_table(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right)
{
	argument_not_null(fcinfo, argno, "relation");
	return protected_table_by_id(PG_GETARG_OID(argno), lockmode, right);
}

/* A RootCheck for tables that need not be protected. */
static void
check_root_right(Oid root, void *arg)
{
	check_right(root, *(TableRight *) arg);
}

/*
 * The same for what outlives the protection of a table, which need not be
 * protected any more, but must have a key.
 */
TableInfo *
table_with_key(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right)
{
	Relation	rel;
	TableInfo  *info;

	argument_not_null(fcinfo, argno, "relation");
	rel = open_root(PG_GETARG_OID(argno), lockmode, check_root_right, &right);
	info = table_info(rel);
	relation_close(rel, NoLock);
	if (info->is_protected)
		check_in_force(info);
	else if (info->key == NULL)
		refuse_unprotected(info->root);
	return info;
}
