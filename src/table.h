/*
 * table.h
 *		A backend's cache of tables: their settings, key, parent and plans.
 */
#ifndef LOCKING_TABLE_H
#define LOCKING_TABLE_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "key.h"
#include "relation.h"

#pragma GCC visibility push(hidden)

typedef enum TargetQuery
{
	TARGET_SEE,					/* read as the caller */
	TARGET_LOCK,				/* lock, waiting for writers */
	TARGET_TRY,					/* lock without waiting */
	TARGET_LOCK_AS_OWNER,		/* lock, as the table's owner */
	TARGET_NQUERIES
} TargetQuery;

typedef struct Parent
{
	ForeignKey	key;
	/* the referencing columns, in the relation of the TableInfo */
	AttrNumber	attnums[INDEX_MAX_KEYS];
	SPIPlanPtr	plans[TARGET_NQUERIES];
	SPIPlanPtr	versions_plan;	/* of the rows with one parent */
} Parent;

/* A cache entry.  It is never freed, unlike the TableInfo it points to. */
typedef struct Table
{
	Oid			relid;			/* hash key */
	struct TableInfo *info;
} Table;

typedef struct TableInfo
{
	bool		valid;
	Oid			relid;			/* the relation that stores the row */
	Oid			root;			/* the relation that lock records name */
	bool		partitioned;
	bool		is_protected;
	bool		is_plain;		/* protected; only the row's own lock counts */
	bool		key_replaced;	/* no longer the protected primary key */
	bool		parent_lost;	/* no longer the protected foreign key */
	bool		not_in_heap;	/* has another table access method */
	bool		has_children;	/* a root whose rows guard child rows */
	bool		hard;
	bool		required;
	bool		has_ttl;
	Interval	ttl;
	int			ncolumns;		/* guarded columns, 0: all */
	AttrNumber *columns;
	Key		   *key;			/* NULL: no primary key */
	Parent	   *parent;
	SPIPlanPtr	plans[TARGET_NQUERIES][2];	/* without and with xmin */
	int			ndepends;		/* relations whose change invalidates this */
	Oid		   *depends;
	List	   *syscache_hashes;	/* of schemas and casts, likewise */
	MemoryContext cxt;
} TableInfo;

extern void table_init(void);
extern Table *table_entry(Relation rel);
extern TableInfo *table_info(Relation rel);
extern bool is_known_as_protected(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_TABLE_H */
