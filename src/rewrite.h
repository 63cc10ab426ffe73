/*
 * rewrite.h
 *		Locks of rows that ALTER TABLE has rewritten, or whose xmin is about
 *		to mean something else.
 */
#ifndef LOCKING_REWRITE_H
#define LOCKING_REWRITE_H

#include "postgres.h"

#include "nodes/parsenodes.h"

#pragma GCC visibility push(hidden)

extern void expect_rewrite(AlterTableStmt *alter);
extern void follow_rewrite(Oid relid);
extern void expect_some_columns(Oid root);
extern void expect_all_columns(Oid root);

#pragma GCC visibility pop

#endif							/* LOCKING_REWRITE_H */
