/*
 * partition.h
 *		Partition ancestors and descendants.
 */
#ifndef LOCKING_PARTITION_H
#define LOCKING_PARTITION_H

#include "postgres.h"

#include "nodes/pg_list.h"

#pragma GCC visibility push(hidden)

extern List *partition_ancestors(Oid relid);
extern List *partition_descendants(Oid relid);
extern Oid	partition_root(const List *ancestors, Oid relid);
extern Oid	table_root(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_PARTITION_H */
