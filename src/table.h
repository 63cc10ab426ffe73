/*
 * table.h
 *		What a backend has cached about a table.
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
	TARGET_SEE,					/* read, as the caller */
	TARGET_LOCK,				/* lock, waiting for writers */
	TARGET_TRY,					/* lock, or give up at once */
	TARGET_NQUERIES
} TargetQuery;

typedef struct Parent
{
	ForeignKey	key;
	AttrNumber	attnums[INDEX_MAX_KEYS];	/* referring columns, in the relation of the Table */
	SPIPlanPtr	plans[TARGET_NQUERIES];
} Parent;

/* Stays for the backend's life, unlike what it points to. */
typedef struct Table
{
	Oid			relid;			/* hash key */
	struct TableInfo *info;
} Table;

typedef struct TableInfo
{
	bool		valid;
	Oid			relid;			/* the relation that stores the row */
	Oid			root;			/* the relation whose locks these are */
	bool		partitioned;
	bool		is_protected;
	bool		is_plain;		/* a row's own lock is all that its guard goes by */
	bool		key_replaced;	/* not the primary key that protect() found */
	bool		parent_lost;	/* nor the foreign key */
	bool		has_children;	/* of a root: rows of other tables are guarded by its rows */
	bool		hard;
	bool		required;
	bool		has_ttl;
	Interval	ttl;
	int			ncolumns;		/* guarded columns, 0: all */
	AttrNumber *columns;
	Key		   *key;			/* NULL: no primary key */
	Parent	   *parent;
	SPIPlanPtr	plans[TARGET_NQUERIES][2];	/* without and with xmin */
	int			ndepends;		/* relations whose change makes this invalid */
	Oid		   *depends;
	List	   *syscache_hashes;	/* of schemas and casts, likewise */
	MemoryContext cxt;
} TableInfo;

extern void table_init(void);
extern Table *table_entry(Relation rel);
extern TableInfo *table_info(Relation rel);

#pragma GCC visibility pop

#endif							/* LOCKING_TABLE_H */
