/*
 * plan.h
 *		Saved plans of queries on target rows and parent rows.
 */
#ifndef LOCKING_PLAN_H
#define LOCKING_PLAN_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "table.h"

#pragma GCC visibility push(hidden)

extern SPIPlanPtr table_plan(TableInfo *info, TargetQuery which, bool with_xmin);
extern void append_child_conditions(StringInfo query, const TableInfo *child, Oid *types);
extern SPIPlanPtr child_versions_plan(TableInfo *child);
extern SPIPlanPtr parent_plan(TableInfo *info, TableInfo *parent, TargetQuery which);

#pragma GCC visibility pop

#endif							/* LOCKING_PLAN_H */
