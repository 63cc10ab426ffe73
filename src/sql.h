/*
 * sql.h
 *		Text of queries on protected tables.
 */
#ifndef LOCKING_SQL_H
#define LOCKING_SQL_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "key.h"

#pragma GCC visibility push(hidden)

extern void append_table(StringInfo query, Oid relid);
extern void append_condition(StringInfo query, int n, Oid operator, const char *left, Oid left_type,
							 const char *right, Oid right_type);
extern void append_key_select(StringInfo query, const Key *key, Oid relid, bool with_xmin);
extern void append_key_conditions(StringInfo query, const Key *key, Oid *types);

#pragma GCC visibility pop

#endif							/* LOCKING_SQL_H */
