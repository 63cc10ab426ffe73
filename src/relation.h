/*
 * relation.h
 *		Properties of relations, read from the system catalogs.
 */
#ifndef LOCKING_RELATION_H
#define LOCKING_RELATION_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "compat.h"

#pragma GCC visibility push(hidden)

typedef struct ForeignKey
{
	Oid			target;			/* the referenced table */
	bool		is_temporal;	/* refers to any number of rows */
	int			n;
	AttrNumber	columns[INDEX_MAX_KEYS];
	AttrNumber	refcolumns[INDEX_MAX_KEYS];
	Oid			operators[INDEX_MAX_KEYS];	/* referenced = referencing */
} ForeignKey;

extern Oid	relation_owner(Oid relid);
extern bool lock_relation_nowait(Oid relid);
extern Relation relation_open_nowait(Oid relid);
extern bool is_heap(Relation rel);
extern bool find_primary_key(Oid relid, List **attnums, Oid *index, bool *deferrable);
extern bool find_foreign_key(Oid relid, const char *name, ForeignKey *fk);
extern char *qualified_name(Oid relid);
extern int	errtable_by_id(Oid relid);
pg_noreturn extern void refuse_missing(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_RELATION_H */
