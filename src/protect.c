/*
 * protect.c
 *		protect() and unprotect(): settings and triggers of a table.
 *
 * Writers are blocked while triggers and settings change
 * (ShareRowExclusiveLock).  Acquirers of a parent's rows are blocked while
 * its children become guarded, since they lock the rows in a stronger mode
 * from then on (rule 7).
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "catalog.h"
#include "clock.h"
#include "compat.h"
#include "event.h"
#include "guard_trigger.h"
#include "lease.h"
#include "partition.h"
#include "privilege.h"
#include "record.h"
#include "relation.h"
#include "release.h"
#include "rewrite.h"
#include "table.h"
#include "table_access.h"
#include "table_settings.h"

PG_FUNCTION_INFO_V1(locking_is_distributed);
PG_FUNCTION_INFO_V1(locking_protect);
PG_FUNCTION_INFO_V1(locking_unprotect);

/* ---- privileges ---- */

/*
 * Was EXECUTE on the function granted to the caller by name, rather than to
 * PUBLIC?
 */
static bool
granted_by_name(Oid function)
{
	Oid			types[] = {OIDOID, OIDOID};
	Datum		values[] = {ObjectIdGetDatum(function), ObjectIdGetDatum(GetUserId())};

	return catalog_execute("SELECT FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a"
						   " WHERE p.oid = $1 AND a.privilege_type = 'EXECUTE' AND a.grantee <> 0"
						   " AND a.grantee <> p.proowner"
						   " AND pg_catalog.pg_has_role($2, a.grantee, 'USAGE')",
						   lengthof(types), types, values, NULL) > 0;
}

/*
 * Check the right to change settings of a table.  "arg" points to the OID of
 * the called function.
 */
static void
check_may_protect(Oid relid, void *arg)
{
	Oid			function = *(Oid *) arg;

	if (!locking_owns_relation(relid, GetUserId()) && !granted_by_name(function))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to protect or unprotect table \"%s\"", get_rel_name(relid)),
				 errdetail("This requires ownership of the table, or EXECUTE on %s() granted to the role by name.",
						   get_func_name(function)),
				 errtable_by_id(relid)));
}

static void
check_may_be_parent(Oid relid, void *arg)
{
	if (!granted_by_name(*(Oid *) arg))
		check_may_exclude(relid, NULL);
}

/* ---- requirements ---- */

static void
refuse_relation(Relation rel, const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot protect \"%s\": %s", RelationGetRelationName(rel), why),
			 hint ? errhint("%s", hint) : 0,
			 errtable(rel)));
}

static void
check_can_be_protected(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			break;
		case RELKIND_VIEW:
			refuse_relation(rel, "it is a view", "Protect the underlying table instead.");
			break;
		case RELKIND_FOREIGN_TABLE:
			refuse_relation(rel, "it is a foreign table", "Protect it on the server that stores it.");
			break;
		default:
			refuse_relation(rel, "it is not a table", NULL);
	}
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		refuse_relation(rel, "it is a temporary table", "No other session can access it anyway.");
	if (RelationGetNamespace(rel) == get_namespace_oid("locking", false) || IsSystemRelation(rel))
		refuse_relation(rel, "it is a system table", NULL);
}

/* Check the partitions, too.  They are locked. */
static void
check_heap(Oid root)
{
	ListCell   *cell;

	foreach(cell, partition_descendants(root))
	{
		Relation	rel = relation_open(lfirst_oid(cell), NoLock);

		if (!is_heap(rel))
			refuse_relation(rel, "its table access method is not heap",
							"Locks rely on row locks and transaction ids (xmin) as heap tables have them.");
		relation_close(rel, NoLock);
	}
}

/*
 * Does an extension (Citus) keep rows of the table or of its partitions in
 * other tables, where this table's triggers do not fire?
 */
static bool
is_distributed(Oid relid)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relid)};

	return OidIsValid(get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE)) &&
		catalog_execute("SELECT FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid::oid = $1"
						" OR d.logicalrelid::oid IN (SELECT t.relid::oid FROM pg_catalog.pg_partition_tree($1) t)",
						lengthof(types), types, values, NULL) > 0;
}

/* The same, for the view of the protected tables. */
Datum
locking_is_distributed(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_distributed(PG_GETARG_OID(0)));
}

static void
check_not_distributed(Relation rel)
{
	if (!is_distributed(RelationGetRelid(rel)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot protect \"%s\": it is a distributed table", RelationGetRelationName(rel)),
			 errdetail("Writes to its shards do not fire the triggers of the table."),
			 errhint("Undistribute the table first, or protect a local table."),
			 errtable(rel)));
}

static List *
check_primary_key(Relation rel)
{
	List	   *attnums;
	Oid			index;
	bool		deferrable;

	if (!find_primary_key(RelationGetRelid(rel), &attnums, &index, &deferrable))
		refuse_relation(rel, "it has no primary key", "Add one with ALTER TABLE ... ADD PRIMARY KEY.");
	if (deferrable)
		refuse_relation(rel, "its primary key is deferrable",
						"Make it NOT DEFERRABLE: otherwise two rows can have the same key until the transaction ends.");
	return attnums;
}

/* ---- settings ---- */

static void
refuse_argument(Relation rel, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errtable(rel)));
}

static void
check_columns(Relation rel, ArrayType *columns)
{
	Datum	   *names;
	bool	   *nulls;
	int			n;

	deconstruct_array(columns, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &n);
	if (n == 0)
		refuse_argument(rel, "columns must name at least one column, or be null for all");
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			refuse_argument(rel, "columns must not contain null");
		if (get_attnum(RelationGetRelid(rel), NameStr(*DatumGetName(names[i]))) <= 0)
			refuse_argument(rel, psprintf("column \"%s\" of table \"%s\" does not exist",
										  NameStr(*DatumGetName(names[i])), RelationGetRelationName(rel)));
	}
}

/*
 * The table that the foreign key references, with acquirers of its root's
 * rows blocked; or InvalidOid.
 */
static Oid
lock_parent(FunctionCallInfo fcinfo, Relation rel)
{
	ForeignKey	fk;
	const char *name;

	if (PG_ARGISNULL(6))
		return InvalidOid;
	name = NameStr(*PG_GETARG_NAME(6));
	if (!find_foreign_key(RelationGetRelid(rel), name, &fk))
		refuse_argument(rel, psprintf("\"%s\" is not a foreign key of table \"%s\"",
									  name, RelationGetRelationName(rel)));
	if (fk.is_temporal)
		refuse_argument(rel, psprintf("temporal foreign key \"%s\" cannot define the parent of rows", name));
	relation_close(open_root(fk.target, ExclusiveLock, check_may_be_parent, &fcinfo->flinfo->fn_oid), NoLock);
	return fk.target;
}

static void
warn_unprotected_parent(Oid parent)
{
	Oid			root = table_root(parent);

	if (!is_protected_table(root))
		ereport(WARNING,
				(errmsg("parent table \"%s\" is not protected", get_rel_name(root)),
				 errhint("Its rows cannot be locked until locking.protect() is called for it, too.")));
}

static Datum
key_names(Relation rel, List *attnums)
{
	Datum	   *names = palloc(list_length(attnums) * sizeof(Datum));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, attnums)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), lfirst_int(cell) - 1);

		names[n++] = NameGetDatum(&att->attname);
	}
	return PointerGetDatum(construct_array(names, n, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR));
}

/*
 * Delete the settings.  The trigger on locking.protected invalidates all
 * backends' caches.
 */
static void
delete_settings(Oid relid)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relid)};

	catalog_execute("DELETE FROM locking.protected WHERE relation = $1", 1, types, values, NULL);
}

static void
write_settings(FunctionCallInfo fcinfo, Relation rel, List *key, Oid parent)
{
	static const Oid types[] = {REGCLASSOID, BOOLOID, BOOLOID, NAMEARRAYOID, INTERVALOID,
	INTERVALOID, NAMEOID, NAMEARRAYOID, REGCLASSOID};
	Datum		values[9];
	bool		nulls[9] = {0};

	values[0] = ObjectIdGetDatum(RelationGetRelid(rel));
	values[1] = bool_argument(fcinfo, 1, true);
	values[2] = bool_argument(fcinfo, 2, false);
	for (int i = 3; i < 7; i++)
	{
		nulls[i] = PG_ARGISNULL(i);
		values[i] = nulls[i] ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	values[7] = key_names(rel, key);
	values[8] = ObjectIdGetDatum(parent);
	nulls[8] = !OidIsValid(parent);

	/*
	 * not INSERT ... ON CONFLICT, which fires the trigger on INSERT as well
	 */
	if (catalog_execute("UPDATE locking.protected SET hard = $2, required = $3, columns = $4, ttl = $5,"
						" warning = $6, parent = $7, key = $8, parent_table = $9 WHERE relation = $1",
						lengthof(types), types, values, nulls) == 0)
		catalog_execute("INSERT INTO locking.protected (relation, hard, required, columns, ttl, warning, parent, key, parent_table)"
						" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
						lengthof(types), types, values, nulls);
}

/*
 * End all locks of a table that is being unprotected, or protected by another
 * key, and delete the requests for its rows.
 */
static void
end_all_locks(Oid relid, const char *reason)
{
	static const Oid types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relid)};
	Relation	records = records_open(RowExclusiveLock);
	ListCell   *cell;

	foreach(cell, records_of(records, relid))
	{
		Lock	   *lock = lfirst(cell);

		if (record_lock(records, lock, LockTupleExclusive, LockWaitBlock))
			release_record(records, lock,
						   has_lapsed(lock, clock_now()) ? EVENT_EXPIRED : EVENT_BROKEN, reason);
	}
	table_close(records, NoLock);
	catalog_execute("DELETE FROM locking.request_queue WHERE relation = $1", 1, types, values, NULL);
}

/* ---- functions ---- */

/*
 * Block creation and detachment of partitions, and wait for transactions that
 * do this: PostgreSQL would not see such partitions when triggers are created
 * and dropped.
 */
static void
lock_partitions(Oid root)
{
	List	   *locked = NIL;
	bool		more;

	do
	{
		ListCell   *cell;

		more = false;
		foreach(cell, partition_descendants(root))
		{
			if (list_member_oid(locked, lfirst_oid(cell)))
				continue;
			LockRelationOid(lfirst_oid(cell), ShareRowExclusiveLock);
			locked = lappend_oid(locked, lfirst_oid(cell));
			more = true;
		}
	} while (more);
}

/*
 * Open the root table, locked against writers, if the caller may change its
 * settings.  A partition that is being attached becomes part of its root, for
 * which the right is checked.
 */
static Relation
open_for_settings(FunctionCallInfo fcinfo)
{
	Relation	rel;

	PreventCommandIfReadOnly("protection changes");
	argument_not_null(fcinfo, 0, "relation");
	rel = open_root(PG_GETARG_OID(0), ShareRowExclusiveLock, check_may_protect,
					&fcinfo->flinfo->fn_oid);
	lock_partitions(RelationGetRelid(rel));
	return rel;
}

Datum
locking_protect(PG_FUNCTION_ARGS)
{
	Relation	rel = open_for_settings(fcinfo);
	Oid			relid = RelationGetRelid(rel);
	List	   *always = triggers_that_fire_always(relid);
	Oid			parent;
	List	   *key;

	check_can_be_protected(rel);
	check_heap(relid);
	check_not_distributed(rel);
	key = check_primary_key(rel);
	(void) interval_argument(fcinfo, 4, "ttl");
	(void) interval_argument(fcinfo, 5, "warning");
	if (!PG_ARGISNULL(3))
		check_columns(rel, PG_GETARG_ARRAYTYPE_P(3));
	parent = lock_parent(fcinfo, rel);
	if (table_info(rel)->key_replaced)
		end_all_locks(relid, "the primary key was replaced");
	else if (table_info(rel)->ncolumns == 0 && !PG_ARGISNULL(3))
		expect_some_columns(relid);
	else if (table_info(rel)->ncolumns > 0 && PG_ARGISNULL(3))
		expect_all_columns(relid);

	drop_all_triggers(relid);
	write_settings(fcinfo, rel, key, parent);
	create_triggers(relid, OidIsValid(parent));
	CommandCounterIncrement();
	if (OidIsValid(parent))
		warn_unprotected_parent(parent);
	relation_close(rel, NoLock);
	fire_always(always);
	PG_RETURN_VOID();
}

Datum
locking_unprotect(PG_FUNCTION_ARGS)
{
	Relation	rel = open_for_settings(fcinfo);
	Oid			relid = RelationGetRelid(rel);

	if (!is_protected_table(relid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not protected", RelationGetRelationName(rel)),
				 errtable(rel)));
	drop_all_triggers(relid);
	end_all_locks(relid, "the table was unprotected");
	delete_settings(relid);
	relation_close(rel, NoLock);
	PG_RETURN_VOID();
}
