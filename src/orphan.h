/*
 * orphan.h
 *		Removal of drafts and requests of rows that are gone.
 */
#ifndef LOCKING_ORPHAN_H
#define LOCKING_ORPHAN_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void note_rows_removed(Oid root);
extern bool rows_were_removed(void);
extern void forget_rows_removed(void);
extern bool remove_noted_orphans(void *arg);
extern void sweep_orphans(int64 steps);

#pragma GCC visibility pop

#endif							/* LOCKING_ORPHAN_H */
