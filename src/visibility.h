/*
 * visibility.h
 *		Whether a role may see a row, and so learn about its lock.
 */
#ifndef LOCKING_VISIBILITY_H
#define LOCKING_VISIBILITY_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern bool row_visible(Oid relid, const char *key, bool named);
extern bool may_disclose(Oid relid, const char *key, bool named);

#pragma GCC visibility pop

#endif							/* LOCKING_VISIBILITY_H */
