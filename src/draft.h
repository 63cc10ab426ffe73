/*
 * draft.h
 *		Drafts: unsaved changes.
 */
#ifndef LOCKING_DRAFT_H
#define LOCKING_DRAFT_H

#include "postgres.h"

#include "record.h"

#pragma GCC visibility push(hidden)

extern void save_draft(const Lock *lock, const char *client, Datum data);
extern void move_drafts(Oid relid, const char *old_key, const char *new_key);

#pragma GCC visibility pop

#endif							/* LOCKING_DRAFT_H */
