/*
 * children.h
 *		Rows of child tables, which their parent row's lock guards.
 */
#ifndef LOCKING_CHILDREN_H
#define LOCKING_CHILDREN_H

#include "postgres.h"

#include "table.h"

#pragma GCC visibility push(hidden)

extern bool referenced_values(const TableInfo *parent, const ForeignKey *fk, const Datum *key, Datum *referred);
extern void check_children_snapshot(const TableInfo *table, const Datum *key);

#pragma GCC visibility pop

#endif							/* LOCKING_CHILDREN_H */
