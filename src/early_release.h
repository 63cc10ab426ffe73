/*
 * early_release.h
 *		Releases that are visible to waiting sessions before they are flushed
 *		to disk.
 */
#ifndef LOCKING_EARLY_RELEASE_H
#define LOCKING_EARLY_RELEASE_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void early_release_begin(void);
extern void early_release_end(void);
extern void early_release_prevent(void);
extern void early_release_before_commit(void);
extern void early_release_after_commit(void);
extern void early_release_forget(void);

#pragma GCC visibility pop

#endif							/* LOCKING_EARLY_RELEASE_H */
