/*
 * inject.c
 *		Injection points of src/inject.h: a backend held at a point, and a
 *		clock that tests can set.  Compiled in by LockingVariant.pm only.
 */
#undef GetCurrentTimestamp		/* -DGetCurrentTimestamp=locking_injected_clock */

#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "inject.h"

extern TimestampTz locking_injected_clock(void);

/* Advisory locks of the session that controls the others. */
#define HOLD Int64GetDatum(1)
#define AHEAD Int64GetDatum(2)
#define STOPPED Int64GetDatum(3)

/* where the clock can stop: within a unit of the gate's times, in 2039 */
#define STOPPED_AT ((INT64CONST(77000000000) << 14) + 5000)

/* Does a setting of this session name the point? */
static bool
is_named(const char *setting, const char *point)
{
	const char *value = GetConfigOption(setting, true, false);

	return value && strcmp(value, point) == 0;
}

static void
wait_while_held(void)
{
	DirectFunctionCall1(pg_advisory_lock_shared_int8, HOLD);
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, HOLD);
}

/*
 * Wait while a session holds HOLD, if "inject.wait_at" of this session names
 * the point.  If "inject.deaf_at" does, interrupts are not processed in the
 * meantime.  If "inject.fail_at" does, raise an error.
 */
void
locking_inject(const char *point)
{
	if (is_named("inject.wait_at", point))
		wait_while_held();
	if (is_named("inject.deaf_at", point))
	{
		HOLD_INTERRUPTS();
		wait_while_held();
		RESUME_INTERRUPTS();
	}
	if (is_named("inject.fail_at", point))
		elog(ERROR, "failure at \"%s\"", point);
}

/* Does a session hold a lock? */
static bool
is_held(Datum lock)
{
	if (!DatumGetBool(DirectFunctionCall1(pg_try_advisory_lock_shared_int8, lock)))
		return true;
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, lock);
	return false;
}

/*
 * The clock of all sessions is two hours ahead while one holds AHEAD, and
 * stands still while one holds STOPPED.
 */
TimestampTz
locking_injected_clock(void)
{
	if (!IsUnderPostmaster)
		return GetCurrentTimestamp();	/* at the start of the server */
	if (is_held(STOPPED))
		return STOPPED_AT;
	return GetCurrentTimestamp() + (is_held(AHEAD) ? 2 * USECS_PER_HOUR : 0);
}
