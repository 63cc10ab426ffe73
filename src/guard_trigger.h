/*
 * guard_trigger.h
 *		The guard's triggers on tables and their partitions.
 */
#ifndef LOCKING_GUARD_TRIGGER_H
#define LOCKING_GUARD_TRIGGER_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

extern void create_triggers(Oid root, bool on_insert);
extern void create_truncate_triggers(Oid relid, Oid root);
extern void drop_all_triggers(Oid root);
extern List *triggers_that_fire_always(Oid root);
extern void fire_always(List *triggers);
extern void refuse_remaining_trigger(Oid partition);
extern const Trigger *row_guard_of(Relation rel);

#pragma GCC visibility pop

#endif							/* LOCKING_GUARD_TRIGGER_H */
