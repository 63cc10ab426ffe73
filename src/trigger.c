/*
 * trigger.c
 *		Checks of the protocol of trigger functions.
 */
#include "trigger.h"

/* Report that a trigger function was called in the wrong way. */
void
refuse_trigger(const char *function, const char *when)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"locking.%s\" must be fired %s", function, when),
			 errhint("Such triggers are created by locking.protect() and CREATE EXTENSION.")));
}

/* The event of a function that must be a BEFORE ... FOR EACH ROW trigger. */
TriggerData *
row_trigger_data(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		refuse_trigger(function, "BEFORE, FOR EACH ROW");
	return trigger;
}
