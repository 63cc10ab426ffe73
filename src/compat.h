/*
 * compat.h
 *		Differences between PostgreSQL 13 and 18.
 */
#ifndef LOCKING_COMPAT_H
#define LOCKING_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "pgstat.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#if PG_VERSION_NUM < 130000
#error "locking needs PostgreSQL 13 or later"
#endif

/* 15 reserves the prefix; before that only a warning is possible */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 18 added it, and places it before the declaration */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/* 14 added DETACH PARTITION ... CONCURRENTLY */
#if PG_VERSION_NUM < 140000
#define AT_DetachPartitionFinalize AT_DetachPartition
#define locking_detach_is_pending(relid) false
#else
#define locking_detach_is_pending(relid) \
	(get_rel_relispartition(relid) && PartitionHasPendingDetach(relid))
#endif

/* 17 added ALTER COLUMN ... SET EXPRESSION */
#if PG_VERSION_NUM < 170000
#define locking_sets_expression(type) false
#else
#define locking_sets_expression(type) ((type) == AT_SetExpression)
#endif

/* 14 added it, to place frequently called functions next to each other */
#ifndef pg_attribute_hot
#define pg_attribute_hot
#endif

/* 16 merged the ownership and privilege tests of the object classes */
#if PG_VERSION_NUM < 160000
#define locking_owns_relation(relid, role) pg_class_ownercheck(relid, role)
#define locking_may_use_schema(schema, role) \
	(pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#else
#define locking_may_use_schema(schema, role) \
	(object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#define locking_owns_relation(relid, role) \
	object_ownercheck(RelationRelationId, relid, role)
#endif

/*
 * Did the current transaction create the table's file?  16 renamed file nodes
 * to locators.
 */
#if PG_VERSION_NUM < 160000
#define locking_new_file(rel) \
	((rel)->rd_createSubid != InvalidSubTransactionId || \
	 (rel)->rd_newRelfilenodeSubid != InvalidSubTransactionId || \
	 (rel)->rd_firstRelfilenodeSubid != InvalidSubTransactionId)
#else
#define locking_new_file(rel) \
	((rel)->rd_createSubid != InvalidSubTransactionId || \
	 (rel)->rd_newRelfilelocatorSubid != InvalidSubTransactionId || \
	 (rel)->rd_firstRelfilelocatorSubid != InvalidSubTransactionId)
#endif

/* 18 added an argument: is a deferrable key wanted too? */
#if PG_VERSION_NUM < 180000
#define locking_primary_key_index(rel) RelationGetPrimaryKeyIndex(rel)
#else
#define locking_primary_key_index(rel) RelationGetPrimaryKeyIndex(rel, false)
#endif

/* 18 counts index scans in an instrumentation struct */
#if PG_VERSION_NUM < 180000
#define locking_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#else
#define locking_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#endif

/*
 * 18 added virtual generated columns, whose expression another function
 * builds
 */
static inline Node *
locking_generation_expression(Relation rel, AttrNumber attnum)
{
#if PG_VERSION_NUM >= 180000
	if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
		return build_generation_expression(rel, attnum);
#endif
	return build_column_default(rel, attnum);
}

/* 15 added the columns of ON DELETE SET NULL (...) */
static inline void
locking_deconstruct_fk(HeapTuple constraint, int *n, AttrNumber *columns, AttrNumber *refcolumns,
					   Oid *operators)
{
	Oid			pp[INDEX_MAX_KEYS];
	Oid			ff[INDEX_MAX_KEYS];
#if PG_VERSION_NUM < 150000
	DeconstructFkConstraintRow(constraint, n, columns, refcolumns, operators, pp, ff);
#else
	int			nset;
	AttrNumber	set[INDEX_MAX_KEYS];

	DeconstructFkConstraintRow(constraint, n, columns, refcolumns, operators, pp, ff, &nset, set);
#endif
}

/* 15 added a hook in which shared memory is requested */
#if PG_VERSION_NUM >= 150000
#define HAVE_SHMEM_REQUEST_HOOK
#endif

/* 17 added named segments of dynamic shared memory */
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#define HAVE_DSM_REGISTRY
#endif

/*
 * 17 added names of extensions' wait events, which pg_stat_activity shows.
 * Called while a backend can still allocate.
 */
static inline uint32
locking_wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("LockingAcquire");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* 17 added an argument: does a stronger lock count, too? */
#if PG_VERSION_NUM < 170000
#define locking_holds_lock(tag, mode) LockHeldByMe(tag, mode)
#else
#define locking_holds_lock(tag, mode) LockHeldByMe(tag, mode, false)
#endif

/* 15 added an argument, which may be NULL */
#if PG_VERSION_NUM < 150000
#define locking_flushed_until() GetFlushRecPtr()
#else
#define locking_flushed_until() GetFlushRecPtr(NULL)
#endif

/* 18 added temporal keys */
#if PG_VERSION_NUM < 180000
#define locking_is_temporal(constraint) false
#else
#define locking_is_temporal(constraint) ((constraint)->conperiod)
#endif

/* 15 sends a commit's notifications at the commit, in every process */
#if PG_VERSION_NUM >= 150000
#define ProcessCompletedNotifies() ((void) 0)
#endif

/* 18 runs AFTER triggers as the role that queued their events */
#if PG_VERSION_NUM >= 180000
#define TRIGGERS_KEEP_ROLE
#endif

/* 18 dropped an argument of the executor's hook */
#if PG_VERSION_NUM < 180000
#define EXECUTOR_RUN_ARGS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define EXECUTOR_RUN_PASS queryDesc, direction, count, execute_once
#else
#define EXECUTOR_RUN_ARGS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_PASS queryDesc, direction, count
#endif

#endif							/* LOCKING_COMPAT_H */
