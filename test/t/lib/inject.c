/*
 * inject.c
 *		Injection points of src/inject.h: a backend held at a point, and a
 *		clock that tests can set.  Compiled in by LockingVariant.pm only.
 */
#undef GetCurrentTimestamp		/* -DGetCurrentTimestamp=locking_injected_clock */

#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "inject.h"

extern TimestampTz locking_injected_clock(void);

/* Advisory locks of the session that controls the others. */
#define HOLD Int64GetDatum(1)
#define AHEAD Int64GetDatum(2)

/*
 * Wait while a session holds HOLD, if "inject.wait_at" of this session names
 * the point.
 */
void
locking_inject(const char *point)
{
	const char *wait_at = GetConfigOption("inject.wait_at", true, false);

	if (wait_at == NULL || strcmp(wait_at, point) != 0)
		return;
	DirectFunctionCall1(pg_advisory_lock_shared_int8, HOLD);
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, HOLD);
}

/* The clock of all sessions is two hours ahead while one holds AHEAD. */
TimestampTz
locking_injected_clock(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!DatumGetBool(DirectFunctionCall1(pg_try_advisory_lock_shared_int8, AHEAD)))
		return now + 2 * USECS_PER_HOUR;
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, AHEAD);
	return now;
}
