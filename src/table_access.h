/*
 * table_access.h
 *		Access to protected tables: locking and opening them after checking
 *		the caller's rights.
 */
#ifndef LOCKING_TABLE_ACCESS_H
#define LOCKING_TABLE_ACCESS_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"

#include "privilege.h"
#include "table.h"

#pragma GCC visibility push(hidden)

/* Raises an error if the current role may not lock the table. */
typedef void (*RootCheck) (Oid root, void *arg);

extern Relation open_root(Oid relid, LOCKMODE lockmode, RootCheck check, void *arg);
extern TableInfo *protected_table(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right);
extern TableInfo *table_with_key(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right);
extern TableInfo *protected_table_by_id(Oid relid, LOCKMODE lockmode, TableRight right);
extern void check_in_force(const TableInfo *table);
extern void check_has_settings(const TableInfo *table, Relation rel, const Trigger *trigger);
extern bool check_parent_protected(const TableInfo *parent, Relation rel);

#pragma GCC visibility pop

#endif							/* LOCKING_TABLE_ACCESS_H */
