/*
 * limit.h
 *		Limits on the numbers of locks, requests and drafts that one owner
 *		stores.
 */
#ifndef LOCKING_LIMIT_H
#define LOCKING_LIMIT_H

#include "postgres.h"

#include "utils/rel.h"

#include "compat.h"

#pragma GCC visibility push(hidden)

/*
 * The condition of an INSERT that replaces a row of the owner ($3), which
 * "same" identifies further, or adds one if the owner has fewer than "max".
 * Otherwise the statement processes no row.
 */
#define WITHIN_LIMIT(table, same, max) \
	" WHERE EXISTS (SELECT FROM locking." table " WHERE relation = $1 AND key = $2 AND owner = $3" same ")" \
	" OR (SELECT count(*) FROM (SELECT FROM locking." table " WHERE owner = $3 LIMIT " max ") o) < " max

extern void check_lock_count(int n);
extern void count_new_lock(Relation records);
extern bool may_have_new_lock(Relation records, const char *owner);
extern void check_may_have_new_lock(Relation records, const char *owner);
pg_noreturn extern void report_too_many(const char *too_many, const char *hint);

#pragma GCC visibility pop

#endif							/* LOCKING_LIMIT_H */
