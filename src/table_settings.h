/*
 * table_settings.h
 *		Settings of protected tables: rows of locking.protected.
 */
#ifndef LOCKING_TABLE_SETTINGS_H
#define LOCKING_TABLE_SETTINGS_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "relation.h"

#pragma GCC visibility push(hidden)

/* A row of locking.protected, as far as the guard needs it. */
typedef struct TableSettings
{
	bool		hard;
	bool		required;
	bool		has_ttl;
	Interval	ttl;
	List	   *key;			/* column names */
	List	   *columns;		/* column names, NIL: all */
	ForeignKey *parent;			/* NULL: none set */
	bool		parent_lost;	/* no longer the protected foreign key */
} TableSettings;

extern bool is_protected_table(Oid root);
extern bool load_settings(Oid root, TableSettings *settings);
extern bool has_guarded_children(Oid root);
extern List *guarded_children(Oid root);
extern Oid	settings_table(HeapTuple settings, TupleDesc desc);
extern Oid	parent_table(HeapTuple settings, TupleDesc desc);

#pragma GCC visibility pop

#endif							/* LOCKING_TABLE_SETTINGS_H */
