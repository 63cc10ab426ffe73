/*
 * relation.c
 *		Properties of relations, read from the system catalogs.
 */
#include "relation.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Report that a relation does not exist. */
void
refuse_missing(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation with OID %u does not exist", relid)));
}

/* The owner of a relation. */
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

/*
 * Lock a relation against being altered.  Returns false if that would require
 * waiting.  A conditional lock fails while another transaction waits for the
 * relation, even if this transaction has locked it already.  But then the
 * other one waits for this one, so an ordinary lock is granted at once.
 */
bool
lock_relation_nowait(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		if (locking_holds_lock(&tag, mode))
		{
			LockRelationOid(relid, AccessShareLock);
			return true;
		}
	}
	return ConditionalLockRelationOid(relid, AccessShareLock);
}

/*
 * Lock and open a relation for reading.  Returns NULL if that would require
 * waiting, or if there is no such relation.  The lock is kept until the
 * transaction ends.
 */
Relation
relation_open_nowait(Oid relid)
{
	return lock_relation_nowait(relid) ? try_relation_open(relid, NoLock) : NULL;
}

/*
 * Does the relation store rows as the heap does?  Then a row version has the
 * id of the transaction that wrote it.  An access method of another name that
 * has the heap's handler counts; a partitioned table stores none.
 */
bool
is_heap(Relation rel)
{
	return rel->rd_tableam == NULL || rel->rd_tableam == GetHeapamTableAmRoutine();
}

/* The quoted and qualified name of a relation. */
char *
qualified_name(Oid relid)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relid));
	char	   *name = get_rel_name(relid);

	if (schema == NULL || name == NULL)
		refuse_missing(relid);
	return quote_qualified_identifier(schema, name);
}

/* errtable() for a relation that is not open. */
int
errtable_by_id(Oid relid)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relid));
	char	   *table = get_rel_name(relid);

	if (schema)
		err_generic_string(PG_DIAG_SCHEMA_NAME, schema);
	if (table)
		err_generic_string(PG_DIAG_TABLE_NAME, table);
	return 0;
}

static List *
int2_list(Datum array_datum)
{
	ArrayType  *array = DatumGetArrayTypeP(array_datum);
	int16	   *numbers = (int16 *) ARR_DATA_PTR(array);
	int			n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	List	   *list = NIL;

	for (int i = 0; i < n; i++)
		list = lappend_int(list, numbers[i]);
	return list;
}

/*
 * Read the columns of a primary key, in key order, and its index.  False: the
 * table has none.
 */
bool
find_primary_key(Oid relid, List **attnums, Oid *index, bool *deferrable)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		bool		isnull;

		if (form->contype != CONSTRAINT_PRIMARY)
			continue;
		*attnums = int2_list(heap_getattr(tuple, Anum_pg_constraint_conkey,
										  RelationGetDescr(constraints), &isnull));
		*index = form->conindid;
		*deferrable = form->condeferrable;
		found = true;
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found;
}

/* Read the foreign key with a given name. */
bool
find_foreign_key(Oid relid, const char *name, ForeignKey *fk)
{
	Oid			constraint = get_relation_constraint_oid(relid, name, true);
	HeapTuple	tuple;
	bool		found = false;

	if (!OidIsValid(constraint))
		return false;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN)
	{
		fk->target = ((Form_pg_constraint) GETSTRUCT(tuple))->confrelid;
		fk->is_temporal = locking_is_temporal((Form_pg_constraint) GETSTRUCT(tuple));
		locking_deconstruct_fk(tuple, &fk->n, fk->columns, fk->refcolumns, fk->operators);
		found = true;
	}
	ReleaseSysCache(tuple);
	return found;
}
