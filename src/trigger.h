/*
 * trigger.h
 *		Protocol checks of trigger functions, and the rows of an event.
 */
#ifndef LOCKING_TRIGGER_H
#define LOCKING_TRIGGER_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

#include "compat.h"

#pragma GCC visibility push(hidden)

extern TriggerData *row_trigger_data(FunctionCallInfo fcinfo, const char *function);
pg_noreturn extern void refuse_trigger(const char *function, const char *when);

/* The row before the write.  NULL: INSERT. */
static inline HeapTuple
trigger_old_row(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? NULL : trigger->tg_trigtuple;
}

/* The row after the write.  NULL: DELETE. */
static inline HeapTuple
trigger_new_row(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? trigger->tg_trigtuple :
		TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : NULL;
}

#pragma GCC visibility pop

#endif							/* LOCKING_TRIGGER_H */
