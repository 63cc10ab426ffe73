/*
 * catalog.h
 *		The extension's own relations.
 */
#ifndef LOCKING_CATALOG_H
#define LOCKING_CATALOG_H

#include "postgres.h"

#include "storage/lockdefs.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

extern void catalog_init(void);
extern Oid	catalog_relid(const char *name);
extern Oid	catalog_owner(void);
extern Relation catalog_open(const char *name, LOCKMODE lockmode);
extern bool catalog_installed(void);
extern bool catalog_complete(void);
extern void check_writer(Relation rel);
extern Datum catalog_query(const char *sql, int nargs, const Oid *types, const Datum *values,
						   const bool *nulls, bool *isnull);
extern int64 catalog_execute(const char *sql, int nargs, const Oid *types, const Datum *values,
							 const bool *nulls);

#pragma GCC visibility pop

#endif							/* LOCKING_CATALOG_H */
