/*
 * privilege.h
 *		Privileges on tables.
 */
#ifndef LOCKING_PRIVILEGE_H
#define LOCKING_PRIVILEGE_H

#include "postgres.h"

#include "table.h"

#pragma GCC visibility push(hidden)

/* The privileges that operations on a table's locks require. */
typedef enum TableRight
{
	MAY_READ,					/* SELECT */
	MAY_LOCK,					/* UPDATE of some column */
	MAY_INSERT,					/* INSERT of some column */
	MAY_NAME,					/* SELECT or UPDATE of some column */
	MAY_NAME_NEW				/* SELECT or INSERT of some column */
} TableRight;

extern bool may_select(Oid relid, Oid role);
extern void check_right(Oid relid, TableRight right);
extern void check_may_lock_any(const TableInfo *table);
extern void check_may_exclude(Oid relid, void *arg);

#pragma GCC visibility pop

#endif							/* LOCKING_PRIVILEGE_H */
