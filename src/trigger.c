/*
 * trigger.c
 *		Trigger functions: protocol checks.
 */
#include "trigger.h"

void
refuse_trigger(const char *function, const char *when)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"locking.%s\" must be fired %s", function, when),
			 errhint("Let locking.protect() make the trigger.")));
}

/* The event of a function that is a BEFORE ... FOR EACH ROW trigger. */
TriggerData *
row_trigger_data(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		refuse_trigger(function, "BEFORE, FOR EACH ROW");
	return trigger;
}
